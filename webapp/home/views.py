"""工作台."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template
from sqlalchemy import func, select

from processes.inbox import open_tasks, started
from webapp.context import actor, db, runtime

blueprint = Blueprint("home", __name__)
SHOWN = 10
SOON = timedelta(days=2)


@blueprint.get("/")
def index() -> str:
    """What waits for me, what is due soon, what I started."""
    tasks, mine = open_tasks(actor(), runtime().engine.clock()), started(actor())
    inner = tasks.order_by(None).subquery()
    soon = runtime().engine.clock() + SOON
    waiting, due = db().execute(select(func.count(), func.count().filter(inner.c.due_at < soon)).select_from(inner)).one()
    running = db().scalar(select(func.count()).select_from(mine.order_by(None).subquery())) or 0
    return render_template(
        "home.html",
        waiting=waiting,
        due=due,
        running=running,
        tasks=db().execute(tasks.limit(SHOWN)).all(),
        mine=db().execute(mine.limit(SHOWN)).all(),
    )
