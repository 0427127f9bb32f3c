"""Notices that no step writes: new tasks, tasks that were returned, near deadlines, for people who have asked to be told of them.

There is one statement a kind. Each begins with the choices of those who asked: where nobody did, it costs nothing, however many tasks
there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, exists, insert, literal, not_, or_, select
from sqlalchemy.orm import Session

from domain.ground.base import UtcDateTime
from domain.ground.database import rows_changed
from domain.ground.parties import Person, PersonRole
from domain.ground.tones import Tone
from processes import tables
from processes.notices.preferences import wanted
from processes.states import EventKind, NoticeKind, TaskRowState
from processes.steps.telling import COLUMNS, sms_time

_TASK, _INSTANCE = tables.task.c, tables.instance.c
_CHOICE, _NOTICE, _EVENT = tables.notice_choice.c, tables.notice.c, tables.event.c
DUE_WITHIN = timedelta(hours=24)
BEGINNINGS: Mapping[str, str] = {NoticeKind.TASK: "新的待办：", NoticeKind.RETURNED: "退回给您：", NoticeKind.DUE: "即将到期："}


def remind(session: Session, now: datetime) -> int:
    """Writes the notices that are due and not written yet. Returns their number."""
    sent_back = exists().where(_EVENT.instance_id == _TASK.instance_id, _EVENT.kind == EventKind.RETURN, _EVENT.at == _TASK.created_at)
    returned = and_(or_(_INSTANCE.tone == Tone.ATTENTION, sent_back), _INSTANCE.started_by == Person.id)
    created_since = _TASK.created_at >= _CHOICE.since
    near = and_(_TASK.due_at > now, _TASK.due_at <= now + DUE_WITHIN)
    kinds = {NoticeKind.TASK: and_(created_since, not_(returned)), NoticeKind.RETURNED: and_(created_since, returned), NoticeKind.DUE: near}
    return sum(_write(session, kind, which, now) for kind, which in kinds.items())


def _write(session: Session, kind: str, which: ColumnElement[bool], now: datetime) -> int:
    written = exists().where(_NOTICE.task_id == _TASK.id, _NOTICE.person_id == Person.id, _NOTICE.kind == kind)
    holds_role = exists().where(PersonRole.person_id == Person.id, PersonRole.role == _TASK.role)
    theirs = or_(_TASK.assignee_id == Person.id, and_(_TASK.assignee_id.is_(None), holds_role))
    text = literal(BEGINNINGS[kind], String).concat(_INSTANCE.title).concat(literal(" · ", String)).concat(_TASK.name)
    values = (literal(kind, String), text, _TASK.instance_id, _TASK.id, _CHOICE.shown, sms_time(_CHOICE.sms, now), Person.party_id)
    query = select(Person.id, literal(now, UtcDateTime()), *values).join(tables.notice_choice, _CHOICE.person_id == Person.id)
    query = query.join(tables.task, and_(_TASK.party_id == Person.party_id, _TASK.state == TaskRowState.OPEN))
    query = query.join(tables.instance, _INSTANCE.id == _TASK.instance_id)
    query = query.where(_CHOICE.kind == kind, wanted(), Person.active, theirs, which, not_(written))
    return rows_changed(session, insert(tables.notice).from_select(COLUMNS, query))
