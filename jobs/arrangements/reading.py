"""What is to be arranged of a plan, as plain data, and what people call it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.certificates.certificates import LABEL, Certificate
from domain.exams.allotments import Allotment
from domain.exams.candidates import Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import Invigilator, InvigilatorCertificate
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room, room_subject
from domain.exams.seats import Duty, Seat
from domain.ground.base import SHANGHAI
from domain.ground.id_numbers import masked
from domain.ground.parties import Party
from domain.ground.tones import Tone
from jobs import arranging
from jobs.arranging import Names, Order, Wanted

_Registered = Select[int, int, int, str, str, int, int, int | None, bool]
_AT_ONCE = 10_000  # ids that a statement names


@dataclass(frozen=True)
class Given:
    """What is to be arranged, and how to come back from it to the records."""

    wanted: Wanted
    entries: Mapping[tuple[int, int], int]
    """Registration and subject → entry, of the plan's own."""
    sittings: frozenset[int]
    """The plan's own. Others stand in `wanted` only because they hold its people, walls or invigilators at the same time."""


@dataclass
class _Parts:
    subjects: dict[int, arranging.Subject] = field(default_factory=dict)
    sittings: dict[int, arranging.Sitting] = field(default_factory=dict)
    rooms: dict[int, arranging.Room] = field(default_factory=dict)
    registrations: dict[int, arranging.Registration] = field(default_factory=dict)
    placed: list[arranging.Placed] = field(default_factory=list)
    duties: list[arranging.Duty] = field(default_factory=list)


def read(session: Session, plan_id: int, order: Order = Order.SCHOOL, making_room: bool = False, site: int | None = None) -> Given:
    """All of a plan, or of it what is to be known to move people at one site.

    A site is named by its school, as rooms of all its certificates have the same walls and invigilators. Published seats and duties are
    fixed. What other plans of the same organization, or published ones of others, hold at the same time is in it, fixed, too.

    Args:
        site: a school whose site people are moved at: its rooms, and whoever is to be seated there.
    """
    parts = _Parts()
    _read_sittings(session, parts, Sitting.plan_id == plan_id)
    rooms = Room.plan_id == plan_id if site is None else and_(Room.plan_id == plan_id, Room.party_id == site)
    _read_rooms(session, parts, select(Room).where(rooms))
    registered = _registrations(plan_id) if site is None else _registrations_at(plan_id, site)
    entries = _read_registrations(session, parts, registered)
    own, held = frozenset(parts.sittings), select(Seat).where(Seat.plan_id == plan_id)
    if site is not None:
        held = held.where(Seat.registration_id.in_(registered.order_by(None).with_only_columns(Registration.id)))
    _read_placed(session, parts, held, frozenset(parts.registrations))
    sites = {one.site for one in parts.rooms.values()}
    if parts.sittings:
        _read_elsewhere(session, parts, plan_id, sites)
    invigilators = _invigilators(
        session, sites, {one.invigilator for one in parts.duties}, {one.certificate for one in parts.subjects.values()}
    )
    wanted = Wanted(
        tuple(parts.subjects.values()),
        tuple(parts.sittings.values()),
        tuple(parts.rooms.values()),
        tuple(parts.registrations.values()),
        invigilators,
        tuple(parts.placed),
        tuple(parts.duties),
        order,
        making_room,
    )
    return Given(wanted, entries, own)


def _read_sittings(session: Session, parts: _Parts, which: object) -> None:
    query = select(Sitting.id, Sitting.subject_id, Sitting.starts_at, Sitting.ends_at, ExamSubject.certificate_id, ExamSubject.room_type)
    query = query.join(ExamSubject, ExamSubject.id == Sitting.subject_id).where(which).order_by(Sitting.id)  # type: ignore[arg-type]
    for id, subject, start, end, certificate, kind in session.execute(query):
        parts.sittings[id] = arranging.Sitting(id, frozenset((subject,)), start, end)
        parts.subjects[subject] = arranging.Subject(subject, certificate, kind)


def _read_rooms(session: Session, parts: _Parts, query: Select[Room]) -> None:
    rooms = session.scalars(query.order_by(Room.id)).all()
    subjects: dict[int, set[int]] = defaultdict(set)
    ids = query.with_only_columns(Room.id).order_by(None)
    for room_id, subject_id in session.execute(select(room_subject).where(room_subject.c.room_id.in_(ids))):
        subjects[room_id].add(subject_id)
    for one in rooms:
        place = f"{one.building} {one.door}" if one.building and one.door else ""
        kinds = frozenset((one.room_type,))
        parts.rooms[one.id] = arranging.Room(
            one.id, one.party_id, one.places, kinds, frozenset(subjects[one.id]), one.invigilators, place=place
        )


