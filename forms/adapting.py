"""Adapts a form to the person who fills it in: without the fields of other roles, and with choices that are read from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.ground.errors import DomainError
from forms.fields import is_choices

Choices = Sequence[str] | Mapping[str, Sequence[str]]


def adapt(schema: Mapping[str, Any], roles: frozenset[str], choices: Mapping[str, Choices]) -> dict[str, Any]:
    """The form without the fields whose `x-roles` the person has none of. Each field with `x-options` has the `enum` of its choices.

    `choices` gives what may be chosen: the name that an `x-options` uses → choices. A field of several choices (`"x-widget":
    "choices"`) has them in `options`, for the page alone – the record's own rule decides –; with `x-by` they are a mapping, from what
    another column holds to the choices in that case.

    Raises:
        DomainError: a field names choices that there are not.
    """
    kept = {name: _with_choices(sub, choices) for name, sub in schema.get("properties", {}).items() if _may_fill(sub, roles)}
    return {**schema, "properties": kept, "required": [name for name in schema.get("required", ()) if name in kept]}


def _may_fill(field: Mapping[str, Any], roles: frozenset[str]) -> bool:
    return "x-roles" not in field or bool(roles & set(field["x-roles"]))


def _with_choices(field: Mapping[str, Any], choices: Mapping[str, Choices]) -> dict[str, Any]:
    if field.get("type") == "array" and "properties" in field["items"]:  # a table of lines; a field of files holds numbers
        items = field["items"]
        columns = {name: _with_choices(sub, choices) for name, sub in items["properties"].items()}
        return {**field, "items": {**items, "properties": columns}}
    if "x-options" not in field:
        return dict(field)
    offered = choices.get(field["x-options"])
    if offered is None:
        raise DomainError(f"表单的字段“{field.get('title', '')}”要从“{field['x-options']}”中选择，但没有这些选项，请联系流程设计人员")
    return {**field, "options": offered} if is_choices(field) else {**field, "enum": list(offered)}
