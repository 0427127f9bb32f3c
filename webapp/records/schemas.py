"""The form of a record as the actor fills it in: at the record's present step, or to begin one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.kinds import RecordKind
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.errors import NotFound
from processes.history import instance_of
from processes.rights import access
from webapp.context import actor, db
from webapp.records.visibility import at_hand


def new_schema(definition: Definition) -> Mapping[str, Any]:
    """The record's form as whoever begins one fills it in."""
    return access.at_start(definition)


def record_schema(kind: RecordKind[Any], record_id: int) -> Mapping[str, Any]:
    """The record's form as the actor fills it in at its present step.

    Raises:
        NotFound: there is no such record, or the actor neither lists it nor may do anything to it.
    """
    record = at_hand(kind, record_id)
    instance = instance_of(db(), kind.key, record_id) if record is not None else None
    if record is None or instance is None:
        raise NotFound
    definition = load(db(), instance.definition_id)
    element = definition.elements.get(instance.position or "", definition.start)
    schema = definition.forms.get(element.properties.get("editForm", ""), definition.record_schema)
    if record.party_for(element.edit_lane) != actor().party_id:  # another party's step: the form without what the page hides
        schema = access.without(schema, access.hidden_from(definition, record, actor()))
    return access.form_at(schema, element, element.edit_lane)
