"""Opinions asked for a task: 委派 (the delegate hands it back), 加签 before (the task waits) and after (its outcome waits).

Each is a row of the inbox beside the diagram's own; the workflow knows nothing of it and simply stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from processes import tables
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound, Refused
from processes.history import clock_text, who
from processes.rights import authority
from processes.states import LIVE, OPINIONS, EventKind, NoticeKind, TaskKind, TaskRowState
from processes.steps import books, running
from processes.steps.completing import go_on
from processes.steps.holding import Hold, hold
from processes.steps.step import Step
from processes.steps.telling import notify
from processes.tasks.assigning import colleague

_TABLE = tables.task
MAX_ASKED = 10  # at once, for one task
LABELS: Mapping[str, str] = {TaskKind.BEFORE: "前加签", TaskKind.AFTER: "后加签", TaskKind.DELEGATE: "委派"}
GIVEN: Mapping[str, str] = {TaskKind.BEFORE: "给出意见", TaskKind.AFTER: "确认", TaskKind.DELEGATE: "交回"}


def ask(engine: Engine, session: Session, actor: Actor, task_id: str, kind: str, person_id: int, note: str) -> list[str]:
    """Asks somebody of the same party for an opinion on the actor's task. `kind` is one of `OPINIONS`.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `hold`.
        FourEyes: who is asked has had a hand in a step that checks this one.
        Refused: asked already, too many, or the task is itself only an opinion.
    """
    if kind not in OPINIONS:
        raise NotFound
    held = hold(engine, session, actor, task_id)
    if held.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，不能再委派或加签")
    person = colleague(session, held, person_id)
    for one in held.opinions:
        if one.assignee_id == person_id or kind == one.kind == TaskKind.DELEGATE:
            raise Refused(f"已在等待{one.asked}的意见，请先收回再重新选择")
    if len(held.opinions) >= MAX_ASKED:
        raise Refused(f"同一事项最多同时请 {MAX_ASKED} 人给出意见")
    held.four_eyes(person_id)
    row = {
        "id": str(uuid4()),
        "instance_id": held.task.instance_id,
        "element": held.task.element,
        "name": f"{held.task.name}（{LABELS[kind]}）"[:100],
        "role": held.task.role,
        "party_id": held.task.party_id,
        "assignee_id": person_id,
        "created_at": held.step.now,
        "due_at": held.task.due_at,
        "state": TaskRowState.WAITING if kind == TaskKind.AFTER else TaskRowState.OPEN,
        "kind": kind,
        "parent_id": held.task.id,
        "asked_by": held.step.actor.person_id,
        "vote_id": held.task.vote_id,
    }
    session.execute(insert(_TABLE).values(row))
    if kind == TaskKind.DELEGATE and held.task.assignee_id is None:  # it comes back to who gave it away
        session.execute(update(_TABLE).where(_TABLE.c.id == held.task.id).values(assignee_id=held.person_id))
    if kind != TaskKind.AFTER:  # they hear of it once it is theirs to confirm
        text = f"{who(held.step.actor)}请您给出意见：{held.step.row.title} · {row['name']}"
        notify(held.step, [person_id], NoticeKind.ASSIGNED, text, str(row["id"]))
    held.step.record(EventKind.ASSIGN, _request(kind, person.name), held.element.id, note.strip() or None)
    return books.write(held.step)


def give(engine: Engine, session: Session, actor: Actor, task_id: str, opinion: str) -> list[str]:
    """Gives the opinion that was asked for. The last one after a task's outcome lets the process go on.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `hold`.
        FormInvalid: no opinion was written (a confirmation may be without words).
        FourEyes: the actor has had a hand in a step that checks this one.
    """
    held = hold(engine, session, actor, task_id)
    kind, step = held.task.kind, held.step
    if kind == TaskKind.STEP:
        raise NotFound
    if kind != TaskKind.AFTER and not opinion.strip():
        raise FormInvalid([("comment", "请填写意见")])
    held.four_eyes(step.actor.person_id)
    values = {"state": TaskRowState.DONE, "closed_at": step.now, "closed_by": step.actor.person_id, "outcome": GIVEN[kind]}
    values["closed_for"] = None if held.absent is None else held.absent.id
    values["closed_as"] = f"{who(step.actor)}已于 {clock_text(step.now)} {GIVEN[kind]}"
    session.execute(update(_TABLE).where(_TABLE.c.id == task_id).values(values))
    step.record(EventKind.OPINION, GIVEN[kind], held.element.id, opinion.strip() or None)
    said = f"{who(step.actor)}已{GIVEN[kind]}：{step.row.title} · {held.task.name}"
    notify(step, [held.task.asked_by], NoticeKind.OPINION, said, held.task.parent_id)
    return _settle(held)


def recall(engine: Engine, session: Session, actor: Actor, task_id: str) -> list[str]:
    """收回: the opinion is no longer awaited. By who asked for it, or whoever may act on the task itself.

    Raises:
        NotFound, NotAllowed: not this actor.
        TaskClosed: it was given meanwhile.
    """
    held = hold(engine, session, actor, task_id, authority.recalls, (TaskRowState.OPEN, TaskRowState.WAITING))
    said = f"{who(held.step.actor)}已于 {clock_text(held.step.now)} 收回"
    values = {"state": TaskRowState.CANCELLED, "closed_at": held.step.now, "closed_as": said}
    session.execute(update(_TABLE).where(_TABLE.c.id == task_id).values(values))
    held.step.record(EventKind.ASSIGN, f"收回对{held.task.asked}的{LABELS[held.task.kind]}", held.element.id)
    return _settle(held)


def _settle(held: Hold) -> list[str]:
    """Writes the books; where the last opinion after an outcome is in, the process goes on first."""
    step = held.step
    task = next(row for row in held.rows if row.id == held.task.parent_id)
    if task.state == TaskRowState.HELD and len(held.opinions) == 1:
        if step.workflow is None:
            running.load(step)
        kept = {name: getattr(task, name) for name in ("closed_by", "closed_for", "outcome", "closed_as")}
        go_on(step, held.live(), task, kept)
    return books.write(step)


def unconfirmed(step: Step, task: Any) -> None:
    """撤回 of an outcome that is still to be confirmed (its task's row is `held`): the task is open again, and the opinions wait for it.

    Raises:
        Refused: one of them has been given.
    """
    after = (_TABLE.c.parent_id == task.id, _TABLE.c.kind == TaskKind.AFTER)
    given = step.session.scalars(select(_TABLE.c.closed_as).where(*after, _TABLE.c.state == TaskRowState.DONE).limit(1)).first()
    if given is not None:
        raise Refused(f"{given}，不能撤回")
    again = dict.fromkeys(("closed_at", "closed_by", "closed_for", "outcome", "closed_as"))
    step.session.execute(update(_TABLE).where(_TABLE.c.id == task.id).values(state=TaskRowState.OPEN, **again))
    step.session.execute(update(_TABLE).where(*after, _TABLE.c.state == TaskRowState.OPEN).values(state=TaskRowState.WAITING))


def no_longer_awaited(step: Step, task_ids: Sequence[str]) -> None:
    """History says whose opinions are closed with these tasks of the workflow; their rows are closed as the tasks' own are."""
    about = or_(_TABLE.c.parent_id.in_(task_ids), and_(_TABLE.c.vote_id.in_(task_ids), _TABLE.c.parent_id.is_not(None)))
    query = select(_TABLE.c.element, _TABLE.c.kind, Person.name).join(Person, Person.id == _TABLE.c.assignee_id)
    rows = step.session.execute(query.where(about, _TABLE.c.state.in_(LIVE)).order_by(_TABLE.c.created_at, _TABLE.c.id)).all()
    for element in dict.fromkeys(row.element for row in rows):
        names = [f"{row.name}（{LABELS[row.kind]}）" for row in rows if row.element == element]
        step.record(EventKind.ASSIGN, "委派和加签关闭", element, f"不再等待{'、'.join(names)}")


def request_of(session: Session, task: Any, name: str) -> Any | None:
    """The line of history by which somebody (`name`) was asked for an opinion (its task row): `actor`, `comment`, `at`."""
    table = tables.event
    query = select(table).where(table.c.instance_id == task.instance_id, table.c.kind == EventKind.ASSIGN, table.c.element == task.element)
    return session.execute(query.where(table.c.name == _request(task.kind, name)).order_by(table.c.seq.desc()).limit(1)).first()


def _request(kind: str, name: str) -> str:
    return f"委派给{name}" if kind == TaskKind.DELEGATE else f"{LABELS[kind]}：{name}"


def opinions_on(session: Session, task_id: str) -> Sequence[Any]:
    """The opinions asked for a task that are not yet given: the task's columns and `asked`, the person's name."""
    query = select(*_TABLE.c, Person.name.label("asked")).join(Person, Person.id == _TABLE.c.assignee_id)
    return session.execute(query.where(_TABLE.c.parent_id == task_id, _TABLE.c.state.in_(LIVE)).order_by(_TABLE.c.created_at)).all()
