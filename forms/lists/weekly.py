"""周报管理 (manual 6): the list of reports and their screens, and the list of the periods they report on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.base import clock_minutes
from domain.ground.parties import Actor, Party
from domain.weekly import periods, reports
from domain.weekly.periods import CYCLES, ReportingPeriod, periods_query
from domain.weekly.reports import WeeklyReport, reports_query
from forms.kinds import PROVINCE, SCHOOL, Link, MenuLine, Opening, RecordKind
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
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
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


def _begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A report on the current period, with what the system knows filled in beforehand.

    Raises:
        NoPeriod, AlreadyReported
    """
    opening = _opening(reports.open_period(session, actor, now))
    return replace(opening, answers=reports.known_beforehand(session, actor))


def _reopen(session: Session, actor: Actor, token: str) -> Opening:
    """The form as it was opened for a period, which may be over by now."""
    period = periods.period_of(session, actor, int(token)) if token.isdecimal() and len(token) < 10 else None
    return _opening(period) if period is not None else Opening("提交周报")


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> WeeklyReport:
    """A new report on the period that the form was opened for.

    Raises:
        NoPeriod, AlreadyReported, TooLate
    """
    return reports.new_report(session, actor, now, answers, int(token) if token.isdecimal() and len(token) < 10 else None)


def _opening(period: ReportingPeriod) -> Opening:
    return Opening(f"{period.label}{period.noun}", _deadline(period), str(period.id))


def _deadline(period: ReportingPeriod) -> str:
    return f"本期截止：{clock_minutes(period.ends_at)}，请在截止前提交。保存后可以继续修改。"


WEEKLY_REPORT = RecordKind(
    noun="周报",
    listing=REPORTS,
    help="按省级设置的周期提交周报或半月报；下一周期开始后，上一周期未提交的周报不能再提交。",
    empty="还没有周报。院校点击“提交周报”开始填写本期周报。",
    address="/weekly",
    menu=MenuLine((SCHOOL, *PROVINCE), icon="calendar-week"),
    begin=_begin,
    reopen=_reopen,
    create=_create,
    links=(Link("报送周期", "weekly_report.periods", frozenset({"省级"})),),
    note=lambda report: _deadline(report.period),
)
