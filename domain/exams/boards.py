"""What an organization sees of an arranging: its numbers, its sites, rooms × sittings, a room's seats, who has none (manual 5.2.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment
from domain.exams.arrangings import Change, Unplaced
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import Invigilator
from domain.exams.plans import ExamPlan, Sitting, exam_plans_query
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room
from domain.exams.seats import Duty, ExamTicket, RoomSitting, Seat
from domain.ground.parties import Actor, Party, Person

NOT_TRIED = "尚未自动编排，或在自动编排之后报考、取消座位"


@dataclass(frozen=True)
class Numbers:
    """How far the arranging of a plan is. `wanted`: 报考人次, one for each subject of each registration."""

    wanted: int = 0
    placed: int = 0
    published: int = 0
    rooms: int = 0
    """Rooms in sittings."""
    duties: int = 0
    needed: int = 0
    """Invigilators that the rooms in use need."""

    @property
    def missing(self) -> int:
        """Without a seat."""
        return self.wanted - self.placed

    @property
    def hidden(self) -> int:
        """Seats that schools do not see yet."""
        return self.placed - self.published


def numbers_of(session: Session, plan_ids: Sequence[int]) -> dict[int, Numbers]:
    """The numbers of plans, by id."""
    entries = _counted(session, select(Entry.plan_id, func.count()).where(Entry.plan_id.in_(plan_ids)).group_by(Entry.plan_id))
    seats = select(Seat.plan_id, func.count()).where(Seat.plan_id.in_(plan_ids)).group_by(Seat.plan_id)
    placed, published = _counted(session, seats), _counted(session, seats.where(Seat.published))
    used = select(RoomSitting.plan_id, func.count()).where(RoomSitting.plan_id.in_(plan_ids)).group_by(RoomSitting.plan_id)
    rooms = _counted(session, used)
    needed = _counted(
        session, used.join(Room, Room.id == RoomSitting.room_id).with_only_columns(RoomSitting.plan_id, func.sum(Room.invigilators))
    )
    duties = _counted(session, select(Duty.plan_id, func.count()).where(Duty.plan_id.in_(plan_ids)).group_by(Duty.plan_id))
    found = (entries, placed, published, rooms, duties, needed)
    return {id: Numbers(*(one.get(id, 0) for one in found)) for id in plan_ids}


def unpaid_of(session: Session, plan_id: int) -> tuple[int, int]:
    """How many registrations of a plan are 未缴费, and how many of these have a seat already: being arranged does not ask for payment."""
    mine = select(func.count()).select_from(Registration).where(Registration.plan_id == plan_id, Registration.paid.is_(False))
    seated = exists().where(Seat.registration_id == Registration.id)
    return session.scalar(mine) or 0, session.scalar(mine.where(seated)) or 0


def _counted(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {id: number or 0 for id, number in session.execute(query)}


def arranged_plans(actor: Actor) -> Select[ExamPlan]:
    """The published plans of the actor's organization, those examined last first."""
    query = exam_plans_query(actor).where(ExamPlan.published, ExamPlan.party_id == actor.party_id)
    return query.order_by(None).order_by(ExamPlan.exam_from.desc(), ExamPlan.id.desc())


@dataclass(frozen=True)
class SiteRow:
    """A site of a plan, named by its school: whom it is allotted, who sits there, its rooms."""

    party_id: int
    name: str
    wanted: int
    placed: int
    rooms: int

    @property
    def missing(self) -> int:
        """Without a seat."""
        return self.wanted - self.placed


def sites_of(session: Session, plan_id: int) -> list[SiteRow]:
    """The sites that a plan has rooms at or candidates for, by name."""
    allotted = and_(
        Allotment.plan_id == Registration.plan_id,
        Allotment.party_id == Registration.party_id,
        Allotment.certificate_id == Registration.certificate_id,
    )
    entries = select(ExamSite.party_id, func.count(Entry.id), func.count(Seat.entry_id)).select_from(Entry)
    entries = entries.join(Registration, Registration.id == Entry.registration_id).join(Allotment, allotted)
    entries = entries.join(ExamSite, ExamSite.id == Allotment.site_id).outerjoin(Seat, Seat.entry_id == Entry.id)
    counts = {
        party: (wanted, placed)
        for party, wanted, placed in session.execute(entries.where(Entry.plan_id == plan_id).group_by(ExamSite.party_id))
    }
    rooms = _counted(session, select(Room.party_id, func.count()).where(Room.plan_id == plan_id).group_by(Room.party_id))
    named = select(Party.id, Party.name).where(Party.id.in_({*counts, *rooms})).order_by(Party.name, Party.id)
    return [SiteRow(id, name, *counts.get(id, (0, 0)), rooms.get(id, 0)) for id, name in session.execute(named)]


@dataclass(frozen=True)
class Cell:
    """A room in a sitting that is used."""

    seated: int
    hidden: int
    """Of these not published."""
    duties: int


@dataclass(frozen=True)
class Matrix:
    """Rooms × sittings of a site."""

    rooms: Sequence[Room]
    sittings: Sequence[tuple[Sitting, str]]
    """With the name of the subject; those that one of the rooms may hold."""
    cells: Mapping[tuple[int, int], Cell]
    """Room and sitting → who is there."""
    holds: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """Room and sitting whose subject the room is set up for."""


