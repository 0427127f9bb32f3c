"""The columns of an import, from its form: their titles, the other names that people use for them, and where a file has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a template, from a field of the form, which is `schema`."""

    name: str
    title: str
    required: bool
    schema: Mapping[str, Any]

    @property
    def labels(self) -> frozenset[str]:
        """All headings of this column, tidied: its title and the `x-aliases` of the field."""
        return frozenset(tidy_label(label) for label in (self.title, *self.schema.get("x-aliases", ())))


@dataclass(frozen=True)
class Header:
    """The columns that a row of headings names."""

    places: Mapping[str, int]
    """Field name → number of the file's column, from 0."""
    missing: tuple[str, ...]
    """Titles of required columns that the row lacks."""
    doubled: tuple[str, ...]
    """Titles that the row has more than once."""


def columns_of(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns, one for each field of the form, in its order. Tables inside a form and fields that are only read are no columns."""
    required = schema.get("required", ())
    return tuple(
        Column(name, field.get("title", name), name in required, field)
        for name, field in schema["properties"].items()
        if field.get("type") not in ("array", "object") and not field.get("readOnly")
    )


def read_header(columns: Sequence[Column], row: Sequence[str]) -> Header:
    """Matches a row of texts against the columns, in whatever order the file has them."""
    labels = [tidy_label(text) for text in row]
    places: dict[str, int] = {}
    doubled = []
    for column in columns:
        found = [number for number, label in enumerate(labels) if label in column.labels]
        if found:
            places[column.name] = found[0]
        if len(found) > 1:
            doubled.append(column.title)
    missing = tuple(c.title for c in columns if c.required and c.name not in places)
    return Header(places, missing, tuple(doubled))


def tidy_label(text: str) -> str:
    """A heading without what people and templates add to it: spaces, stars, a remark in brackets."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s*:]|\([^()]*\)$", "", plain)
