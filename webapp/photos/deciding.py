"""What a school decides about the photos of an import: which crops are taken, which photos replace earlier ones, whose some are."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.platform.photo_imports import PhotoState
from jobs.photos.mending import leave, take_at_once, take_later
from processes.errors import NotFound
from webapp.context import actor, db, later, later_task, runtime
from webapp.photos.views import blueprint, record_of

_TAKEN = {
    PhotoState.MENDABLE: "已裁剪并采用。",
    PhotoState.ASKING: "已替换原照片。",
    PhotoState.MISNAMED: "已作为这位考生的照片。",
}
_LEFT = {PhotoState.ASKING: "已保留 {} 位考生的原照片。", PhotoState.MISNAMED: "{} 张照片没有采用。"}
_SOME = {"asking": PhotoState.ASKING, "misnamed": PhotoState.MISNAMED}
"""What an address calls the states in which somebody may also say no."""


@blueprint.post("/photos/<int:import_id>/crop")
def crop(import_id: int) -> ResponseReturnValue:
    """裁剪并采用 of the photo `number`, or 全部裁剪并采用: the crops that were offered are given to the candidates."""
    return _take(import_id, PhotoState.MENDABLE)


@blueprint.post("/photos/<int:import_id>/<state>/take")
def take(import_id: int, state: str) -> ResponseReturnValue:
    """替换, or 采用, of the photo `number`, or of all that wait for this decision."""
    return _take(import_id, _state(state))


@blueprint.post("/photos/<int:import_id>/<state>/leave")
def leave_out(import_id: int, state: str) -> ResponseReturnValue:
    """保留原照片, or 不采用, of the photo `number`, or of all that wait for this decision."""
    which = _state(state)
    count = leave(db(), record_of(import_id), which, _number() if "number" in request.form else None)
    flash(_LEFT[which].format(count), "success")
    return redirect(url_for(".show", import_id=import_id, tab=state))


def _take(import_id: int, state: PhotoState) -> ResponseReturnValue:
    record = record_of(import_id)
    if "number" not in request.form:
        later_task(take_later(db(), actor(), record, state, runtime().engine.clock()))
        return redirect(url_for(".show", import_id=import_id))
    jobs, item = take_at_once(runtime().engine, db(), actor(), record, state, _number())
    later(jobs)
    if item.state == PhotoState.ASKING:
        flash("这位考生已有另一张照片，请比较后确认是否替换。", "warning")
        return redirect(url_for(".show", import_id=import_id, tab="asking"))
    flash(item.problem or _TAKEN[state], "danger" if item.problem else "success")
    return redirect(url_for(".show", import_id=import_id, tab=state.value))


def _state(name: str) -> PhotoState:
    if name not in _SOME:
        raise NotFound
    return _SOME[name]


def _number() -> int:
    return request.form.get("number", type=int) or 0
