"""Seats as an arranging gives them, put in without one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.exam_sites import ExamSite
from domain.exams.plans import Sitting
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room
from domain.exams.seats import ExamTicket, RoomSitting, Seat
from domain.ground.parties import Person
from domain.ground.tones import Tone
from tests.conftest import World


def seat(world: World, registration_id: int, number: int = 0, published: bool = True) -> None:
    """A seat for each of a registration's subjects, with 准考证号 where it is published; in a room that there is, or in one made for it."""
    with world.runtime.database.writing() as session:
        registration = session.get_one(Registration, registration_id)
        for entry in session.scalars(select(Entry).where(Entry.registration_id == registration_id)).all():
            sitting = session.scalars(select(Sitting).where(Sitting.subject_id == entry.subject_id)).first()
            assert sitting is not None
            room = room_for(session, registration)
            used = select(RoomSitting).where(RoomSitting.room_id == room.id, RoomSitting.sitting_id == sitting.id)
            if session.scalars(used).first() is None:
                session.add(RoomSitting(plan_id=entry.plan_id, room_id=room.id, sitting_id=sitting.id))
                session.flush()
            where = {"plan_id": entry.plan_id, "sitting_id": sitting.id, "room_id": room.id, "number": number or registration_id}
            session.add(Seat(entry_id=entry.id, registration_id=registration_id, published=published, **where))
        if published:
            session.add(ExamTicket(registration_id=registration_id, number=f"260001000{registration_id:06}"))


def room_for(session: Session, registration: Registration) -> Room:
    """A room of the registration's school for its plan and certificate."""
    about = {"party_id": registration.party_id, "certificate_id": registration.certificate_id}
    room = session.scalars(select(Room).filter_by(plan_id=registration.plan_id, **about)).first()
    if room is not None:
        return room
    site = session.scalars(select(ExamSite).filter_by(**about)).first()
    if site is None:
        author = session.scalars(select(Person.id).where(Person.party_id == registration.party_id)).first()
        site = ExamSite(author_id=author, status="审核通过", tone=Tone.DONE, data={}, **about)
        session.add(site)
        session.flush()
    room = Room(plan_id=registration.plan_id, site_id=site.id, name="机房 01", room_type="计算机机房", places=30, **about)
    session.add(room)
    session.flush()
    return room
