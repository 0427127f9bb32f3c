"""A seat for a scenario's registration, in a room of its own."""

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


def seat_alone(session: Session, registration: Registration, entry: Entry) -> None:
    """Seats an entry in a new room of a new site of the registration's school, with 准考证号, and publishes both."""
    about = {"party_id": registration.party_id, "certificate_id": registration.certificate_id}
    author = session.scalars(select(Person.id).where(Person.party_id == registration.party_id)).first()
    site = ExamSite(author_id=author, status="审核通过", tone=Tone.DONE, data={}, **about)
    session.add(site)
    session.flush()
    room = Room(plan_id=registration.plan_id, site_id=site.id, name="机房 01", room_type="计算机机房", places=30, **about)
    session.add(room)
    session.flush()
    sitting = session.scalars(select(Sitting).where(Sitting.plan_id == registration.plan_id, Sitting.subject_id == entry.subject_id)).one()
    where = {"plan_id": registration.plan_id, "room_id": room.id, "sitting_id": sitting.id}
    session.add(RoomSitting(**where))
    session.flush()
    session.add(Seat(entry_id=entry.id, registration_id=registration.id, number=1, published=True, **where))
    session.add(ExamTicket(registration_id=registration.id, number="260001000100001"))
    session.flush()
