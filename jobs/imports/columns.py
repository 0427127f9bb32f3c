"""The columns of an import, from its form: their titles, the other names that people use for them, and where a file has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from forms.fields import is_choices
from forms.filling import is_filled


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

    @property
    def doubtful(self) -> frozenset[str]:
        """Headings that mean this column only where no other heading does: the `x-doubtful-aliases` of the field."""
        return frozenset(tidy_label(label) for label in self.schema.get("x-doubtful-aliases", ()))


RECORD = "record"
NUMBER = Column(RECORD, "编号", True, {"title": "编号", "type": "string", "x-help": "下载模板时自动填写，请勿修改", "x-width": 14})
"""The column that names the record which a row changes, and how many lines its history had (`jobs.imports.amending`)."""


@dataclass(frozen=True)
class Header:
    """The columns that a row of headings names."""

    places: Mapping[str, int]
    """Field name → number of the file's column, from 0."""
    missing: tuple[str, ...]
    """Titles of required columns that the row lacks."""
    doubled: tuple[str, ...]
    """Titles that the row has more than once."""

    @property
    def complete(self) -> bool:
        """Whether a table can be read by it."""
        return bool(self.places) and not self.missing and not self.doubled


@dataclass(frozen=True)
class Head:
    """The headings of a table, which may stand over two lines."""

    last: int
    """Number of their last line among those that were looked at, from 0."""
    texts: Sequence[str]
    header: Header


def columns_of(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns, one for each field of the form, in its order. Tables, files and fields that are only read are none."""
    required = schema.get("required", ())
    return tuple(
        Column(name, field.get("title", name), name in required and not is_filled(field), field)
        for name, field in schema["properties"].items()
        if (field.get("type") not in ("array", "object") or is_choices(field)) and not field.get("readOnly")
    )


def amending_columns(schema: Mapping[str, Any], identity: Collection[str]) -> tuple[Column, ...]:
    """The columns of a file that changes records: their number, and the form's, of which only those must be there that tell who it is."""
    return (NUMBER, *(replace(column, required=column.name in identity) for column in columns_of(schema)))


def read_header(columns: Sequence[Column], row: Sequence[str]) -> Header:
    """Matches a row of texts against the columns, in whatever order the file has them."""
    labels = [tidy_label(text) for text in row]
    places: dict[str, int] = {}
    doubled = []
    for column in columns:
        known, doubtful = column.labels, column.doubtful
        found = [number for number, label in enumerate(labels) if label in known]
        found = found or [number for number, label in enumerate(labels) if label in doubtful]
        if found:
            places[column.name] = found[0]
        if len(found) > 1:
            doubled.append(column.title)
    missing = tuple(c.title for c in columns if c.required and c.name not in places)
    return Header(places, missing, tuple(doubled))


def find_head(columns: Sequence[Column], lines: Sequence[Sequence[str]]) -> Head | None:
    """The first complete headings in some lines; where there are none, those that come nearest."""
    alone = [Head(at, texts, read_header(columns, texts)) for at, texts in enumerate(lines)]
    nearest: Head | None = None
    for at, one in enumerate(alone):
        found = [one]
        if at + 1 < len(lines) and _goes_on(columns, one, lines[at + 1]):
            texts, lower = _joined(columns, lines[at], lines[at + 1]), alone[at + 1]
            both = Head(at + 1, texts, read_header(columns, texts))
            found += [both] if _named(both) > _named(lower) else [lower] if one.header.complete else []  # else its turn is next
        complete = [head for head in found if head.header.complete]
        if complete:
            return max(complete, key=_named)  # of those that name as many, the one with the fewest lines
        best = max(found, key=_named)
        if best.header.places and (nearest is None or _named(best) > _named(nearest)):
            nearest = best
    return nearest


def _named(head: Head) -> int:
    return len(head.header.places)


def _goes_on(columns: Sequence[Column], upper: Head, lower: Sequence[str]) -> bool:
    """Whether a line goes on with the headings above it: it names columns, by itself or as their second half.

    Under headings that are columns already it then holds nothing else: what stands there are data.
    """
    labels = _labels(columns)
    filled = {at for at, text in enumerate(lower) if text}
    above = {at: upper.texts[at] if at < len(upper.texts) else "" for at in filled}
    names = {at for at in filled if {tidy_label(lower[at]), tidy_label(above[at] + lower[at])} & labels}
    return bool(names) and not (filled - names) & set(upper.header.places.values())


def _joined(columns: Sequence[Column], upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two lines of headings as one: of each column what names it, the lower line first."""
    labels = _labels(columns)
    texts = []
    for above, below in zip_longest(upper, lower, fillvalue=""):
        choices = (above + below, below, above) if above and below else (below or above,)
        texts.append(next((text for text in choices if tidy_label(text) in labels), below or above))
    return texts


def _labels(columns: Sequence[Column]) -> frozenset[str]:
    return frozenset().union(*(column.labels | column.doubtful for column in columns))


def tidy_label(text: str) -> str:
    """A heading without what people and templates add to it: spaces, stars, a remark in brackets."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s*:]|\([^()]*\)$", "", plain)
