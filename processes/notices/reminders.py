"""Notices that no step writes: new tasks, tasks that were returned, near deadlines, for people who have asked to be told of them.

There is one query a kind. Each begins with the choices of those who asked: where nobody did, it costs nothing, however many tasks there
are. What is due is looked for before anything is written, so that nobody waits for the look.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, exists, insert, literal, not_, or_, select
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


def due_notices(session: Session, now: datetime) -> list[tuple[NoticeKind, str]]:
    """(kind, id of the task) of the notices that are due and not written yet."""
    kinds = _kinds(now).items()
    return [(kind, task_id) for kind, which in kinds for task_id in session.scalars(_due(select(_TASK.id).distinct(), kind, which))]


def remind(session: Session, now: datetime, due: Collection[tuple[NoticeKind, str]]) -> int:
    """Writes the notices of `due` that are due still and not written yet. Returns their number."""
    found = 0
    for kind, which in _kinds(now).items():
        if tasks := [task_id for one, task_id in due if one == kind]:
            values = (literal(now, UtcDateTime()), literal(kind, String), _text(kind), _TASK.instance_id, _TASK.id)
            told = (_CHOICE.shown, sms_time(_CHOICE.sms, now), Person.party_id)
            query = _due(select(Person.id, *values, *told), kind, which).where(_TASK.id.in_(tasks))
            found += rows_changed(session, insert(tables.notice).from_select(COLUMNS, query))
    return found


def _kinds(now: datetime) -> Mapping[NoticeKind, ColumnElement[bool]]:
    sent_back = exists().where(_EVENT.instance_id == _TASK.instance_id, _EVENT.kind == EventKind.RETURN, _EVENT.at == _TASK.created_at)
    returned = and_(or_(_INSTANCE.tone == Tone.ATTENTION, sent_back), _INSTANCE.started_by == Person.id)
    created_since = _TASK.created_at >= _CHOICE.since
    near = and_(_TASK.due_at > now, _TASK.due_at <= now + DUE_WITHIN)
    return {
        NoticeKind.TASK: and_(created_since, not_(returned)),
        NoticeKind.RETURNED: and_(created_since, returned),
        NoticeKind.DUE: near,
    }


def _text(kind: NoticeKind) -> ColumnElement[str]:
    return literal(BEGINNINGS[kind], String).concat(_INSTANCE.title).concat(literal(" · ", String)).concat(_TASK.name)


def _due(columns: Select[Any], kind: NoticeKind, which: ColumnElement[bool]) -> Select[Any]:
    """These columns of what is due of a kind, and not written yet."""
    written = exists().where(_NOTICE.task_id == _TASK.id, _NOTICE.person_id == Person.id, _NOTICE.kind == kind)
    holds_role = exists().where(PersonRole.person_id == Person.id, PersonRole.role == _TASK.role)
    theirs = or_(_TASK.assignee_id == Person.id, and_(_TASK.assignee_id.is_(None), holds_role))
    query = columns.select_from(Person).join(tables.notice_choice, _CHOICE.person_id == Person.id)
    query = query.join(tables.task, and_(_TASK.party_id == Person.party_id, _TASK.state == TaskRowState.OPEN))
    query = query.join(tables.instance, _INSTANCE.id == _TASK.instance_id)
    return query.where(_CHOICE.kind == kind, wanted(), Person.active, theirs, which, not_(written))
