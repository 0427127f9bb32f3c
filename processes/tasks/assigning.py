"""转办: a task goes to another person, or – where the diagram allows it – to another role of the process."""

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
from processes.steps.holding import Hold, hold
from processes.steps.telling import notify

_TABLE = tables.task


def transfer(engine: Engine, session: Session, actor: Actor, task_id: str, person_id: int, reason: str) -> list[str]:
    """转办 to a person of the same party who holds the task's role; from then on the task is theirs alone.

    Raises:
        NotFound, NotAllowed, FourEyes, TaskClosed: as `hold`; four eyes also bind the one who takes it over.
        Refused: nobody who could complete it, or an opinion on it is still awaited.
    """
    held = hold(engine, session, actor, task_id)
    _own_step(held)
    taker = colleague(session, held, person_id)
    if held.task.role not in taker.roles:
        raise Refused(f"{taker.name}没有“{held.task.role}”角色，不能办理此事项，请选择其他人员")
    if taker.person_id == held.task.assignee_id:
        raise Refused(f"此事项已在{taker.name}名下")
    held.four_eyes(taker.person_id)
    votes.may_take(held.step, held.task, taker.person_id, taker.name)
    notify(
        held.step,
        [taker.person_id],
        NoticeKind.ASSIGNED,
        f"{who(held.step.actor)}转办给您：{held.step.row.title} · {held.task.name}",
        task_id,
    )
    return _hand_over(held, f"转办给{taker.name}", reason, assignee_id=taker.person_id)


def transfer_to_role(engine: Engine, session: Session, actor: Actor, task_id: str, role: str, reason: str) -> list[str]:
    """转办 to another role that the element's property `transferRoles` names; anyone of it may then complete the task.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `hold`.
        Refused: the diagram does not allow this role, or no party fills it.
    """
    held = hold(engine, session, actor, task_id)
    _own_step(held)
    party_id = held.step.subject.party_for(role)
    votes.may_take(held.step, held.task, None, role)
    if role not in transfer_roles(held.element) or role == held.task.role or party_id is None:
        raise Refused(f"此事项不能转办给“{role}”，请重新选择")
    return _hand_over(held, f"转办给{role}", reason, assignee_id=None, role=role, party_id=party_id)


def transfer_roles(element: Element) -> list[str]:
    """The roles that a user task may be handed to: its own, and those of the property `transferRoles`."""
    own = element.role
    return [own, *(role for role in listed(element.properties.get("transferRoles", "")) if role != own)]


def colleague(session: Session, held: Hold, person_id: int) -> Actor:
    """Somebody else of the task's party.

    Raises:
        NotFound: nobody of this id.
        Refused: the actor, or whom the actor stands in for.
    """
    found = actor_of(session, person_id)
    if found is None or found.party_id != held.task.party_id:
        raise NotFound("没有找到这位人员，请重新选择")
    if person_id in (held.step.actor.person_id, held.person_id):
        raise Refused("不能选择本人或您所代理的人，请选择其他人员")
    return found


def _own_step(held: Hold) -> None:
    if held.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，不能转办")
    waiting = held.awaited
    if waiting:
        raise Refused(f"正在等待{'、'.join(waiting)}的意见，给出或收回后才能转办")


def _hand_over(held: Hold, name: str, reason: str, **values: object) -> list[str]:
    step = held.step
    step.session.execute(update(_TABLE).where(_TABLE.c.id == held.task.id).values(**values))
    step.record(EventKind.ASSIGN, name, held.element.id, reason.strip() or None)
    return books.write(step)
