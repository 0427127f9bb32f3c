"""周报 periods: by week or half-month, as the province sets (row 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.ground.base import SHANGHAI
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.weekly.periods import BadPeriod, ReportingPeriod, set_periods
from domain.weekly.reports import WeeklyReport, new_report, report_of, reports_query
from tests.conftest import World

Spans = list[tuple[str, str, str]]


def spans(periods: Sequence[ReportingPeriod]) -> Spans:
    def day(moment: datetime) -> str:
        return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d" if moment.astimezone(SHANGHAI).hour == 0 else "%c")

    return [(p.label, day(p.starts_at), day(p.ends_at)) for p in sorted(periods, key=lambda p: p.starts_at)]


def province(session: Session, world: World) -> Actor:
    """province1, whose demonstration periods are gone."""
    actor = world.actor("province1")
    for period in session.scalars(select(ReportingPeriod).where(ReportingPeriod.province_id == actor.party_id)):
        session.delete(period)
    session.flush()
    return actor


def put(session: Session, actor: Actor, cycle: str, first: str, last: str) -> list[ReportingPeriod]:
    return set_periods(session, actor, cycle, date.fromisoformat(first), date.fromisoformat(last), 24)


@pytest.mark.row("6.1")
@pytest.mark.parametrize(
    ("cycle", "first", "last", "expected"),
    [
        ("周", "2026-11-25", "2026-11-30", [("2026年第48周", "2026-11-23", "2026-11-30"), ("2026年第49周", "2026-11-30", "2026-12-07")]),
        ("周", "2026-12-31", "2027-01-01", [("2026年第53周", "2026-12-28", "2027-01-04")]),
        ("半月", "2026-11-15", "2026-11-15", [("2026年11月上", "2026-11-01", "2026-11-16")]),
        ("半月", "2026-12-16", "2027-01-01", [("2026年12月下", "2026-12-16", "2027-01-01"), ("2027年1月上", "2027-01-01", "2027-01-16")]),
        ("半月", "2028-02-29", "2028-02-29", [("2028年2月下", "2028-02-16", "2028-03-01")]),
    ],
)
def test_periods_follow_the_calendar(lite: World, cycle: str, first: str, last: str, expected: Spans) -> None:
    with lite.runtime.database.writing() as session:
        assert spans(put(session, province(session, lite), cycle, first, last)) == expected


@pytest.mark.row("6.1")
@pytest.mark.parametrize(
    ("cycle", "first", "last", "hours", "message"),
    [
        ("月", "2026-11-01", "2026-11-30", 24, "请选择"),
        ("周", "2026-11-30", "2026-11-01", 24, "不能早于"),
        ("周", "2026-11-01", "2026-11-30", 0, "提醒时间"),
        ("周", "2026-11-01", "2026-11-30", 169, "提醒时间"),
        ("周", "2026-01-01", "2028-01-01", 24, "最多设置 60 个"),
        ("周", "0001-01-01", "2026-01-01", 24, "2000–2100"),
        ("半月", "9999-12-31", "9999-12-31", 24, "2000–2100"),
    ],
)
def test_wrong_settings_are_refused(lite: World, cycle: str, first: str, last: str, hours: int, message: str) -> None:
    with lite.runtime.database.writing() as session, pytest.raises(BadPeriod, match=message):
        set_periods(session, province(session, lite), cycle, date.fromisoformat(first), date.fromisoformat(last), hours)


@pytest.mark.row("6.1")
@pytest.mark.parametrize("account", ["school1", "organization1", "supervisor"])
def test_only_the_province_sets_periods(lite: World, account: str) -> None:
    with lite.runtime.database.writing() as session, pytest.raises(DomainError, match="只有省级"):
        put(session, lite.actor(account), "周", "2027-06-01", "2027-06-30")


@pytest.mark.row("6.1")
def test_the_same_periods_again_change_nothing(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        actor = province(session, lite)
        assert len(put(session, actor, "周", "2026-11-02", "2026-11-15")) == 2
        assert spans(put(session, actor, "周", "2026-11-02", "2026-11-22")) == [("2026年第47周", "2026-11-16", "2026-11-23")]


@pytest.mark.row("6.1")
@pytest.mark.parametrize(
    ("old", "new", "first_new"),
    [
        # the half-month ends on a Tuesday: the first week begins there
        (("半月", "2026-11-16", "2026-11-30"), ("周", "2026-11-30", "2026-12-13"), ("2026年第49周", "2026-12-01", "2026-12-07")),
        (("半月", "2026-11-16", "2026-11-30"), ("周", "2026-11-20", "2026-12-13"), ("2026年第49周", "2026-12-01", "2026-12-07")),
        # the weeks end on Monday 11-30: a half-month of one day, not a hole of one day
        (("周", "2026-11-09", "2026-11-29"), ("半月", "2026-11-30", "2026-12-15"), ("2026年11月下", "2026-11-30", "2026-12-01")),
        # they touch already
        (("半月", "2026-02-01", "2026-02-15"), ("周", "2026-02-16", "2026-03-01"), ("2026年第8周", "2026-02-16", "2026-02-23")),
    ],
)
def test_a_new_cycle_begins_where_the_old_one_ends(
    lite: World, old: tuple[str, str, str], new: tuple[str, str, str], first_new: tuple[str, str, str]
) -> None:
    with lite.runtime.database.writing() as session:
        actor = province(session, lite)
        put(session, actor, *old)
        made = put(session, actor, *new)
        assert spans(made)[0] == first_new
        periods = session.scalars(
            select(ReportingPeriod).where(ReportingPeriod.province_id == actor.party_id).order_by(ReportingPeriod.starts_at)
        ).all()
        assert all(before.ends_at == after.starts_at for before, after in pairwise(periods))
        assert put(session, actor, *new) == []


@pytest.mark.row("6.1")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (("周", "2026-10-05", "2026-11-29"), ("半月", "2026-10-16", "2026-11-30"), "与已设置的“2026年第42周”重叠"),
        (("半月", "2026-11-16", "2026-11-30"), ("周", "2026-11-02", "2026-12-06"), "与已设置的“2026年11月下”重叠"),
        (("半月", "2026-11-16", "2026-11-30"), ("周", "2026-11-20", "2026-11-25"), "已属于“2026年11月下”"),
        (
            ("周", "2026-11-09", "2026-11-29"),
            ("半月", "2026-12-01", "2026-12-15"),
            "与“2026年第48周”之间有空档，请把开始日期改为 2026-11-30",
        ),
    ],
)
def test_overlaps_and_holes_between_cycles_are_refused(
    lite: World, old: tuple[str, str, str], new: tuple[str, str, str], message: str
) -> None:
    with lite.runtime.database.writing() as session:
        actor = province(session, lite)
        before = spans(put(session, actor, *old))
        with pytest.raises(BadPeriod, match=message):
            put(session, actor, *new)
        kept = session.scalars(select(ReportingPeriod).where(ReportingPeriod.province_id == actor.party_id)).all()
        assert spans(kept) == before


@pytest.mark.row("6.1")
def test_a_holiday_between_cycles_is_allowed(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        actor = province(session, lite)
        put(session, actor, "周", "2026-06-01", "2026-06-28")
        assert spans(put(session, actor, "半月", "2026-09-01", "2026-09-01")) == [("2026年9月上", "2026-09-01", "2026-09-16")]


@pytest.mark.row("6.1")
def test_the_next_end_is_the_next_periods_that_is_set(world: World) -> None:
    with world.runtime.database.writing() as session:
        actor = province(session, world)
        (other,) = put(session, world.actor("province2"), "周", "2027-06-07", "2027-06-07")
        first, second = put(session, actor, "半月", "2026-11-01", "2026-11-30")
        assert spans([first, second])[1][2] == "2026-12-01"
        assert first.next_ends_at == second.ends_at
        assert second.next_ends_at.astimezone(SHANGHAI).date() == date(2026, 12, 16)  # none set: the same cycle
        (week,) = put(session, actor, "周", "2026-11-30", "2026-12-06")
        assert second.next_ends_at == week.ends_at
        assert week.next_ends_at - week.ends_at == timedelta(days=7)
        assert other.next_ends_at - other.ends_at == timedelta(days=7)


@pytest.mark.row("6.1")
def test_a_report_loads_with_all_it_needs_in_one_query(world: World) -> None:
    with world.runtime.database.writing() as session:
        id = new_report(session, world.actor("school1"), world.clock()).id
    statements: list[str] = []
    engine = world.runtime.database.engine
    event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    for lock in (False, True):
        statements.clear()
        with world.runtime.database.writing() as session:
            report = WeeklyReport.load(session, id, lock=lock)
            assert report is not None
            facts = report.facts()
            assert facts["next_period_end"] - facts["period_end"] == timedelta(days=7)
            assert report.title() == "金陵职业技术学院 2026年第48周周报"
        assert len([text for text in statements if text.startswith("SELECT")]) == 1
    with world.runtime.database.reading() as session:
        statements.clear()
        (found,) = session.scalars(reports_query(world.actor("province1"))).all()
        assert found.period.next_ends_at == facts["next_period_end"]
        assert len([text for text in statements if text.startswith("SELECT")]) == 1


@pytest.mark.parametrize(
    ("account", "sees"), [("school1", True), ("school2", False), ("province1", True), ("province2", False), ("organization1", False)]
)
def test_who_sees_a_report(lite: World, account: str, sees: bool) -> None:
    with lite.runtime.database.writing() as session:
        id = new_report(session, lite.actor("school1"), lite.clock()).id
        assert (report_of(session, lite.actor(account), id) is not None) is sees
