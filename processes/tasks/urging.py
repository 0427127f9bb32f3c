"""催办: a person who waits for a task reminds those who may do it, at most once an hour a task."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, people_of
from processes import tables
from processes.engine import Engine
from processes.errors import NotFound, Refused, TaskClosed
from processes.history import who
from processes.rows import TaskRow
from processes.states import EventKind, NoticeKind, TaskKind, TaskRowState
from processes.steps import books
from processes.steps.locked_task import lock_task
from processes.steps.telling import notify

_TABLE = tables.task
PAUSE = timedelta(hours=1)


def urge(engine: Engine, session: Session, actor: Actor, task_id: str) -> list[str]:
    """Reminds those who may do a task. The person who started the process may do that, and everybody of the record's own party.

    Raises:
        NotFound: the actor is none of them.
        TaskClosed: the task is closed; the message says who did what when.
        Refused: somebody urged it within the last hour.
    """
    instance = tables.instance
    query = select(_TABLE.c.state, _TABLE.c.closed_as).join(instance, instance.c.id == _TABLE.c.instance_id).where(_TABLE.c.id == task_id)
    row = session.execute(
        query.where(
            or_(instance.c.party_id == actor.party_id, instance.c.started_by == actor.person_id), _TABLE.c.state != TaskRowState.WAITING
        )
    ).first()
    if row is None:
        raise NotFound
    if row.state != TaskRowState.OPEN:
        raise TaskClosed(row.closed_as)
    locked = lock_task(engine, session, actor, task_id, check=lambda *_: None)
    step, task = locked.step, locked.task
    # a conditional update: of two who urge at once, one succeeds
    quiet = or_(_TABLE.c.urged_at.is_(None), _TABLE.c.urged_at <= step.now - PAUSE)
    urged = session.execute(update(_TABLE).where(_which(task), quiet).values(urged_at=step.now).returning(_TABLE.c.assignee_id)).all()
    if not urged:
        raise Refused("一小时内已经催办过，请稍后再试")
    people = {row.assignee_id for row in urged if row.assignee_id}
    if len(people) < len(urged):
        people |= {person.id for person in people_of(session, task.party_id, task.role)}
    notify(step, people, NoticeKind.URGE, f"{who(actor)}催办：{step.row.title} · {task.name}", task_id)
    step.record(EventKind.URGE, f"催办“{task.name}”", locked.element.id)
    return books.write(step)


def _which(task: TaskRow) -> ColumnElement[bool]:
    """The task's own row, or all open rows of the 会签 that it belongs to."""
    if task.vote_id is None:
        return and_(_TABLE.c.id == task.id)
    return and_(_TABLE.c.vote_id == task.vote_id, _TABLE.c.state == TaskRowState.OPEN, _TABLE.c.kind == TaskKind.STEP)
