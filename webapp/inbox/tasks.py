"""One task: its page, completing it, and handing it over (转办, 委派, 加签)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from forms import fields
from processes.definitions.store import load
from processes.errors import Refused
from processes.notices import copies
from processes.rights import access
from processes.tasks import assigning, drafts, inbox, opinions
from webapp import steps
from webapp.account.proving import posted_proof
from webapp.context import actor, db, later, runtime
from webapp.inbox.task_page import task_page
from webapp.posted_data import people_to_copy_to, posted_answers


def task(task_id: str) -> ResponseReturnValue:
    """The page of a task, with the actor's draft of its form."""
    answers, comment = _draft(task_id)
    return task_page(task_id, answers, comment)


def finish(task_id: str) -> ResponseReturnValue:
    """Completes the task. Where that fails, the page says why and keeps everything typed."""
    unproved = posted_proof()
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock(), f"task/{task_id}")
    definition = load(db(), row.definition_id)
    element = inbox.element_of(definition, row)
    answers = posted_answers(access.form_at(definition.forms[element.form], element)) if element.form else {}
    comment = request.form.get("comment", "")
    record_answers = None if definition.record_form(element) else answers
    outcome = request.form.get("outcome", "")
    problem = unproved or steps.complete(actor(), task_id, outcome, record_answers, comment, _copies(row))
    if problem is not None:
        return task_page(task_id, answers, comment, problem)
    if row.drafted:
        drafts.drop_draft(db(), actor(), f"task/{task_id}")
    flash(f"已办理：{row.title} · {outcome}", "success")
    return redirect(url_for("inbox.index"))


def transfer(task_id: str) -> ResponseReturnValue:
    """转办 to a person (`to` is their id) or to a role (`to` is `role:…`)."""
    to, reason = request.form.get("to", ""), request.form.get("reason", "")
    if to.startswith("role:"):
        return _act(task_id, "已转办。", assigning.transfer_to_role, to.removeprefix("role:"), reason)
    return _act(task_id, "已转办。", assigning.transfer, _person(to), reason)


def ask(task_id: str) -> ResponseReturnValue:
    """委派 or 加签: asks a person for an opinion."""
    kind = request.form.get("kind", "")
    label = opinions.LABELS.get(kind, "")
    return _act(task_id, f"已{label}。", opinions.ask, kind, _person(request.form.get("person", "")), request.form.get("note", ""))


def give(task_id: str) -> ResponseReturnValue:
    """Gives the opinion that the actor was asked for."""
    return _act(task_id, "已提交，谢谢。", opinions.give, request.form.get("comment", ""))


def recall(task_id: str) -> ResponseReturnValue:
    """收回: takes back a request for an opinion, and leads to the task it was made from."""
    later(opinions.recall(runtime().engine, db(), actor(), task_id))
    flash("已收回。", "success")
    return redirect(request.form["back"] if request.form.get("back", "").startswith("/inbox/tasks/") else url_for("inbox.index"))


def _act(task_id: str, done: str, act: Callable[..., list[str]], *details: object) -> ResponseReturnValue:
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock(), f"task/{task_id}")
    error = steps.attempt(lambda: act(runtime().engine, db(), actor(), task_id, *details), lambda: row.instance_id)
    if error is not None:
        answers, comment = _draft(task_id)
        return task_page(task_id, answers, request.form.get("comment", comment), error, request.form)
    if row.drafted and act is opinions.give:
        drafts.drop_draft(db(), actor(), f"task/{task_id}")
    flash(done, "success")
    return redirect(url_for("inbox.task", task_id=task_id) if act is opinions.ask else url_for("inbox.index"))


def _copies(row: inbox.OpenedTask) -> Callable[[], list[str]] | None:
    """What sends copies to the people ticked beside the outcome; None where nobody is ticked."""
    people, note = people_to_copy_to(), request.form.get("copy_note", "")
    return (lambda: copies.send(runtime().engine, db(), actor(), row.instance_id, people, note)) if people else None


def _draft(task_id: str) -> tuple[dict[str, Any], str]:
    """(answers, comment) as the actor left them; empty for a task that the actor may not see."""
    draft = drafts.draft_of(db(), actor(), f"task/{task_id}")
    if draft is None:
        return {}, ""
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
    definition = load(db(), row.definition_id)
    element = inbox.element_of(definition, row)
    schema = access.form_at(definition.forms[element.form], element) if element.form else {}
    return fields.parse(schema, draft.data), (draft.data.get("comment") or [""])[-1]


def _person(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Refused("请选择人员")
    return int(text)
