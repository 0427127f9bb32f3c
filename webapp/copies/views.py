"""抄送: sending a copy from a record's page, and opening what was copied to me."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.lists import KINDS
from processes.errors import NotFound
from processes.history import instance_by_id
from processes.notices import around, copies
from webapp import acting
from webapp.context import actor, db, runtime
from webapp.copies.chosen import chosen
from webapp.records.reading import readable

blueprint = Blueprint("copies", __name__, url_prefix="/copies")


@blueprint.get("/<int:instance_id>/new")
def new(instance_id: int) -> Any:
    """To whom, and what is said with it."""
    return _page(_instance(instance_id), [])


@blueprint.post("/<int:instance_id>/new")
def send(instance_id: int) -> Any:
    """Sends it; where that fails, the page comes back with the reason and what was chosen."""
    row = _instance(instance_id)
    problem = acting.attempt(
        lambda: copies.send(runtime().engine, db(), actor(), instance_id, chosen(), request.form.get("copy_note", "")), lambda: None
    )
    if problem is not None:
        return _page(row, acting.problems_of(problem)), acting.code_of(problem)
    flash("已抄送。", "success")
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


@blueprint.post("/<int:copy_id>/open")
def open_one(copy_id: int) -> Any:
    """Marks a copy as read and goes to its record."""
    row = copies.read_one(db(), actor(), copy_id, runtime().engine.clock())
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


def _instance(instance_id: int) -> Any:
    """The instance, about a record that the actor may read."""
    row = instance_by_id(db(), instance_id)
    if row is None or readable(KINDS.get(row.key), row.subject_id) is None:
        raise NotFound
    return row


def _page(row: Any, problems: Sequence[tuple[str, str]]) -> str:
    near = around.around(runtime().engine, db(), actor(), row)
    return render_template("copies/new.html", row=row, problems=problems, people=near, ticked=chosen())
