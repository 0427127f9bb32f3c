"""Arranges the demonstration's exam plans whose 排考 has begun, and publishes those whose 排考 is over."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.arrangings import hold
from domain.exams.plans import ExamPlan
from domain.exams.publishing import complete_photos, publish
from domain.ground.parties import Actor
from jobs.arrangements.reading import names_of, read
from jobs.arrangements.working import keep
from jobs.arranging import Order, arrange
from jobs.demo.work import Stage

ORGANIZATION = "organization1"


def play_arranging(stage: Stage) -> dict[str, int]:
    """Seats, duties and 准考证号 as of the day after 排考 began; returns how many."""
    now, organization, counts = stage.engine.clock(), stage.actor(ORGANIZATION), Counter[str]()
    begun = select(ExamPlan).where(ExamPlan.party_id == organization.party_id, ExamPlan.published, ExamPlan.arranging_from <= now)
    for plan in stage.session.scalars(begun.order_by(ExamPlan.arranging_from)).all():
        if plan.arranging_from is None or plan.arranging_to is None:
            continue
        moment = min(now, plan.arranging_from + timedelta(days=1))
        counts["座位"] += _arrange(stage.session, organization, plan, moment)
        if plan.arranging_to <= now:
            state = hold(stage.session, plan.id, moment)
            counts["准考证号"] += publish(stage.session, organization.person_id, state, moment).tickets
    return dict(counts)


def _arrange(session: Session, organization: Actor, plan: ExamPlan, moment: datetime) -> int:
    state = hold(session, plan.id, moment)
    complete_photos(session, plan.id)
    given = read(session, plan.id, Order.SCHOOL)
    return keep(session, organization, state, given, arrange(given.wanted), names_of(session, given), moment)[0]
