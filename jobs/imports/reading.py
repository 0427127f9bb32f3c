"""Reads a file, as people really make them, into rows of text: finds sheet and headings, skips titles, blank rows and the example.

Pure functions on a file; nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from forms.checking import checker
from jobs.imports.cells import ERROR_VALUE, EXTRA, as_text, reader
from jobs.imports.columns import NUMBER, Column, Head, Header, find_head
from jobs.imports.guarding import MAX_CELL, MAX_ROWS, BadFile, Kind, inspect
from jobs.imports.marks import Marks, read_marks
from jobs.imports.text_files import Rows, open_text

TITLE_ROWS = 20  # rows in which the headings are looked for
MAX_SHEETS = 100
MAX_SHEET_NAME = 255  # characters; Excel allows 31
MAX_PLACES = 12_000_000  # cells of the rectangles of all sheets together: each is looked at
MAX_MERGES = 200_000  # merged areas of a sheet
MAX_HEADING = 200  # characters of a heading that are kept
_COMPARED = 2000  # characters of a heading that are compared: some hold a whole instruction in brackets
MAX_TEXT = 20_000_000  # characters of all cells that are imported: 50,000 rows of 400
_NO_MARKS = Marks()
HIDDEN = "工作表已隐藏"
NO_HEAD = "没有表头"
_SHOWN = 20  # characters of a cell in a message
_STRAY = 1  # headings that a sheet may have by chance


@dataclass(frozen=True)
class FoundSheet:
    """A sheet of a workbook that holds rows of the table that is asked for."""

    name: str
    rows: int
    head: int
    """Number of the last row of its headings."""
    problem: str | None = None
    """Why it cannot be imported, in Chinese."""


@dataclass(frozen=True)
class Table:
    """The rows below a file's headings."""

    header: tuple[str, ...]
    """The headings as the file has them, with those of other columns."""
    places: Mapping[str, int]
    """Field name → number of the file's column, from 0."""
    rows: Rows
    """(row number as Excel counts, the cells as text, those of other columns empty); blank rows and the template's example left out.
    Read once."""
    sheet: str
    """The sheet's name; empty where the file has none."""
    head: int
    """Number of the last row of headings."""
    others: tuple[FoundSheet, ...] = ()
    """Sheets that hold rows too, and cannot be imported as they are."""
    unnamed: set[int] = field(default_factory=set)
    """Columns, from 0, without a heading in which something stands; known once the rows are read."""
    hidden_columns: tuple[str, ...] = ()
    """Headings of imported columns that the sheet does not show."""
    hidden_rows: set[int] = field(default_factory=set)
    """Numbers of rows that the sheet does not show; known once the rows are read."""


class SeveralSheets(Exception):
    """A workbook has several sheets that could be imported: a person chooses from `sheets`."""

    def __init__(self, sheets: Sequence[FoundSheet]) -> None:
        super().__init__(f"{len(sheets)} sheets")
        self.sheets = tuple(sheets)


@contextmanager
def open_table(path: Path, name: str, columns: Sequence[Column], kind: Kind | None = None, sheet: str | None = None) -> Iterator[Table]:
    """The table in an uploaded file, or in one `sheet` of it. Reading its rows may still raise BadFile, where there are too many.

    `kind` is what `inspect` found when the file came; without it the file is looked at first.

    Raises:
        BadFile: it cannot be read, or its headings lack required columns (all of them are named).
        SeveralSheets: more than one sheet can be imported, and none was asked for.
    """
    if (kind or inspect(path, name)) == "csv":
        with open_text(path, columns, TITLE_ROWS) as rows:
            yield _text_table(rows, columns)
        return
    with _open_book(path) as book:
        yield _book_table(book, read_marks(path), columns, sheet)


