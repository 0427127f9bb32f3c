"""Exports: any list as an Excel file, streamed row by row so that memory does not grow with them.

Cells hold values and never formulas: text is written as text, in the number format “text” (so that it stays text when a person
edits the cell), and what begins like a formula carries Excel's quote prefix besides (OWASP, CSV injection). Id numbers and
mobiles are text and keep their zeros. Moments are Excel dates in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, raiseload
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from domain.base import SHANGHAI
from domain.errors import DomainError
from domain.parties import Actor
from forms.listing import Column, Listing
from forms.lists import LISTS
from jobs.runtime import Runtime
from jobs.work import Work

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_575  # of a sheet, less the header (Excel specifications and limits)
MAX_TEXT = 32_767  # characters of a cell, likewise
AT_ONCE = 1_000  # rows that are written while the person waits
REPORT_EVERY = 2_000  # rows between two reports of progress
_BUFFER = 500  # rows in memory at a time
_LIKE_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = {"text": 20, "badge": 14, "number": 12, "date": 12, "moment": 18}
Progress = Callable[[int], None]


@dataclass(frozen=True)
class _Formats:
    text: Format
    quoted: Format
    date: Format
    moment: Format


def chosen(listing: Listing, actor: Actor, values: Mapping[str, str], ids: Sequence[int]) -> Select[Any]:
    """The rows to export: the ticked ones, or with none ticked all under the filters. A column that would load more, raises."""
    return listing.picked(actor, values, ids).options(raiseload("*"))


def count(session: Session, query: Select[Any]) -> int:
    """How many rows these are."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def write(session: Session, query: Select[Any], columns: Sequence[Column], target: Any, progress: Progress | None = None) -> int:
    """Writes the rows of `query` to `target`, a path or a binary file, and returns how many.

    `progress` hears from time to time how many rows are written.
    """
    rows = session.scalars(query.execution_options(yield_per=_BUFFER))
    values = [column.value for column in columns]
    return write_sheet(columns, ([value(row) for value in values] for row in rows), target, progress)


def write_sheet(columns: Sequence[Column], rows: Any, target: Any, progress: Progress | None = None) -> int:
    """Writes rows of values, one for each column, under a frozen header."""
    number = 0
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        formats = _formats(book)
        _head(book, sheet, columns)
        writers = [_writer(sheet, column.kind, formats) for column in columns]
        for number, row in enumerate(rows, 1):
            for place, (put, value) in enumerate(zip(writers, row, strict=True)):
                put(number, place, value)
            if progress is not None and number % REPORT_EVERY == 0:
                progress(number)
        sheet.autofilter(0, 0, number, len(columns) - 1)
    return number


def file_name(listing: Listing, now: datetime) -> str:
    """What the download is called: 周报管理20261123.xlsx."""
    return f"{listing.title}{now.astimezone(SHANGHAI):%Y%m%d}.xlsx"


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `listing`, `values` (the filters in force) and `ids` (the ticked rows).

    Raises:
        DomainError: more rows than a sheet can hold.
    """
    listing = LISTS[work.params["listing"]]
    query = chosen(listing, work.actor, work.params["values"], work.params["ids"])
    with runtime.database.reading() as session:
        total = count(session, query)
        if total > MAX_ROWS:
            raise DomainError(f"共 {total} 条，超过一个 Excel 文件能容纳的 {MAX_ROWS} 行，请用查询条件缩小范围后分次导出")
        work.progress(0, total=total)
        path: Path = work.file(file_name(listing, runtime.engine.clock()))
        written = write(session, query, listing.columns, str(path), work.progress)
    work.progress(written, total=written)


def _formats(book: Any) -> _Formats:
    return _Formats(
        text=book.add_format({"num_format": "@"}),
        quoted=book.add_format({"num_format": "@", "quote_prefix": True}),
        date=book.add_format({"num_format": "yyyy-mm-dd"}),
        moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    )


def _head(book: Any, sheet: Worksheet, columns: Sequence[Column]) -> None:
    bold = book.add_format({"bold": True, "bg_color": "#EEF3F9", "bottom": 1})
    for place, column in enumerate(columns):
        # a Chinese character is about two of Excel's widths
        sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 20), 2 * len(column.label) + 4))
        sheet.write_string(0, place, column.label, bold)
    sheet.freeze_panes(1, 0)


def _writer(sheet: Worksheet, kind: str, formats: _Formats) -> Callable[[int, int, Any], None]:
    """Writes one cell of a column. What does not fit the column's kind is written as text."""

    def text(row: int, place: int, value: Any) -> None:
        if value is None or value == "":
            return
        said = ("是" if value else "否") if isinstance(value, bool) else str(value)
        sheet.write_string(row, place, said[:MAX_TEXT], formats.quoted if said.startswith(_LIKE_FORMULAS) else formats.text)

    def number(row: int, place: int, value: Any) -> None:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            sheet.write_number(row, place, value)
        else:
            text(row, place, value)

    def day(row: int, place: int, value: Any) -> None:
        if isinstance(value, date) and not isinstance(value, datetime):
            sheet.write_datetime(row, place, value, formats.date)
        else:
            text(row, place, value)

    def moment(row: int, place: int, value: Any) -> None:
        if isinstance(value, datetime):
            # Excel knows no zones
            sheet.write_datetime(row, place, value.astimezone(SHANGHAI).replace(tzinfo=None), formats.moment)
        else:
            text(row, place, value)

    return {"number": number, "date": day, "moment": moment}.get(kind, text)
