"""准考证, 考场门贴, 考场桌贴 and 考场签到表 as they are printed (manual 5.2.8.2): for whom they are, the lists of an actor say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Integer, Select, SQLColumnExpression, and_, func, select
from sqlalchemy.orm import Session

from domain.exams import seats
from domain.exams.photos import read_photo
from domain.exams.placed import Placed, UsedRoom, guards_in, placed_query, seats_in, used_rooms_query
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room, subject_label
from domain.ground.base import in_shanghai
from domain.ground.values import values_table
from forms.listing import Listing
from forms.lists.placed import PLACED, USED_ROOMS, place_of
from forms.lists.registrations import REGISTRATIONS
from jobs.documents.bundles import ATTENDANCE, DESKS, DOORS, TICKETS, Kind, NothingToPrint, Part
from jobs.documents.facts import Exam, Photo, Seat, Sheet, Ticket
from jobs.printing.gathering import Gathered, Order
from jobs.printing.rules import rules_of

SHEETS: Mapping[str, Kind[Sheet]] = {kind.label: kind for kind in (DOORS, DESKS, ATTENDANCE)}
CHUNK = 500  # rooms, or registrations, that are read together


def of_rooms(session: Session, order: Order) -> Gathered:
    """Documents of 考场编排: those of the rooms, or the 准考证 of those who sit there.

    Raises:
        NothingToPrint
    """
    ids = _chosen(session, USED_ROOMS, order, UsedRoom.id)
    if order.document != TICKETS.label:
        return _sheets(session, order, ids)
    registered: dict[int, None] = {}
    here = and_(UsedRoom.room_id == Placed.room_id, UsedRoom.sitting_id == Placed.sitting_id)
    for chunk in _chunks(ids):
        query = placed_query(order.actor).join(UsedRoom, here).where(UsedRoom.id.in_(chunk)).with_only_columns(Placed.registration_id)
        registered.update(dict.fromkeys(session.scalars(query)))
    return _tickets(session, order, list(registered))


def of_seats(session: Session, order: Order) -> Gathered:
    """准考证 of rows of 排考明细. Raises as `of_rooms`."""
    return _tickets(session, order, list(dict.fromkeys(_chosen(session, PLACED, order, Placed.registration_id))))


def of_registrations(session: Session, order: Order) -> Gathered:
    """准考证 of rows of 报考管理. Raises as `of_rooms`."""
    return _tickets(session, order, _chosen(session, REGISTRATIONS, order, Registration.id))


def _chosen(session: Session, listing: Listing, order: Order, column: SQLColumnExpression[int]) -> Sequence[int]:
    """A column of the rows that are meant: the ticked ones, or all under the filters."""
    picked = listing.asked_at(order.now).picked(order.actor, order.values, order.ids)
    return session.scalars(picked.with_only_columns(column)).all()


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(ids), CHUNK):
        yield ids[at : at + CHUNK]


def _sheets(session: Session, order: Order, ids: Sequence[int]) -> Gathered:
    """The rooms, in the order of the list. Without rooms there is nothing to print."""
    parts: dict[int, Part[Sheet]] = {}
    seen: dict[int, None] = {}
    for chunk in _chunks(ids):
        used = UsedRoom.id.in_(chunk)
        people: dict[int, list[Seat]] = {}
        for used_id, _, number, ticket, row in session.execute(seats_in(order.actor, used)):
            people.setdefault(used_id, []).append(Seat(number, row.name, ticket or "", row.id_number, _photo(order.home, row)))
            seen[row.id] = None
        guards = guards_in(session, order.actor, used)
        for room in session.scalars(used_rooms_query(order.actor).where(used)):
            partial = "试点院校" in order.actor.roles and room.room.party_id != order.actor.party_id
            sheet = _sheet(room, people.get(room.id, ()), [one.name for one in guards.get(room.id, ())], partial)
            at = in_shanghai(room.sitting.starts_at)
            parts[room.id] = Part(f"{room.room.name}-{sheet.subject}-{at:%m%d-%H%M}-{room.room.party.name}", [sheet])
        session.expunge_all()
    kind, hidden = SHEETS[order.document], _hidden(session, order, ids)
    looked = ("registrations", _ids(session, list(seen))) if kind is ATTENDANCE else None
    told = [f"有 {hidden} 个座位的安排还没有发布，没有打印；发布后请重新生成"] if hidden else []
    return Gathered(kind, [parts[one] for one in ids if one in parts], _named(kind.label, order), told, looked)


def _hidden(session: Session, order: Order, ids: Sequence[int]) -> int:
    """How many seats in these rooms are not published, for the organization whose drafts they are."""
    if "培训评价组织" not in order.actor.roles:
        return 0
    here = and_(seats.Seat.room_id == UsedRoom.room_id, seats.Seat.sitting_id == UsedRoom.sitting_id, seats.Seat.published.is_(False))
    counted = select(func.count()).select_from(UsedRoom).join(seats.Seat, here)
    return sum(session.scalar(counted.where(UsedRoom.id.in_(chunk))) or 0 for chunk in _chunks(ids))


def _sheet(used: UsedRoom, people: Sequence[Seat], invigilators: Sequence[str], partial: bool) -> Sheet:
    room, sitting = used.room, used.sitting
    return Sheet(
        plan=used.plan.title(),
        site=room.site.title(),
        address=_address(room),
        room=room.name,
        room_type=room.room_type,
        place=place_of(room),
        certificate=room.certificate.label,
        subject=subject_label(sitting.subject),
        starts_at=sitting.starts_at,
        ends_at=sitting.ends_at,
        seats=tuple(people),
        invigilators=tuple(invigilators),
        partial=partial,
    )


def _tickets(session: Session, order: Order, ids: Sequence[int]) -> Gathered:
    """准考证 of these registrations, as far as they have published seats and the actor may see them: by the room of the first exam, in it
    by seat.

    Raises:
        NothingToPrint: none has a seat.
    """
    made: list[tuple[tuple[str, int, int], Ticket]] = []
    rooms: dict[int, str] = {}
    lacking: Counter[str] = Counter()
    for chunk in _chunks(ids):
        found: dict[int, list[Placed]] = {}
        for seat in session.scalars(placed_query(order.actor).where(Placed.registration_id.in_(chunk))):
            found.setdefault(seat.registration_id, []).append(seat)
        counted = select(Entry.registration_id, func.count()).where(Entry.registration_id.in_(list(found)))
        entries = {one: number for one, number in session.execute(counted.group_by(Entry.registration_id))}
        for registration_id, own in found.items():
            own.sort(key=lambda one: (one.sitting.starts_at, one.id))
            room = own[0].room
            rooms[room.id] = f"{room.name}-{room.site.party.name}"
            made.append(((room.site.title(), room.id, own[0].number), _ticket(order.home, own)))
            lacking["partly"] += len(own) < entries[registration_id]
            lacking["photo"] += own[0].registration.photo is None
        session.expunge_all()
    if not made:
        raise NothingToPrint("所选考生都没有已发布的座位，还没有准考证；排考发布后可以导出。")
    parts: dict[int, list[Ticket]] = {}
    for (_, room_id, _), ticket in sorted(made, key=lambda one: one[0]):
        parts.setdefault(room_id, []).append(ticket)
    sentences = {
        f"{len(ids) - len(made)} 名考生没有已发布的座位，没有准考证": len(ids) - len(made),
        f"{lacking['partly']} 名考生还有科目没有排定，准考证上只有已排定的科目": lacking["partly"],
        f"{lacking['photo']} 名考生没有照片": lacking["photo"],
    }
    printed = [Part(rooms[room_id], items) for room_id, items in parts.items()]
    told = [sentence for sentence, number in sentences.items() if number]
    return Gathered(TICKETS, printed, _named(TICKETS.label, order), told, ("registrations", _ids(session, ids)))


def _ticket(home: Path, placed: Sequence[Placed]) -> Ticket:
    """The ticket of somebody with these seats, in the order of time."""
    row = placed[0].registration
    return Ticket(
        plan=row.plan.title(),
        name=row.name,
        number=placed[0].ticket or "",
        document=row.document,
        id_number=row.id_number,
        photo=_photo(home, row),
        school=row.party.name,
        certificate=row.certificate.name,
        grade=row.certificate.grade,
        exams=tuple(map(_exam, placed)),
        rules=rules_of(row.plan),
    )


def _exam(seat: Placed) -> Exam:
    room, sitting = seat.room, seat.sitting
    about = (subject_label(sitting.subject), sitting.starts_at, sitting.ends_at, room.name, seat.number, room.site.title())
    return Exam(*about, _address(room), place_of(room))


def _photo(home: Path, row: Registration) -> Photo:
    """What reads the photo once it is drawn."""
    return None if row.photo is None else partial(read_photo, home, row.photo)


def _address(room: Room) -> str:
    return str((room.site.data or {}).get("address", ""))


def _ids(session: Session, ids: Sequence[int]) -> Select[int]:
    table = values_table(session, [{"id": one} for one in ids], {"id": Integer})
    return select(table.c.id)


def _named(label: str, order: Order) -> str:
    return f"{label}{in_shanghai(order.now):%Y%m%d}"
