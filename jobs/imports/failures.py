"""The failed rows as a plain list in Excel: 行号, 错误列, 原因, 当前值 beside the row as it came. Corrected, the list can be uploaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session
from xlsxwriter import Workbook

from domain.platform.imports import ImportRecord, RowState, rows_of
from jobs.imports.checking import Problems, RowCheck, row_check
from jobs.imports.description import Import

HEADINGS = ("行号", "错误列", "原因", "当前值")
_PAGE = 1000


@dataclass(frozen=True)
class Order:
    """What is needed to give failed rows back in the sender's workbook."""

    source: str
    """Path of the file as it was uploaded."""
    sheet: str
    head: int
    """Number of the row of headings."""
    header: list[str]
    """The headings as the import read them."""
    columns: list[int]
    """The columns, from 0, that are imported: of the others the rows hold nothing."""
    kept_as_text: list[int]
    """Columns, from 0, whose values must be texts: long numbers."""
    others: list[tuple[str, int]]
    """Sheets that are imported by themselves, and the numbers of their rows of headings: nothing of them comes back here."""
    listed: list[str]
    """Headings of the plain list. A file that was made from such a list has them already; they are written anew."""


@dataclass(frozen=True)
class BadRow:
    """One of these rows."""

    number: int
    """In the uploaded file."""
    cells: list[str]
    """Its texts now, by column: some may have been corrected in the browser."""
    listed: list[str]
    """Its cells in the first columns of the plain list."""
    problems: list[tuple[int, str, str]]
    """(column, from 0, title, reason)."""


def write_failures(session: Session, description: Import, record: ImportRecord, path: Path) -> None:
    """Writes the bad rows of an import to `path`, a line a row, with the columns that are imported.

    Every cell is text, so that none becomes a formula.
    """
    check, columns = row_check(session, description), sorted(record.places.values())
    with Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("未通过")
        bold, text = book.add_format({"bold": True, "bg_color": "#FDECEA"}), book.add_format({"num_format": "@"})
        for at, (heading, width) in enumerate(zip(HEADINGS, (8, 16, 40, 24), strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, heading, bold)
        sheet.set_column(len(HEADINGS), len(HEADINGS) + len(columns), 20, text)
        for at, column in enumerate(columns, len(HEADINGS)):
            sheet.write_string(0, at, record.header[column], bold)
        line, after = 1, 0
        while rows := rows_of(session, record.id, [RowState.BAD], after, _PAGE):
            for row in rows:
                first = listed(check, record.places, row.number, row.cells, row.problems or [])
                values = [row.cells[column] if column < len(row.cells) else "" for column in columns]
                for at, value in enumerate((*first, *values)):
                    sheet.write_string(line, at, value, text)
                line += 1
            after = rows[-1].number
            session.expunge_all()


def listed(check: RowCheck, places: Mapping[str, int], number: int, cells: Sequence[str], problems: Problems) -> tuple[str, str, str, str]:
    """行号, 错误列, 原因, 当前值 of a bad row. `places`: field name → number of the row's cell."""
    values = []
    for name, _ in problems:
        at = places.get(name)
        values.append(cells[at] if at is not None and at < len(cells) else "")
    titles = "；".join(check.title(name) for name, _ in problems)
    return str(number), titles, "；".join(reason for _, reason in problems), "；".join(value or "（空）" for value in values)
