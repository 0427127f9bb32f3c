"""Tells people of what happens in a step (消息), in its transaction: which kinds there are, who sees one, when its SMS may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, func, insert, literal, or_, select

from domain.ground.base import UtcDateTime
from domain.ground.parties import Person
from processes import tables
from processes.states import NoticeKind
from processes.steps.step import Step

_TABLE = tables.notice
_CHOICE = tables.notice_choice
KINDS: Mapping[str, str] = {
    NoticeKind.ASSIGNED: "转办、委派、加签",
    NoticeKind.OPINION: "给出的意见",
    NoticeKind.URGE: "催办",
    NoticeKind.MENTION: "提到我",
    NoticeKind.COPY: "抄送",
    NoticeKind.TASK: "新的待办",
    NoticeKind.RETURNED: "退回给我",
    NoticeKind.DUE: "即将到期",
}
ASKED_FOR = (NoticeKind.TASK, NoticeKind.RETURNED, NoticeKind.DUE)
"""Kinds that nobody hears of who has not asked for it: 待办 shows them anyway."""
LONGEST = 400
SMS_AFTER = timedelta(minutes=1)  # what comes within this time goes in one SMS
COLUMNS = ("person_id", "at", "kind", "text", "instance_id", "task_id", "shown", "sms_at", "party_id")


def notify(step: Step, people: Iterable[int | None], kind: NoticeKind, text: str, task_id: str | None = None) -> None:
    """Tells these people, but not who acts, in the step's transaction and one statement. `kind` is one of `KINDS`."""
    told = sorted({person for person in people if person is not None} - {step.actor.person_id})
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
