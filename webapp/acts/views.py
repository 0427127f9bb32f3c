"""What the pages of all records share: the buttons of a row, the diagram, the drafts of a form, comments."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from forms import fields
from forms.lists import KINDS
from processes import tables
from processes.definitions.store import load
from processes.errors import FormInvalid, NotFound, NotProved, Refused
from processes.history import instance_by_id, instance_of
from processes.notices import comments
from processes.rights import access
from processes.rows import InstanceRow
from processes.tasks import drafts, inbox, returning, urging
from processes.tasks.actions import actions_for
from processes.tasks.opinions import opinions_on
from webapp import steps
from webapp.account.proving import FIELD, posted_proof
from webapp.context import actor, db, runtime
from webapp.fields.schemas import schema_of
from webapp.links import posted_back
from webapp.posted_data import posted_fields
from webapp.records.page import drawing
from webapp.records.visibility import readable

blueprint = Blueprint("records", __name__, url_prefix="/records")
MAX_DRAFT = 200_000  # characters


@blueprint.post("/tasks/<task_id>")
def finish(task_id: str) -> ResponseReturnValue:
    """提交 as a button of a row: completes the author's task with what the record holds. Where that is a signature, a page asks for the
    password first."""
    outcome = request.form.get("outcome", "")
    problem = posted_proof() or steps.complete(actor(), task_id, outcome, None, None)
    if isinstance(problem, NotProved):
        return _signing_page(task_id, outcome, problem), steps.code_of(problem)
    if isinstance(problem, FormInvalid):
        row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
        flash(f"“{row.title}”还没有填写完整：" + "；".join(text for _, text in problem.problems), "danger")
        return redirect(url_for(f"{row.key}.edit", record_id=row.subject_id))
    return _done(outcome, problem)


@blueprint.post("/tasks/<task_id>/withdraw")
def withdraw(task_id: str) -> ResponseReturnValue:
    """撤回: takes back what the actor did last."""
    return _done("撤回", steps.withdraw(actor(), task_id))


@blueprint.get("/tasks/<task_id>/return")
def returning_page(task_id: str) -> str:
    """The page of 退回, which asks to which step, and why."""
    return _returning_page(inbox.task_of(db(), actor(), task_id, runtime().engine.clock()), "", "", [])


@blueprint.post("/tasks/<task_id>/return")
def send_back(task_id: str) -> ResponseReturnValue:
    """退回: sends the process back to an earlier step. Where that fails, the page says why and keeps everything typed."""
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
    to, comment = request.form.get("to", ""), request.form.get("comment", "")
    problem = steps.send_back(actor(), task_id, to, comment)
    if problem is not None:
        return _returning_page(row, to, comment, steps.problems_of(problem)), steps.code_of(problem)
    drafts.drop_draft(db(), actor(), f"task/{task_id}")
    flash(f"已退回：{row.title}", "success")
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


@blueprint.post("/<int:instance_id>/messages/<element>")
def send(instance_id: int, element: str) -> ResponseReturnValue:
    """A button that is a message event of the diagram, such as 删除: sends that message to the instance."""
    row, name = _instance(instance_id), request.form.get("name", "办理")
    problem = steps.send(actor(), instance_id, element)
    if problem is not None:
        return _done(name, problem)
    drafts.drop_draft(db(), actor(), f"{row.key}/{row.subject_id}")
    if KINDS[row.key].find(db(), actor(), row.subject_id) is None:  # deleted, and its page with it
        flash(f"已{name}。", "success")
        back = posted_back("home.index")
        gone = url_for(f"{row.key}.show", record_id=row.subject_id)
        return redirect(url_for(f"{row.key}.index") if urlsplit(back).path == gone else back)
    flash(_sent(instance_id, name), "success")
    return redirect(posted_back("home.index"))


@blueprint.post("/<int:instance_id>/blocked/<element>")
def blocked(instance_id: int, element: str) -> ResponseReturnValue:
    """A button whose only use is to say why nothing can be done now (the property `blockedMessage`)."""
    row = _instance(instance_id)
    actions = actions_for(db(), actor(), row.key, [row.subject_id], runtime().engine.clock())[row.subject_id]
    refusal = next((a.refuse for a in actions if a.element == element and a.refuse), None)
    raise Refused(refusal) if refusal else NotFound


@blueprint.post("/<int:instance_id>/comments")
def comment(instance_id: int) -> ResponseReturnValue:
    """评论: adds a comment under a record."""
    _instance(instance_id)
    text = request.form.get("comment", "")
    problem = steps.attempt(lambda: comments.comment(runtime().engine, db(), actor(), instance_id, text), lambda: None)
    if isinstance(problem, FormInvalid):
        flash("；".join(said for _, said in problem.problems), "danger")
    else:
        flash("已评论。", "success")
    return redirect(posted_back("home.index"))


@blueprint.post("/tasks/<task_id>/urge")
def urge(task_id: str) -> ResponseReturnValue:
    """催办: urges whoever has a task of a record of the actor's."""
    columns = tables.task.c
    instance = _instance(db().scalar(select(columns.instance_id).where(columns.id == task_id)) or 0)
    problem = steps.attempt(lambda: urging.urge(runtime().engine, db(), actor(), task_id), lambda: instance.id)
    return _done("催办", problem)


