"""周报管理 (manual 6): the list, the form, the record page, and the periods a province sets."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import Select

from domain import reports
from domain.parties import Actor, Party
from domain.reports import ReportingPeriod, WeeklyReport
from forms import fields
from processes import inbox, steps
from processes.actions import Action, actions_for
from processes.definitions import latest, load
from processes.errors import FormInvalid, NotAllowed, NotFound, Refused
from processes.history import instance_of
from webapp import acting
from webapp.context import actor, db, later, runtime
from webapp.listing import Button, Column, Filter, ListScreen, render_list
from webapp.records.views import record_page

blueprint = Blueprint("reports", __name__, url_prefix="/weekly")
KEY = "weekly_report"
FORM = "weekly_report.json"
LATE = "提交时间已过，该周报目前不能提交，谢谢"  # manual 6.1, for a form that has no process yet


def _buttons(who: Actor) -> list[Button]:
    if "试点院校" in who.roles:
        return [Button("提交周报", url_for("reports.new"), primary=True)]
    return [Button("报送周期", url_for("reports.periods"))] if "省级" in who.roles else []


def _bulk(who: Actor) -> list[Button]:
    return [Button("批量审核", url_for("inbox.batch_of_records", key=KEY))] if "省级" in who.roles else []


def _address(row: WeeklyReport, action: Action) -> str:
    if action.kind == "edit":
        return url_for("reports.edit", report_id=row.id)
    if action.kind == "task" and not action.record_form and action.task_id:
        return url_for("inbox.task", task_id=action.task_id)
    return url_for("reports.act", report_id=row.id)


def _by_period(query: Select[Any], text: str) -> Select[Any]:
    return query.where(ReportingPeriod.label.contains(text, autoescape=True))


def _by_school(query: Select[Any], text: str) -> Select[Any]:
    return query.where(Party.name.contains(text, autoescape=True))


LIST = ListScreen(
    title="周报管理",
    help="按省级设置的周期提交周报或半月报；下一周期开始后，上一周期未提交的周报不能再提交。",
    key=KEY,
    record=WeeklyReport,
    query=reports.reports_query,
    columns=(
        Column("周报", lambda row: row.title(), link=lambda row: url_for("reports.show", report_id=row.id)),
        Column("周期", lambda row: row.period.label),
        Column("填报人", lambda row: row.author.name),
        Column("状态", lambda row: row.status, "badge"),
        Column("截止时间", lambda row: row.period.ends_at, "moment"),
        Column("创建时间", lambda row: row.created_at, "moment"),
    ),
    act_address=_address,
    filters=(Filter("period", "周期", _by_period), Filter("school", "院校", _by_school)),
    buttons=_buttons,
    bulk=_bulk,
    empty="还没有周报。院校点击“提交周报”开始填写本期周报。",
)


@blueprint.get("/")
def index() -> str:
    """The list."""
    return render_list(LIST, db(), actor())


@blueprint.get("/new")
def new() -> Any:
    """An empty form for the current period, unless there is a report already."""
    who = _school()
    period = reports.current_period(db(), who.province_id, runtime().engine.clock())
    if period is None:
        raise reports.NoPeriod
    if db().scalar(reports.reports_query(who).where(WeeklyReport.period_id == period.id)) is not None:
        flash(str(reports.AlreadyReported()), "warning")
        return redirect(url_for("reports.index"))
    place = f"weekly/new/{period.id}"
    draft = inbox.draft_of(db(), who, place)
    return _form_page(draft.data if draft else {}, [], place=place, period=period, restored=draft is not None)


@blueprint.post("/new")
def create() -> Any:
    """保存 → 未提交; 提交 → 待审核: record and process in one transaction."""
    who = _school()
    schema = latest(db(), KEY).forms[FORM]
    answers = acting.typed(schema)
    now = runtime().engine.clock()
    opened, current = _opened_period(who), reports.current_period(db(), who.province_id, now)
    if opened is not None and (current is None or current.id != opened.id):
        # left open over the deadline: it must not become the report of the next period
        return _form_page(answers, [("", LATE)], place=f"weekly/new/{opened.id}", period=opened), 409
    try:
        report = reports.new_report(db(), who, now)
    except reports.AlreadyReported as error:
        period = reports.current_period(db(), who.province_id, now)
        return _form_page(answers, _problems(error), place=f"weekly/new/{period.id if period else 0}", period=period), 409
    period = report.period
    report.take(answers)
    instance_id, jobs = steps.start(runtime().engine, db(), who, KEY, report)
    later(jobs)
    if request.form.get("act") == "提交":
        task = next(a for a in actions_for(db(), who, KEY, [report.id])[report.id] if a.kind == "task")
        problem = acting.complete(who, task.task_id or "", instance_id, task.outcomes[0].name, answers, None)
        if problem is not None:
            place, code = f"weekly/new/{period.id}", 422 if isinstance(problem, FormInvalid) else 409
            return _form_page(answers, _problems(problem), place=place, period=period), code
    inbox.drop_draft(db(), who, f"weekly/new/{period.id}")
    flash("周报已提交，等待审核。" if request.form.get("act") == "提交" else "周报已保存，尚未提交。", "success")
    return redirect(url_for("reports.index"))


@blueprint.get("/<int:report_id>")
def show(report_id: int) -> str:
    """查看: the report in tabs, its review log, its diagram, its history."""
    report = _report(report_id)
    return record_page(report, KEY, LIST.title, url_for("reports.index"), [(a, _address(report, a)) for a in _actions(report)], FORM)


@blueprint.get("/<int:report_id>/edit")
def edit(report_id: int) -> Any:
    """The form, where the diagram lets this actor edit."""
    report = _report(report_id)
    if not any(a.kind == "edit" for a in _actions(report)):
        raise Refused("该周报目前的状态不能修改")
    place = f"weekly/{report.id}"
    draft = inbox.draft_of(db(), actor(), place)
    return _form_page(draft.data if draft else report.answers(), [], place=place, report=report, restored=draft is not None)


@blueprint.post("/<int:report_id>/edit")
def store(report_id: int) -> Any:
    """保存 keeps the status; 提交 checks and completes the author's task."""
    report = _report(report_id)
    instance = instance_of(db(), KEY, report.id)
    if instance is None:
        raise NotFound
    answers = acting.typed(load(db(), instance.definition_id).forms[FORM])
    place = f"weekly/{report.id}"
    problem: Any = None
    if request.form.get("act") == "提交":
        task = next((a for a in _actions(report) if a.kind == "task" and a.record_form), None)
        if task is None:
            problem = next((Refused(a.refuse) for a in _actions(report) if a.refuse), Refused("该周报已不在可提交的状态，请刷新列表查看"))
        else:
            problem = acting.complete(actor(), task.task_id or "", instance.id, task.outcomes[0].name, answers, None)
    else:
        try:
            later(steps.save(runtime().engine, db(), actor(), instance.id, answers))
        except Refused as error:
            acting.let_time_act(db(), instance.id)
            problem = error
    if problem is not None:
        return _form_page(answers, _problems(problem), place=place, report=report), 422 if isinstance(problem, FormInvalid) else 409
    inbox.drop_draft(db(), actor(), place)
    flash("周报已提交，等待审核。" if request.form.get("act") == "提交" else "周报已保存。", "success")
    return redirect(url_for("reports.index"))


