"""How a page has documents printed: always in the background, because the fonts of a document would stay in each process of the web."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from domain.platform.background import begin
from jobs.printing.working import TASK
from webapp.context import actor, db, later_task, runtime


def begin_printing(title: str, params: dict[str, Any]) -> ResponseReturnValue:
    """Begins a printing (`jobs.printing.working.run` says what `params` hold) and leads to its page."""
    task = begin(db(), actor(), TASK, title, params, runtime().engine.clock())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))
