"""周报 as a kind of record (manual 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from domain.ground.base import clock_minutes
from domain.ground.parties import Actor
from domain.weekly import periods, reports
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport
from forms.lists.weekly import REPORTS
from webapp.listing import Button
from webapp.records.kinds import Opening, RecordKind


def begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A report on the current period, with what the system knows filled in beforehand.

    Raises:
        NoPeriod, AlreadyReported
    """
    opening = _opening(reports.open_period(session, actor, now))
    return replace(opening, answers=reports.known_beforehand(session, actor))


def reopen(session: Session, actor: Actor, token: str) -> Opening:
    """The form as it was opened for a period, which may be over by now."""
    period = periods.period_of(session, actor, int(token)) if token.isdecimal() and len(token) < 10 else None
    return _opening(period) if period is not None else Opening("提交周报")


def create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> WeeklyReport:
    """A new report on the period that the form was opened for.

    Raises:
        NoPeriod, AlreadyReported, TooLate
    """
    return reports.new_report(session, actor, now, answers, int(token) if token.isdecimal() and len(token) < 10 else None)


def _buttons(actor: Actor) -> list[Button]:
    return [Button("报送周期", url_for("weekly_report.periods"))] if "省级" in actor.roles else []


def _opening(period: ReportingPeriod) -> Opening:
    return Opening(f"{period.label}{period.noun}", _deadline(period), str(period.id))


def _deadline(period: ReportingPeriod) -> str:
    return f"本期截止：{clock_minutes(period.ends_at)}，请在截止前提交。保存后可以继续修改。"


KIND = RecordKind(
    key="weekly_report",
    noun="周报",
    listing=REPORTS,
    help="按省级设置的周期提交周报或半月报；下一周期开始后，上一周期未提交的周报不能再提交。",
    empty="还没有周报。院校点击“提交周报”开始填写本期周报。",
    find=reports.report_of,
    begin=begin,
    reopen=reopen,
    create=create,
    buttons=_buttons,
    note=lambda report: _deadline(report.period),
)
