"""Opinions that somebody is asked for on a task: 委派 and 前加签 (the task waits for them), 后加签 (the task's outcome waits for them).

Each is a task row of its own beside the row of the diagram's task. The workflow does not know of it and stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import uuid4

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from domain.ground.rows import read_all, read_first
from processes import tables
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound, Refused
from processes.history import clock_text, who
from processes.proving import assign, closing_proof, proved
from processes.rights import authority
from processes.rows import EventRow, TaskRow
from processes.states import LIVE, OPINIONS, EventKind, NoticeKind, TaskKind, TaskRowState
from processes.steps import books, running
from processes.steps.completing import advance
from processes.steps.locked_task import LockedTask, lock_task
from processes.steps.step import Closing, Step
from processes.steps.telling import notify
from processes.tasks.assigning import colleague

_TABLE = tables.task
MAX_ASKED = 10  # at once, for one task
LABELS: Mapping[str, str] = {TaskKind.BEFORE: "前加签", TaskKind.AFTER: "后加签", TaskKind.DELEGATE: "委派"}
ANSWER_NAMES: Mapping[str, str] = {TaskKind.BEFORE: "给出意见", TaskKind.AFTER: "确认", TaskKind.DELEGATE: "交回"}
"""What giving each kind of opinion is called."""


def ask(engine: Engine, session: Session, actor: Actor, task_id: str, kind: str, person_id: int, note: str) -> list[str]:
    """Asks a person of the same party for an opinion on the actor's task. `kind` is one of `OPINIONS`.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `lock_task`.
        FourEyes: the person has acted in a step that checks this one.
        Refused: asked already, too many, or the task is itself only an opinion.
    """
    if kind not in OPINIONS:
        raise NotFound
    locked = lock_task(engine, session, actor, task_id)
    if locked.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，不能再委派或加签")
    person = colleague(session, locked, person_id)
    for one in locked.opinions:
        if one.assignee_id == person_id or kind == one.kind == TaskKind.DELEGATE:
            raise Refused(f"已在等待{one.asked}的意见，请先收回再重新选择")
    if len(locked.opinions) >= MAX_ASKED:
        raise Refused(f"同一事项最多同时请 {MAX_ASKED} 人给出意见")
    locked.four_eyes(person_id)
    row = {
        "id": str(uuid4()),
        "instance_id": locked.task.instance_id,
        "element": locked.task.element,
        "name": f"{locked.task.name}（{LABELS[kind]}）"[:100],
        "role": locked.task.role,
        "party_id": locked.task.party_id,
        "assignee_id": person_id,
        "created_at": locked.step.now,
        "due_at": locked.task.due_at,
        "state": TaskRowState.WAITING if kind == TaskKind.AFTER else TaskRowState.OPEN,
        "kind": kind,
        "parent_id": locked.task.id,
        "asked_by": locked.step.actor.person_id,
        "vote_id": locked.task.vote_id,
    }
    session.execute(insert(_TABLE).values(proved(session, _TABLE, row)))
    if kind == TaskKind.DELEGATE and locked.task.assignee_id is None:  # it comes back to who gave it away
        assign(session, [locked.task.id], locked.person_id)
    if kind != TaskKind.AFTER:  # they hear of it once it is theirs to confirm
        text = f"{who(locked.step.actor)}请您给出意见：{locked.step.row.title} · {row['name']}"
        notify(locked.step, [person_id], NoticeKind.ASSIGNED, text, str(row["id"]))
    locked.step.record(EventKind.ASSIGN, _request(kind, person.name), locked.element.id, note.strip() or None)
    return books.write(locked.step)


def give(engine: Engine, session: Session, actor: Actor, task_id: str, opinion: str) -> list[str]:
    """Gives the opinion that the actor was asked for. The last confirmation of a task's outcome completes the task in the process.

    Raises:
        NotFound, NotAllowed, TaskClosed: as `lock_task`.
        FormInvalid: the opinion is empty (a confirmation may be).
        FourEyes: the actor has acted in a step that checks this one.
    """
    locked = lock_task(engine, session, actor, task_id)
    kind, step = locked.task.kind, locked.step
    if kind == TaskKind.STEP:
        raise NotFound
    if kind != TaskKind.AFTER and not opinion.strip():
        raise FormInvalid([("comment", "请填写意见")])
    locked.four_eyes(step.actor.person_id)
    values = {"state": TaskRowState.DONE, "closed_at": step.now, "closed_by": step.actor.person_id, "outcome": ANSWER_NAMES[kind]}
    values["closed_for"] = None if locked.absent is None else locked.absent.id
    values["closed_as"] = f"{who(step.actor)}已于 {clock_text(step.now)} {ANSWER_NAMES[kind]}"
    values |= closing_proof(session, task_id, values)
    session.execute(update(_TABLE).where(_TABLE.c.id == task_id).values(values))
    step.record(EventKind.OPINION, ANSWER_NAMES[kind], locked.element.id, opinion.strip() or None)
    said = f"{who(step.actor)}已{ANSWER_NAMES[kind]}：{step.row.title} · {locked.task.name}"
    notify(step, [locked.task.asked_by], NoticeKind.OPINION, said, locked.task.parent_id)
    return _write(locked)


def recall(engine: Engine, session: Session, actor: Actor, task_id: str) -> list[str]:
    """收回: the opinion is no longer awaited. The person who asked for it may do that, and everybody who may act on the task.

    Raises:
        NotFound, NotAllowed: the actor may not do that.
        TaskClosed: the opinion was given meanwhile.
    """
    locked = lock_task(engine, session, actor, task_id, authority.recalls, (TaskRowState.OPEN, TaskRowState.WAITING))
    said = f"{who(locked.step.actor)}已于 {clock_text(locked.step.now)} 收回"
    values = {"state": TaskRowState.CANCELLED, "closed_at": locked.step.now, "closed_as": said}
    session.execute(update(_TABLE).where(_TABLE.c.id == task_id).values(values))
    locked.step.record(EventKind.ASSIGN, f"收回对{locked.task.asked}的{LABELS[locked.task.kind]}", locked.element.id)
    return _write(locked)


def _write(locked: LockedTask) -> list[str]:
    """Writes the books of the step; where no confirmation of the task's outcome is awaited any more, completes the task first."""
    step = locked.step
    task = next(row for row in locked.rows if row.id == locked.task.parent_id)
    if task.state == TaskRowState.CONFIRMING and len(locked.opinions) == 1:
        if step.workflow is None:
            running.load(step)
        closing = Closing(TaskRowState.DONE, task.closed_as or "", task.outcome, task.closed_by, task.closed_for)
        advance(step, locked.live(), task, closing)
    return books.write(step)


