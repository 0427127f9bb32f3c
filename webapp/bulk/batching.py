"""How a page starts a batch: a few items at once, many in the background. Both lead to the page of the background task."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from jobs.lists import batches
from webapp.context import actor, db, later, later_task, runtime


def start(act: batches.Act, chosen: batches.Chosen, title: str, back: str) -> ResponseReturnValue:
    """Begins the batch and leads to its page; to the address `back` where no row was chosen."""
    if not batches.count(db(), actor(), chosen):
        flash("没有选中任何记录，请勾选后再试。", "warning")
        return redirect(back)
    task, jobs = batches.start(runtime().engine, db(), actor(), act, chosen, title, back)
    later(jobs)
    if not task.over:
        later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))
