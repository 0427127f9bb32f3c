"""消息 (notices): what a person should hear of. BPMN messages are another thing, between processes."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from domain.ground.parties import Person
from domain.ground.tones import Tone
from processes.notices import copies, notices, preferences
from processes.states import NoticeKind, TextState
from processes.steps import telling
from webapp.context import actor, db, runtime

blueprint = Blueprint("notices", __name__, url_prefix="/messages")  # the address that people have bookmarked
SIZE = 50
STATES: Mapping[str, tuple[str, Tone]] = {
    TextState.PENDING: ("发送中", Tone.WAITING),
    TextState.RUNNING: ("发送中", Tone.WAITING),
    TextState.DONE: ("已发送", Tone.DONE),
    TextState.FAILED: ("发送失败", Tone.FAILED),
}


@blueprint.get("/")
def index() -> str:
    """The actor's notices, newest first; a page of them."""
    asked = request.args.get("page", "1")
    number = max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1
    rows = db().execute(notices.notices_of(actor()).limit(SIZE + 1).offset((number - 1) * SIZE)).all()
    return render_template("notices/index.html", rows=rows[:SIZE], more=len(rows) > SIZE, number=number, kinds=telling.KINDS)


@blueprint.post("/<int:notice_id>/open")
def open_one(notice_id: int) -> ResponseReturnValue:
    """Marks a notice as read and leads to the task or the record that it is about."""
    row = notices.read_one(db(), actor(), notice_id, runtime().engine.clock())
    if row.kind == NoticeKind.COPY:
        copies.seen(db(), actor(), row.instance_id, runtime().engine.clock())
    if row.task_id:
        return redirect(url_for("inbox.task", task_id=row.task_id))
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


@blueprint.post("/read")
def read_all() -> ResponseReturnValue:
    """全部标为已读."""
    notices.read_all(db(), actor(), runtime().engine.clock())
    flash("已全部标为已读。", "success")
    return redirect(url_for("notices.index"))


@blueprint.get("/settings")
def settings() -> str:
    """消息设置: which notices the actor gets in the page and by SMS, and the SMS that went to them."""
    choices, texts = preferences.choices_of(db(), actor()), preferences.texts_of(db(), actor())
    mobile = db().scalar(select(Person.mobile).where(Person.id == actor().person_id)) or ""
    return render_template(
        "notices/settings.html", choices=choices, kinds=telling.KINDS, texts=texts, states=STATES, mobile=mobile[:3] + "****" + mobile[-4:]
    )


@blueprint.post("/settings")
def set_settings() -> ResponseReturnValue:
    """Stores which notices the actor chose."""
    shown, sms = request.form.getlist("shown"), request.form.getlist("sms")
    preferences.choose(db(), actor(), shown, sms, runtime().engine.clock())
    flash("消息设置已保存。", "success")
    return redirect(url_for("notices.settings"))


@blueprint.post("/texts/<text_id>/again")
def send_again(text_id: str) -> ResponseReturnValue:
    """重新发送 of an SMS that failed."""
    preferences.send_again(db(), actor(), text_id, runtime().engine.clock())
    flash("已重新发送，稍后刷新本页查看结果。", "success")
    return redirect(url_for("notices.settings"))
