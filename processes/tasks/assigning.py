"""转办: somebody hands a task over to another person, or, where the diagram allows it, to another role of the process."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, actor_of
from processes import tables
from processes.diagrams.elements import Element, listed
from processes.engine import Engine
from processes.errors import NotFound, Refused
from processes.history import who
from processes.states import EventKind, NoticeKind, TaskKind
from processes.steps import books, votes
from processes.steps.locked_task import LockedTask, lock_task
from processes.steps.starting_point import renewed
from processes.steps.telling import notify

_TABLE = tables.task


def transfer(engine: Engine, session: Session, actor: Actor, task_id: str, person_id: int, reason: str) -> list[str]:
    """Hands a task over to a person of the same party who holds the task's role; from then on it is theirs alone.

    Raises:
        NotFound, NotAllowed, FourEyes, TaskClosed: as `lock_task`; four eyes also bind the one who takes it over.
        Refused: the person may not complete it or has it already, or an opinion on it is still awaited.
    """
    locked = lock_task(engine, session, actor, task_id)
    _own_step(locked)
    taker = colleague(session, locked, person_id)
    if locked.task.role not in taker.roles:
        raise Refused(f"{taker.name}没有“{locked.task.role}”角色，不能办理此事项，请选择其他人员")
    if taker.person_id == locked.task.assignee_id:
        raise Refused(f"此事项已在{taker.name}名下")
    locked.four_eyes(taker.person_id)
    votes.may_take(locked.step, locked.task, taker.person_id, taker.name)
    notify(
        locked.step,
        [taker.person_id],
        NoticeKind.ASSIGNED,
        f"{who(locked.step.actor)}转办给您：{locked.step.row.title} · {locked.task.name}",
        task_id,
    )
    return _hand_over(locked, f"转办给{taker.name}", reason, assignee_id=taker.person_id)


def transfer_to_role(engine: Engine, session: Session, actor: Actor, task_id: str, role: str, reason: str) -> list[str]:
    """Hands a task over to another role, which the element's property `transferRoles` must name; everybody with that role may complete it.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `lock_task`.
        Refused: the diagram does not allow this role, or no party fills it.
    """
    locked = lock_task(engine, session, actor, task_id)
    _own_step(locked)
    party_id = locked.step.subject.party_for(role)
    votes.may_take(locked.step, locked.task, None, role)
    if role not in transfer_roles(locked.element) or role == locked.task.role or party_id is None:
        raise Refused(f"此事项不能转办给“{role}”，请重新选择")
    return _hand_over(locked, f"转办给{role}", reason, assignee_id=None, role=role, party_id=party_id)


def transfer_roles(element: Element) -> list[str]:
    """The roles that may do a user task: its own, then those of the property `transferRoles`."""
    own = element.role
    return [own, *(role for role in listed(element.properties.get("transferRoles", "")) if role != own)]


def colleague(session: Session, locked: LockedTask, person_id: int) -> Actor:
    """Another person of the task's party.

    Raises:
        NotFound: the party has nobody of this id.
        Refused: it is the actor, or the person in whose place the actor acts.
    """
    found = actor_of(session, person_id)
    if found is None or found.party_id != locked.task.party_id:
        raise NotFound("没有找到这位人员，请重新选择")
    if person_id in (locked.step.actor.person_id, locked.person_id):
        raise Refused("不能选择本人或您所代理的人，请选择其他人员")
    return found


def _own_step(locked: LockedTask) -> None:
    if locked.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，不能转办")
    waiting = locked.awaited
    if waiting:
        raise Refused(f"正在等待{'、'.join(waiting)}的意见，给出或收回后才能转办")


def _hand_over(locked: LockedTask, name: str, reason: str, **values: object) -> list[str]:
    step = locked.step
    proof = renewed(step, locked.task, values)
    step.session.execute(update(_TABLE).where(_TABLE.c.id == locked.task.id).values(**values, **proof))
    step.record(EventKind.ASSIGN, name, locked.element.id, reason.strip() or None)
    return books.write(step)
