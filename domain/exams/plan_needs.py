"""What stands on an exam plan and needs its subjects. The tables are those of modules that stand on `domain.exams.plans`."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, and_, column, distinct, exists, func, select, table, union_all
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import EVERYBODY

_SITTING = table("exam_sitting", column("plan_id"), column("subject_id"))
_SUBJECT = table("exam_subject", column("id"), column("certificate_id"), column("audience"))
_REGISTRATION = table(
    "exam_registration",
    *map(column, ("id", "plan_id", "certificate_id", "subject_id", "audience", "level")),
)
_ROOM = table("exam_room", column("id"), column("plan_id"))
_ROOM_SUBJECT = table("exam_room_subject", column("room_id"), column("subject_id"))
_ENTRY = table("exam_entry", column("id"), column("plan_id"), column("subject_id"), column("registration_id"))


def without_sitting(plan_id: int) -> Select[int]:
    """Id of a room, or of a registered subject, of a plan whose subject has no sitting there any more."""
    examined = select(_SITTING.c.subject_id).where(_SITTING.c.plan_id == plan_id)
    rooms = select(_ROOM.c.id).join(_ROOM_SUBJECT, _ROOM_SUBJECT.c.room_id == _ROOM.c.id)
    rooms = rooms.where(_ROOM.c.plan_id == plan_id, _ROOM_SUBJECT.c.subject_id.not_in(examined))
    entries = select(_ENTRY.c.id).where(_ENTRY.c.plan_id == plan_id, _ENTRY.c.subject_id.not_in(examined))
    return select(union_all(rooms, entries).subquery().c.id).limit(1)


def lacking_entry(session: Session, plan_id: int, subject_ids: Collection[int]) -> int:
    """How many have registered for the whole certificate of one of these subjects without it: they would pass without a mark in it."""
    whom = func.coalesce(_REGISTRATION.c.audience, _REGISTRATION.c.level, "社会考生")
    asked = and_(_SUBJECT.c.certificate_id == _REGISTRATION.c.certificate_id, _SUBJECT.c.audience.in_((EVERYBODY, whom)))
    has = exists().where(_ENTRY.c.registration_id == _REGISTRATION.c.id, _ENTRY.c.subject_id == _SUBJECT.c.id)
    query = select(func.count(distinct(_REGISTRATION.c.id))).select_from(_REGISTRATION.join(_SUBJECT, asked))
    query = query.where(_REGISTRATION.c.plan_id == plan_id, _REGISTRATION.c.subject_id.is_(None), _SUBJECT.c.id.in_(subject_ids), ~has)
    return session.scalar(query) or 0
