"""Records that lack what their form requires: old ones, from before it was required."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, and_, or_

from forms.requirements import required_now, sometimes_required


def lacking(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Titles of the fields that must be filled in beside these answers, and are not."""
    fields = schema["properties"]
    return [fields[name].get("title", name) for name in required_now(schema, answers) if answers.get(name) in (None, "")]


def incomplete(schema: Mapping[str, Any], record: type[Any]) -> ColumnElement[bool]:
    """Whether a row of `record`, whose columns are called as the form's fields, lacks one of them."""
    always = [_empty(getattr(record, name)) for name in schema.get("required", ())]
    cases = sometimes_required(schema).items()
    also = [
        and_(_empty(getattr(record, name)), or_(*(getattr(record, other).in_(said) for other, said in case.items())))
        for name, case in cases
    ]
    return or_(*always, *also)


def _empty(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(column.is_(None), column == "") if isinstance(column.type, String) else column.is_(None)