def _registrations_at(plan_id: int, site: int) -> _Registered:
    """Those allotted to a site, those who sit there, and whatever else these people are registered for."""
    there = select(Seat.registration_id).join(Room, Room.id == Seat.room_id).where(Seat.plan_id == plan_id, Room.party_id == site)
    here = _registrations(plan_id).where(or_(ExamSite.party_id == site, Registration.id.in_(there)))
    people = here.with_only_columns(Registration.document, Registration.id_number).order_by(None).distinct().subquery()
    theirs = and_(people.c.document == Registration.document, people.c.id_number == Registration.id_number)
    return _registrations(plan_id).join(people, theirs)


def _registrations(plan_id: int) -> _Registered:
    """Registration, entry, subject, who it is, school, certificate, the school whose site is allotted, and whether there is a photo."""
    allotted = and_(
        Allotment.plan_id == Registration.plan_id,
        Allotment.party_id == Registration.party_id,
        Allotment.certificate_id == Registration.certificate_id,
    )
    has_photo = func.coalesce(Registration.photo, Candidate.photo).is_not(None)
    who = (Registration.document, Registration.id_number)
    query = select(
        *(
            Registration.id,
            Entry.id,
            Entry.subject_id,
            *who,
            Registration.party_id,
            Registration.certificate_id,
            ExamSite.party_id,
            has_photo,
        )
    )
    query = query.join(Entry, Entry.registration_id == Registration.id).join(Candidate, Candidate.id == Registration.candidate_id)
    query = query.outerjoin(Allotment, allotted).outerjoin(ExamSite, ExamSite.id == Allotment.site_id)
    return query.where(Registration.plan_id == plan_id).order_by(Entry.id)


def _read_registrations(session: Session, parts: _Parts, query: _Registered) -> dict[tuple[int, int], int]:
    """Returns registration and subject → entry."""
    entries: dict[tuple[int, int], int] = {}
    about: dict[int, tuple[str, int, int, int | None, bool]] = {}
    subjects: dict[int, list[int]] = defaultdict(list)
    for id, entry, subject, document, number, school, certificate, at, photo in session.execute(query):
        entries[id, subject] = entry
        subjects[id].append(subject)
        about[id] = f"{document} {number}", school, certificate, at, bool(photo)
    for id, (identity, school, certificate, at, photo) in about.items():
        parts.registrations[id] = arranging.Registration(id, identity, school, certificate, tuple(subjects[id]), at, id, photo)
    return entries


def _read_placed(session: Session, parts: _Parts, query: Select[Seat], registrations: Collection[int], fixed: bool = False) -> None:
    """The seats of these registrations, and the duties beside them. A room that only holds a seat is read, too."""
    columns = (Seat.registration_id, Entry.subject_id, Seat.sitting_id, Seat.room_id, Seat.number, Seat.published)
    rows = session.execute(query.join(Entry, Entry.id == Seat.entry_id).with_only_columns(*columns).order_by(Seat.entry_id)).all()
    rows = [row for row in rows if row[0] in registrations]
    further = {room for _, _, _, room, _, _ in rows} - parts.rooms.keys()
    if further:
        _read_rooms(session, parts, select(Room).where(Room.id.in_(further)))
    used = set()
    for registration, subject, sitting, room, number, published in rows:
        parts.placed.append(arranging.Placed(registration, subject, sitting, room, number, fixed or published))
        used.add((room, sitting))
    on_duty = select(Duty).where(Duty.sitting_id.in_({sitting for _, sitting in used})).order_by(Duty.sitting_id, Duty.room_id)
    for one in session.scalars(on_duty.order_by(Duty.invigilator_id)):
        if (one.room_id, one.sitting_id) in used:
            parts.duties.append(arranging.Duty(one.invigilator_id, one.room_id, one.sitting_id, fixed or one.published))


