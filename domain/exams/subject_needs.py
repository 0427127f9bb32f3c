"""What stands on an exam subject and keeps parts of it as they are. The tables are those of modules that stand on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import column, exists, select, table
from sqlalchemy.orm import Session

from domain.ground.tones import Tone

_SITTING = table("exam_sitting", column("plan_id"), column("subject_id"))
_PLAN = table("exam_plan", column("id"), column("tone"))
_ROOM = table("exam_room", column("id"), column("plan_id"))
_ROOM_SUBJECT = table("exam_room_subject", column("room_id"), column("subject_id"))
_ENTRY = table("exam_entry", column("id"), column("subject_id"))
_SCORE = table("exam_score", column("entry_id"))

KIND = frozenset({"certificate", "audience"})
"""What a subject is of and for whom: plans, registrations and marks were made for that."""
PLACE = frozenset({"method", "room_type"})
"""What decides which rooms hold it."""
MARKS = frozenset({"full_mark", "pass_mark"})
"""What a mark is measured by: with another one, results that people know would be others."""


def kept_from(session: Session, subject_id: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Why a subject may not be changed so, in Chinese; nothing where it may."""
    changed = {name for name in KIND | PLACE | MARKS if before.get(name) != after.get(name)}
    if changed & KIND and session.scalar(select(exists().where(_SITTING.c.subject_id == subject_id))):
        yield "该科目已用于考试计划，不能修改证书和参考对象，请停用后新增科目"
    rooms = select(_ROOM.c.id).join(_ROOM_SUBJECT, _ROOM_SUBJECT.c.room_id == _ROOM.c.id).join(_PLAN, _PLAN.c.id == _ROOM.c.plan_id)
    rooms = rooms.where(_ROOM_SUBJECT.c.subject_id == subject_id, _PLAN.c.tone != Tone.DONE)
    if changed & PLACE and session.scalar(select(rooms.exists())):
        yield "已有院校为该科目设置考场，考试计划结束之前不能修改考试方式和考场类型"
    marks = select(_SCORE.c.entry_id).join(_ENTRY, _ENTRY.c.id == _SCORE.c.entry_id).where(_ENTRY.c.subject_id == subject_id)
    if changed & MARKS and session.scalar(select(marks.exists())):
        yield "该科目已登记成绩，不能修改满分和合格分，否则已有的考证结果会改变；如需调整，请停用后新增科目"
