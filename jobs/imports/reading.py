"""Reads a file, as people really make them, into rows of text: finds sheet and headings, skips titles, blank rows and the example.

Pure functions on a file; nothing here knows a database.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from jobs.imports.cells import as_text
from jobs.imports.columns import Column, Header, read_header
from jobs.imports.guarding import MAX_COLUMNS, MAX_ROWS, BadFile, Kind, inspect

TITLE_ROWS = 20  # rows in which the headings are looked for
MAX_SHEETS = 10
ENCODINGS = ("utf-8-sig", "gb18030")  # GBK is part of GB 18030
Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True)
class Table:
    """The rows below a file's headings."""

    header: tuple[str, ...]
    """The headings as the file has them, with those of other columns."""
    places: Mapping[str, int]
    """Field name → number of the file's column, from 0."""
    rows: Rows
    """(row number as Excel counts, the cells as text); blank rows and the template's example left out. Read once."""
    sheet: str
    """The sheet's name; empty where the file has none."""
    head: int
    """Number of the row of headings."""


@contextmanager
def open_table(path: Path, name: str, columns: Sequence[Column], kind: Kind | None = None) -> Iterator[Table]:
    """The table in an uploaded file. Reading its rows may still raise BadFile, where there are too many.

    `kind` is what `inspect` found when the file came; without it the file is looked at first.

    Raises:
        BadFile: it cannot be read, or its headings lack required columns (all of them are named).
    """
    if (kind or inspect(path, name)) == "csv":
        with _open_text(path) as text:
            yield _table([("", _csv_rows(text))], columns)
        return
    with _open_book(path) as book:
        yield _table(_sheets(book), columns)


@contextmanager
def open_sheet(path: Path, name: str) -> Iterator[tuple[Rows, int]]:
    """All rows of one sheet of a workbook that `open_table` has read, as it reads them, and how many of its cells are merged.

    Raises:
        BadFile: there is no such sheet.
    """
    with _open_book(path) as book:
        sheet = book.get_sheet_by_name(name)
        merged = [(bottom - top + 1) * (right - left + 1) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
        yield _sheet_rows(sheet.iter_rows()), sum(merged)


@contextmanager
def _open_book(path: Path) -> Iterator[CalamineWorkbook]:
    with path.open("rb") as file:
        try:
            with CalamineWorkbook.from_filelike(file) as book:
                yield book
        except CalamineError as error:
            raise BadFile("文件内容有误，不能读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后重新上传") from error


def _sheets(book: CalamineWorkbook) -> Iterator[tuple[str, Rows]]:
    seen = 0
    for number, sheet in enumerate(book.sheets_metadata):
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible and seen < MAX_SHEETS:
            seen += 1
            yield sheet.name, _sheet_rows(book.get_sheet_by_index(number).iter_rows())


def _sheet_rows(rows: Iterator[list[Any]]) -> Rows:
    return ((number, [as_text(cell) for cell in row]) for number, row in enumerate(rows, 1))


def _csv_rows(text: TextIOWrapper) -> Rows:
    beginning = text.read(4000)
    text.seek(0)
    reader = csv.reader(text, delimiter=max(",\t;", key=beginning.count))
    try:
        for row in reader:
            yield reader.line_num, [as_text(_unquoted(cell)) for cell in row[:MAX_COLUMNS]]
    except csv.Error as error:
        raise BadFile(f"文件第 {reader.line_num} 行不能读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传") from error


def _unquoted(cell: str) -> str:
    # programs write ="13900000000" lest Excel turn the digits into a number
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell


def _open_text(path: Path) -> TextIOWrapper:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as text:
                while text.read(1024 * 1024):
                    pass
        except UnicodeDecodeError:
            continue
        return path.open(encoding=encoding, newline="")
    raise BadFile("文件的文字编码不能识别，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传")


def _table(sheets: Iterable[tuple[str, Rows]], columns: Sequence[Column]) -> Table:
    """The first sheet whose headings are complete."""
    nearest: Header | None = None
    for name, rows in sheets:
        head = list(islice(rows, TITLE_ROWS))
        for at, (number, texts) in enumerate(head):
            header = read_header(columns, texts)
            if header.places and not header.missing and not header.doubled:
                below = _data(chain(head[at + 1 :], rows), header.places, columns)
                return Table(tuple(texts), header.places, below, name, number)
            if header.places and (nearest is None or len(header.places) > len(nearest.places)):
                nearest = header
    raise BadFile(_header_problem(nearest, columns))


def _header_problem(nearest: Header | None, columns: Sequence[Column]) -> str:
    if nearest is None:
        titles = "、".join(f"“{c.title}”" for c in columns if c.required)
        return f"没有找到表头：文件前 {TITLE_ROWS} 行中没有{titles}等列。请下载导入模板，把数据填入模板后上传"
    if nearest.missing:
        return f"表头缺少{'、'.join(f'“{title}”' for title in nearest.missing)}列，请补上后重新上传（可下载导入模板对照）"
    return f"表头中{'、'.join(f'“{title}”' for title in nearest.doubled)}列出现了不止一次，请只保留一列后重新上传"


def _data(rows: Rows, places: Mapping[str, int], columns: Sequence[Column]) -> Rows:
    example = {places[c.name]: str(c.schema["x-example"]) for c in columns if c.name in places and "x-example" in c.schema}
    count = 0
    for number, texts in rows:
        if not any(texts) or all(at < len(texts) and texts[at] == value for at, value in example.items()):
            continue
        count += 1
        if count > MAX_ROWS:
            raise BadFile(f"数据超过 {MAX_ROWS} 行，请拆分为几个文件后分别上传")
        yield number, texts
