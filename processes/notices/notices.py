"""消息: what a person is told, in the page and by SMS as they choose (`preferences`).

A step tells people of what happens in it, in its own transaction (`steps.telling`). New tasks, returned tasks and near deadlines are
looked for now and then, for those who want to be told of them (`reminders`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_first
from processes import tables
from processes.errors import NotFound
from processes.rows import NoticeRow

_TABLE = tables.notice
MOST_COUNTED = 100


class NoticeOfProcess(NoticeRow, Protocol):
    """A notice with the process that it is about."""

    title: str
    key: str
    subject_id: int


def _own(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Narrows to what the actor was told in their present party: the titles of an earlier party's records are not theirs to read."""
    return _TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id


def notices_of(actor: Actor) -> Select[Any]:
    """The actor's notices, newest first, as rows of `NoticeOfProcess`."""
    instance = tables.instance
    query = select(*_TABLE.c, instance.c.title, instance.c.key, instance.c.subject_id)
    query = query.join(instance, instance.c.id == _TABLE.c.instance_id).where(*_own(actor), _TABLE.c.shown)
    return query.order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())


def unread_number(actor: Actor) -> ScalarSelect[int]:
    """The number of notices that the actor has not read, at most `MOST_COUNTED` (a page shows 99+), as part of another statement."""
    unread = select(literal(1).label("one")).where(*_own(actor), _TABLE.c.read_at.is_(None), _TABLE.c.shown)
    return select(func.count()).select_from(unread.limit(MOST_COUNTED).subquery()).scalar_subquery()


def read_one(session: Session, actor: Actor, notice_id: int, now: datetime) -> NoticeOfProcess:
    """Marks a notice as read.

    Raises:
        NotFound: the actor has no such notice.
    """
    row = read_first(session, notices_of(actor).where(_TABLE.c.id == notice_id), NoticeOfProcess)
    if row is None:
        raise NotFound("没有找到这条消息")
    session.execute(update(_TABLE).where(_TABLE.c.id == notice_id, _TABLE.c.read_at.is_(None)).values(read_at=now))
    return row


def read_all(session: Session, actor: Actor, now: datetime) -> None:
    """Marks all of the actor's notices as read."""
    session.execute(update(_TABLE).where(*_own(actor), _TABLE.c.read_at.is_(None)).values(read_at=now))
