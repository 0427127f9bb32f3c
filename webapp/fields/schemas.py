"""Which form a place is about; a place is what drafts are kept under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms import read_forms
from processes import inbox
from processes.definitions import latest, load
from processes.errors import NotFound
from processes.history import instance_of
from webapp.context import actor, db
from webapp.kinds import KINDS


def schema_at(place: str) -> Mapping[str, Any]:
    """The form at `task/<id>`, `<key>/<record id>`, `<key>/new/…`, or (of a record without a process) `form/<file name>`.

    Raises:
        NotFound: no such form, or not this actor's.
    """
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
    form = inbox.element_of(definition, row).form
    if not form:
        raise NotFound
    return definition.forms[form]


def _of_record(key: str, record_id: int) -> Mapping[str, Any]:
    instance = instance_of(db(), key, record_id) if KINDS[key].find(db(), actor(), record_id) is not None else None
    if instance is None:
        raise NotFound
    return load(db(), instance.definition_id).record_schema
