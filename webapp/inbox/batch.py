"""批量办理: the ticked tasks of one review step, each completed in a transaction of its own."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from processes import inbox, tables
from processes.definitions import Definition, Element, load
from webapp import acting
from webapp.context import actor, db, reads_only, runtime

MAX_BATCH = 100


@reads_only
def batch_of_records(key: str) -> Any:
    """The ticked rows of a list, as a batch of their open tasks."""
    ids = [int(text) for text in request.form.getlist("ids") if text.isdecimal() and len(text) < 10][:MAX_BATCH]
    columns = tables.instance.c
    return _page(_mine().where(columns.key == key, columns.subject_id.in_(ids)))


@reads_only
def batch() -> Any:
    """The ticked tasks of the inbox."""
    return _page(_mine().where(tables.task.c.id.in_(request.form.getlist("ids")[:MAX_BATCH])))


def finish_batch() -> Any:
    """Completes each in a transaction of its own; each fails alone."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    who, outcome, comment = actor(), request.form.get("outcome", ""), request.form.get("comment", "")
    rows = {row.id: row for row in db().execute(_mine().where(tables.task.c.id.in_(ids)))}
    results = []
    for task_id in ids:
        row = rows.get(task_id)
        reason = "此事项已被办理或不存在" if row is None else acting.complete_alone(who, task_id, outcome, comment)
        results.append((row.title if row is not None else "—", reason))
    return render_template("inbox/results.html", results=results, outcome=outcome)


def _mine() -> Any:
    return inbox.open_tasks(actor(), runtime().engine.clock())


def _page(query: Any) -> Any:
    rows = db().execute(query).all()
    if not rows:
        flash("所选记录中没有等待您办理的事项。", "warning")
        return redirect(url_for("inbox.index"))
    kinds = {(row.definition_id, row.element, row.kind) for row in rows}
    first: tuple[Definition, Element] = (definition := load(db(), rows[0].definition_id), definition.elements[rows[0].element])
    if len(kinds) > 1 or rows[0].kind != "step" or first[0].record_form(first[1]):
        flash("批量办理只能选择同一环节的审核事项，请重新勾选。", "warning")
        return redirect(url_for("inbox.index"))
    return render_template("inbox/batch.html", rows=rows, element=first[1])
