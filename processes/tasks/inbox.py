"""The inbox: 待办, 已办, 我发起的, and one task of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, String, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from domain.ground.rows import read_first
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import lifecycles
from processes.diagrams.elements import Element
from processes.errors import NotFound, TaskClosed
from processes.rights.authority import may_see
from processes.rights.substitutes import covered
from processes.rows import TaskRow
from processes.states import TaskKind, TaskRowState

_TASK = tables.task
_INSTANCE = tables.instance
_COLUMNS = (
    *_TASK.c,
    _INSTANCE.c.title,
    _INSTANCE.c.key,
    _INSTANCE.c.subject_id,
    _INSTANCE.c.status,
    _INSTANCE.c.tone,
    _INSTANCE.c.definition_id,
    _INSTANCE.c.suspended_at,
)
MOST_COUNTED = 100


class InboxRow(TaskRow, Protocol):
    """A task with what the inbox shows of its process."""

    title: str
    key: str
    subject_id: int
    status: str
    tone: str
    definition_id: int
    suspended_at: datetime | None


class OpenedTask(InboxRow, Protocol):
    """A task whose page somebody opens. `drafted`: they keep a draft of its form."""

    drafted: bool


def open_tasks(actor: Actor, now: datetime | None = None) -> Select[Any]:
    """待办: the open tasks of the actor and of their roles, as rows of `InboxRow`; the soonest due first, those without a deadline last.

    With `now` also the tasks of those whom the actor stands in for at that moment.
    """
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id).where(*_waiting(actor, now))
    return query.order_by(_TASK.c.due_at.is_(None), _TASK.c.due_at, _TASK.c.created_at)


def waiting_number(actor: Actor, now: datetime | None = None, cap: int = MOST_COUNTED) -> ScalarSelect[int]:
    """The number of rows of 待办, at most `cap` (a page shows 99+), as part of another statement; indexes serve it."""
    some = select(literal(1).label("one")).select_from(_TASK).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    some = some.where(*_waiting(actor, now)).limit(cap)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _waiting(actor: Actor, now: datetime | None) -> tuple[ColumnElement[bool], ...]:
    role = and_(_TASK.c.role.in_(actor.roles), _TASK.c.assignee_id.is_(None))
    mine = [role, _TASK.c.assignee_id == actor.person_id]
    if now is not None:
        mine.append(covered(actor, now))
    return _TASK.c.party_id == actor.party_id, _TASK.c.state == TaskRowState.OPEN, or_(*mine)


def done_tasks(actor: Actor) -> Select[Any]:
    """已办: the tasks that the actor completed in their present party, as rows of `InboxRow`, newest first."""
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    return query.where(_TASK.c.closed_by == actor.person_id, _TASK.c.party_id == actor.party_id).order_by(_TASK.c.closed_at.desc())


def started(session: Session, actor: Actor) -> Select[Any]:
    """我发起的: the instances that the actor started, newest first, as far as their present party has to do with them.

    Without the lives of records that are entered by the thousand: their lists show them.
    """
    has_a_task = exists().where(_TASK.c.instance_id == _INSTANCE.c.id, _TASK.c.party_id == actor.party_id)
    mine = (_INSTANCE.c.started_by == actor.person_id, or_(_INSTANCE.c.party_id == actor.party_id, has_a_task))
    return select(_INSTANCE).where(*mine, _INSTANCE.c.key.not_in(lifecycles(session))).order_by(_INSTANCE.c.started_at.desc())


def awaited(session: Session, instance_ids: Sequence[int]) -> dict[str, list[str]]:
    """Task id → names of those who must give an opinion before the task can be completed, in one query."""
    query = select(_TASK.c.parent_id, Person.name).join(Person, Person.id == _TASK.c.assignee_id)
    query = query.where(
        _TASK.c.instance_id.in_(instance_ids), _TASK.c.kind.in_((TaskKind.BEFORE, TaskKind.DELEGATE)), _TASK.c.state == TaskRowState.OPEN
    )
    found: dict[str, list[str]] = {}
    for row in session.execute(query.order_by(_TASK.c.created_at)):
        found.setdefault(row.parent_id, []).append(row.name)
    return found


def task_of(session: Session, actor: Actor, task_id: str, now: datetime | None = None, form_key: str = "") -> OpenedTask:
    """One task that the actor may see, open or closed, in one query where it is their own. `form_key` names the form of the draft.

    With `now` also a task of somebody whom they stand in for at that moment.

    Raises:
        NotFound: there is no such task, or the actor may not see it.
    """
    values = {"task_id": task_id, "party_id": actor.party_id, "person_id": actor.person_id, "form_key": form_key[:80]}
    row = read_first(session, _OPENED, OpenedTask, values)
    if row is None or not may_see(session, actor, row, now):
        raise NotFound
    return row


def _opened() -> Select[Any]:
    """The task `task_id` of the party `party_id`, as `OpenedTask`; the draft is that of `person_id` to the form `form_key`."""
    draft, person_id, form_key = tables.draft.c, bindparam("person_id", type_=Integer), bindparam("form_key", type_=String)
    drafted = exists().where(draft.person_id == person_id, draft.form_key == form_key).label("drafted")
    query = select(*_COLUMNS, drafted).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    return query.where(_TASK.c.id == bindparam("task_id", type_=String), _TASK.c.party_id == bindparam("party_id", type_=Integer))


_OPENED = _opened()  # built once: every act on a task begins with it


def stands_in(session: Session, actor: Actor, instance_id: int, now: datetime) -> bool:
    """Whether the actor may do an open task of the instance in an absent person's place."""
    query = select(_TASK.c.id).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    query = query.where(_TASK.c.instance_id == instance_id, _TASK.c.party_id == actor.party_id, _TASK.c.state == TaskRowState.OPEN)
    return session.execute(query.where(covered(actor, now)).limit(1)).first() is not None


def element_of(definition: Definition, task: TaskRow) -> Element:
    """The element of a task in the version that its process runs on now.

    Raises:
        TaskClosed: the process was migrated to a version that no longer has it.
    """
    found = definition.elements.get(task.element)
    if found is None:
        raise TaskClosed(task.closed_as)
    return found
