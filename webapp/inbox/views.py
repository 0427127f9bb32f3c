"""任务收件箱: 待办, 已办, 我发起的; a task's page; batch review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import Select, func, select

from forms import fields
from processes import inbox, tables
from processes.definitions import Definition, Element, load
from processes.errors import FormInvalid, NotFound
from processes.history import instance_of
from webapp import acting
from webapp.context import actor, db, reads_only, runtime

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")
SIZE = 20
MAX_BATCH = 100
TABS = (("open", "待办"), ("done", "已办"), ("started", "我发起的"))


@blueprint.get("/")
def index() -> str:
    """One of the three lists, filtered, a page of it."""
    tab = request.args.get("tab", "open")
    tab = tab if tab in dict(TABS) else "open"
    query = {"open": inbox.open_tasks, "done": inbox.done_tasks, "started": inbox.started}[tab](actor())
    query = _filtered(query, tab)
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    asked = request.args.get("page", "1")
    page = min(max(int(asked) if asked.isdecimal() and len(asked) < 7 else 1, 1), max(1, -(-total // SIZE)))
    rows = db().execute(query.limit(SIZE).offset((page - 1) * SIZE)).all()
    now = runtime().engine.clock()
    last = max(1, -(-total // SIZE))
    return render_template("inbox/index.html", tabs=TABS, tab=tab, rows=rows, total=total, page=page, last=last, now=now, address=_address)


@blueprint.get("/tasks/<task_id>")
def task(task_id: str) -> str:
    """The record, the task's form, and the outcome buttons."""
    row = inbox.task_of(db(), actor(), task_id)
    draft = inbox.draft_of(db(), actor(), f"task/{task_id}")
    if draft is None:
        return _task_page(row, {}, "", [])
    definition = load(db(), row.definition_id)
    form = definition.elements[row.element].form
    answers = fields.parse(definition.forms[form], draft.data) if form else {}
    return _task_page(row, answers, (draft.data.get("comment") or [""])[-1], [])


@blueprint.post("/tasks/<task_id>")
def finish(task_id: str) -> Any:
    """Completes the task; where that fails, the page comes back with the reason and everything typed."""
    row = inbox.task_and_draft_of(db(), actor(), task_id, f"task/{task_id}")
    definition = load(db(), row.definition_id)
    element = definition.elements[row.element]
    answers = acting.typed(definition.forms[element.form]) if element.form else {}
    comment = request.form.get("comment", "")
    given = None if definition.record_form(element) else answers
    problem = acting.complete(actor(), task_id, request.form.get("outcome", ""), given, comment)
    if problem is not None:
        problems = list(problem.problems) if isinstance(problem, FormInvalid) else [("", str(problem))]
        return _task_page(row, answers, comment, problems), 422 if isinstance(problem, FormInvalid) else 409
    if row.drafted:
        inbox.drop_draft(db(), actor(), f"task/{task_id}")
    flash(f"已办理：{row.title} · {request.form.get('outcome', '')}", "success")
    return redirect(url_for("inbox.index"))


@blueprint.post("/tasks/<task_id>/claim")
def claim(task_id: str) -> Any:
    """签收."""
    inbox.claim(db(), actor(), task_id)
    flash("已签收，其他人员不能再办理此事项，直到您释放它。", "success")
    return redirect(url_for("inbox.task", task_id=task_id))


@blueprint.post("/tasks/<task_id>/release")
def release(task_id: str) -> Any:
    """释放."""
    inbox.release(db(), actor(), task_id)
    flash("已释放，同角色人员可以办理。", "success")
    return redirect(url_for("inbox.index"))


@blueprint.post("/batch/<key>")
@reads_only
def batch_of_records(key: str) -> Any:
    """The ticked rows of a list, as a batch of their open tasks."""
    ids = [int(text) for text in request.form.getlist("ids") if text.isdecimal()][:MAX_BATCH]
    columns = tables.instance.c
    rows = db().execute(inbox.open_tasks(actor()).where(columns.key == key, columns.subject_id.in_(ids))).all()
    return _batch_page(rows)


@blueprint.post("/batch")
@reads_only
def batch() -> Any:
    """The ticked tasks of the inbox."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    return _batch_page(db().execute(inbox.open_tasks(actor()).where(tables.task.c.id.in_(ids))).all())


@blueprint.post("/batch/finish")
def finish_batch() -> Any:
    """Completes each in a transaction of its own; each fails alone."""
    who, outcome, comment = actor(), request.form.get("outcome", ""), request.form.get("comment", "")
    rows = {row.id: row for row in db().execute(inbox.open_tasks(who).where(tables.task.c.id.in_(request.form.getlist("ids")[:MAX_BATCH])))}
    results = []
    for task_id in request.form.getlist("ids")[:MAX_BATCH]:
        row = rows.get(task_id)
        reason = "此事项已被办理或不存在" if row is None else acting.complete_alone(who, task_id, outcome, comment)
        results.append((row.title if row is not None else "—", reason))
    return render_template("inbox/results.html", results=results, outcome=outcome)


def _filtered(query: Select[Any], tab: str) -> Select[Any]:
    text = request.args.get("q", "").strip()
    if text:
        query = query.where(tables.instance.c.title.contains(text, autoescape=True))
    if request.args.get("due") == "soon" and tab == "open":
        query = query.where(tables.task.c.due_at < runtime().engine.clock() + timedelta(days=2))
    return query


def _address(row: Any) -> str:
    return url_for(f"{row.key}.show", record_id=row.subject_id)


def _batch_page(rows: Any) -> Any:
    if not rows:
        flash("所选记录中没有等待您办理的事项。", "warning")
        return redirect(url_for("inbox.index"))
    kinds = {(row.definition_id, row.element) for row in rows}
    first: tuple[Definition, Element] = (definition := load(db(), rows[0].definition_id), definition.elements[rows[0].element])
    if len(kinds) > 1 or first[0].record_form(first[1]):
        flash("批量办理只能选择同一环节的审核事项，请重新勾选。", "warning")
        return redirect(url_for("inbox.index"))
    return render_template("inbox/batch.html", rows=rows, element=first[1])


def _task_page(row: Any, answers: dict[str, Any], comment: str, problems: list[tuple[str, str]]) -> str:
    fresh = inbox.task_of(db(), actor(), row.id)
    definition = load(db(), row.definition_id)
    element = definition.elements[row.element]
    subject = runtime().engine.subjects[definition.subject].load(db(), row.subject_id)
    about = instance_of(db(), row.key, row.subject_id)
    if subject is None or about is None or about.id != row.instance_id:  # SQLite gives a deleted record's id to the next one
        raise NotFound("这条记录已被删除。")
    own = definition.record_form(element)
    return render_template(
        "inbox/task.html",
        row=fresh,
        element=element,
        own=own,
        record=fields.describe(definition.record_schema, subject.answers()),
        tabs=fields.describe(definition.forms[element.form], answers) if element.form and not own else [],
        comment=comment,
        problems=problems,
        me=actor().person_id,
        address=_address(row),
    )
