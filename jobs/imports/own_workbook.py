"""The failed rows of an import in the sender's workbook: without the other rows, bad cells coloured, the reason as a comment.

Runs in a process of its own (`jobs.confinement`): openpyxl keeps a whole workbook in memory.
"""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill, Protection
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.views import Selection, SheetView
from openpyxl.worksheet.worksheet import Worksheet

from domain.ground.handling import FAULTS
from jobs.confinement import Json
from jobs.imports.cells import as_text
from jobs.imports.failures import BadRow, Order
from jobs.imports.guarding import BadFile, inspect
from jobs.imports.newer_rules import newer_rules
from jobs.imports.reading import MAX_HEADING, open_sheet
from jobs.imports.row_removal import Moves, remove_rows

LIST = "失败明细"
HEADINGS = ("行号", "错误列", "原因", "当前值", "本文件行号")
MAX_MERGED = 500_000  # cells
MAX_COMMENTS = 50_000  # each is a drawing to Excel; a cell without one is coloured, and the list has its reason
_AUTHOR = "导入检查"
_OTHERS = "\n\n原有批注："
_ADVICE = "请在本单元格改正（不再导入的行请整行删除），保存后把本文件重新上传。"
# how the marks of an earlier import are found; LibreOffice keeps no authors of comments
_MARKED = re.compile(rf"原文件第 \d+ 行\n.*?{_ADVICE}(?:{_OTHERS}(.*))?", re.DOTALL)
_COLOUR = "FFFFC7CE"
_RED = PatternFill("solid", fgColor=_COLOUR)
_AREAS = 500  # of one rule: Excel limits the length of their text
_ALWAYS = ("TRUE", "TRUE()", "1")
_WIDTHS = (8, 16, 44, 26, 12)
_COMMENT = (110, 280)  # height and width, in pixels
_LIKE_FORMULAS = ("=", "+", "-", "@")


def write(order: Order, rows: Sequence[BadRow], target: str | IO[bytes]) -> None:
    """Makes the workbook.

    Raises:
        KeyError, ValueError: openpyxl does not see the sheet that was imported.
        Exception: whatever openpyxl raises on files that others wrote.
    """
    texts, last = _as_read(order, rows)
    book = _load(order)
    sheet = book[order.sheet]
    moves = Moves(order.head, last, [row.number for row in rows])
    for name, head in order.others:
        remove_rows(book[name], Moves(head, book[name].max_row, []))
    _forget_rule(sheet)
    remove_rows(sheet, moves)
    width = len(order.header)
    left = MAX_COMMENTS
    for at, row in enumerate(rows, order.head + 1):
        _correct(sheet, at, order.columns, texts[row.number], row.cells)
        _unmark(sheet, at, width)
        _tell_again(sheet, at, order, row)
        _mark(sheet, at, order, row, left > 0)
        left -= len(row.problems)
    _put_above(sheet, order.head, rows)
    _show(book, sheet, order.head, rows)
    _add_list(book, order, rows)
    book.template = False  # a .xltx would save as one
    book.save(target)


def make(asked: Mapping[str, Json]) -> Json:
    """Makes the workbook `target`; `order` is the path of a file of JSON lines, the order and then the rows.

    Returns: the kind of fault where openpyxl is not equal to the file, else null.
    """
    source, target = Path(str(asked["order"])), Path(str(asked["target"]))
    tempfile.tempdir = str(source.parent)  # files that openpyxl has begun are deleted with this folder
    with source.open(encoding="utf-8") as lines:
        order = Order(**json.loads(next(lines)))
        rows = [BadRow(**json.loads(line)) for line in lines]
    try:
        write(order, rows, str(target))
        inspect(target, target.name)  # the import must accept it
    except (*FAULTS, BadFile, BadZipFile, InvalidFileException, OSError, SyntaxError) as error:  # SyntaxError: of XML
        return type(error).__name__
    return None


