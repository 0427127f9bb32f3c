"""The columns of an import, read off its form: titles, other names people use for them, and where a file has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a template. `schema` is the form's field."""

    name: str
    title: str
    required: bool
    schema: Mapping[str, Any]

    @property
    def labels(self) -> frozenset[str]:
        """Every heading that means this column, tidied: its title and the form's `x-aliases`."""
        return frozenset(tidy_label(label) for label in (self.title, *self.schema.get("x-aliases", ())))


@dataclass(frozen=True)
class Header:
    """What a row of headings says."""

    places: Mapping[str, int]
    """Field name → number of the file's column, from 0."""
    missing: tuple[str, ...]
    """Titles of required columns that the row lacks."""
    doubled: tuple[str, ...]
    """Titles that the row has more than once."""


def columns_of(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a form's flat fields, in the form's order; tables inside a form, and what is only read, have no place in a row."""
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