@blueprint.post("/<int:report_id>/act")
def act(report_id: int) -> Any:
    """A button of a row: a message of the diagram (撤回, 删除), or an outcome of the author's task with the stored data (提交)."""
    report = _report(report_id)
    element, outcome = request.form.get("element", ""), request.form.get("outcome", "")
    action = next((a for a in _actions(report) if a.element == element and a.kind != "edit" and _asked(a, outcome)), None)
    instance = instance_of(db(), KEY, report.id)
    if action is None:  # an old page: where the diagram says why its button can no longer act, that is the answer
        action = next((a for a in _actions(report) if a.refuse and a.name == outcome), None)
    if instance is None or action is None:
        raise Refused("该周报的状态已变化，请刷新后再操作")
    if action.refuse:
        raise Refused(action.refuse)
    if action.kind == "message":
        try:
            later(steps.send(runtime().engine, db(), actor(), instance.id, element))
        except Refused as error:
            acting.let_time_act(db(), instance.id)
            flash(str(error), "danger")
            return redirect(url_for("reports.index"))
        inbox.drop_draft(db(), actor(), f"weekly/{report_id}")  # SQLite gives a deleted record's id to the next one
    else:
        problem = acting.complete(actor(), action.task_id or "", instance.id, outcome, None, None)
        if isinstance(problem, FormInvalid):
            flash("周报还没有填写完整：" + "；".join(text for _, text in problem.problems), "danger")
            return redirect(url_for("reports.edit", report_id=report_id))
        if problem is not None:
            flash(str(problem), "danger")
            return redirect(url_for("reports.index"))
    flash(f"已{action.name}。", "success")
    return redirect(url_for("reports.index"))


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
    return redirect(url_for("reports.periods"))


def _periods_page() -> str:
    rows = db().scalars(reports.periods_query(actor()).limit(200)).all()
    return render_template("weekly/periods.html", rows=rows, now=runtime().engine.clock(), may_set="省级" in actor().roles)


def _school() -> Actor:
    if "试点院校" not in actor().roles:
        raise NotAllowed
    return actor()


def _opened_period(who: Actor) -> ReportingPeriod | None:
    """The period that the posted form was opened for."""
    text = request.form.get("period", "")
    if not text.isdecimal() or len(text) > 9:
        return None
    return db().scalars(reports.periods_query(who).where(ReportingPeriod.id == int(text))).first()


def _report(report_id: int) -> WeeklyReport:
    report = reports.report_of(db(), actor(), report_id)
    if report is None:
        raise NotFound
    return report


def _actions(report: WeeklyReport) -> list[Action]:
    return actions_for(db(), actor(), KEY, [report.id])[report.id]


def _asked(action: Action, outcome: str) -> bool:
    if action.kind == "message":  # a blocked button and a message may share an element: the name tells them apart
        return outcome == action.name or (not outcome and not action.refuse)
    return any(o.name == outcome for o in action.outcomes)


def _problems(error: Any) -> list[tuple[str, str]]:
    return list(error.problems) if isinstance(error, FormInvalid) else [("", str(error))]


def _form_page(
    answers: dict[str, Any],
    problems: list[tuple[str, str]],
    place: str,
    report: WeeklyReport | None = None,
    period: ReportingPeriod | None = None,
    restored: bool = False,
) -> str:
    shown = report.period if report is not None else period
    tabs = fields.describe(latest(db(), KEY).forms[FORM], answers)
    return render_template("weekly/form.html", tabs=tabs, problems=problems, place=place, report=report, period=shown, restored=restored)
