"""排考明细 and 考场编排 as schools and organizations read them: published seats, and the rooms that are used in a sitting (manual 5.2.8).

`domain.exams.seats` has the tables, to which these classes are views for reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true, union
from sqlalchemy.orm import (
    Mapped,
    Session,
    aliased,
    contains_eager,
    mapped_column,
    query_expression,
    relationship,
    with_expression,
)

from domain.exams.exam_sites import ExamSite
from domain.exams.invigilators import Invigilator
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import AHEAD, OVER, RUNNING, STATUSES, Registration
from domain.exams.rooms import Room
from domain.exams.seats import Duty, ExamTicket, RoomSitting, Seat
from domain.ground.base import Base
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

SEATED = (AHEAD, RUNNING, OVER)
"""The statuses of somebody who has a seat."""
OWNER = aliased(Party, name="site_school")
"""The school whose site and room it is."""


class UsedRoom(Base):
    """考场编排: a room in a sitting."""

    __table__ = RoomSitting.__table__
    if TYPE_CHECKING:
        id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        room_id: Mapped[int] = mapped_column()
        sitting_id: Mapped[int] = mapped_column()

    people: Mapped[int | None] = query_expression()  # those whom the actor may see: `used_rooms_query`
    status: Mapped[str | None] = query_expression()  # follows from the sitting's time: `rooms_with_status`
    room: Mapped[Room] = relationship(viewonly=True)
    sitting: Mapped[Sitting] = relationship(viewonly=True)
    plan: Mapped[ExamPlan] = relationship(viewonly=True)

    @property
    def number(self) -> str:
        """考场编排编号."""
        return f"BP{self.id:08}"

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    def title(self) -> str:
        """Which room, and for what."""
        return f"{self.room.name} {self.sitting.subject.name}"


class Placed(Base):
    """排考明细: the seat of one candidate in one subject."""

    __table__ = Seat.__table__
    id = Seat.__table__.c.entry_id
    if TYPE_CHECKING:
        registration_id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        sitting_id: Mapped[int] = mapped_column()
        room_id: Mapped[int] = mapped_column()
        number: Mapped[int] = mapped_column()
        published: Mapped[bool] = mapped_column()

    status: Mapped[str | None] = query_expression()  # follows from the sitting's time: `seats_with_status`
    ticket: Mapped[str | None] = query_expression()  # 准考证号: `placed_query`
    registration: Mapped[Registration] = relationship(viewonly=True)
    sitting: Mapped[Sitting] = relationship(viewonly=True)
    room: Mapped[Room] = relationship(viewonly=True)

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)


def status_at(now: datetime) -> ColumnElement[str]:
    """The status of who sits in a sitting at a moment, in a query that joins sittings."""
    return case((Sitting.starts_at > now, AHEAD), (Sitting.ends_at > now, RUNNING), else_=OVER)


def rooms_with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of `UsedRoom` that says the status of each."""
    return query.options(with_expression(UsedRoom.status, status_at(now)))


