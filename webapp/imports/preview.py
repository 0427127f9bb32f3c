"""The rows of an import as a page shows them: a page of bad rows that can be corrected, or of good ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.id_numbers import masked
from domain.platform.imports import ImportRecord, ImportRow, RowState
from jobs.imports.checking import row_check
from jobs.imports.columns import Column
from jobs.imports.correcting import OPEN, OPEN_ROWS
from jobs.imports.description import Import
from webapp.paging import Paged, page_of

TABS = (("bad", "有问题"), ("good", "可{verb}"), ("same", "没有变化"), ("taken", "已{verb}"))
_STATES = {"bad": (RowState.BAD,), "good": (RowState.GOOD,), "same": (RowState.SAME,), "taken": (RowState.TAKEN, RowState.STARTED)}
_MASKED = ("id-number", "document-number")
"""Formats of what is shown masked once a row is taken in, or changes nothing: it is a record, and who opens that to see it whole is
written down."""
MAX_ROWS = 100  # that one post may correct; a page shows fewer


@dataclass(frozen=True)
class Cell:
    """One cell of a row. `problem` is why it is refused; None where it is not."""

    name: str
    column: Column
    text: str
    problem: str | None
    change: tuple[str, str] | None = None
    """What it says of a record before and after, where it is to change one."""
    kept: str | None = None
    """Why that is not changed."""

    @property
    def options(self) -> Sequence[str]:
        """The choices of a drop-down, the present text among them; none for free text."""
        choices = [str(choice) for choice in self.column.schema.get("enum", ())]
        return choices if not choices or self.text in ("", *choices) else [self.text, *choices]


@dataclass(frozen=True)
class Preview:
    """One page of rows under one tab."""

    tab: str
    tabs: Sequence[tuple[str, str, int]]
    page: Paged
    columns: Sequence[Column]
    rows: Sequence[tuple[int, Sequence[Cell]]]
    ignored: Sequence[str]
    """Headings of the file that are no columns of the import."""


@dataclass(frozen=True)
class TypedRow:
    """What was typed into a row that could not be taken."""

    number: int
    closed: bool
    """Whether the row cannot be corrected any more."""
    texts: Sequence[tuple[str, str, str]]
    """(field name, title, what was typed)."""


def preview(session: Session, description: Import, record: ImportRecord, values: Mapping[str, str]) -> Preview:
    """The page that the address asks for: `tab` and `page`. One query, however many rows the file has."""
    counts = {"bad": record.bad, "good": record.good, "same": record.same, "taken": record.taken}
    tabs = [(name, label.format(verb=description.verb), counts[name]) for name, label in TABS if counts[name]]
    asked = values.get("tab", "")
    tab = asked if asked in counts else tabs[0][0] if tabs else "bad"
    page = page_of(values, counts[tab])
    table = ImportRow
    query = select(table).where(table.import_id == record.id, table.state.in_(_STATES[tab])).order_by(table.number)
    found = session.scalars(query.limit(page.size).offset(page.offset)).all()
    columns = [column for column in row_check(session, description).columns if column.name in record.places]
    rows = [(row.number, _cells(record, columns, row)) for row in found]
    return Preview(tab, tabs, page, columns, rows, _ignored(record, columns))


def posted_changes(form: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """What was typed into a page of bad rows: row number → field name → text."""
    changes: dict[int, dict[str, str]] = {}
    for key, text in form.items():
        found = re.fullmatch(r"(\d{1,7})\.([a-z_]{1,40})", key)
        if found is not None and (len(changes) < MAX_ROWS or int(found[1]) in changes):
            changes.setdefault(int(found[1]), {})[found[2]] = text
    return changes


def typed_texts(session: Session, description: Import, record: ImportRecord, changes: Mapping[int, Mapping[str, str]]) -> list[TypedRow]:
    """What was typed and is not stored, of corrections that could not be taken."""
    titles = {column.name: column.title for column in row_check(session, description).columns}
    query = select(ImportRow).where(ImportRow.import_id == record.id, ImportRow.number.in_(changes))
    rows = {row.number: row for row in session.scalars(query)}
    found = []
    for number, texts in sorted(changes.items()):
        row = rows.get(number)
        stored = {name: row.cells[at] for name, at in record.places.items() if at < len(row.cells)} if row is not None else {}
        typed = [(name, titles[name], text) for name, text in texts.items() if name in titles and text.strip() != stored.get(name, "")]
        if typed:
            closed = row is None or record.state not in OPEN or row.state not in OPEN_ROWS
            found.append(TypedRow(number, closed, typed))
    return found


def _ignored(record: ImportRecord, columns: Sequence[Column]) -> list[str]:
    taken = {record.places[column.name] for column in columns}
    return [heading for at, heading in enumerate(record.header) if heading and at not in taken]


def _cells(record: ImportRecord, columns: Sequence[Column], row: ImportRow) -> list[Cell]:
    problems: dict[str, str] = dict(row.problems or [])
    changes = {name: ((before, after), kept) for name, before, after, kept in row.changes or ()}
    cells = []
    over = row.state in (*_STATES["taken"], RowState.SAME)
    for column in columns:
        at = record.places[column.name]
        text = row.cells[at] if at < len(row.cells) else ""
        change, kept = changes.get(column.name, (None, None))
        if over and column.schema.get("format") in _MASKED:
            text, change = masked(text), (masked(change[0]), masked(change[1])) if change is not None else None
        cells.append(Cell(f"{row.number}.{column.name}", column, text, problems.get(column.name), change, kept))
    return cells
