"""消息: what a person should hear of, in the page and by SMS as they choose (`preferences`).

What happens in a step is told in its transaction. What only waits – new tasks, returned ones, deadlines – is looked for now and then
for those who want to hear of it (`reminders`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, and_, case, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from domain.base import UtcDateTime
from domain.parties import Actor, Person
from processes import tables
from processes.errors import NotFound
from processes.step import Step

_TABLE = tables.notice
_CHOICE = tables.notice_choice
KINDS = {
    "assigned": "转办、委派、加签",
    "opinion": "给出的意见",
    "urge": "催办",
    "mention": "提到我",
    "copy": "抄送",
    "task": "新的待办",
    "returned": "退回给我",
    "due": "即将到期",
}
ASKED_FOR = ("task", "returned", "due")
"""Kinds that nobody hears of who has not asked for it: 待办 shows them anyway."""
MOST_COUNTED = 100
LONGEST = 400
SMS_AFTER = timedelta(minutes=1)  # what comes within this time goes in one SMS
COLUMNS = ("person_id", "at", "kind", "text", "instance_id", "task_id", "shown", "sms_at", "party_id")


def notify(step: Step, people: Iterable[int], kind: str, text: str, task_id: str | None = None) -> None:
    """Tells these people, but not who acts, in the step's transaction and one statement. `kind` is one of `KINDS`."""
    told = sorted(set(people) - {step.actor.person_id})
    if not told:
        return
    shown, sms = shown_to(kind), func.coalesce(_CHOICE.c.sms, False)
    said = (literal(kind, String), literal(text[:LONGEST], String), literal(step.row.id), literal(task_id, String))
    row = (Person.id, literal(step.now, UtcDateTime()), *said, shown, sms_time(sms, step.now), Person.party_id)
    mine = and_(_CHOICE.c.person_id == Person.id, _CHOICE.c.kind == kind)
    source = select(*row).outerjoin(_CHOICE, mine).where(Person.id.in_(told), or_(shown, sms))
    step.session.execute(insert(_TABLE).from_select(COLUMNS, source))


def shown_to(kind: str) -> ColumnElement[bool]:
    """Whether a person sees messages of a kind in the page."""
    return func.coalesce(_CHOICE.c.shown, kind not in ASKED_FOR)


def sms_time(wanted: ColumnElement[bool], now: datetime) -> ColumnElement[Any]:
    """When the SMS of a message may go; null where none is wanted."""
    return case((wanted, literal(now + SMS_AFTER, UtcDateTime())), else_=literal(None, UtcDateTime()))


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
