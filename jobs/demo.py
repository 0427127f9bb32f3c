"""Loads the demonstration data and starts the processes that its records have."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.demo import load_demo
from domain.parties import Actor, Party
from domain.reports import ReportingPeriod
from jobs.runtime import Runtime
from processes import steps


def load(runtime: Runtime) -> bool:
    """Loads the data into an empty database, in one transaction. Returns False, and does nothing, where there are parties already."""
    with runtime.database.writing() as session:
        if not load_demo(session, runtime.engine.clock()):
            return False
        _start_periods(runtime, session)
    return True


def _start_periods(runtime: Runtime, session: Session) -> None:
    for period, province in session.execute(select(ReportingPeriod, Party).join(Party, Party.id == ReportingPeriod.province_id)).all():
        actor = Actor(0, "系统", province.id, province.name, "province", None, frozenset({"省级"}))
        steps.start(runtime.engine, session, actor, "reporting_period", period)
