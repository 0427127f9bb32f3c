"""A seat and a mark for a scenario's registration, in a room of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.exam_sites import ExamSite
from domain.exams.plans import Sitting
from domain.exams.registrations import Registration
from domain.exams.rooms import Room
from domain.exams.scores import NORMAL, Given, enter
from domain.exams.seats import ExamTicket, RoomSitting, Seat
from domain.ground.parties import Person, actor_named
from domain.ground.tones import Tone
from jobs.scenarios.files import ScenarioFailed


def mark_alone(session: Session, registration: Registration, mark: Decimal, now: datetime) -> None:
    """Seats a registration of one subject with 准考证号, and marks it in the name of the plan's organization, whose 成绩登记 is open.

    Raises:
        ScenarioFailed: the organization is not organization1.
    """
    (entry,) = registration.entries
    seat_alone(session, registration)
    organization = actor_named(session, "organization1")
    if organization is None:
        raise ScenarioFailed("演示数据没有 organization1")
    enter(session, organization, registration.plan_id, [Given(entry.id, mark, NORMAL)], now)


def seat_alone(session: Session, registration: Registration) -> None:
    """A seat for a registration of one subject, in a new room of a new site of its school, published with 准考证号."""
    (entry,) = registration.entries
    about = {"party_id": registration.party_id, "certificate_id": registration.certificate_id}
    author = session.scalars(select(Person.id).where(Person.party_id == registration.party_id)).first()
    site = ExamSite(author_id=author, status="审核通过", tone=Tone.DONE, data={}, **about)
    session.add(site)
    session.flush()
    room = Room(plan_id=registration.plan_id, site_id=site.id, name="机房 01", room_type="计算机机房", places=30, **about)
    session.add(room)
    session.flush()
    sittings = select(Sitting).where(Sitting.plan_id == registration.plan_id, Sitting.subject_id == entry.subject_id)
    sitting = session.scalars(sittings.order_by(Sitting.id).limit(1)).one()
    where = {"plan_id": registration.plan_id, "room_id": room.id, "sitting_id": sitting.id}
    session.add(RoomSitting(**where))
    session.flush()
    session.add(Seat(entry_id=entry.id, registration_id=registration.id, number=1, published=True, **where))
    session.add(ExamTicket(registration_id=registration.id, number="260001000100001"))
    session.flush()
