"""Starts a batch from a page: what is few is done at once, the rest in the background; both end on the task's page."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for

from jobs.lists import batches
from webapp.context import actor, db, later, later_task, runtime


def start(act: batches.Act, chosen: batches.Chosen, title: str, back: str) -> Any:
    """Begins the batch and leads to its page; back to `back` where nothing was chosen."""
    if not batches.count(db(), actor(), chosen):
        flash("没有选中任何记录，请勾选后再试。", "warning")
        return redirect(back)
    task, jobs = batches.start(runtime().engine, db(), actor(), act, chosen, title, back)
    later(jobs)
    if not task.over:
        later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))