def _load(order: Order) -> Workbook:
    with open(order.source, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what openpyxl leaves out
        book = load_workbook(file, data_only=True)
    sheet = book[order.sheet]
    if not _is_headed(sheet, order):
        raise ValueError("another sheet")
    for rule in newer_rules(Path(order.source), order.sheet):
        sheet.add_data_validation(rule)
    return book


def _is_headed(sheet: Worksheet, order: Order) -> bool:
    """Whether a sheet has the headings that the import read; they may stand over two lines, or in cells merged downwards."""
    lines = sheet.iter_rows(max(order.head - 1, 1), order.head, 1, len(order.header), values_only=True)
    cells = [[text for value in column if (text := as_text(value)[:MAX_HEADING])] for column in zip(*lines, strict=True)]
    found = [any(text in said for text in texts) for said, texts in zip(order.header, cells, strict=True) if said and texts]
    return bool(found) and all(found)


def _as_read(order: Order, rows: Sequence[BadRow]) -> tuple[dict[int, list[str]], int]:
    """The rows' texts as the import read them, and the number of the sheet's last row that is not blank."""
    wanted, texts, last = {row.number for row in rows}, {}, order.head
    with open_sheet(Path(order.source), order.sheet) as (lines, merged):
        if merged > MAX_MERGED:
            raise ValueError("merged cells")  # openpyxl makes a cell of each, which takes until the processor's limit
        for number, cells in lines:
            if number in wanted:
                texts[number] = cells
            if number > last and any(cells):
                last = number
    return texts, last


def _correct(sheet: Worksheet, at: int, columns: Sequence[int], was: Sequence[str], now: Sequence[str]) -> None:
    """Writes the cells that were corrected in the browser."""
    for column in columns:
        text = now[column] if column < len(now) else ""
        if text != (was[column] if column < len(was) else ""):
            cell = sheet.cell(at, column + 1)
            cell.hyperlink = None
            _write(cell, as_text(text))


def _write(cell: Cell, text: str) -> None:
    cell.value = text or None
    if text:
        cell.data_type = "s"  # a text that begins with = is no formula, and #N/A no error


def _unmark(sheet: Worksheet, at: int, width: int) -> None:
    """Removes the marks of an earlier import, and lets dates stay dates."""
    for cell in next(sheet.iter_rows(at, at, 1, width)):
        if cell.comment is not None and (marked := _MARKED.fullmatch(cell.comment.text.strip())) is not None:
            cell.comment = Comment(marked[1], "") if marked[1] else None
            if cell.fill.fgColor.rgb == _COLOUR:
                cell.fill = PatternFill()
        if cell.value is not None and cell.data_type == "d" and not is_date_format(cell.number_format):
            cell.number_format = "yyyy-mm-dd"


def _tell_again(sheet: Worksheet, at: int, order: Order, row: BadRow) -> None:
    """The columns 行号, 错误列, 原因 and 当前值 of a file that was made from the plain list."""
    if all(heading in order.header for heading in order.listed):
        for heading, text in zip(order.listed, row.listed, strict=True):
            _write(sheet.cell(at, order.header.index(heading) + 1), text)


def _mark(sheet: Worksheet, at: int, order: Order, row: BadRow, commented: bool) -> None:
    reasons: dict[int, list[str]] = {}
    for column, title, reason in row.problems:
        reasons.setdefault(column, []).append(f"{title}：{reason}")
    for column, said in reasons.items():
        cell = sheet.cell(at, column + 1)
        cell.fill = _RED
        cell.protection = Protection(locked=False)  # so that it can be corrected where the sheet is protected
        if column in order.kept_as_text:
            cell.number_format = "@"  # a number that is typed here keeps all its digits
        if commented:
            others = f"{_OTHERS}{cell.comment.text}" if cell.comment is not None else ""
            text = "\n".join([f"原文件第 {row.number} 行", *said, _ADVICE])
            cell.comment = Comment(text + others, _AUTHOR, *_COMMENT)


def _put_above(sheet: Worksheet, head: int, rows: Sequence[BadRow]) -> None:
    """Shows the colour of bad cells above the sender's conditional formats."""
    if not sheet.conditional_formatting:
        return
    areas = []
    for column in {column for row in rows for column, _, _ in row.problems}:
        marked = [at for at, row in enumerate(rows, head + 1) if any(column == one for one, _, _ in row.problems)]
        for _, run in groupby(enumerate(marked), lambda pair: pair[1] - pair[0]):
            block = [at for _, at in run]
            areas.append(CellRange(min_col=column + 1, max_col=column + 1, min_row=block[0], max_row=block[-1]))
    for one in sheet.conditional_formatting:
        for rule in one.rules:
            rule.priority += 1
    colour = DifferentialStyle(fill=PatternFill(bgColor=_COLOUR))
    for at in range(0, len(areas), _AREAS):
        above = Rule("expression", formula=[_ALWAYS[0]], stopIfTrue=True, priority=1, dxf=colour)
        sheet.conditional_formatting.add(str(MultiCellRange(areas[at : at + _AREAS])), above)


def _forget_rule(sheet: Worksheet) -> None:
    """Removes the rule that an earlier import put above those of the sender."""
    left = ConditionalFormattingList()
    for one in sheet.conditional_formatting:
        for rule in one.rules:
            fill = rule.dxf.fill if rule.dxf is not None else None
            if fill is None or fill.bgColor.rgb != _COLOUR or not set(rule.formula) <= set(_ALWAYS):
                left.add(str(one.sqref), rule)
    sheet.conditional_formatting = left


def _show(book: Workbook, sheet: Worksheet, head: int, rows: Sequence[BadRow]) -> None:
    """Opens the workbook at the first bad cell, and shows every column that has one."""
    columns = {column + 1 for row in rows for column, _, _ in row.problems}
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden and any(dimension.min <= column <= dimension.max for column in columns):
            dimension.hidden = False
    book.active = book.index(sheet)
    for one in book.worksheets:
        one.sheet_view.tabSelected = one is sheet  # people would type into all selected sheets at once
    first = min((column for column, _, _ in rows[0].problems), default=0) + 1
    for view in sheet.views.sheetView:
        _scroll(view, head, f"{get_column_letter(first)}{head + 1}")


def _scroll(view: SheetView, head: int, cell: str) -> None:
    pane = view.pane
    if pane is None:
        view.topLeftCell = None
    elif pane.state in ("frozen", "frozenSplit") and pane.ySplit:
        pane.ySplit = min(pane.ySplit, head)  # frozen in the middle of the rows
        top = int("".join(filter(str.isdigit, view.topLeftCell or "1")))
        pane.topLeftCell = f"{get_column_letter(int(pane.xSplit or 0) + 1)}{top + int(pane.ySplit)}"
    for selection in view.selection or [Selection()]:
        selection.activeCell = selection.sqref = cell
        selection.activeCellId = None


def _add_list(book: Workbook, order: Order, rows: Sequence[BadRow]) -> None:
    """The plain list as a sheet of its own, in place of the one of an earlier import."""
    for one in book.worksheets:
        if one.title.startswith(LIST) and tuple(cell.value for cell in one[1])[: len(HEADINGS)] == HEADINGS:
            book.remove(one)
    sheet = book.create_sheet(LIST)  # openpyxl numbers it where the sender has such a sheet
    for column, (heading, width) in enumerate(zip(HEADINGS, _WIDTHS, strict=True), 1):
        cell = sheet.cell(1, column, heading)
        cell.font, cell.fill = Font(bold=True), _RED
        sheet.column_dimensions[get_column_letter(column)].width = width
    for line, (at, row) in enumerate(enumerate(rows, order.head + 1), 2):
        for column, text in enumerate((*row.listed, str(at)), 1):
            cell = sheet.cell(line, column)
            _write(cell, as_text(text))
            cell.number_format = "@"
            if text.startswith(_LIKE_FORMULAS):
                cell.quotePrefix = True  # it stays a text where somebody edits it
    sheet.freeze_panes = "A2"