def _read_elsewhere(session: Session, parts: _Parts, plan_id: int, sites: Collection[int]) -> None:
    """What other plans hold at these sites, and of these people, while this one examines."""
    begins, ends = min(one.start for one in parts.sittings.values()), max(one.end for one in parts.sittings.values())
    mine = select(ExamPlan.party_id).where(ExamPlan.id == plan_id).scalar_subquery()
    at_once = select(Sitting.id).where(Sitting.plan_id != plan_id, Sitting.starts_at < ends, Sitting.ends_at > begins)
    held = select(Seat).where(Seat.sitting_id.in_(at_once)).join(ExamPlan, ExamPlan.id == Seat.plan_id)
    held = held.where(or_(Seat.published, ExamPlan.party_id == mine))
    other = aliased(Registration)
    same = and_(other.document == Registration.document, other.id_number == Registration.id_number, other.plan_id == plan_id)
    twice = select(Registration.id).join(other, same).where(Registration.plan_id != plan_id)
    here = select(Room.id).where(Room.party_id.in_(sites))
    held = held.where(or_(Seat.room_id.in_(here), Seat.registration_id.in_(twice)))
    found = session.execute(
        held.with_only_columns(Seat.registration_id, Seat.sitting_id, Entry.subject_id).join(Entry, Entry.id == Seat.entry_id)
    )
    rows = found.all()
    if not rows:
        return
    _read_sittings(session, parts, Sitting.id.in_({sitting for _, sitting, _ in rows}))
    subjects: dict[int, list[int]] = defaultdict(list)
    for registration, _, subject in rows:
        subjects[registration].append(subject)
    query = select(Registration.id, Registration.document, Registration.id_number, Registration.party_id, Registration.certificate_id)
    sites_of = dict(session.execute(held.with_only_columns(Seat.registration_id, Room.party_id).join(Room, Room.id == Seat.room_id)).all())
    for id, document, number, school, certificate in session.execute(
        query.where(Registration.id.in_(held.with_only_columns(Seat.registration_id)))
    ):
        identity = f"{document} {number}"
        parts.registrations[id] = arranging.Registration(id, identity, school, certificate, tuple(subjects[id]), sites_of[id], id, True)
    _read_placed(session, parts, held, frozenset(subjects), fixed=True)


def _invigilators(
    session: Session, sites: Collection[int], on_duty: Collection[int], certificates: Collection[int]
) -> tuple[arranging.Invigilator, ...]:
    """Those of these schools who are certified for one of the certificates (row 5.2.11.3), and whoever is on duty, certified or not."""
    holds = and_(
        InvigilatorCertificate.invigilator_id == Invigilator.id,
        InvigilatorCertificate.tone == Tone.DONE,
        InvigilatorCertificate.certificate_id.in_(certificates),
    )
    query = select(Invigilator.id, Invigilator.id_number, Invigilator.party_id, InvigilatorCertificate.certificate_id)
    query = query.outerjoin(InvigilatorCertificate, holds)
    able = and_(Invigilator.party_id.in_(sites), InvigilatorCertificate.id.is_not(None))
    certified: dict[tuple[int, str, int], set[int]] = defaultdict(set)
    for id, number, school, certificate in session.execute(query.where(or_(able, Invigilator.id.in_(on_duty)))):
        certified[id, number, school].update(() if certificate is None else (certificate,))
    return tuple(arranging.Invigilator(*about, frozenset(found)) for about, found in sorted(certified.items()))


def names_of(session: Session, given: Given) -> Names:
    """What people call everything that is given. Id numbers are masked."""
    wanted = given.wanted
    parties = {one.school for one in wanted.registrations} | {one.site for one in wanted.rooms}
    parties |= {one.site for one in wanted.registrations if one.site is not None}
    certificates = {one.certificate for one in wanted.subjects} | {one.certificate for one in wanted.registrations}
    schools = _called(session, select(Party.id, Party.name), parties)
    subjects = session.scalars(ExamSubject.joined().where(ExamSubject.id.in_([one.id for one in wanted.subjects])))
    return Names(
        people=_people(session, [one.id for one in wanted.registrations]),
        schools=schools,
        certificates=_called(session, select(Certificate.id, LABEL), certificates),
        subjects={one.id: one.title() for one in subjects},
        sites=schools,
        rooms=_called(session, select(Room.id, Room.name), [one.id for one in wanted.rooms]),
        sittings={one.id: when(one.start, one.end) for one in wanted.sittings},
        invigilators=_called(session, select(Invigilator.id, Invigilator.name), [one.id for one in wanted.invigilators]),
    )


def _called(session: Session, query: Select[int, str], ids: Iterable[int]) -> dict[int, str]:
    key = query.selected_columns[0]
    return {id: name for part in _parts_of(ids) for id, name in session.execute(query.where(key.in_(part)))}


def _people(session: Session, ids: Iterable[int]) -> dict[int, str]:
    query = select(Registration.id, Registration.name, Registration.id_number)
    rows = (row for part in _parts_of(ids) for row in session.execute(query.where(Registration.id.in_(part))))
    return {id: f"{name}（{masked(number)}）" for id, name, number in rows}


def _parts_of(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    wanted = sorted(set(ids))
    yield from (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))


def when(start: datetime, end: datetime) -> str:
    """A sitting's time as people say it: 12月16日 09:00–10:30."""
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last.month}月{last.day}日 {last:%H:%M}"
    return f"{first.month}月{first.day}日 {first:%H:%M}–{until}"
