"""The inbox: 待办, 已办, 我发起的; claiming; drafts of forms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from domain.parties import Actor, Person
from processes import tables
from processes.authority import may_see
from processes.errors import NotFound, Refused
from processes.substitutes import covered

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


def open_tasks(actor: Actor, now: datetime | None = None) -> Select[Any]:
    """待办: what waits for the actor or their role; the soonest due first, those without a due time last.

    With `now` also what waits for those whom the actor stands in for at that moment.
    """
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id).where(*_waiting(actor, now))
    return query.order_by(_TASK.c.due_at.is_(None), _TASK.c.due_at, _TASK.c.created_at)


def waiting_count(session: Session, actor: Actor, now: datetime | None = None, cap: int = MOST_COUNTED) -> int:
    """How many rows 待办 has, counted no further than `cap` (say 99+ from there); one indexed query."""
    return session.scalar(select(waiting_number(actor, now, cap))) or 0


def waiting_number(actor: Actor, now: datetime | None = None, cap: int = MOST_COUNTED) -> ScalarSelect[int]:
    """`waiting_count` as part of another statement."""
    some = select(literal(1).label("one")).select_from(_TASK).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    some = some.where(*_waiting(actor, now)).limit(cap)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _waiting(actor: Actor, now: datetime | None) -> tuple[ColumnElement[bool], ...]:
    role = and_(_TASK.c.role.in_(actor.roles), _TASK.c.assignee_id.is_(None))
    mine = [role, _TASK.c.assignee_id == actor.person_id]
    if now is not None:
        mine.append(covered(actor, now))
    return _TASK.c.party_id == actor.party_id, _TASK.c.state == "open", or_(*mine)


def done_tasks(actor: Actor) -> Select[Any]:
    """已办: what the actor completed, newest first."""
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    return query.where(_TASK.c.closed_by == actor.person_id).order_by(_TASK.c.closed_at.desc())


def started(actor: Actor) -> Select[Any]:
    """我发起的: the actor's own processes, newest first."""
    return select(_INSTANCE).where(_INSTANCE.c.started_by == actor.person_id).order_by(_INSTANCE.c.started_at.desc())


def awaited(session: Session, instance_ids: Sequence[int]) -> dict[str, list[str]]:
    """Task id → names of those whose opinion it waits for before it can be completed, in one query."""
    query = select(_TASK.c.parent_id, Person.name).join(Person, Person.id == _TASK.c.assignee_id)
    query = query.where(_TASK.c.instance_id.in_(instance_ids), _TASK.c.kind.in_(("before", "delegate")), _TASK.c.state == "open")
    found: dict[str, list[str]] = {}
    for row in session.execute(query.order_by(_TASK.c.created_at)):
        found.setdefault(row.parent_id, []).append(row.name)
    return found


def task_of(session: Session, actor: Actor, task_id: str, now: datetime | None = None, place: str = "") -> Any:
    """One task that the actor may see, open or not, with `drafted`: whether they keep a draft at `place`.

    One query for the actor's own; without `now` those are all there are, with it also those of whom they stand in for.

    Raises:
        NotFound
    """
    draft = tables.draft.c
    drafted = exists().where(draft.person_id == actor.person_id, draft.place == place[:80]).label("drafted")
    query = select(*_COLUMNS, drafted).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    row = session.execute(query.where(_TASK.c.id == task_id, _TASK.c.party_id == actor.party_id)).first()
    if row is None or not may_see(session, actor, row, now):
        raise NotFound
    return row


def stands_in(session: Session, actor: Actor, instance_id: int, now: datetime) -> bool:
    """Whether an open task of the instance is the actor's to do in an absent person's place."""
    query = select(_TASK.c.id).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    query = query.where(_TASK.c.instance_id == instance_id, _TASK.c.party_id == actor.party_id, _TASK.c.state == "open")
    return session.execute(query.where(covered(actor, now)).limit(1)).first() is not None


def claim(session: Session, actor: Actor, task_ids: Sequence[str], now: datetime) -> int:
    """签收: nobody else may complete these until they are released. Returns how many of them were free and the actor's to take."""
    query = open_tasks(actor, now).with_only_columns(_TASK.c.id).order_by(None)
    free = session.scalars(query.where(_TASK.c.id.in_(task_ids), _TASK.c.assignee_id.is_(None))).all()
    # a conditional update and its row count: of two who claim at once, one wins
    taken = session.execute(_open(free).where(_TASK.c.assignee_id.is_(None)).values(assignee_id=actor.person_id))
    return int(taken.rowcount)  # type: ignore[attr-defined]


def release(session: Session, actor: Actor, task_ids: Sequence[str]) -> int:
    """释放: everyone with the role may complete these again. Returns how many the actor held; opinions asked for stay theirs."""
    mine = (_TASK.c.party_id == actor.party_id, _TASK.c.assignee_id == actor.person_id, _TASK.c.kind == "step")
    awaited = _TASK.alias()
    asked = exists().where(awaited.c.parent_id == _TASK.c.id, awaited.c.state.in_(tables.LIVE), awaited.c.kind == "delegate")
    theirs = exists().where(tables.vote.c.id == _TASK.c.vote_id, tables.vote.c.people)  # one person's answer is nobody else's to give
    given = session.execute(_open(task_ids).where(*mine, ~asked, ~theirs).values(assignee_id=None))
    return int(given.rowcount)  # type: ignore[attr-defined]


def claim_one(session: Session, actor: Actor, task_id: str, now: datetime) -> None:
    """签收 of one task.

    Raises:
        NotFound, Refused
    """
    task_of(session, actor, task_id, now)
    if claim(session, actor, [task_id], now) != 1:
        raise Refused("此事项已被他人签收或办理，请刷新页面")


def release_one(session: Session, actor: Actor, task_id: str, now: datetime) -> None:
    """释放 of one task.

    Raises:
        NotFound, Refused
    """
    task_of(session, actor, task_id, now)
    if release(session, actor, [task_id]) != 1:
        raise Refused("您没有签收此事项，它是会签中您的一份，或它已被办理、委派，请刷新页面")


def _open(task_ids: Sequence[str]) -> Any:
    return update(_TASK).where(_TASK.c.id.in_(task_ids), _TASK.c.state == "open")


def save_draft(session: Session, actor: Actor, place: str, data: dict[str, Any], now: datetime) -> None:
    """Keeps what is being typed at `place` (a task id or a form's address), one draft a person and place."""
    drop_draft(session, actor, place)
    values = {"person_id": actor.person_id, "place": place[:80], "data": data, "saved_at": now}
    session.execute(insert(tables.draft).values(values))


def draft_of(session: Session, actor: Actor, place: str) -> Any:
    """The draft row (`data`, `saved_at`), or None."""
    table = tables.draft
    return session.execute(select(table).where(table.c.person_id == actor.person_id, table.c.place == place[:80])).first()


def drop_draft(session: Session, actor: Actor, place: str) -> None:
    """Forgets a draft: it was handed in."""
    table = tables.draft
    session.execute(delete(table).where(table.c.person_id == actor.person_id, table.c.place == place[:80]))
