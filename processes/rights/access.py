"""Which fields of a form a step writes, only reads, or does not see: the form's hint `x-access`.

`"x-access": {"review": "read", "省级复审": "hidden"}` on a field names steps by the id of the task, or by the role whose steps they
are; the id counts before the role, and a step that the hint does not name writes the field. What a step may not write stays as it was,
whatever is posted. Outside a task people see no field that is hidden from any step of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.ground.parties import Actor
from domain.ground.subjects import Subject
from processes.definitions.definition import Definition
from processes.diagrams.elements import Element

HINT = "x-access"
MODES = ("write", "read", "hidden")


def form_at(schema: Mapping[str, Any], element: Element, role: str | None = None) -> Mapping[str, Any]:
    """The form as a step sees it: without the fields that are hidden there; fields that it only reads are `readOnly` and not required.

    `role` is the role whose step it is, where that is not the element's own.
    """
    modes = {name: mode_at(field, element, role) for name, field in fields_of(schema).items() if HINT in field}
    if all(mode == "write" for mode in modes.values()):
        return schema
    written = {name for name in fields_of(schema) if modes.get(name, "write") == "write"}
    seen = {name: field for name, field in fields_of(schema).items() if modes.get(name) != "hidden"}
    properties = {name: field if name in written else {**field, "readOnly": True} for name, field in seen.items()}
    return {**schema, "properties": properties, "required": [name for name in schema.get("required", ()) if name in written]}


def mode_at(field: Mapping[str, Any], element: Element, role: str | None = None) -> str:
    """What a step may do with a field, one of `MODES`. `role`: see `form_at`."""
    return _mode(field.get(HINT, {}), (element.local, role or element.role))


def at_start(definition: Definition) -> Mapping[str, Any]:
    """The record's form as whoever begins one fills it in, by hand or in the rows of an import."""
    return form_at(definition.record_schema, definition.first_task or definition.start, definition.start.lane)


def writes(as_seen: Mapping[str, Any], name: str) -> bool:
    """Whether a step may write a field; `as_seen` is the form as `form_at` gives it."""
    return name in fields_of(as_seen) and not fields_of(as_seen)[name].get("readOnly")


def writable(schema: Mapping[str, Any], as_seen: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that the step may write. Names that the form does not know stay among them: its check refuses them."""
    return {name: value for name, value in answers.items() if name not in fields_of(schema) or writes(as_seen, name)}


def unwritable(schema: Mapping[str, Any], as_seen: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The record's answers that the step may not write, and that therefore stay as they were."""
    return {name: before[name] for name in fields_of(schema) if name in before and not writes(as_seen, name)}


def on_page(as_seen: Mapping[str, Any], before: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that the step's page shows: those typed or kept as a draft, and for fields that it only reads those of the record."""
    return {**answers, **{name: before.get(name) for name, field in fields_of(as_seen).items() if field.get("readOnly")}}


def hidden_from(definition: Definition, subject: Subject | None, actor: Actor) -> set[str]:
    """The fields of the diagram's forms that somebody does not see outside a task.

    An actor without a role of the diagram is treated as holding all roles that their party has in it; where no record is given, all roles.
    """
    people = [element for element in definition.elements.values() if element.by_person or element.lane]
    every = {role for element in people for role in (element.role, element.press_lane)}
    of_party = {role for role in every if role and (subject is None or subject.party_for(role) == actor.party_id)}
    roles = every & actor.roles or of_party
    names = roles | {element.local for element in people if element.role in roles}
    return {
        name
        for schema in definition.forms.values()
        for name, field in fields_of(schema).items()
        if any(mode == "hidden" and step in names for step, mode in field.get(HINT, {}).items())
    }


def without(schema: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    """The form without some fields."""
    return {**schema, "properties": {name: field for name, field in fields_of(schema).items() if name not in hidden}}


def _mode(hint: Mapping[str, str], names: Sequence[str]) -> str:
    return next((hint[name] for name in names if name in hint), "write")


def fields_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form's fields: name → schema."""
    fields: Mapping[str, Any] = schema.get("properties", {})
    return fields
