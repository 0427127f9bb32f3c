"""The form that a form key names, as the actor fills it in. Drafts are kept under form keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms import read_forms
from forms.lists import KINDS
from processes.definitions.store import latest, load
from processes.errors import NotFound
from processes.rights import access
from processes.tasks import inbox
from webapp.context import actor, db, runtime
from webapp.records.schemas import new_schema, record_schema


def schema_of(form_key: str) -> Mapping[str, Any]:
    """The form that a key names: `task/<id>`, `<key>/<record id>`, `<key>/new/…`, or `form/<file name>` (of a record without a process).

    What the step does not see is left out, and what it only reads is `readOnly` (`processes.rights.access`).

    Raises:
        NotFound: no such form, or not this actor's.
    """
    area, _, rest = form_key.partition("/")
    if area == "task":
        return _of_task(rest)
    if area in KINDS:
        return record_schema(KINDS[area], int(rest)) if rest.isdecimal() and len(rest) < 10 else new_schema(latest(db(), area))
    found = read_forms().get(rest) if area == "form" else None
    if found is None:
        raise NotFound
    return found


def _of_task(task_id: str) -> Mapping[str, Any]:
    row = inbox.task_of(db(), actor(), task_id, runtime().engine.clock())
    definition = load(db(), row.definition_id)
    element = inbox.element_of(definition, row)
    if not element.form:
        raise NotFound
    return access.form_at(definition.forms[element.form], element)
