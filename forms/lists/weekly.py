"""The lists of 周报管理: reports, and the periods they report on."""

from __future__ import annotations

from domain.ground.parties import Party
from domain.weekly.periods import CYCLES, ReportingPeriod, periods_query
from domain.weekly.reports import WeeklyReport, reports_query
from forms.listing import Column, Filter, Listing, contains, equals

REPORTS = Listing(
    name="weekly_report",
    title="周报管理",
    record=WeeklyReport,
    query=reports_query,
    columns=(
        Column("周报", lambda row: row.title()),
        Column("周期", lambda row: row.period.label, sort=ReportingPeriod.starts_at),
        Column("填报人", lambda row: row.author.name),
        Column("状态", lambda row: row.status, "badge"),
        Column("周期截止", lambda row: row.period.ends_at, "moment", sort=ReportingPeriod.ends_at),
        Column("创建时间", lambda row: row.created_at, "moment", sort=WeeklyReport.created_at),
    ),
    filters=(
        Filter("period", "周期", contains(ReportingPeriod.label)),
        Filter("school", "院校", contains(Party.name), settled_for=frozenset({"试点院校"})),
    ),
    key="weekly_report",
)

PERIODS = Listing(
    name="reporting_period",
    title="报送周期",
    record=ReportingPeriod,
    query=periods_query,
    columns=(
        Column("周期", lambda row: row.label),
        Column("方式", lambda row: f"按{row.cycle}"),
        Column("开始", lambda row: row.starts_at, "moment", sort=ReportingPeriod.starts_at),
        Column("截止", lambda row: row.ends_at, "moment", sort=ReportingPeriod.ends_at),
        Column("提前提醒（小时）", lambda row: row.reminder_hours, "number"),
        Column("状态", lambda row: row.status, "badge"),
    ),
    filters=(
        Filter("period", "周期", contains(ReportingPeriod.label)),
        Filter("cycle", "方式", equals(ReportingPeriod.cycle), CYCLES),
    ),
    key="reporting_period",
)