@blueprint.get("/<key>/<int:record_id>/diagram.json")
def diagram(key: str, record_id: int) -> ResponseReturnValue:
    """The diagram with its tokens, the path taken, and who did what at which element."""
    if readable(KINDS.get(key), record_id) is None:
        raise NotFound
    instance = instance_of(db(), key, record_id)
    if instance is None:
        raise NotFound
    return drawing(instance)


@blueprint.post("/drafts")
def save_draft() -> ResponseReturnValue:
    """Keeps what a person is typing into a form until they hand it in, so that it survives closing the browser."""
    form_key = request.args.get("form", "")
    data = {k: v for k, v in posted_fields().items() if k not in ("csrf_token", "act", "back", "for", "task", FIELD)}
    area = form_key.split("/")[0]
    if area not in ("task", *KINDS) or len(form_key) > 80:
        raise NotFound
    if len(str(data)) > MAX_DRAFT:
        return {"message": "草稿过大，未能保存"}, 413
    # of a record's form the draft holds the answers; of a task's the posted fields, with the comment
    answers = _task_draft(form_key, data) if area == "task" else fields.parse(schema_of(form_key), data)
    drafts.save_draft(db(), actor(), form_key, answers, runtime().engine.clock())
    return {"saved": True}


def _task_draft(form_key: str, data: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of the posted fields the comment, and those of the form that the task writes."""
    try:
        schema = schema_of(form_key)
    except NotFound:  # a task without a form, or not the actor's: only the comment is kept
        schema = {}
    return {name: value for name, value in data.items() if name == "comment" or access.writes(schema, name.partition(".")[0])}


def _instance(instance_id: int) -> InstanceRow:
    """The instance, about a record that the actor may read.

    Raises:
        NotFound: there is none, or its record is not theirs to read.
    """
    row = instance_by_id(db(), instance_id)
    if row is None or readable(KINDS.get(row.key), row.subject_id) is None:
        raise NotFound
    return row


def _sent(instance_id: int, name: str) -> str:
    """What a button has done. Where it only set something going, whose end may be another one than people hope for, nobody is told that
    it is done already."""
    row = instance_by_id(db(), instance_id)
    element = None if row is None else load(db(), row.definition_id).elements.get(row.position or "")
    if element is None or element.tag != "serviceTask":
        return f"已{name}。"
    return f"已提交“{name}”，{element.properties.get('blockedMessage', f'正在{element.label}，请稍候。')}"


def _returning_page(row: inbox.OpenedTask, to: str, comment: str, problems: list[tuple[str, str]]) -> str:
    choices = returning.choices(db(), row)
    awaited = [one.asked for one in opinions_on(db(), row.id)] if choices else []
    return render_template("records/return.html", row=row, choices=choices, awaited=awaited, to=to, comment=comment, problems=problems)


def _signing_page(task_id: str, outcome: str, problem: NotProved) -> str:
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
    told = steps.problems_of(problem) if FIELD in request.form else []  # who comes from the row's button has done nothing wrong
    return render_template("records/sign.html", row=row, outcome=outcome, back=posted_back("home.index"), problems=told)


def _done(name: str, problem: steps.Problem | None) -> ResponseReturnValue:
    steps.flash_result(problem, f"已{name}。")
    return redirect(posted_back("home.index"))
