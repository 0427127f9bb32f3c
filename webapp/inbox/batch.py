"""批量办理: the ticked tasks of one review step, as a batch."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from jobs.lists import batches
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element
from processes.states import TaskKind
from processes.tasks import inbox
from webapp.bulk.batching import start
from webapp.context import actor, db, reads_only, runtime

MAX_BATCH = 100


@reads_only
def batch() -> Any:
    """The ticked tasks of the inbox."""
    return _page(_mine().where(tables.task.c.id.in_(request.form.getlist("ids")[:MAX_BATCH])))


def finish_batch() -> Any:
    """The same outcome for each, in a batch; each fails alone."""
    ids = tuple(request.form.getlist("ids")[:MAX_BATCH])
    row = db().execute(_mine().where(tables.task.c.id.in_(ids))).first()
    if row is None:
        flash("所选事项都已办理，请刷新后再试。", "warning")
        return redirect(url_for("inbox.index"))
    outcome, comment = request.form.get("outcome", ""), request.form.get("comment", "").strip()
    act = batches.Act(row.key, outcome, row.element, comment or None)
    return start(act, batches.Chosen(tasks=ids), f"批量办理（{outcome}）：{row.name}", url_for("inbox.index"))


def _mine() -> Any:
    return inbox.open_tasks(actor(), runtime().engine.clock())


def _page(query: Any) -> Any:
    rows = db().execute(query).all()
    if not rows:
        flash("所选记录中没有等待您办理的事项。", "warning")
        return redirect(url_for("inbox.index"))
    kinds = {(row.definition_id, row.element, row.kind) for row in rows}
    first: tuple[Definition, Element] = (definition := load(db(), rows[0].definition_id), definition.elements[rows[0].element])
    if len(kinds) > 1 or rows[0].kind != TaskKind.STEP or first[0].record_form(first[1]):
        flash("批量办理只能选择同一环节的审核事项，请重新勾选。", "warning")
        return redirect(url_for("inbox.index"))
    return render_template("inbox/batch.html", rows=rows, element=first[1])
