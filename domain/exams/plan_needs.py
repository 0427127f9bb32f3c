"""What stands on an exam plan and needs its subjects. The tables are those of modules that stand on `domain.exams.plans`."""

from __future__ import annotations

from sqlalchemy import Select, column, select, table, union_all

_SITTING = table("exam_sitting", column("plan_id"), column("subject_id"))
_ROOM = table("exam_room", column("id"), column("plan_id"))
_ROOM_SUBJECT = table("exam_room_subject", column("room_id"), column("subject_id"))
_ENTRY = table("exam_entry", column("id"), column("plan_id"), column("subject_id"))


def without_sitting(plan_id: int) -> Select[int]:
    """Id of a room, or of a registered subject, of a plan whose subject has no sitting there any more."""
    examined = select(_SITTING.c.subject_id).where(_SITTING.c.plan_id == plan_id)
    rooms = select(_ROOM.c.id).join(_ROOM_SUBJECT, _ROOM_SUBJECT.c.room_id == _ROOM.c.id)
    rooms = rooms.where(_ROOM.c.plan_id == plan_id, _ROOM_SUBJECT.c.subject_id.not_in(examined))
    entries = select(_ENTRY.c.id).where(_ENTRY.c.plan_id == plan_id, _ENTRY.c.subject_id.not_in(examined))
    return select(union_all(rooms, entries).subquery().c.id).limit(1)