def seats_with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of `Placed` that says the status of each."""
    return query.options(with_expression(Placed.status, status_at(now)))


def used_rooms_query(actor: Actor) -> Select[UsedRoom]:
    """The rooms with published seats that an actor may see, those of the newest plan first: a school its own and those in which a candidate
    of its sits, an organization those of its plans, operators all, others none. `people` counts whom this actor may see there."""
    query = (
        select(UsedRoom)
        .join(UsedRoom.room)
        .join(UsedRoom.sitting)
        .join(Sitting.subject)
        .join(UsedRoom.plan)
        .join(Room.certificate)
        .join(Room.site)
        .join(OWNER, OWNER.id == Room.party_id)
        .options(
            contains_eager(UsedRoom.sitting).contains_eager(Sitting.subject),
            contains_eager(UsedRoom.plan),
            contains_eager(UsedRoom.room).options(
                contains_eager(Room.certificate),
                contains_eager(Room.party.of_type(OWNER)),
                contains_eager(Room.site).options(contains_eager(ExamSite.party.of_type(OWNER)), contains_eager(ExamSite.certificate)),
            ),
            with_expression(UsedRoom.people, _people(actor)),
        )
        .order_by(UsedRoom.plan_id.desc(), Sitting.starts_at, UsedRoom.room_id, UsedRoom.id)
    )
    published = select(Seat.entry_id).where(Seat.room_id == UsedRoom.room_id, Seat.sitting_id == UsedRoom.sitting_id, Seat.published)
    if "系统管理" in actor.roles:
        return query.where(published.correlate(UsedRoom).exists())
    if "培训评价组织" in actor.roles:
        return query.where(ExamPlan.party_id == actor.party_id, published.correlate(UsedRoom).exists())
    if "试点院校" in actor.roles:
        here = and_(Seat.room_id == RoomSitting.room_id, Seat.sitting_id == RoomSitting.sitting_id, Seat.published)
        own = select(RoomSitting.id).join(Room, Room.id == RoomSitting.room_id).join(Seat, here).where(Room.party_id == actor.party_id)
        theirs = select(RoomSitting.id).join(Seat, here).join(Registration, Registration.id == Seat.registration_id)
        # by ids: an OR over two tables would read the seats of all schools
        return query.where(UsedRoom.id.in_(union(own, theirs.where(Registration.party_id == actor.party_id))))
    return query.where(false())


def _people(actor: Actor) -> ColumnElement[int]:
    """How many published seats of a room the actor may see."""
    query = select(func.count()).select_from(Seat).join(Registration, Registration.id == Seat.registration_id)
    query = query.where(Seat.room_id == UsedRoom.room_id, Seat.sitting_id == UsedRoom.sitting_id, Seat.published)
    return query.where(_may_see(actor)).correlate(UsedRoom, Room).scalar_subquery()


def _may_see(actor: Actor) -> ColumnElement[bool]:
    """Of those in a room that the actor may see: a school whose room it is, organization and operators everybody, other schools their own
    candidates. In a query about rooms and registrations."""
    if "试点院校" not in actor.roles:
        return true()
    return or_(Room.party_id == actor.party_id, Registration.party_id == actor.party_id)


def used_room_of(session: Session, actor: Actor, used_id: int, now: datetime) -> UsedRoom | None:
    """One room in one sitting, if this actor may see it."""
    return session.scalars(rooms_with_status(now, used_rooms_query(actor).where(UsedRoom.id == used_id))).first()


def seats_in(actor: Actor, used: ColumnElement[bool]) -> Select[int, int, int, str, Registration]:
    """Of the rooms that `used`, a condition on `UsedRoom`, names: its id, and the seats in it that the actor may see, by seat: entry, seat
    number, 准考证号, registration. The caller has checked that the actor may see the rooms."""
    here = and_(Seat.room_id == UsedRoom.room_id, Seat.sitting_id == UsedRoom.sitting_id, Seat.published)
    query = select(UsedRoom.id, Seat.entry_id, Seat.number, ExamTicket.number.label("ticket"), Registration)
    query = query.join(Seat, here).join(Room, Room.id == UsedRoom.room_id).join(Registration, Registration.id == Seat.registration_id)
    query = query.join(Registration.party).outerjoin(ExamTicket, ExamTicket.registration_id == Registration.id)
    query = query.options(contains_eager(Registration.party)).where(used, _may_see(actor))
    return query.order_by(UsedRoom.id, Seat.number)


def guards_in(session: Session, actor: Actor, used: ColumnElement[bool]) -> Mapping[int, Sequence[Invigilator]]:
    """Id of a `UsedRoom` among those that `used` names → those who guard there, as far as they are published: for the organization,
    operators, and the school whose room it is all, for others their own people."""
    here = and_(Duty.room_id == UsedRoom.room_id, Duty.sitting_id == UsedRoom.sitting_id, Duty.published)
    query = select(UsedRoom.id, Invigilator).join(Duty, here).join(Invigilator, Invigilator.id == Duty.invigilator_id)
    query = query.join(Room, Room.id == UsedRoom.room_id).join(Invigilator.party).options(contains_eager(Invigilator.party))
    if "试点院校" in actor.roles:
        query = query.where(or_(Room.party_id == actor.party_id, Invigilator.party_id == actor.party_id))
    found: dict[int, list[Invigilator]] = {}
    for used_id, one in session.execute(query.where(used).order_by(Invigilator.id)):
        found.setdefault(used_id, []).append(one)
    return found


def placed_query(actor: Actor) -> Select[Placed]:
    """The published seats that an actor may see, newest registrations first: a school those of its candidates, an organization those of its
    plans, operators all, others none."""
    ticket = select(ExamTicket.number).where(ExamTicket.registration_id == Placed.registration_id).correlate(Placed).scalar_subquery()
    query = (
        select(Placed)
        .join(Placed.registration)
        .join(Registration.plan)
        .join(Registration.certificate)
        .join(Party, Party.id == Registration.party_id)
        .join(Placed.sitting)
        .join(Sitting.subject)
        .join(Placed.room)
        .join(Room.site)
        .join(OWNER, OWNER.id == Room.party_id)
        .where(Placed.published)
        .options(
            contains_eager(Placed.registration).options(
                contains_eager(Registration.plan), contains_eager(Registration.certificate), contains_eager(Registration.party)
            ),
            contains_eager(Placed.sitting).contains_eager(Sitting.subject),
            contains_eager(Placed.room)
            .contains_eager(Room.site)
            .options(contains_eager(ExamSite.party.of_type(OWNER)), contains_eager(ExamSite.certificate)),
            with_expression(Placed.ticket, ticket),
        )
        .order_by(Registration.id.desc(), Placed.id)
    )
    return seen_by(query, actor, Registration.party_id == actor.party_id)
