"""Adapts a form to the person who fills it in: fields that only some roles keep, and choices that are read from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.fields import is_choices

Choices = Sequence[str] | Mapping[str, Sequence[str]]


def adapt(schema: Mapping[str, Any], roles: frozenset[str], choices: Mapping[str, Choices]) -> dict[str, Any]:
    """The form without the fields whose `x-roles` this person has none of, and with the `enum` of each field that has `x-options`.

    `choices` gives, for each name that an `x-options` uses, what may be chosen. Of several choices (`"x-widget": "choices"`) it is
    only what the page offers, in `options`: with `x-by` it is a mapping, from what that column says to what may be chosen then, and
    the record's own rule decides.
    """
    kept = {name: _with_choices(sub, choices) for name, sub in schema["properties"].items() if _may_fill(sub, roles)}
    return {**schema, "properties": kept, "required": [name for name in schema.get("required", ()) if name in kept]}


def _may_fill(field: Mapping[str, Any], roles: frozenset[str]) -> bool:
    return "x-roles" not in field or bool(roles & set(field["x-roles"]))


def _with_choices(field: Mapping[str, Any], choices: Mapping[str, Choices]) -> dict[str, Any]:
    if field.get("type") == "array" and "properties" in field["items"]:  # a table of lines; files are plain numbers
        items = field["items"]
        columns = {name: _with_choices(sub, choices) for name, sub in items["properties"].items()}
        return {**field, "items": {**items, "properties": columns}}
    if is_choices(field):
        return {**field, "options": choices[field["x-options"]]}
    return {**field, "enum": list(choices[field["x-options"]])} if "x-options" in field else dict(field)
