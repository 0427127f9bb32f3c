"""How a scenario makes a record of each type, and what other processes do to a record meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates.declaration_plans import DeclarationPlan, all_labels, new_plan
from domain.certificates.declarations import Declaration, new_declaration
from domain.demo.seals import new_demo_seal
from domain.exams.exam_sites import new_exam_site
from domain.ground.base import clock_minutes
from domain.ground.parties import Actor
from domain.institutions.teachers import new_teacher
from domain.standards.site_standards import new_site_standard
from domain.standards.skill_standards import new_skill_standard
from domain.weekly.periods import ReportingPeriod, periods_query
from domain.weekly.reports import new_report


def _coming_period(session: Session, actor: Actor, now: datetime) -> ReportingPeriod:
    coming = periods_query(actor).where(ReportingPeriod.starts_at > now).order_by(None).order_by(ReportingPeriod.starts_at)
    return session.scalars(coming.limit(1)).one()


def _declaration(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> Declaration:
    """A declaration under a plan that the school's province has opened for thirty days. A scenario has one such plan."""
    plan = session.scalars(select(DeclarationPlan).where(DeclarationPlan.party_id == actor.province_id)).first()
    if plan is None:
        province = Actor(0, "系统", actor.province_id or actor.party_id, "", "province", None, frozenset({"省级"}))
        times = {"starts_at": clock_minutes(now), "ends_at": clock_minutes(now + timedelta(days=30))}
        plan = new_plan(session, province, now, {"name": "证书试点申报", "certificates": all_labels(session), **times})
        plan.publish(now)
    return new_declaration(session, actor, now, form, plan.id)


CREATE: dict[str, Callable[[Session, Actor, datetime, dict[str, Any]], Any]] = {  # type of record → how `do: new` makes one
    "weekly_report": lambda session, actor, now, form: new_report(session, actor, now),
    "reporting_period": lambda session, actor, now, form: _coming_period(session, actor, now),
    "skill_standard": lambda session, actor, now, form: new_skill_standard(session, actor, now),
    "site_standard": lambda session, actor, now, form: new_site_standard(session, actor, now),
    "teacher": new_teacher,
    "exam_site": new_exam_site,
    "seal": lambda session, actor, now, form: new_demo_seal(session, actor, now, MultiFernet([Fernet(Fernet.generate_key())])),
    "declaration": _declaration,
    "declaration_plan": new_plan,
}


def _move_end(declaration: Declaration, end: datetime) -> None:
    declaration.plan.ends_at = end


MEANWHILE: dict[str, Callable[[Any, datetime], None]] = {  # name in `meanwhile` → what another process does to a record
    "申报计划延长七天": lambda record, now: _move_end(record, now + timedelta(days=7)),
    "申报计划提前截止": _move_end,
}
