"""How a page has documents printed: always in the background, because the fonts of a document would stay in each process of the web."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from domain.platform.background import begin
from domain.platform.document_templates import number_in_use
from jobs.documents.bundles import KINDS
from jobs.printing.working import TASK
from webapp.context import actor, db, later_task, runtime


def begin_printing(title: str, params: dict[str, Any]) -> ResponseReturnValue:
    """Begins a printing (`jobs.printing.working.run` says what `params` hold) and leads to its page.

    It is printed by the version of its template that is in use now, whatever is chosen before it has ended.
    """
    if template := KINDS[params["document"]].template:
        params = {**params, "template": number_in_use(db(), template)}
    task = begin(db(), actor(), TASK, title, params, runtime().engine.clock())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))
