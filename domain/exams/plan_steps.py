"""How far each step of an exam plan is, in words, as far as an actor sees it: a school its own part, an organization all of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment, allotments_query
from domain.exams.outcomes import STATUSES as RESULTS
from domain.exams.outcomes import Outcome, outcomes_query, result_at
from domain.exams.payment_slips import PaymentSlip, payment_slips_query
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Entry, Registration, registrations_query
from domain.exams.rooms import Room, rooms_query
from domain.exams.scores import Marked, Score, marks_query, opened
from domain.exams.seats import ExamTicket, Seat
from domain.ground.parties import Actor
from domain.ground.tones import Tone


def steps_of(session: Session, actor: Actor, plan: ExamPlan, now: datetime) -> dict[str, str]:
    """What is told of each step, by the name of its field; empty before the plan is published."""
    if not plan.published:
        return {}
    allotted = _count(session, allotments_query(actor).where(Allotment.plan_id == plan.id))
    rooms, places = _row(session, rooms_query(actor).where(Room.plan_id == plan.id), func.count(), func.sum(Room.places))
    mine = registrations_query(actor).where(Registration.plan_id == plan.id)
    registered, paid = _row(session, mine, func.count(), func.count().filter(Registration.paid))
    slips = payment_slips_query(actor).where(PaymentSlip.plan_id == plan.id)
    made, confirmed = _row(session, slips, func.count(), func.count().filter(PaymentSlip.tone == Tone.DONE))
    return {
        "allotted": f"已分配 {allotted} 项",
        "rooms": f"{rooms} 个考场，{places} 个考位",
        "registered": f"{registered} 条报考，已缴费 {paid} 条",
        "slips": f"{made} 张，已确认 {confirmed} 张",
        "arranged": _arranged(session, actor, plan, mine),
        **_scored(session, actor, plan, now),
    }


def _scored(session: Session, actor: Actor, plan: ExamPlan, now: datetime) -> dict[str, str]:
    """Marks and results, as far as the actor may see them now."""
    seen = opened(actor, now, marks_query(actor)).where(Marked.plan_id == plan.id)
    seats, entered = _row(session, seen, func.count(), func.count(Score.entry_id))
    if not seats or plan.scoring_from is None or now < plan.scoring_from:
        return {}
    results = outcomes_query(actor).where(Outcome.plan_id == plan.id)
    told = [f"{name} {_count(session, results.where(result_at(now) == name))} 人" for name in RESULTS]
    return {"scored": f"应登记 {seats} 人次，已登记 {entered} 人次", "results": "，".join(told)}


def _arranged(session: Session, actor: Actor, plan: ExamPlan, mine: Select[Registration]) -> str:
    """Seats of the registrations that the actor sees: to the plan's organization also those that are not published yet."""
    ids = mine.order_by(None).with_only_columns(Registration.id, maintain_column_froms=True)
    wanted = session.scalar(select(func.count()).select_from(Entry).where(Entry.registration_id.in_(ids))) or 0
    seats = select(func.count(), func.count().filter(Seat.published)).select_from(Seat).where(Seat.registration_id.in_(ids))
    placed, published = session.execute(seats).one()
    tickets = session.scalar(select(func.count()).select_from(ExamTicket).where(ExamTicket.registration_id.in_(ids))) or 0
    if plan.party_id == actor.party_id:
        return f"共 {wanted} 人次，已排 {placed} 人次，已发布 {published} 人次，准考证 {tickets} 个"
    return f"共 {wanted} 人次，已排 {published} 人次，准考证 {tickets} 个"


def _count(session: Session, query: Select[Any]) -> int:
    (found,) = _row(session, query, func.count())
    return found


def _row(session: Session, query: Select[Any], *columns: Any) -> tuple[int, ...]:
    found = session.execute(query.order_by(None).with_only_columns(*columns, maintain_column_froms=True)).one()
    return tuple(int(one or 0) for one in found)
