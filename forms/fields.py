"""From a page to a form's answers, and back: what was posted becomes answers, answers become the fields of a page."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.ground.filetypes import USUAL
from domain.ground.identity import TIDY
from domain.ground.texts import without_unseen
from forms.agreements import depends_on
from forms.requirements import required_now
from forms.years import is_year, year_of

TIDIED = 2_000  # characters of a field with a format that are put in order; no such field holds as many
MAX_ROWS = 2000  # lines that are read of one post; a form's own limit is its `maxItems`, which the check reports

CODES = ("id-number", "document-number", "mobile", "credit-code", "email")
"""Formats whose values have neither blanks nor 全角 characters."""

MAX_MB = 20  # of one uploaded file, where the form has no lower `x-max-mb`


@dataclass(frozen=True)
class Field:
    """One field of a page. A `readonly` one is shown, but not filled in.

    Where the widget is `lines`, `rows` holds the fields of each line. Where it is `file`, the value is a list of file ids, limited by
    `accept` (endings), `max_mb` (of one file) and `most` (files). Where it is `choices`, the value is a list of texts out of `options`;
    with `by`, which names a column of the same line, `depending` maps what that column holds to the choices. `pinyin` names the field
    beside it, of a name, from which it is offered; `beside` names all on which it depends whether it is right. `fixed` maps those of the
    choices that stay chosen to the reason, for people.
    """

    path: str
    label: str
    widget: str
    value: object
    required: bool
    help: str
    options: tuple[str, ...] = ()
    columns: tuple[Field, ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    accept: tuple[str, ...] = ()
    max_mb: int = 0
    most: int = 1
    readonly: bool = False
    by: str = ""
    pinyin: str = ""
    beside: tuple[str, ...] = ()
    depending: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    fixed: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Tab:
    """Fields that are shown together."""

    name: str
    fields: tuple[Field, ...]


def parse(schema: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was posted, as answers, without fields that are `readOnly`. A number that is none stays text, for the check to name."""
    answers: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        if field.get("readOnly"):
            continue
        if is_file(field):
            if ids := _ids(values.get(name, ())):
                answers[name] = ids
        elif is_choices(field):
            if chosen := _chosen(values.get(name, ())):
                answers[name] = chosen
        elif field.get("type") == "array":
            rows = _rows(name, field["items"], values)
            if rows:
                answers[name] = rows
        elif (text := _text(field, values.get(name, ()))) != "":
            answers[name] = _typed(field, text)
    return answers


def describe(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Tab]:
    """The form's tabs with their fields filled from `answers`."""
    tabs: dict[str, list[Field]] = {}
    wanted = required_now(schema, answers)
    for name, field in schema.get("properties", {}).items():
        required = name in wanted
        described = replace(_field(name, field, answers.get(name), required), readonly=bool(field.get("readOnly")))
        tabs.setdefault(field.get("x-tab", schema.get("title", "")), []).append(described)
    return [Tab(name, tuple(fields)) for name, fields in tabs.items()]


def is_file(field: Mapping[str, Any]) -> bool:
    """Whether a field's answer is a list of file ids."""
    return bool(field.get("x-widget") == "file")


def is_choices(field: Mapping[str, Any]) -> bool:
    """Whether a field's answer is a list of texts, chosen out of what its `x-options` names."""
    return bool(field.get("x-widget") == "choices")


def file_fields(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fields of a form that hold files."""
    return {name: field for name, field in schema.get("properties", {}).items() if is_file(field)}


def _field(path: str, schema: Mapping[str, Any], value: object, required: bool) -> Field:
    label, hint = schema.get("title", path), schema.get("x-help", "")
    if is_file(schema):
        rule = {"accept": tuple(schema.get("x-accept", USUAL)), "max_mb": schema.get("x-max-mb", MAX_MB), "most": schema.get("maxItems", 1)}
        return Field(path, label, "file", value or [], required, hint, **rule)
    if is_choices(schema):
        offered = schema.get("options", ())
        ways = {"by": schema["x-by"], "depending": offered or {}} if "x-by" in schema else {"options": tuple(offered)}
        return Field(path, label, "choices", value or [], required, hint, **ways, fixed=schema.get("fixed", {}))
    if schema.get("type") != "array":
        widget = "select" if "enum" in schema else schema.get("x-widget", _widget(schema))
        shown, options = "" if value is None else value, tuple(map(str, schema.get("enum", ())))
        return Field(path, label, widget, shown, required, hint, options, pinyin=schema.get("x-pinyin", ""), beside=depends_on(schema))
    items = schema["items"]
    lines = value if isinstance(value, list) and value else [{}]

    def row(number: object, line: Mapping[str, Any]) -> tuple[Field, ...]:
        wanted = items.get("required", ())
        return tuple(_field(f"{path}.{number}.{key}", sub, line.get(key), key in wanted) for key, sub in items["properties"].items())

    rows = tuple(row(number, line) for number, line in enumerate(lines))
    return Field(path, label, "lines", value or [], required, hint, columns=row("N", {}), rows=rows)


def _widget(schema: Mapping[str, Any]) -> str:
    return "number" if _numeric(schema) else "minutes" if schema.get("format") == "minutes" else "text"


def _rows(name: str, items: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    pattern = re.compile(rf"{re.escape(name)}\.(\d{{1,4}})\.")
    numbers = sorted({int(m.group(1)) for key in values if (m := pattern.match(key))})[:MAX_ROWS]
    rows = []
    for number in numbers:
        if line := _line(f"{name}.{number}.", items["properties"], values):
            rows.append(line)
    return rows


def _line(prefix: str, columns: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for key, sub in columns.items():
        if is_choices(sub):
            if chosen := _chosen(values.get(prefix + key, ())):
                line[key] = chosen
        elif (text := _text(sub, values.get(prefix + key, ()))) != "":
            line[key] = _typed(sub, text)
    return line


def _chosen(texts: Sequence[str]) -> list[str]:
    """The posted choices, each once, in their order."""
    return list(dict.fromkeys(text.strip() for text in texts[:MAX_ROWS] if text.strip()))


def _ids(texts: Sequence[str]) -> list[int]:
    """The posted file ids, each once, in their order."""
    return list(dict.fromkeys(int(text) for text in texts[:MAX_ROWS] if text.isdecimal() and len(text) < 10))


def _text(field: Mapping[str, Any], found: Sequence[str]) -> str:
    """The last that was posted, without what nobody sees; what holds in a field with a format, its check says."""
    text = found[-1].replace("\r\n", "\n") if found else ""
    return (text if "format" in field else without_unseen(text)).strip()


def _typed(field: Mapping[str, Any], text: str) -> Any:
    if len(text) > TIDIED and "format" in field:  # its check refuses it as it came
        return text
    text = year_of(text) if is_year(field) else _half_width(field, text)
    if field.get("format") in TIDY:
        return TIDY[field["format"]](text)
    if field.get("format") == "minutes":
        return text.replace("T", " ")  # as browsers send it
    if not _numeric(field) or not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", text):
        return text
    number = float(text)
    # a whole number is one however it is written: a column keeps 2025 of 2025.0, and the record would not be what its proof says
    return int(text.partition(".")[0]) if number.is_integer() else number


def _half_width(field: Mapping[str, Any], text: str) -> str:
    """Numbers and codes without 全角 digits and letters, which input methods leave in them, and without blanks, which people copy."""
    if field.get("format") in CODES:
        return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", text).strip() if "pattern" in field else text


def _numeric(field: Mapping[str, Any]) -> bool:
    return field.get("type") in ("integer", "number")
