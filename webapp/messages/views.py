"""消息: what I should hear of."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from processes import copies, notices
from webapp.context import actor, db, runtime

blueprint = Blueprint("messages", __name__, url_prefix="/messages")
SIZE = 50


@blueprint.get("/")
def index() -> str:
    """My messages, newest first; a page of them."""
    asked = request.args.get("page", "1")
    number = max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1
    rows = db().execute(notices.notices_of(actor()).limit(SIZE + 1).offset((number - 1) * SIZE)).all()
    return render_template("messages/index.html", rows=rows[:SIZE], more=len(rows) > SIZE, number=number, kinds=notices.KINDS)


@blueprint.post("/<int:notice_id>/open")
def open_one(notice_id: int) -> Any:
    """Marks one as read and goes where it leads."""
    row = notices.read_one(db(), actor(), notice_id, runtime().engine.clock())
    if row.kind == "copy":
        copies.seen(db(), actor(), row.instance_id, runtime().engine.clock())
    if row.task_id:
        return redirect(url_for("inbox.task", task_id=row.task_id))
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


@blueprint.post("/read")
def read_all() -> Any:
    """全部标为已读."""
    notices.read_all(db(), actor(), runtime().engine.clock())
    flash("已全部标为已读。", "success")
    return redirect(url_for("messages.index"))
