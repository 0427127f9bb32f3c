"""What people have asked to hear of and no step tells them: new tasks, tasks that were returned to them, deadlines that come near.

Three statements, each driven by those who asked: with nobody asking they cost nothing, however many tasks there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, exists, insert, literal, not_, or_, select
from sqlalchemy.orm import Session

from domain.ground.base import UtcDateTime
from domain.ground.parties import Person, PersonRole
from domain.ground.tones import Tone
from processes import tables
from processes.notices.preferences import wanted
from processes.states import EventKind, NoticeKind, TaskRowState
from processes.steps.telling import COLUMNS, sms_time

_TASK, _INSTANCE = tables.task.c, tables.instance.c
_CHOICE, _NOTICE, _EVENT = tables.notice_choice.c, tables.notice.c, tables.event.c
DUE_WITHIN = timedelta(hours=24)
SAID: Mapping[str, str] = {NoticeKind.TASK: "新的待办：", NoticeKind.RETURNED: "退回给您：", NoticeKind.DUE: "即将到期："}


def remind(session: Session, now: datetime) -> int:
    """Writes the messages that are not there yet. Returns how many."""
    back = exists().where(_EVENT.instance_id == _TASK.instance_id, _EVENT.kind == EventKind.RETURN, _EVENT.at == _TASK.created_at)
    returned = and_(or_(_INSTANCE.tone == Tone.ATTENTION, back), _INSTANCE.started_by == Person.id)
    fresh = _TASK.created_at >= _CHOICE.since
    near = and_(_TASK.due_at > now, _TASK.due_at <= now + DUE_WITHIN)
    kinds = {NoticeKind.TASK: and_(fresh, not_(returned)), NoticeKind.RETURNED: and_(fresh, returned), NoticeKind.DUE: near}
    return sum(_tell(session, kind, which, now) for kind, which in kinds.items())


def _tell(session: Session, kind: str, which: ColumnElement[bool], now: datetime) -> int:
    told = exists().where(_NOTICE.task_id == _TASK.id, _NOTICE.person_id == Person.id, _NOTICE.kind == kind)
    holds = exists().where(PersonRole.person_id == Person.id, PersonRole.role == _TASK.role)
    theirs = or_(_TASK.assignee_id == Person.id, and_(_TASK.assignee_id.is_(None), holds))
    text = literal(SAID[kind], String).concat(_INSTANCE.title).concat(literal(" · ", String)).concat(_TASK.name)
    said = (literal(kind, String), text, _TASK.instance_id, _TASK.id, _CHOICE.shown, sms_time(_CHOICE.sms, now), Person.party_id)
    query = select(Person.id, literal(now, UtcDateTime()), *said).join(tables.notice_choice, _CHOICE.person_id == Person.id)
    query = query.join(tables.task, and_(_TASK.party_id == Person.party_id, _TASK.state == TaskRowState.OPEN))
    query = query.join(tables.instance, _INSTANCE.id == _TASK.instance_id)
    query = query.where(_CHOICE.kind == kind, wanted(), Person.active, theirs, which, not_(told))
    return int(session.execute(insert(tables.notice).from_select(COLUMNS, query)).rowcount)  # type: ignore[attr-defined]
