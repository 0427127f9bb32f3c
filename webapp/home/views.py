"""工作台: what waits for me, what is due soon or missing, what I have not finished, where the records stand that I follow."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from sqlalchemy import Select, and_, func, select

from domain.ground.parties import Actor
from domain.institutions.teachers import ROLE, teachers_query
from domain.platform.background import LIVE, BackgroundTask, tasks_query
from forms import fields
from processes import tables
from processes.definitions.store import latest, lifecycles
from processes.errors import NotFound
from processes.rights import access
from processes.tasks.inbox import open_tasks, started
from webapp.context import actor, db, runtime
from webapp.home.first_week import first_week
from webapp.home.reminders import reminders
from webapp.home.standing import standings
from webapp.inbox.listing import PRESSING

blueprint = Blueprint("home", __name__)
SHOWN = 8
LISTED = 200


@blueprint.get("/")
def index() -> str:
    """The figures and pictures, each leading to its list, and the first lines of what waits; a teacher's own data."""
    if actor().roles == {ROLE}:
        return _teacher_home()
    who, now = actor(), runtime().engine.clock()
    waiting = db().execute(_oldest_first(open_tasks(who, now)).limit(SHOWN)).all()
    return render_template(
        "home/index.html",
        counts=_counts(who, now),
        waiting=waiting,
        steps=first_week(db(), who),
        reminders=reminders(db(), who, now),
        standings=standings(db(), who),
        now=now,
        soon=now + PRESSING,
    )


@blueprint.get("/incomplete")
def incomplete() -> str:
    """未完成: the actor's own processes that wait for the actor."""
    who, now = actor(), runtime().engine.clock()
    tasks = db().execute(_own(open_tasks(who, now), who).limit(LISTED)).all()
    return render_template("home/incomplete.html", tasks=tasks, now=now, soon=now + PRESSING, limit=LISTED)


def _counts(who: Actor, now: datetime) -> dict[str, int]:
    """waiting, due, incomplete, running, background: three queries – tasks, the actor's own processes, background tasks."""
    tasks = open_tasks(who, now).add_columns(tables.instance.c.started_by, tables.instance.c.key).order_by(None).subquery().c
    begun = and_(tasks.started_by == who.person_id, tasks.key.not_in(lifecycles(db())))
    waiting, due, own = (
        db()
        .execute(
            select(
                func.count(tasks.id),
                func.count().filter(tasks.due_at <= now + PRESSING),
                func.count().filter(begun),
            )
        )
        .one()
    )
    mine = started(db(), who).where(tables.instance.c.ended_at.is_(None)).order_by(None).subquery()
    running = db().scalar(select(func.count()).select_from(mine)) or 0
    at_work = tasks_query(who).where(BackgroundTask.state.in_(LIVE)).order_by(None).subquery()  # as the list that the number opens
    background = db().scalar(select(func.count()).select_from(at_work)) or 0
    return {"waiting": waiting, "due": due, "incomplete": own, "running": running, "background": background}


def _own(query: Select[Any], who: Actor) -> Select[Any]:
    """What somebody began as a matter: without the lives of records that are entered by the thousand, as 我发起的."""
    begun = (tables.instance.c.started_by == who.person_id, tables.instance.c.key.not_in(lifecycles(db())))
    return _oldest_first(query.where(*begun))


def _oldest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(None).order_by(tables.task.c.created_at)


def _teacher_home() -> str:
    teacher = db().scalars(teachers_query(actor())).first()
    if teacher is None:
        raise NotFound
    definition = latest(db(), "teacher")
    hidden = access.hidden_from(definition, teacher, actor())
    tabs = fields.describe(access.without(definition.record_schema, hidden | {"trained"}), teacher.answers())
    written = teacher.trained if teacher.trained and "trained" not in hidden else ""
    trained = [part.strip() for part in re.split("[、，,；;\n]", written) if part.strip()]
    return render_template("teachers/home.html", teacher=teacher, tabs=tabs, trained=trained)
