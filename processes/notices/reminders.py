"""What people have asked to hear of and no step tells them: new tasks, tasks that were returned to them, deadlines that come near.

Three statements, each driven by those who asked: with nobody asking they cost nothing, however many tasks there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, exists, insert, literal, not_, or_, select
from sqlalchemy.orm import Session

from domain.ground.base import UtcDateTime
from domain.ground.parties import Person, PersonRole
from processes import tables
from processes.notices.preferences import wanted
from processes.steps.telling import COLUMNS, sms_time

_TASK, _INSTANCE = tables.task.c, tables.instance.c
_CHOICE, _NOTICE, _EVENT = tables.notice_choice.c, tables.notice.c, tables.event.c
DUE_WITHIN = timedelta(hours=24)
SAID = {"task": "新的待办：", "returned": "退回给您：", "due": "即将到期："}


def remind(session: Session, now: datetime) -> int:
    """Writes the messages that are not there yet. Returns how many."""
    back = exists().where(_EVENT.instance_id == _TASK.instance_id, _EVENT.kind == "return", _EVENT.at == _TASK.created_at)
    returned = and_(or_(_INSTANCE.tone == "attention", back), _INSTANCE.started_by == Person.id)
    fresh = _TASK.created_at >= _CHOICE.since
    near = and_(_TASK.due_at > now, _TASK.due_at <= now + DUE_WITHIN)
    kinds = {"task": and_(fresh, not_(returned)), "returned": and_(fresh, returned), "due": near}
    return sum(_tell(session, kind, which, now) for kind, which in kinds.items())


def _tell(session: Session, kind: str, which: ColumnElement[bool], now: datetime) -> int:
    told = exists().where(_NOTICE.task_id == _TASK.id, _NOTICE.person_id == Person.id, _NOTICE.kind == kind)
    holds = exists().where(PersonRole.person_id == Person.id, PersonRole.role == _TASK.role)
    theirs = or_(_TASK.assignee_id == Person.id, and_(_TASK.assignee_id.is_(None), holds))
    text = literal(SAID[kind], String).concat(_INSTANCE.title).concat(literal(" · ", String)).concat(_TASK.name)
    said = (literal(kind, String), text, _TASK.instance_id, _TASK.id, _CHOICE.shown, sms_time(_CHOICE.sms, now), Person.party_id)
    query = select(Person.id, literal(now, UtcDateTime()), *said).join(tables.notice_choice, _CHOICE.person_id == Person.id)
    query = query.join(tables.task, and_(_TASK.party_id == Person.party_id, _TASK.state == "open"))
    query = query.join(tables.instance, _INSTANCE.id == _TASK.instance_id)
    query = query.where(_CHOICE.kind == kind, wanted(), Person.active, theirs, which, not_(told))
    return int(session.execute(insert(tables.notice).from_select(COLUMNS, query)).rowcount)  # type: ignore[attr-defined]
