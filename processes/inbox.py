"""The inbox: 待办, 已办, 我发起的; claiming; drafts of forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.parties import Actor
from processes import tables
from processes.errors import NotFound, Refused

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
)


def open_tasks(actor: Actor) -> Select[Any]:
    """待办: what waits for the actor or their role; the soonest due first, those without a due time last."""
    mine = or_(_TASK.c.assignee_id.is_(None), _TASK.c.assignee_id == actor.person_id)
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    query = query.where(_TASK.c.party_id == actor.party_id, _TASK.c.role.in_(actor.roles), _TASK.c.state == "open", mine)
    return query.order_by(_TASK.c.due_at.is_(None), _TASK.c.due_at, _TASK.c.created_at)


def waiting_count(session: Session, actor: Actor, cap: int = 100) -> int:
    """How many tasks of 待办 there are, counted up to `cap` so that a full inbox costs no more than a small one."""
    some = open_tasks(actor).with_only_columns(_TASK.c.id).order_by(None).limit(cap).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def done_tasks(actor: Actor) -> Select[Any]:
    """已办: what the actor completed, newest first."""
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    return query.where(_TASK.c.closed_by == actor.person_id).order_by(_TASK.c.closed_at.desc())


def started(actor: Actor) -> Select[Any]:
    """我发起的: the actor's own processes, newest first."""
    return select(_INSTANCE).where(_INSTANCE.c.started_by == actor.person_id).order_by(_INSTANCE.c.started_at.desc())


def task_of(session: Session, actor: Actor, task_id: str) -> Any:
    """One task that the actor's role and party may see, open or not.

    Raises:
        NotFound
    """
    query = select(*_COLUMNS).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    query = query.where(_TASK.c.id == task_id, _TASK.c.party_id == actor.party_id, _TASK.c.role.in_(actor.roles))
    row = session.execute(query).first()
    if row is None:
        raise NotFound
    return row


def task_and_draft_of(session: Session, actor: Actor, task_id: str, place: str) -> Any:
    """As `task_of`, with `drafted`: whether the actor keeps a draft at `place`; in one query.

    Raises:
        NotFound
    """
    draft = tables.draft.c
    drafted = exists().where(draft.person_id == actor.person_id, draft.place == place[:80]).label("drafted")
    query = select(*_COLUMNS, drafted).join(_INSTANCE, _INSTANCE.c.id == _TASK.c.instance_id)
    query = query.where(_TASK.c.id == task_id, _TASK.c.party_id == actor.party_id, _TASK.c.role.in_(actor.roles))
    row = session.execute(query).first()
    if row is None:
        raise NotFound
    return row


def claim(session: Session, actor: Actor, task_id: str) -> None:
    """签收: nobody else may complete it until it is released.

    Raises:
        NotFound, Refused
    """
    _assign(session, actor, task_id, None, actor.person_id, "此事项已被他人签收或办理，请刷新页面")


def release(session: Session, actor: Actor, task_id: str) -> None:
    """释放: everyone with the role may complete it again.

    Raises:
        NotFound, Refused
    """
    _assign(session, actor, task_id, actor.person_id, None, "您没有签收此事项，或它已被办理，请刷新页面")


def _assign(session: Session, actor: Actor, task_id: str, before: int | None, after: int | None, otherwise: str) -> None:
    task_of(session, actor, task_id)
    held = _TASK.c.assignee_id.is_(None) if before is None else _TASK.c.assignee_id == before
    # a conditional update and its row count: of two who claim at once, one wins
    taken = session.execute(update(_TASK).where(_TASK.c.id == task_id, _TASK.c.state == "open", held).values(assignee_id=after))
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(otherwise)


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
