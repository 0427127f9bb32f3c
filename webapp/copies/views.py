"""抄送: sending a copy from a record's page, and opening a copy that the actor received."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.lists import KINDS
from processes.errors import NotFound
from processes.history import instance_by_id
from processes.notices import copies
from processes.notices.people import people_around
from processes.rows import InstanceRow
from webapp import steps
from webapp.context import actor, db, runtime
from webapp.posted_data import people_to_copy_to
from webapp.records.visibility import readable

blueprint = Blueprint("copies", __name__, url_prefix="/copies")


@blueprint.get("/<int:instance_id>/new")
def new(instance_id: int) -> ResponseReturnValue:
    """The page that asks whom to send a copy to, and with what note."""
    return _page(_instance(instance_id), [])


@blueprint.post("/<int:instance_id>/new")
def send(instance_id: int) -> ResponseReturnValue:
    """Sends the copies. Where that fails, the page says why and keeps what was chosen."""
    row = _instance(instance_id)
    problem = steps.attempt(
        lambda: copies.send(runtime().engine, db(), actor(), instance_id, people_to_copy_to(), request.form.get("copy_note", "")),
        lambda: None,
    )
    if problem is not None:
        return _page(row, steps.problems_of(problem)), steps.code_of(problem)
    flash("已抄送。", "success")
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


@blueprint.post("/<int:copy_id>/open")
def open_one(copy_id: int) -> ResponseReturnValue:
    """Marks a copy as read and goes to its record."""
    row = copies.read_one(db(), actor(), copy_id, runtime().engine.clock())
    return redirect(url_for(f"{row.key}.show", record_id=row.subject_id))


def _instance(instance_id: int) -> InstanceRow:
    """The instance, about a record that the actor may read.

    Raises:
        NotFound: there is none, or its record is not theirs to read.
    """
    row = instance_by_id(db(), instance_id)
    if row is None or readable(KINDS.get(row.key), row.subject_id) is None:
        raise NotFound
    return row


def _page(row: InstanceRow, problems: Sequence[tuple[str, str]]) -> str:
    near = people_around(runtime().engine, db(), actor(), row)
    return render_template("copies/new.html", row=row, problems=problems, people=near, ticked=people_to_copy_to())
