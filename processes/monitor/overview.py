"""What runs, where it stands, for how long, and what failed (row 8.4): grouped queries over the partial indexes of `tables.instance`.

Their number does not depend on the rows. Where branches run side by side, an instance is counted at the element that gives its
status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, column_property

from domain.ground.base import Base
from domain.ground.parties import Party
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.rows import InstanceRow
from processes.spiff import timers, tokens
from processes.spiff.library import Task
from processes.spiff.state import load_state
from processes.states import JobState, TaskRowState

_INSTANCE, _TASK = tables.instance.c, tables.task.c


class Instance(Base):
    """An instance as lists show it: without its state, and never written."""

    __table__ = tables.instance
    __mapper_args__ = {"exclude_properties": ["state", "waits", "path", "chain"]}  # noqa: RUF012  # SQLAlchemy's own convention

    party_name = column_property(select(Party.name).where(Party.id == _INSTANCE.party_id).scalar_subquery())


@dataclass(frozen=True)
class Numbers:
    """How many instances of a version run, and how many of them are suspended, have failed, have overdue tasks, or wait for another try
    of a call to an outside system."""

    running: int = 0
    suspended: int = 0
    failed: int = 0
    overdue: int = 0
    retried: int = 0


@dataclass(frozen=True)
class ElementLoad:
    """How many instances of a version are at an element, and since when the first and the middle one of them."""

    element: str
    count: int
    oldest: datetime
    median: datetime


@dataclass(frozen=True)
class Token:
    """A token of an instance. `due` are its running timers; `data` are ids, outcomes and comments."""

    task_id: str
    element: str
    name: str
    due: Sequence[datetime]
    data: Mapping[str, Any]


def numbers(session: Session, now: datetime) -> dict[int, Numbers]:
    """Definition id → its numbers, of those with running instances. Five queries."""
    found: dict[int, dict[str, int]] = {}
    counted = {
        "running": _INSTANCE.ended_at.is_(None),
        "suspended": _INSTANCE.suspended_at.is_not(None),
        "failed": _INSTANCE.incident.is_not(None),
    }
    for name, condition in counted.items():
        query = select(_INSTANCE.definition_id, func.count()).where(condition).group_by(_INSTANCE.definition_id)
        for definition_id, count in session.execute(query):
            found.setdefault(definition_id, {})[name] = count
    for definition_id, count in session.execute(_overdue(now).group_by(_INSTANCE.definition_id)):
        found.setdefault(definition_id, {})["overdue"] = count
    tried_again = select(_INSTANCE.definition_id, func.count()).where(_INSTANCE.id.in_(retried())).group_by(_INSTANCE.definition_id)
    for definition_id, count in session.execute(tried_again):
        found.setdefault(definition_id, {})["retried"] = count
    return {definition_id: Numbers(**values) for definition_id, values in found.items()}


def retried() -> Select[int]:
    """Ids of the instances that wait for another try of a call: the outside system did not answer, or could not."""
    job = tables.job.c
    return select(job.instance_id).where(job.state == JobState.PENDING, job.next_at.is_not(None), job.error.is_not(None))


def element_loads(session: Session, definition_id: int) -> list[ElementLoad]:
    """The elements where running instances of a version are, that with most of them first. Two queries over one index."""
    running = _INSTANCE.definition_id == definition_id, _INSTANCE.ended_at.is_(None), _INSTANCE.position.is_not(None)
    count, oldest = func.count().label("number"), func.min(_INSTANCE.position_since).label("oldest")
    counted = select(_INSTANCE.position, count, oldest).where(*running).group_by(_INSTANCE.position)
    found = session.execute(counted.order_by(count.desc(), _INSTANCE.position)).all()
    if not found:
        return []
    # the middle one of each by its number in the index: a window function would read every row
    since = select(_INSTANCE.position_since).where(*running).order_by(_INSTANCE.position_since).limit(1)
    middle = [since.where(_INSTANCE.position == position).offset((number - 1) // 2).scalar_subquery() for position, number, _ in found]
    medians = session.execute(select(*middle)).one()
    return [ElementLoad(row.position, row.number, row.oldest, median) for row, median in zip(found, medians, strict=True)]


def tokens_of(session: Session, row: InstanceRow) -> list[Token]:
    """The tokens of an instance, in the order of the diagram."""
    if row.state is None:
        return []
    definition = load(session, row.definition_id)
    workflow = load_state(row.state, *definition.specs)
    found = [_token(definition, task) for task in tokens.waiting(workflow) if tokens.element_id(task) in definition.elements]
    order = list(definition.elements)
    return sorted(found, key=lambda token: order.index(token.element))


def _token(definition: Definition, task: Task) -> Token:
    element = tokens.element_id(task)
    return Token(str(task.id), element, definition.elements[element].name or element, timers.due(task), dict(task.data))


def _overdue(now: datetime) -> Select[int, int]:
    query = select(_INSTANCE.definition_id, func.count()).select_from(tables.task.join(tables.instance, _INSTANCE.id == _TASK.instance_id))
    return query.where(_TASK.state == TaskRowState.OPEN, _TASK.due_at < now)
