"""批量办理: one outcome for the ticked tasks of one review step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select

from domain.ground.rows import read_all, read_first
from jobs.lists import batches
from processes import tables
from processes.definitions.store import load
from processes.states import TaskKind
from processes.tasks import inbox
from webapp import steps
from webapp.account.proving import proof_for
from webapp.bulk.batching import start
from webapp.context import actor, db, reads_only, runtime

MAX_BATCH = 100


@reads_only
def batch() -> ResponseReturnValue:
    """The page that shows the ticked tasks and asks for the outcome."""
    return _page(request.form.getlist("ids")[:MAX_BATCH], None)


def finish_batch() -> ResponseReturnValue:
    """Completes each of the ticked tasks with the same outcome, as a batch. One that fails does not hold up the others."""
    ids = tuple(request.form.getlist("ids")[:MAX_BATCH])
    row = read_first(db(), _mine().where(tables.task.c.id.in_(ids)), inbox.InboxRow)
    if row is None:
        flash("所选事项都已办理，请刷新后再试。", "warning")
        return redirect(url_for("inbox.index"))
    outcome, comment = request.form.get("outcome", ""), request.form.get("comment", "").strip()
    element = inbox.element_of(load(db(), row.definition_id), row)
    unproved = proof_for(next((one for one in element.outcomes if one.name == outcome), None))
    if unproved is not None:
        return _page(ids, unproved)
    act = batches.Act(row.key, outcome, row.element, comment or None)
    return start(act, batches.Chosen(tasks=ids), f"批量办理（{outcome}）：{row.name}", url_for("inbox.index"))


def _mine() -> Select[Any]:
    return inbox.open_tasks(actor(), runtime().engine.clock())


def _page(ids: Sequence[str], problem: steps.Problem | None) -> ResponseReturnValue:
    rows = read_all(db(), _mine().where(tables.task.c.id.in_(ids)), inbox.InboxRow)
    if not rows:
        flash("所选记录中没有等待您办理的事项。", "warning")
        return redirect(url_for("inbox.index"))
    kinds = {(row.definition_id, row.element, row.kind) for row in rows}
    definition = load(db(), rows[0].definition_id)
    element = definition.elements[rows[0].element]
    if len(kinds) > 1 or rows[0].kind != TaskKind.STEP or definition.record_form(element):
        flash("批量办理只能选择同一环节的审核事项，请重新勾选。", "warning")
        return redirect(url_for("inbox.index"))
    comment, problems = request.form.get("comment", ""), steps.problems_of(problem) if problem else []
    page = render_template("inbox/batch.html", rows=rows, element=element, comment=comment, problems=problems)
    return page, steps.code_of(problem) if problem else 200
