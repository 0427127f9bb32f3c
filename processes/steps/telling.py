"""Notices to people (消息) that a step writes in its transaction: their kinds, who sees one in the page, when its SMS may be sent."""

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
"""Kinds that only those people get who have asked for them: 待办 shows the same."""
LONGEST = 400
SMS_AFTER = timedelta(minutes=1)  # notices within this time share one SMS
COLUMNS = ("person_id", "at", "kind", "text", "instance_id", "task_id", "shown", "sms_at", "party_id")


def notify(step: Step, people: Iterable[int | None], kind: NoticeKind, text: str, task_id: str | None = None) -> None:
    """Writes a notice for each of these people, but none for the step's actor, in one statement."""
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
    """Whether a person sees notices of a kind in the page."""
    return func.coalesce(_CHOICE.c.shown, kind not in ASKED_FOR)


def sms_time(wanted: ColumnElement[bool], now: datetime) -> ColumnElement[Any]:
    """When the SMS of a notice may be sent; null where none is wanted."""
    return case((wanted, literal(now + SMS_AFTER, UtcDateTime())), else_=literal(None, UtcDateTime()))
