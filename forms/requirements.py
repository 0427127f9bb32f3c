"""Which fields of a form must be filled in: those it requires, and those that what is said elsewhere in it requires.

`"x-required-for": {"kind": ["院校考生"]}` on a field requires it where the field `kind` says one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HINT = "x-required-for"


def sometimes_required(schema: Mapping[str, Any]) -> dict[str, Mapping[str, list[Any]]]:
    """The fields that only some answers require, and that are filled in here → which answers those are."""
    return {name: field[HINT] for name, field in schema.get("properties", {}).items() if HINT in field and not field.get("readOnly")}


def required_now(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """The fields that must be filled in beside these answers."""
    always = list(schema.get("required", ()))
    also = (name for name, cases in sometimes_required(schema).items() if any(answers.get(other) in said for other, said in cases.items()))
    return [*always, *(name for name in also if name not in always)]


def settled(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The form for people who fill in the rest: some answers are `given`, so that their fields are left out, and what they require is
    required."""
    properties = {name: field for name, field in schema["properties"].items() if name not in given}
    required = [name for name in required_now(schema, given) if name in properties]
    left = {name: {k: v for k, v in field.items() if k != HINT or set(v) - set(given)} for name, field in properties.items()}
    return {**schema, "properties": left, "required": required}
