"""An arranging is published: schools and candidates see their seats, and everybody has a 准考证号 (manual 5.2.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.orm import Session

from domain.exams.arrangings import Arrangement, Change
from domain.exams.candidates import Candidate
from domain.exams.placing import forget
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import Registration
from domain.exams.rooms import Room
from domain.exams.seats import Duty, ExamTicket, Seat
from domain.ground.base import SHANGHAI
from domain.ground.database import rows_changed
from domain.ground.errors import DomainError


class NothingToPublish(DomainError):
    """没有未发布的安排。"""


@dataclass(frozen=True)
class Published:
    """What a publishing has done."""

    seats: int
    tickets: int
    duties: int


def publish(session: Session, person_id: int, state: Arrangement, now: datetime) -> Published:
    """Shows all seats and duties of a held arranging to schools and candidates, and gives 准考证号 to whoever has none.

    Raises:
        NothingToPublish
    """
    plan_id = state.plan_id
    silent = {"synchronize_session": False}
    hidden = update(Seat).where(Seat.plan_id == plan_id, Seat.published.is_(False)).values(published=True)
    seats = rows_changed(session, hidden.execution_options(**silent))
    unknown = update(Duty).where(Duty.plan_id == plan_id, Duty.published.is_(False)).values(published=True)
    duties = rows_changed(session, unknown.execution_options(**silent))
    open_changes = session.scalars(select(Change.id).where(Change.plan_id == plan_id, Change.kept.is_(False))).all()
    if not seats and not duties and not open_changes:
        raise NothingToPublish
    tickets = _give_tickets(session, plan_id)
    forget(session, open_changes)
    session.execute(update(Change).where(Change.id.in_(open_changes)).values(kept=True), execution_options=silent)
    state.version += 1
    state.published_at, state.published_by = now, person_id
    told = f"发布 {seats} 个座位，生成 {tickets} 个准考证号"
    session.add(Change(plan_id=plan_id, kind="发布", told=told, made_at=now, person_id=person_id, kept=True))
    session.flush()
    return Published(seats, tickets, duties)


def _give_tickets(session: Session, plan_id: int) -> int:
    """准考证号 (domain.md, Records): year 2, plan 4, site 4, serial 5, in the order in which people sit. Returns how many."""
    plan = session.get_one(ExamPlan, plan_id)
    year = plan.exam_from.astimezone(SHANGHAI).year if plan.exam_from is not None else 0
    has = exists().where(ExamTicket.registration_id == Seat.registration_id)
    query = select(Seat.registration_id, Room.site_id).join(Room, Room.id == Seat.room_id).join(Sitting, Sitting.id == Seat.sitting_id)
    query = query.where(Seat.plan_id == plan_id, ~has).order_by(Sitting.starts_at, Sitting.id, Room.name, Room.id, Seat.number)
    site_of: dict[int, int] = {}
    for registration_id, site_id in session.execute(query):
        site_of.setdefault(registration_id, site_id)
    head = f"{year % 100:02}{plan_id % 10_000:04}"
    given = select(func.substr(ExamTicket.number, 1, len(head) + 4).label("prefix"), ExamTicket.number)
    before = given.where(ExamTicket.number.startswith(head)).subquery()
    highest = select(before.c.prefix, func.max(before.c.number)).group_by(before.c.prefix)
    last = {prefix: int(number[-5:]) for prefix, number in session.execute(highest)}
    rows = []
    for registration_id, site_id in site_of.items():
        prefix = f"{head}{site_id % 10_000:04}"
        last[prefix] = last.get(prefix, 0) + 1
        rows.append({"registration_id": registration_id, "number": f"{prefix}{last[prefix]:05}"})
    if rows:
        session.execute(insert(ExamTicket), rows)
    return len(rows)


def complete_photos(session: Session, plan_id: int) -> None:
    """Registrations made before the candidate had a photo take over the one that there is now: whoever has none gets no seat."""
    photo = select(Candidate.photo).where(Candidate.id == Registration.candidate_id).scalar_subquery()
    lacking = update(Registration).where(Registration.plan_id == plan_id, Registration.photo.is_(None))
    has = exists().where(Candidate.id == Registration.candidate_id, Candidate.photo.is_not(None))
    session.execute(lacking.where(has).values(photo=photo), execution_options={"synchronize_session": False})
