"""Many reports of one school that wait for their review, for exports and batches."""

from __future__ import annotations

from datetime import timedelta

from domain.ground.parties import Actor
from domain.weekly.periods import ReportingPeriod, set_periods
from domain.weekly.reports import WeeklyReport
from processes.steps import starting
from tests.conftest import World
from tests.processes.steps.test_weekly_report import ANSWERS


def hand_in_many(world: World, number: int, account: str = "school1") -> list[int]:
    """Ids of `number` reports (at most 60) that were handed in for periods to come."""
    runtime, school = world.runtime, world.actor(account)
    today = runtime.engine.clock().date()
    ids = []
    with runtime.database.writing() as session:
        province = Actor(0, "系统", school.province_id or 0, "", "province", None, frozenset({"省级"}))
        first = today + timedelta(weeks=13)
        periods: list[ReportingPeriod] = set_periods(session, province, "周", first, first + timedelta(weeks=number - 1), 24)
        for period in periods:
            report = WeeklyReport(period_id=period.id, party_id=school.party_id, author_id=school.person_id, data=dict(ANSWERS))
            session.add(report)
            session.flush()
            loaded = WeeklyReport.load(session, report.id)
            starting.start(runtime.engine, session, school, "weekly_report", loaded, "提交")
            ids.append(report.id)
    return ids[:number]
