"""The check of one field as it is left: the form's own check, asked by the page's script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

from forms import read_forms
from forms.checking import check_field
from processes import inbox
from processes.definitions import latest, load
from processes.errors import NotFound
from processes.history import instance_of
from webapp.context import actor, db, reads_only
from webapp.kinds import KINDS

blueprint = Blueprint("fields", __name__, url_prefix="/fields")
MAX_TEXT = 20_000  # characters; more is checked when it is sent


@blueprint.post("/check")
@reads_only
def check() -> Any:
    """`{"problem": message or null}` for the posted `path` and `value` of the form at `place` (as drafts name it)."""
    schema = _schema(request.args.get("place", ""))
    return {"problem": check_field(schema, request.form.get("path", "")[:200], request.form.get("value", "")[:MAX_TEXT])}


def _schema(place: str) -> Mapping[str, Any]:
    """The form at `task/<id>`, `<key>/<record id>`, `<key>/new/…`, or (of a record without a process) `form/<file name>`."""
    area, _, rest = place.partition("/")
    if area == "task":
        return _of_task(rest)
    if area in KINDS:
        return _of_record(area, int(rest)) if rest.isdecimal() and len(rest) < 10 else latest(db(), area).record_schema
    found = read_forms().get(rest) if area == "form" else None
    if found is None:
        raise NotFound
    return found


def _of_task(task_id: str) -> Mapping[str, Any]:
    row = inbox.task_of(db(), actor(), task_id)
    definition = load(db(), row.definition_id)
    form = definition.elements[row.element].form
    if not form:
        raise NotFound
    return definition.forms[form]


def _of_record(key: str, record_id: int) -> Mapping[str, Any]:
    instance = instance_of(db(), key, record_id) if KINDS[key].find(db(), actor(), record_id) is not None else None
    if instance is None:
        raise NotFound
    return load(db(), instance.definition_id).record_schema
