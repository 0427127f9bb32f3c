"""周报管理 (manual 6): the usual screens of a record, and the periods that a province sets."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from domain import reports
from processes.errors import NotAllowed
from webapp.context import actor, db, runtime
from webapp.records.flow import record_blueprint
from webapp.weekly.kind import KIND

blueprint = record_blueprint(KIND, "/weekly")


@blueprint.get("/periods")
def periods() -> str:
    """报送周期: what the province has set."""
    return _periods_page()


@blueprint.post("/periods")
def set_periods() -> Any:
    """Sets periods by week or half-month for a range of days."""
    if "省级" not in actor().roles:
        raise NotAllowed
    try:
        first, last = date.fromisoformat(request.form.get("first", "")), date.fromisoformat(request.form.get("last", ""))
    except ValueError:
        raise reports.BadPeriod("请填写开始日期和结束日期，例如 2026-11-23") from None
    hours = request.form.get("reminder_hours", "")
    made = reports.set_periods(
        db(), actor(), request.form.get("cycle", ""), first, last, int(hours) if hours.isdecimal() and len(hours) < 5 else 0
    )
    flash(f"已设置 {len(made)} 个报送周期；日期范围内已有的周期保持不变。", "success")
    return redirect(url_for("weekly_report.periods"))


def _periods_page() -> str:
    rows = db().scalars(reports.periods_query(actor()).limit(200)).all()
    return render_template("weekly/periods.html", rows=rows, now=runtime().engine.clock(), may_set="省级" in actor().roles)
