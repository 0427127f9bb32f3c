"""抄送: a person is told of a process and may read its record, whether or not it is in any list of theirs.

A copy goes to colleagues of the sender and to people who have to do with the record, and to nobody else. It lends reading of this
one record, its diagram and its files, for as long as its reader belongs to the party they belonged to then. The property `copyTo` of
a user task sends copies by itself once the task is done.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from processes import tables
from processes.engine import Engine
from processes.errors import NotFound, Refused
from processes.notices.around import around_step
from processes.states import NoticeKind
from processes.steps import books
from processes.steps.copying import write_copies
from processes.steps.locking import awake, lock
from processes.tasks import inbox

MOST = 100  # people at once
LONGEST = 500  # characters of what is said with it
_TABLE = tables.copy


def send(engine: Engine, session: Session, actor: Actor, instance_id: int, people: Collection[int], note: str) -> list[str]:
    """抄送 by somebody who has to do with the process, also once it has ended.

    Raises:
        NotFound: no such process, or the actor has nothing to do with it.
        Refused: nobody was chosen, too many, or somebody who is neither a colleague nor concerned.
    """
    step = lock(engine, session, actor, instance_id, suspended=True)
    known = {one.id: one for one in around_step(step)}
    here = known.get(actor.person_id)
    if (here is None or not here.concerned) and not inbox.stands_in(session, actor, instance_id, step.now):
        raise NotFound
    awake(step)
    chosen = sorted(set(people) - {actor.person_id})
    if not 0 < len(chosen) <= MOST:
        raise Refused(f"请选择抄送的人员，一次最多 {MOST} 人")
    if not known.keys() >= set(chosen):
        raise Refused("只能抄送给本单位人员和与此记录有关的人员，请重新选择")
    write_copies(step, [known[person] for person in chosen], None, note.strip()[:LONGEST])
    return books.write(step)


def copied(session: Session, actor: Actor, instance_id: int) -> bool:
    """Whether the actor was sent a copy that still lends them reading."""
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id, _TABLE.c.instance_id == instance_id)
    return session.execute(select(_TABLE.c.id).where(*mine).limit(1)).first() is not None


def copies_of(actor: Actor) -> Select[Any]:
    """抄送我的, newest first, with the process's `title`, `key`, `subject_id`, `status`, `tone` and the sender's name as `sender`."""
    instance = tables.instance
    of_instance = (instance.c.title, instance.c.key, instance.c.subject_id, instance.c.status, instance.c.tone)
    query = select(*_TABLE.c, *of_instance, Person.name.label("sender")).join(instance, instance.c.id == _TABLE.c.instance_id)
    query = query.join(Person, Person.id == _TABLE.c.sent_by)
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id)
    return query.where(*mine).order_by(_TABLE.c.sent_at.desc(), _TABLE.c.id.desc())


def unread(actor: Actor) -> Any:
    """How many the actor has not opened, as part of another statement."""
    mine = (_TABLE.c.person_id == actor.person_id, _TABLE.c.party_id == actor.party_id, _TABLE.c.read_at.is_(None))
    return select(func.count()).select_from(_TABLE).where(*mine).scalar_subquery()


def read_one(session: Session, actor: Actor, copy_id: int, now: datetime) -> Any:
    """Marks the copies of one process, and the messages that told of them, as read. Returns the copy's row.

    Raises:
        NotFound
    """
    row = session.execute(copies_of(actor).where(_TABLE.c.id == copy_id)).first()
    if row is None:
        raise NotFound("没有找到这条抄送")
    seen(session, actor, row.instance_id, now)
    return row


def seen(session: Session, actor: Actor, instance_id: int, now: datetime) -> None:
    """The actor has opened the record: of its copies and their messages none is unread any more."""
    notice = tables.notice
    for table, more in ((_TABLE, ()), (notice, (notice.c.kind == NoticeKind.COPY,))):
        mine = (table.c.person_id == actor.person_id, table.c.instance_id == instance_id, table.c.read_at.is_(None), *more)
        session.execute(update(table).where(*mine).values(read_at=now))