def take_back(step: Step, task: TaskRow) -> None:
    """Takes back an outcome that is still to be confirmed: its task is open again, and the confirmations wait for it.

    Raises:
        Refused: somebody has confirmed it.
    """
    after = (_TABLE.c.parent_id == task.id, _TABLE.c.kind == TaskKind.AFTER)
    confirmed = step.session.scalars(select(_TABLE.c.closed_as).where(*after, _TABLE.c.state == TaskRowState.DONE).limit(1)).first()
    if confirmed is not None:
        raise Refused(f"{confirmed}，不能撤回")
    again = dict.fromkeys(("closed_at", "closed_by", "closed_for", "outcome", "closed_as"))
    step.session.execute(update(_TABLE).where(_TABLE.c.id == task.id).values(state=TaskRowState.OPEN, **again))
    step.session.execute(update(_TABLE).where(*after, _TABLE.c.state == TaskRowState.OPEN).values(state=TaskRowState.WAITING))


def no_longer_awaited(step: Step, task_ids: Sequence[str]) -> None:
    """Writes into the history whose opinions are closed with these tasks of the workflow. The books close their rows with the tasks'."""
    about = or_(_TABLE.c.parent_id.in_(task_ids), and_(_TABLE.c.vote_id.in_(task_ids), _TABLE.c.parent_id.is_not(None)))
    query = select(_TABLE.c.element, _TABLE.c.kind, Person.name).join(Person, Person.id == _TABLE.c.assignee_id)
    rows = step.session.execute(query.where(about, _TABLE.c.state.in_(LIVE)).order_by(_TABLE.c.created_at, _TABLE.c.id)).all()
    for element in dict.fromkeys(row.element for row in rows):
        names = [f"{row.name}（{LABELS[row.kind]}）" for row in rows if row.element == element]
        step.record(EventKind.ASSIGN, "委派和加签关闭", element, f"不再等待{'、'.join(names)}")


def request_of(session: Session, task: TaskRow, name: str) -> EventRow | None:
    """The line of history by which the person called `name` was asked for an opinion (its task row)."""
    table = tables.event
    query = select(table).where(table.c.instance_id == task.instance_id, table.c.kind == EventKind.ASSIGN, table.c.element == task.element)
    return read_first(session, query.where(table.c.name == _request(task.kind, name)).order_by(table.c.seq.desc()).limit(1), EventRow)


def _request(kind: str, name: str) -> str:
    return f"委派给{name}" if kind == TaskKind.DELEGATE else f"{LABELS[kind]}：{name}"


class AwaitedOpinion(TaskRow, Protocol):
    """An opinion that is not given yet. `asked` is the name of the person who was asked."""

    asked: str


def opinions_on(session: Session, task_id: str) -> Sequence[AwaitedOpinion]:
    """The opinions on a task that are not given yet, the oldest first."""
    query = select(*_TABLE.c, Person.name.label("asked")).join(Person, Person.id == _TABLE.c.assignee_id)
    query = query.where(_TABLE.c.parent_id == task_id, _TABLE.c.state.in_(LIVE))
    return read_all(session, query.order_by(_TABLE.c.created_at), AwaitedOpinion)
