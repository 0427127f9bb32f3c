"""抄送: a person is told of a process and may read its record, which their own lists need not hold.

A copy goes to colleagues of the sender and to people who have to do with the record, and to nobody else. Its reader may open this one
record, its diagram and its files while they belong to the party that they belonged to when it was sent. Once a user task with the property
`copyTo` is done, the step sends copies (`steps.copying`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ScalarSelect, Select, func, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from domain.ground.rows import read_first
from processes import tables
from processes.engine import Engine
from processes.errors import NotFound, Refused
from processes.notices.people import around_step
from processes.rows import CopyRow
from processes.states import NoticeKind
from processes.steps import books
from processes.steps.copying import write_copies
from processes.steps.locking import awake, lock
from processes.tasks import inbox

MOST = 100  # people at once
LONGEST = 500  # characters of the note that goes with a copy
_TABLE = tables.copy


class CopyOfProcess(CopyRow, Protocol):
    """A copy with what its page shows of the process, and the sender's name."""

    title: str
    key: str
    subject_id: int
    status: str
    tone: str
    sender: str


def send(engine: Engine, session: Session, actor: Actor, instance_id: int, people: Collection[int], note: str) -> list[str]:
    """抄送 by somebody who holds a role of the process, had a task of it or stands in for such a person; also after the process has ended.

    Raises:
        NotFound: there is no such process, or the actor is none of them.
        Refused: nobody was chosen, too many people, or somebody who is neither the actor's colleague nor concerned.
    """
    step = lock(engine, session, actor, instance_id, suspended=True)
    people_around = {one.id: one for one in around_step(step)}
    sender = people_around.get(actor.person_id)
    if (sender is None or not sender.concerned) and not inbox.stands_in(session, actor, instance_id, step.now):
        raise NotFound
    awake(step)
    chosen = sorted(set(people) - {actor.person_id})
    if not 0 < len(chosen) <= MOST:
        raise Refused(f"请选择抄送的人员，一次最多 {MOST} 人")
    if not people_around.keys() >= set(chosen):
        raise Refused("只能抄送给本单位人员和与此记录有关的人员，请重新选择")
    write_copies(step, [people_around[person] for person in chosen], None, note.strip()[:LONGEST])
    return books.write(step)


def copied(session: Session, actor: Actor, instance_id: int) -> bool:
    """Whether the actor was sent a copy by which they may read the record."""
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id, _TABLE.c.instance_id == instance_id)
    return session.execute(select(_TABLE.c.id).where(*mine).limit(1)).first() is not None


def copies_of(actor: Actor) -> Select[Any]:
    """抄送我的, newest first, as rows of `CopyOfProcess`."""
    instance = tables.instance
    of_instance = (instance.c.title, instance.c.key, instance.c.subject_id, instance.c.status, instance.c.tone)
    query = select(*_TABLE.c, *of_instance, Person.name.label("sender")).join(instance, instance.c.id == _TABLE.c.instance_id)
    query = query.join(Person, Person.id == _TABLE.c.sent_by)
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id)
    return query.where(*mine).order_by(_TABLE.c.sent_at.desc(), _TABLE.c.id.desc())


def unread(actor: Actor) -> ScalarSelect[int]:
    """The number of copies that the actor has not opened, as part of another statement."""
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id, _TABLE.c.read_at.is_(None))
    return select(func.count()).select_from(_TABLE).where(*mine).scalar_subquery()


def read_one(session: Session, actor: Actor, copy_id: int, now: datetime) -> CopyOfProcess:
    """Marks the copies of the same process, and the notices of them, as read.

    Raises:
        NotFound: the actor has no such copy.
    """
    row = read_first(session, copies_of(actor).where(_TABLE.c.id == copy_id), CopyOfProcess)
    if row is None:
        raise NotFound("没有找到这条抄送")
    seen(session, actor, row.instance_id, now)
    return row


def seen(session: Session, actor: Actor, instance_id: int, now: datetime) -> None:
    """Marks the actor's copies of a process, and the notices of them, as read: they have opened the record."""
    notice = tables.notice
    for table, more in ((_TABLE, ()), (notice, (notice.c.kind == NoticeKind.COPY,))):
        mine = (table.c.person_id == actor.person_id, table.c.instance_id == instance_id, table.c.read_at.is_(None), *more)
        session.execute(update(table).where(*mine).values(read_at=now))
