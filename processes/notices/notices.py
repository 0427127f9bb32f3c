"""消息: what a person should hear of, in the page and by SMS as they choose (`preferences`).

What happens in a step is told in its transaction. What only waits – new tasks, returned ones, deadlines – is looked for now and then
for those who want to hear of it (`reminders`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes import tables
from processes.errors import NotFound

_TABLE = tables.notice
MOST_COUNTED = 100


def _own(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """What was told to the actor as somebody of their present party: titles of an earlier one are no longer theirs to read."""
    return _TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id


def notices_of(actor: Actor) -> Select[Any]:
    """The actor's own, newest first, with the process's `title`, `key` and `subject_id`."""
    instance = tables.instance
    query = select(*_TABLE.c, instance.c.title, instance.c.key, instance.c.subject_id)
    query = query.join(instance, instance.c.id == _TABLE.c.instance_id).where(*_own(actor), _TABLE.c.shown)
    return query.order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())


def unread_number(actor: Actor) -> ScalarSelect[int]:
    """How many the actor has not read, counted no further than `MOST_COUNTED` (say 99+ from there); one indexed query within another."""
    unread = select(literal(1).label("one")).where(*_own(actor), _TABLE.c.read_at.is_(None), _TABLE.c.shown)
    return select(func.count()).select_from(unread.limit(MOST_COUNTED).subquery()).scalar_subquery()


def read_one(session: Session, actor: Actor, notice_id: int, now: datetime) -> Any:
    """Marks one as read and returns its row.

    Raises:
        NotFound
    """
    row = session.execute(notices_of(actor).where(_TABLE.c.id == notice_id)).first()
    if row is None:
        raise NotFound("没有找到这条消息")
    session.execute(update(_TABLE).where(_TABLE.c.id == notice_id, _TABLE.c.read_at.is_(None)).values(read_at=now))
    return row


def read_all(session: Session, actor: Actor, now: datetime) -> None:
    """Marks all of the actor's as read."""
    session.execute(update(_TABLE).where(*_own(actor), _TABLE.c.read_at.is_(None)).values(read_at=now))
