"""What published seats and duties clash with once sittings have another time. The tables are those of modules that stand on
`domain.exams.plans`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, FromClause, Select, and_, column, distinct, func, or_, select, table
from sqlalchemy.orm import Session

_SITTING = table("exam_sitting", column("id"), column("starts_at"), column("ends_at"))
_REGISTRATION = table("exam_registration", column("id"), column("document"), column("id_number"))
_SEAT = table("exam_seat", column("registration_id"), column("sitting_id"), column("room_id"), column("published"))
_DUTY = table("exam_duty", column("invigilator_id"), column("sitting_id"), column("published"))
_ROOM = table("exam_room", *map(column, ("id", "party_id", "building", "door")))


def clashes(session: Session, sitting_ids: Collection[int]) -> Iterator[str]:
    """Each kind of clash that the published seats and duties of these sittings have with other published ones at the same time, of
    whichever plan, in Chinese; nothing where all is well. What is not published yet, the next 自动编排 moves."""
    for query, words in ((_people(sitting_ids), "名考生"), (_rooms(sitting_ids), "个考场"), (_invigilators(sitting_ids), "名监考人员")):
        if number := session.scalar(query):
            yield f"{number} {words}"


def any_published(session: Session, sitting_ids: Collection[int]) -> bool:
    """Whether schools and candidates know of a seat in one of these sittings."""
    seats = select(_SEAT.c.sitting_id).where(_SEAT.c.sitting_id.in_(sitting_ids), _SEAT.c.published)
    return bool(session.scalar(select(seats.exists())))


def _people(sitting_ids: Collection[int]) -> Select[int]:
    mine, other, person, same = _SEAT.alias(), _SEAT.alias(), _REGISTRATION.alias(), _REGISTRATION.alias()
    joined = mine.join(person, person.c.id == mine.c.registration_id)
    joined = joined.join(same, and_(same.c.id_number == person.c.id_number, same.c.document == person.c.document))
    joined = joined.join(other, other.c.registration_id == same.c.id)
    return _at_once(person.c.id_number, joined, mine, other, sitting_ids)


def _rooms(sitting_ids: Collection[int]) -> Select[int]:
    mine, other, room, walls = _SEAT.alias(), _SEAT.alias(), _ROOM.alias(), _ROOM.alias()
    at = (walls.c.party_id == room.c.party_id, walls.c.building == room.c.building, walls.c.door == room.c.door, room.c.door != "")
    joined = mine.join(room, room.c.id == mine.c.room_id)
    joined = joined.join(walls, or_(walls.c.id == room.c.id, and_(*at))).join(other, other.c.room_id == walls.c.id)
    return _at_once(room.c.id, joined, mine, other, sitting_ids)


def _invigilators(sitting_ids: Collection[int]) -> Select[int]:
    mine, other = _DUTY.alias(), _DUTY.alias()
    joined = mine.join(other, other.c.invigilator_id == mine.c.invigilator_id)
    return _at_once(mine.c.invigilator_id, joined, mine, other, sitting_ids)


def _at_once(
    counted: ColumnElement[object], joined: FromClause, mine: FromClause, other: FromClause, sitting_ids: Collection[int]
) -> Select[int]:
    here, there = _SITTING.alias(), _SITTING.alias()
    joined = joined.join(here, here.c.id == mine.c.sitting_id).join(there, there.c.id == other.c.sitting_id)
    same_time = and_(here.c.starts_at < there.c.ends_at, there.c.starts_at < here.c.ends_at, here.c.id != there.c.id)
    query = select(func.count(distinct(counted))).select_from(joined)
    return query.where(same_time, here.c.id.in_(sitting_ids), mine.c.published, other.c.published)
