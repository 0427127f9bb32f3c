"""A sheet of rows as .xlsx: XlsxWriter makes the workbook with header, formats and widths; the rows are streamed into it.

Measured: XlsxWriter itself takes longer for its cells than the database for the rows (docs/decisions/exports-and-batches.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BufferedWriter, BytesIO
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from domain.ground.base import in_shanghai
from forms.listing import Column

MAX_TEXT = 32_767  # characters of a cell (Excel specifications and limits)
REPORT_EVERY = 2_000  # rows between two reports of progress
_SHEET = "xl/worksheets/sheet1.xml"
_LIKE_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = {"text": 20, "badge": 14, "number": 12, "date": 12, "moment": 18, "badges": 40}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"num_format": "@"},
    "quoted": {"num_format": "@", "quote_prefix": True},
    "date": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
}
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_EPOCH = datetime(1899, 12, 30)  # day 0 of Excel's calendar, for all days since March 1900
_BUFFER = 1 << 16  # bytes that are compressed at once
_DAY = 86_400  # seconds
Progress = Callable[[int], None]
Target = str | IO[bytes]
"""Where a workbook is written: a path, or a binary file."""


def write_sheet(columns: Sequence[Column], rows: Iterable[Sequence[object]], target: Target, progress: Progress | None = None) -> int:
    """Writes rows of values, one for each column, under a frozen header to a path or a binary file. Returns how many.

    `progress` hears from time to time how many rows are written.
    """
    number = 0
    with ZipFile(_shell(columns)) as shell, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=3) as book:
        for name in shell.namelist():
            if name != _SHEET:
                book.writestr(name, shell.read(name))
        head, styles, tail = _parts(shell.read(_SHEET).decode())
        puts = [(xl_col_to_name(place), _writer(column.kind, styles)) for place, column in enumerate(columns)]
        with book.open(_SHEET, "w", force_zip64=True) as part, BufferedWriter(part, _BUFFER) as sheet:
            sheet.write(head.encode())
            for number, row in enumerate(rows, 1):
                line = number + 1
                cells = "".join([put(f"{letter}{line}", value) for (letter, put), value in zip(puts, row, strict=True)])
                sheet.write(f'<row r="{line}">{cells}</row>'.encode())
                if progress is not None and number % REPORT_EVERY == 0:
                    progress(number)
            sheet.write(tail.encode())
    return number


def _shell(columns: Sequence[Column]) -> BytesIO:
    """A workbook with the header, and in its second row one cell of each format."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "bg_color": "#EEF3F9", "bottom": 1})
        for place, column in enumerate(columns):
            # a Chinese character is about two of Excel's widths
            sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 20), 2 * len(column.label) + 4))
            sheet.write_string(0, place, column.label, bold)
        for place, options in enumerate(_FORMATS.values()):
            sheet.write_blank(1, place, None, book.add_format(options))
        sheet.freeze_panes(1, 0)
    file.seek(0)
    return file


def _parts(xml: str) -> tuple[str, dict[str, str], str]:
    """What comes before the rows, the number of each format, and what comes after."""
    start, end = xml.index('<row r="2"'), xml.index("</sheetData>")
    numbers = re.findall(r' s="(\d+)"', xml[start:end])
    head = re.sub(r"<dimension [^>]*/>", "", xml[:start])  # optional, and not known yet
    return head, dict(zip(_FORMATS, numbers, strict=True)), xml[end:]


def _writer(kind: str, styles: dict[str, str]) -> Callable[[str, object], str]:
    """Makes one cell of a column at a reference such as B7. What does not fit the column's kind is written as text."""
    plain, quoted, day_style, moment_style = (styles[name] for name in ("text", "quoted", "date", "moment"))

    def text(cell: str, value: object) -> str:
        if value is None or value == "":
            return ""
        shown = value if isinstance(value, str) else ("是" if value else "否") if isinstance(value, bool) else str(value)
        style = quoted if shown.startswith(_LIKE_FORMULAS) else plain
        shown = _SPECIAL.sub(_escaped, shown[:MAX_TEXT])
        return f'<c r="{cell}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'

    def number(cell: str, value: object) -> str:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return f'<c r="{cell}"><v>{value}</v></c>'
        return text(cell, value)

    def day(cell: str, value: object) -> str:
        if isinstance(value, date) and not isinstance(value, datetime):
            return f'<c r="{cell}" s="{day_style}"><v>{(value - _EPOCH.date()).days}</v></c>'
        return text(cell, value)

    def moment(cell: str, value: object) -> str:
        if isinstance(value, datetime):
            local = in_shanghai(value).replace(tzinfo=None)  # Excel knows no zones
            return f'<c r="{cell}" s="{moment_style}"><v>{(local - _EPOCH).total_seconds() / _DAY}</v></c>'
        return text(cell, value)

    def badges(cell: str, value: object) -> str:
        return text(cell, "、".join(map(str, value)) if isinstance(value, list) else value)

    return {"number": number, "date": day, "moment": moment, "badges": badges}.get(kind, text)


def _escaped(found: re.Match[str]) -> str:
    """A character that XML or Excel would take for something else (ECMA-376: _xHHHH_ stands for a control character)."""
    character = found.group()
    if character in "&<>":
        return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}[character]
    return f"_x005F{character}" if len(character) > 1 else f"_x{ord(character):04X}_"
