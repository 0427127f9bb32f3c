"""消息: what a person should hear of: work handed to them, opinions given, 催办, being mentioned, and copies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, insert, literal, select, update
from sqlalchemy.orm import Session

from domain.parties import Actor
from processes import tables
from processes.errors import NotFound
from processes.step import Step

_TABLE = tables.notice
KINDS = {"assigned": "新的事项", "opinion": "意见", "urge": "催办", "mention": "提到我", "copy": "抄送"}
MOST_COUNTED = 100
LONGEST = 400


def notify(step: Step, people: Iterable[int], kind: str, text: str, task_id: str | None = None) -> None:
    """Tells these people, but not who acts, in the step's transaction. `kind` is one of `KINDS`."""
    told = sorted(set(people) - {step.actor.person_id})
    if not told:
        return
    row = {"at": step.now, "kind": kind, "text": text[:LONGEST], "instance_id": step.row.id, "task_id": task_id}
    step.session.execute(insert(_TABLE), [{**row, "person_id": person} for person in told])


def notices_of(actor: Actor) -> Select[Any]:
    """The actor's own, newest first, with the process's `title`, `key` and `subject_id`."""
    instance = tables.instance
    query = select(*_TABLE.c, instance.c.title, instance.c.key, instance.c.subject_id)
    query = query.join(instance, instance.c.id == _TABLE.c.instance_id).where(_TABLE.c.person_id == actor.person_id)
    return query.order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())


def unread_count(session: Session, actor: Actor) -> int:
    """How many the actor has not read, counted no further than `MOST_COUNTED` (say 99+ from there); one indexed query."""
    return session.scalar(select(unread_number(actor))) or 0


def unread_number(actor: Actor) -> ScalarSelect[int]:
    """`unread_count` as part of another statement."""
    unread = select(literal(1).label("one")).where(_TABLE.c.person_id == actor.person_id, _TABLE.c.read_at.is_(None))
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
    session.execute(update(_TABLE).where(_TABLE.c.person_id == actor.person_id, _TABLE.c.read_at.is_(None)).values(read_at=now))