@contextmanager
def open_sheet(path: Path, name: str) -> Iterator[tuple[Rows, int]]:
    """All rows of one sheet of a workbook that `open_table` has read, as it reads them, and how many of its cells are merged.

    Raises:
        BadFile: there is no such sheet.
    """
    with _open_book(path) as book:
        sheet = book.get_sheet_by_name(name)
        merged = [(bottom - top + 1) * (right - left + 1) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
        yield _sheet_rows(_Sheet(sheet, read_marks(path).get(name, _NO_MARKS))), sum(merged)


@contextmanager
def _open_book(path: Path) -> Iterator[CalamineWorkbook]:
    with path.open("rb") as file:
        try:
            with CalamineWorkbook.from_filelike(file) as book:
                yield book
        except CalamineError as error:
            raise BadFile("文件内容有误，不能读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后重新上传") from error


@dataclass(frozen=True)
class _Sheet:
    """A sheet of a workbook."""

    cells: CalamineSheet
    marks: Marks

    @property
    def name(self) -> str:
        return self.cells.name


def _text_table(rows: Rows, columns: Sequence[Column]) -> Table:
    lines = list(islice(rows, TITLE_ROWS))
    head = _find_head(lines, columns)
    if head is None or not head.header.complete:
        raise BadFile(_advice(head, columns))
    return _table("", head, lines, rows, columns, width=len(head.texts))


@dataclass
class _Look:
    """What was found in the sheets of a workbook so far."""

    found: list[FoundSheet] = field(default_factory=list)
    """Those with rows. Of the first that can be imported they are counted only where it is not the only one, and are 0 until then."""
    first: _Sheet | None = None
    """That first one."""
    empty: _Sheet | None = None
    """The first one with headings alone."""
    nearest: Head | None = None
    """The headings that come nearest, where none are complete."""
    headless: list[tuple[FoundSheet, Sequence[Sequence[str]]]] = field(default_factory=list)
    """Those without headings, and their first rows."""


def _book_table(book: CalamineWorkbook, marks: Mapping[str, Marks], columns: Sequence[Column], wanted: str | None) -> Table:
    sheets = [(at, one) for at, one in enumerate(book.sheets_metadata) if one.typ == SheetTypeEnum.WorkSheet and wanted in (None, one.name)]
    if len(sheets) > MAX_SHEETS:
        raise BadFile(f"文件中的工作表超过 {MAX_SHEETS} 个，请删除无关的工作表后重新上传")
    if any(len(one.name) > MAX_SHEET_NAME for _, one in sheets):
        raise BadFile(f"文件中有工作表的名称超过 {MAX_SHEET_NAME} 个字，请改短后重新上传")
    look, places = _Look(), 0
    for at, about in sheets:
        sheet = book.get_sheet_by_index(at)
        places += (sheet.total_height + 1) * (sheet.total_width + 1)  # they are the numbers of the last row and column, from 0
        if places > MAX_PLACES:
            raise BadFile("文件中的工作表过大，请删除无关的工作表、数据右侧和下方多余的列和行，或拆分为几个文件后分别上传")
        _look_at(
            look, _Sheet(sheet, marks.get(sheet.name, _NO_MARKS)), about.visible == SheetVisibleEnum.Visible or wanted is not None, columns
        )
    if look.first is not None and look.headless:
        look.found += _going_on(look, _sheet_table(look.first, columns).places, columns)
    if look.first is not None and sum(one.problem is None for one in look.found) > 1:
        rows = _count(_sheet_table(look.first, columns).rows)
        raise SeveralSheets([one if one.rows else replace(one, rows=rows) for one in look.found])
    chosen = look.first or look.empty
    if chosen is None:
        raise BadFile(_advice(look.nearest, columns))
    return replace(_sheet_table(chosen, columns), others=tuple(one for one in look.found if one.problem is not None))


def _look_at(look: _Look, sheet: _Sheet, visible: bool, columns: Sequence[Column]) -> None:
    """Adds one sheet to what was found."""
    head, table = _head_and_table(sheet, columns)
    if head is None or table is None:
        lines = [texts for _, texts in islice(_sheet_rows(sheet), TITLE_ROWS)]
        if any(map(any, lines)):
            rows = _count((number, texts) for number, texts in _sheet_rows(sheet) if any(texts))
            look.headless.append((FoundSheet(sheet.name, rows, 0, NO_HEAD), lines))
        return
    complete, named = head.header.complete, len(head.header.places)
    filled = next(table.rows, None) is not None
    if visible and not complete and (look.nearest is None or named > len(look.nearest.header.places)):
        look.nearest = head
    if visible and complete and not filled:
        look.empty = look.empty or sheet
    elif visible and complete and look.first is None:
        look.first = sheet
        look.found.append(FoundSheet(sheet.name, 0, table.head))
    elif filled and (complete or (visible and named > _STRAY)):
        problem = _problem(head.header) if not complete else None if visible else HIDDEN
        look.found.append(FoundSheet(sheet.name, 1 + _count(table.rows), table.head, problem))


def _going_on(look: _Look, places: Mapping[str, int], columns: Sequence[Column]) -> Iterator[FoundSheet]:
    """The sheets without headings that go on with a table of these places: they hold a row with all that it must have."""
    must = [(places[column.name], column) for column in columns if column.required and column.name in places]
    passes = checker({"type": "object", "properties": {column.name: column.schema for _, column in must}})
    readers = [(at, column.name, reader(column.schema)) for at, column in must]
    for found, lines in look.headless:
        answers = [{name: read(texts[at])[0] for at, name, read in readers if at < len(texts)} for texts in lines]
        if any(len(one) == len(must) and None not in one.values() and not passes(one) for one in answers):
            yield found


def _sheet_table(sheet: _Sheet, columns: Sequence[Column]) -> Table:
    """The table of a sheet whose headings are complete."""
    table = _head_and_table(sheet, columns)[1]
    if table is None:
        raise BadFile(_advice(None, columns))
    return table


def _head_and_table(sheet: _Sheet, columns: Sequence[Column]) -> tuple[Head | None, Table | None]:
    rows = _sheet_rows(sheet)
    lines = list(islice(rows, TITLE_ROWS))
    head = _find_head(lines, columns)
    if head is None:
        return None, None
    table = _table(sheet.name, head, lines, rows, columns)
    hidden = {at for at in table.places.values() if at in sheet.marks.hidden_columns}
    table = replace(table, hidden_columns=tuple(table.header[at] for at in sorted(hidden)))
    return head, replace(table, rows=_noted(table.rows, sheet.marks.hidden_rows, table.hidden_rows)) if sheet.marks.hidden_rows else table


def _noted(rows: Rows, hidden: Set[int], found: set[int]) -> Rows:
    """The rows as they are; adds to `found` the numbers of those that are hidden."""
    for number, texts in rows:
        if number in hidden:
            found.add(number)
        yield number, texts


def _find_head(lines: Sequence[tuple[int, list[str]]], columns: Sequence[Column]) -> Head | None:
    return find_head(columns, [[text[:_COMPARED] for text in texts] for _, texts in lines])


def _table(
    name: str, head: Head, lines: Sequence[tuple[int, list[str]]], rows: Rows, columns: Sequence[Column], width: int | None = None
) -> Table:
    """The table below some headings. `width`: how many cells a row of a text file may have; a sheet's cells are where they belong."""
    places, unnamed = head.header.places, set[int]()
    below = _unnamed(chain(lines[head.last + 1 :], rows), head.texts, unnamed)
    header = tuple(text[:MAX_HEADING] for text in head.texts)
    return Table(header, places, _data(below, places, columns, width), name, lines[head.last][0], unnamed=unnamed)


def _unnamed(rows: Rows, header: Sequence[str], found: set[int]) -> Rows:
    """The rows as they are; adds to `found` the columns without a heading in which something stands."""
    blank = [at for at, heading in enumerate(header) if not heading]
    for number, texts in rows:
        for at in blank:
            if at < len(texts) and texts[at]:
                found.add(at)
                blank = [one for one in blank if one not in found]
        if len(texts) > len(header):
            found.update(at for at in range(len(header), len(texts)) if texts[at])
        yield number, texts


def _sheet_rows(sheet: _Sheet) -> Rows:
    merged: dict[int, list[tuple[int, int]]] = {}
    areas = sheet.cells.merged_cell_ranges or ()
    if len(areas) > MAX_MERGES:
        raise BadFile(f"工作表“{sheet.name}”中合并的单元格过多，请取消合并后重新上传")
    for (top, left), (bottom, _) in areas:
        if bottom > top:
            merged.setdefault(top + 1, []).append((left, bottom + 1))
    blank = [""] * (sheet.cells.start[1] if sheet.cells.start else 0)  # columns left of the table, which the library leaves out
    rows: Rows = ((number, [*blank, *map(as_text, row)]) for number, row in enumerate(sheet.cells.iter_rows(), 1))
    rows = _with_errors(rows, sheet.marks.errors) if sheet.marks.errors else rows
    rows = _with_zeros(rows, sheet.marks.zeros) if sheet.marks.zeros else rows
    return _filled(rows, merged) if merged else rows


def _with_errors(rows: Rows, errors: Mapping[int, Mapping[int, str]]) -> Rows:
    for number, texts in rows:
        for column, value in errors.get(number, {}).items():
            texts += [""] * (column + 1 - len(texts))
            texts[column] = texts[column] or ERROR_VALUE + value
        yield number, texts


def _with_zeros(rows: Rows, zeros: Mapping[int, Mapping[int, int]]) -> Rows:
    """Rows in which whole numbers have the leading zeros with which they are shown."""
    for number, texts in rows:
        for column, digits in zeros.get(number, {}).items():
            if column < len(texts) and texts[column].isdecimal():
                texts[column] = texts[column].zfill(digits)
        yield number, texts


def _filled(rows: Rows, merged: Mapping[int, Sequence[tuple[int, int]]]) -> Rows:
    """Rows in which cells merged downwards hold their value in every row. `merged`: first row → (column, from 0, last row).

    A row that holds nothing else stays blank: remarks below a table are often merged so.
    """
    above: dict[int, tuple[int, str]] = {}
    for number, texts in rows:
        above = {column: (last, text) for column, (last, text) in above.items() if number <= last}
        if any(texts):
            for column, (_, text) in above.items():
                texts[column] = texts[column] or text
        for column, last in merged.get(number, ()):
            if column < len(texts):
                above[column] = (last, texts[column])
        yield number, texts


def _advice(nearest: Head | None, columns: Sequence[Column]) -> str:
    if nearest is None:
        titles = "、".join(f"“{c.title}”" for c in columns if c.required)
        return f"没有找到表头：文件前 {TITLE_ROWS} 行中没有{titles}等列。{_template(columns)}，把数据填入模板后上传"
    what = "请补上后重新上传（可下载导入模板对照）" if nearest.header.missing else "请只保留一列后重新上传"
    if NUMBER.title in nearest.header.missing:  # nobody can add what only a template has
        what = f"{_template(columns)}，把改动填入模板后上传"
    return f"{_problem(nearest.header)}，{what}"


def _template(columns: Sequence[Column]) -> str:
    """Where the template is that has these columns."""
    return "请在列表中点击批量修改，下载修改模板" if NUMBER in columns else "请下载导入模板"


def _problem(header: Header) -> str:
    if header.missing:
        return f"表头缺少{'、'.join(f'“{title}”' for title in header.missing)}列"
    return f"表头中{'、'.join(f'“{title}”' for title in header.doubled)}列出现了不止一次"


def _data(rows: Rows, places: Mapping[str, int], columns: Sequence[Column], width: int | None) -> Rows:
    example = {places[c.name]: str(c.schema["x-example"]) for c in columns if c.name in places and "x-example" in c.schema}
    taken = [False] * (1 + max(places.values()))
    for at in places.values():
        taken[at] = True
    count, room = 0, MAX_TEXT
    for number, texts in rows:
        if _is_blank(texts) or (example and all(at < len(texts) and texts[at] == value for at, value in example.items())):
            continue
        count += 1
        if count > MAX_ROWS:
            raise BadFile(f"数据超过 {MAX_ROWS} 行，请拆分为几个文件后分别上传")
        kept = [text if wanted else "" for text, wanted in zip(texts, taken, strict=False)]
        size = sum(map(len, kept))
        room -= size
        if size > MAX_CELL and max(map(len, kept)) > MAX_CELL:
            raise BadFile(f"第 {number} 行有超过 {MAX_CELL} 个字的单元格，请删减后重新上传")
        if room < 0:
            raise BadFile(f"要导入的文字超过 {MAX_TEXT // 10_000} 万字，请拆分为几个文件后分别上传")
        if width is not None and len(texts) > width and any(texts[width:]):
            kept.append(_extra(texts[width:]))
        yield number, kept


def _extra(texts: Sequence[str]) -> str:
    """Why a row with these cells beyond its headings is refused. A comma in a text shifts the cells behind it to the right."""
    shown = "、".join(f"“{text[:_SHOWN]}”" for text in [*filter(None, texts)][:3])
    return f"{EXTRA}这一行比表头多出 {len(texts)} 格（{shown}），可能有未加引号的逗号，各列的内容可能错位，请核对各列后改正"


def _is_blank(texts: Sequence[str]) -> bool:
    """Whether a row holds nothing: formulas that are drawn down below a table give errors there."""
    return not any(texts) or all(not text or text.startswith(ERROR_VALUE) for text in texts)


def _count(rows: Rows) -> int:
    return sum(1 for _ in islice(rows, MAX_ROWS - 1))
