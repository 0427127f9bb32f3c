"""周报管理 (manual 6): the usual screens of a record, and the periods that a province sets."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.weekly.periods import BadPeriod
from domain.weekly.periods import set_periods as set_all
from forms.lists.weekly import PERIODS, WEEKLY_REPORT
from processes.errors import NotAllowed
from processes.steps import starting
from webapp.context import actor, db, later, runtime
from webapp.listing import ListScreen, render_list
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(WEEKLY_REPORT)

SCREEN = ListScreen(
    listing=PERIODS,
    help="按周或按半月报送；截止前到提醒时间时，给尚未填报的院校和尚未提交的填报人发短信。",
    empty="还没有设置报送周期，院校暂不能填写周报。请选择日期范围后点击“设置”。",
)


@blueprint.get("/periods")
def periods() -> str:
    """报送周期: what the province has set, and the form to set more."""
    return render_list(SCREEN, db(), actor(), "weekly/periods.html", may_set="省级" in actor().roles)


@blueprint.post("/periods")
def set_periods() -> ResponseReturnValue:
    """Sets periods by week or half-month for a range of days, and starts the process of each."""
    if "省级" not in actor().roles:
        raise NotAllowed
    try:
        first, last = date.fromisoformat(request.form.get("first", "")), date.fromisoformat(request.form.get("last", ""))
    except ValueError:
        raise BadPeriod("请填写开始日期和结束日期，例如 2026-11-23") from None
    hours = request.form.get("reminder_hours", "")
    hours_before = int(hours) if hours.isdecimal() and len(hours) < 5 else 0
    made = set_all(db(), actor(), request.form.get("cycle", ""), first, last, hours_before)
    for period in made:
        _, jobs = starting.start(runtime().engine, db(), actor(), PERIODS.name, period)
        later(jobs)
    flash(f"已设置 {len(made)} 个报送周期；日期范围内已有的周期保持不变。", "success")
    return redirect(url_for("weekly_report.periods"))