def matrix_of(session: Session, plan_id: int, party_id: int, first: int = 0, size: int = 1000) -> Matrix:
    """`size` rooms of a school's site from the `first` on, by certificate and name, and the sittings of their subjects by time."""
    mine = select(Room).where(Room.plan_id == plan_id, Room.party_id == party_id).order_by(Room.certificate_id, Room.name, Room.id)
    rooms = session.scalars(mine.offset(first).limit(size)).unique().all()
    ids = [one.id for one in rooms]
    subjects = {one.id: {subject.id for subject in one.subjects} for one in rooms}
    asked = select(Sitting, ExamSubject.name).join(ExamSubject, ExamSubject.id == Sitting.subject_id).where(Sitting.plan_id == plan_id)
    sittings = [
        (sitting, name)
        for sitting, name in session.execute(asked.order_by(Sitting.starts_at, Sitting.ends_at, Sitting.id))
        if any(sitting.subject_id in known for known in subjects.values())
    ]
    seats = select(Seat.room_id, Seat.sitting_id, func.count(), func.count().filter(Seat.published)).where(Seat.room_id.in_(ids))
    guarded = select(Duty.room_id, Duty.sitting_id, func.count()).where(Duty.room_id.in_(ids)).group_by(Duty.room_id, Duty.sitting_id)
    duties = {(room, sitting): number for room, sitting, number in session.execute(guarded)}
    cells = {
        (room, sitting): Cell(number, number - published, duties.get((room, sitting), 0))
        for room, sitting, number, published in session.execute(seats.group_by(Seat.room_id, Seat.sitting_id))
    }
    holds = frozenset((room, sitting.id) for room, known in subjects.items() for sitting, _ in sittings if sitting.subject_id in known)
    return Matrix(rooms, sittings, cells, holds)


@dataclass(frozen=True)
class Seated:
    """Somebody at a seat."""

    number: int
    entry_id: int
    registration_id: int
    name: str
    id_number: str
    school: str
    ticket: str | None
    published: bool


def seated_in(session: Session, room_id: int, sitting_id: int) -> list[Seated]:
    """The people of a room in a sitting, by seat."""
    columns = (Registration.name, Registration.id_number, Party.name, ExamTicket.number, Seat.published)
    query = select(Seat.number, Seat.entry_id, Seat.registration_id, *columns).select_from(Seat)
    query = query.join(Registration, Registration.id == Seat.registration_id).join(Party, Party.id == Registration.party_id)
    query = query.outerjoin(ExamTicket, ExamTicket.registration_id == Registration.id)
    query = query.where(Seat.room_id == room_id, Seat.sitting_id == sitting_id).order_by(Seat.number)
    return [Seated(*row) for row in session.execute(query)]


def guards_of(session: Session, room_id: int, sitting_id: int) -> Sequence[Invigilator]:
    """The invigilators of a room in a sitting, by name."""
    query = select(Invigilator).join(Duty, Duty.invigilator_id == Invigilator.id)
    query = query.where(Duty.room_id == room_id, Duty.sitting_id == sitting_id)
    return session.scalars(query.order_by(Invigilator.name, Invigilator.id)).all()


@dataclass(frozen=True)
class Lacking:
    """An entry without a seat, and why as far as the last 自动编排 knows."""

    entry_id: int
    registration_id: int
    name: str
    id_number: str
    school: str
    subject: str
    told: str | None


def lacking_query(plan_id: int, reason: str = "", school: str = "") -> Select[int, int, str, str, str, str, str | None]:
    """Entries of a plan without a seat, with what `Lacking` says; `reason`: one of `reasons_of`; `school`: a part of its name."""
    query = select(Entry.id, Registration.id, Registration.name, Registration.id_number, Party.name, ExamSubject.name, Unplaced.told)
    query = query.select_from(Entry).join(Registration, Registration.id == Entry.registration_id)
    query = query.join(Party, Party.id == Registration.party_id).join(ExamSubject, ExamSubject.id == Entry.subject_id)
    query = query.outerjoin(Unplaced, Unplaced.entry_id == Entry.id)
    query = query.where(Entry.plan_id == plan_id, ~exists().where(Seat.entry_id == Entry.id)).order_by(
        Party.name, Registration.id, Entry.id
    )
    if school:
        query = query.where(Party.name.contains(school, autoescape=True))
    if reason:
        query = query.where(Unplaced.reason == reason if reason != NOT_TRIED else Unplaced.entry_id.is_(None))
    return query


def reasons_of(session: Session, plan_id: int) -> list[tuple[str, int]]:
    """Why entries have no seat, and how many, the most first."""
    query = lacking_query(plan_id).order_by(None)
    counted = query.with_only_columns(Unplaced.reason, func.count()).group_by(Unplaced.reason).order_by(func.count().desc())
    return [(reason or NOT_TRIED, number) for reason, number in session.execute(counted)]


def changes_of_plan(session: Session, plan_id: int, limit: int) -> Sequence[tuple[Change, str]]:
    """The last changes of an arranging and who made each, newest first."""
    query = select(Change, Person.name).join(Person, Person.id == Change.person_id).where(Change.plan_id == plan_id)
    return session.execute(query.order_by(Change.id.desc()).limit(limit)).all()


def entry_of(session: Session, plan_id: int, entry_id: int) -> tuple[Registration, ExamSubject] | None:
    """An entry of a plan: who, and in what."""
    query = select(Registration, ExamSubject).join(Entry, Entry.registration_id == Registration.id)
    query = query.join(ExamSubject, ExamSubject.id == Entry.subject_id).where(Entry.id == entry_id, Entry.plan_id == plan_id)
    return session.execute(query).first()
