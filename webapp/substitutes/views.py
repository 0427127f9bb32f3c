"""离岗代理: who stands in for me, and for whom I stand in."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.ground.base import SHANGHAI
from domain.ground.parties import actors_in
from processes.deployment.versions import names
from processes.errors import ProcessError, Refused
from processes.rights import substitutes
from webapp.context import actor, db, runtime

blueprint = Blueprint("substitutes", __name__, url_prefix="/substitutes")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The substitutions that concern me, and the form for a new one."""
    return _page()


@blueprint.post("/")
def appoint() -> ResponseReturnValue:
    """Names who stands in for me from the beginning of one day to the end of another."""
    form = request.form
    try:
        first, last = _day(form.get("first", "")), _day(form.get("last", ""))
        notes = substitutes.appoint(
            db(),
            actor(),
            int(form["person"]) if form.get("person", "").isdecimal() and len(form["person"]) < 10 else 0,
            datetime.combine(first, time(), SHANGHAI),
            datetime.combine(last + timedelta(days=1), time(), SHANGHAI),
            [key for key in names(db()) if key in form.getlist("keys")],
            form.get("existing") == "1",
            runtime().engine.clock(),
        )
    except ProcessError as error:
        db().rollback()
        return _page(error), 409
    flash("已设置离岗代理，到期自动结束。", "success")
    for note in notes:
        flash(note, "warning")
    return redirect(url_for("substitutes.index"))


@blueprint.post("/<int:substitution_id>/end")
def end(substitution_id: int) -> ResponseReturnValue:
    """Ends one of my own before its time."""
    substitutes.end(db(), actor(), substitution_id, runtime().engine.clock())
    flash("代理已结束。", "success")
    return redirect(url_for("substitutes.index"))


def _page(error: ProcessError | None = None) -> str:
    now = runtime().engine.clock()
    return render_template(
        "substitutes/index.html",
        rows=db().execute(substitutes.substitutions_of(actor()).limit(100)).all(),
        people=[one for one in actors_in(db(), actor().party_id) if one.person_id != actor().person_id],
        processes=names(db()),
        error=error,
        typed=request.form,
        last_day=lambda row: (row.ends_at - timedelta(seconds=1)).astimezone(SHANGHAI).date(),
        first_day=lambda row: row.starts_at.astimezone(SHANGHAI).date(),
        now=now,
        today=now.astimezone(SHANGHAI).date(),
    )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused("请填写开始日期和结束日期") from None
    if not 2000 <= day.year <= 2100:
        raise Refused("请填写 2000–2100 年之间的日期")
    return day
