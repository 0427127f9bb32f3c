"""Which fields of a form a step writes, only reads, or does not see: the form's hint `x-access`.

`"x-access": {"review": "read", "省级复审": "hidden"}` on a field names steps by the id of the task, or by the role whose steps they
are; the id counts before the role, and what is not named writes. What a step may not write is left as it was, whatever is posted.
Outside a task people see no field that is hidden from any step of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.ground.parties import Actor
from processes.definitions.definition import Definition
from processes.diagrams.elements import Element

HINT = "x-access"
MODES = ("write", "read", "hidden")


def at(schema: Mapping[str, Any], element: Element, role: str | None = None) -> Mapping[str, Any]:
    """The form as a step sees it: without what is hidden there; what is only read there is `readOnly` and not required.

    `role` is whose step it is, where that is not the element's own.
    """
    names = (element.local, role or element.role)
    modes = {name: _mode(field[HINT], names) for name, field in fields_of(schema).items() if HINT in field}
    if all(mode == "write" for mode in modes.values()):
        return schema
    written = {name for name in fields_of(schema) if modes.get(name, "write") == "write"}
    seen = {name: field for name, field in fields_of(schema).items() if modes.get(name) != "hidden"}
    properties = {name: field if name in written else {**field, "readOnly": True} for name, field in seen.items()}
    return {**schema, "properties": properties, "required": [name for name in schema.get("required", ()) if name in written]}


def at_start(definition: Definition) -> Mapping[str, Any]:
    """The record's form as whoever begins one fills it in, by hand or in the rows of an import."""
    return at(definition.record_schema, definition.first_task or definition.start, definition.start.lane)


def writes(fitted: Mapping[str, Any], name: str) -> bool:
    """Whether a field may be written in a form that was fitted by `at`."""
    return name in fields_of(fitted) and not fields_of(fitted)[name].get("readOnly")


def own(schema: Mapping[str, Any], fitted: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was given, what the step may write; names that the form does not know are left for its check to refuse."""
    return {name: value for name, value in given.items() if name not in fields_of(schema) or writes(fitted, name)}


def kept(schema: Mapping[str, Any], fitted: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was there before, what the step may not write."""
    return {name: before[name] for name in fields_of(schema) if name in before and not writes(fitted, name)}


def shown(fitted: Mapping[str, Any], before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the step's page: `given` (typed, or a draft), and what it only reads as it was before."""
    return {**given, **{name: before.get(name) for name, field in fields_of(fitted).items() if field.get("readOnly")}}


def hidden_from(definition: Definition, subject: Any, actor: Actor) -> set[str]:
    """The fields of the diagram's forms that somebody does not see outside a task.

    Whoever holds no role of the diagram counts as all those that their party has in it; without a record (None), as all there are.
    """
    people = [element for element in definition.elements.values() if element.by_person or element.lane]
    roles = {element.role for element in people} & actor.roles
    theirs = (
        role for role in (element.role for element in people) if role and (subject is None or subject.party_for(role) == actor.party_id)
    )
    roles = roles or set(theirs)
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
    found: Mapping[str, Any] = schema.get("properties", {})
    return found
