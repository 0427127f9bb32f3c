"""Removes rows from a sheet that openpyxl has loaded, and moves what belongs to the others: merges, heights, rules, tables, pictures.

openpyxl's own `delete_rows` moves cells alone, all of them once for each gap. Here each thing is looked at once. The workbook is
loaded with values in place of formulas, so that no formula of a cell has to follow.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

from openpyxl.cell.cell import Cell
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.pagebreak import RowBreak
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

_AREA = re.compile(r"(?:(?:'((?:[^']|'')+)'|([^'!]+))!)?\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)")
_LIST_LENGTH = 255  # characters of the choices in a drop-down's rule (Excel specifications and limits)


@dataclass(frozen=True)
class Moves:
    """Of the rows below `head`, down to `last`, only those in `kept` stay. They, and the rows below `last`, move up."""

    head: int
    last: int
    kept: Sequence[int]
    """Ascending."""

    def row(self, number: int) -> int | None:
        """The number of a row afterwards; None where it is removed."""
        if number <= self.head:
            return number
        if number > self.last:
            return number - (self.last - self.head - len(self.kept))
        at = bisect_left(self.kept, number)
        return self.head + 1 + at if at < len(self.kept) and self.kept[at] == number else None

    def area(self, one: CellRange) -> CellRange | None:
        """A range of cells afterwards; None where no row of it is left. It is still one range: the rows keep their order."""
        first = self.row(one.min_row) or self.head + 1 + bisect_left(self.kept, one.min_row)
        last = self.row(one.max_row) or self.head + bisect_right(self.kept, one.max_row)
        return CellRange(min_col=one.min_col, max_col=one.max_col, min_row=first, max_row=last) if first <= last else None

    def areas(self, several: Iterable[CellRange]) -> MultiCellRange:
        """Some ranges afterwards, without those of which no row is left."""
        return MultiCellRange([moved for one in several if (moved := self.area(one)) is not None])


def remove_rows(sheet: Worksheet, moves: Moves) -> None:
    """Removes the rows that `moves` does not keep."""
    sheet.data_validations.dataValidation = _validations(sheet, moves)
    _take_merges_apart(sheet, moves)
    _move_cells(sheet, moves)
    _move_heights(sheet, moves)
    _move_conditional_formats(sheet, moves)
    _move_pictures(sheet, moves)
    for table in sheet.tables.values():
        _shorten(table, moves)
    if sheet.auto_filter.ref:
        sheet.auto_filter = AutoFilter(_area_of(sheet.auto_filter.ref, moves))  # its conditions would hide rows
    sheet.sheet_properties.filterMode = None
    if sheet.print_area:
        areas = [CellRange(one.rpartition("!")[2].replace("$", "")) for one in sheet.print_area.split(",")]
        sheet.print_area = ",".join(one.coord for one in moves.areas(areas).sorted()) or None
    sheet.row_breaks = RowBreak()


def _take_merges_apart(sheet: Worksheet, moves: Moves) -> None:
    """Cells merged over several rows of data become cells of their own, each with the value; those merged within a row stay merged."""
    left = []
    for one in sheet.merged_cells:
        if one.max_row <= moves.head or one.min_row > moves.last or one.min_row == one.max_row:
            left += [moved] if (moved := moves.area(one)) is not None else []
        else:
            _take_apart(sheet, one, moves)
    sheet.merged_cells = MultiCellRange(left)


def _take_apart(sheet: Worksheet, one: CellRange, moves: Moves) -> None:
    cells = sheet._cells
    top = cells[one.min_row, one.min_col]
    for row, column in one.cells:
        if (row, column) == (one.min_row, one.min_col) or moves.row(row) is None:
            continue
        old = cells[row, column]
        cells[row, column] = new = Cell(sheet, row=row, column=column)
        looks = top if column == one.min_col else old
        for name in ("font", "fill", "border", "alignment", "protection", "number_format"):
            setattr(new, name, copy(getattr(looks, name)))
        if column == one.min_col and row <= moves.last:  # a remark below the table stays one row
            new.value = top.value
            new.data_type = top.data_type  # a text that begins with = stays a text


def _move_cells(sheet: Worksheet, moves: Moves) -> None:
    moved = {}
    for (row, column), cell in sheet._cells.items():
        to = moves.row(row)
        if to is not None:
            cell.row = to
            moved[to, column] = cell
            if cell.hyperlink is not None:
                cell.hyperlink.ref = cell.coordinate
    sheet._cells = moved


def _move_heights(sheet: Worksheet, moves: Moves) -> None:
    """Moves heights, formats and levels of rows. Rows that were hidden, by hand or by a filter, are shown: people correct them."""
    dimensions = dict(sheet.row_dimensions)
    sheet.row_dimensions.clear()
    for number, dimension in dimensions.items():
        to = moves.row(number)
        if to is not None:
            dimension.index = to
            dimension.hidden = dimension.hidden and not moves.head < number <= moves.last
            sheet.row_dimensions[to] = dimension


def _validations(sheet: Worksheet, moves: Moves) -> list[DataValidation]:
    """The sheet's drop-downs and other rules of input, for the cells as they are afterwards."""
    left = []
    for rule in sheet.data_validations.dataValidation:
        areas = moves.areas(rule.sqref)
        formulas = [_choices(sheet, rule, moves), rule.formula2]
        moved = [_formula(text, rule.sqref, areas) for text in formulas if text] if areas else []
        if not areas or len(moved) < len([text for text in (rule.formula1, rule.formula2) if text]) or None in moved:
            continue  # neither its cells are left nor what it compares with
        rule.formula1, rule.formula2 = (*moved, None, None)[:2]
        rule.sqref = areas
        left.append(rule)
    return left


def _choices(sheet: Worksheet, rule: DataValidation, moves: Moves) -> str | None:
    """What a rule compares with. Choices that stand beside the table lose rows with it: the rule then names them itself.

    None where they are too many.
    """
    text: str | None = rule.formula1
    found = _AREA.fullmatch(text or "") if rule.type == "list" else None
    if found is None or (found[1] or found[2] or sheet.title).replace("''", "'") != sheet.title or int(found[6]) <= moves.head:
        return text
    cells = (cell for row in sheet[f"{found[3]}{found[4]}:{found[5]}{found[6]}"] for cell in row)
    names = [str(cell.value) for cell in cells if cell.value is not None]
    named = f'"{",".join(names)}"'
    return named if names and len(named) <= _LIST_LENGTH and not any(set(name) & set(',"') for name in names) else None


def _move_conditional_formats(sheet: Worksheet, moves: Moves) -> None:
    left = ConditionalFormattingList()
    for one in sheet.conditional_formatting:
        areas = moves.areas(one.sqref)
        for rule in one.rules if areas else ():
            formulas = [_formula(text, one.sqref, areas) for text in rule.formula]
            if None not in formulas:
                rule.formula = formulas
                left.add(str(areas), rule)
    sheet.conditional_formatting = left


def _formula(text: str, old: MultiCellRange, new: MultiCellRange) -> str | None:
    """A rule's formula, whose relative places are meant from the first cell of its ranges. None where they would leave the sheet."""
    if text.startswith('"'):
        return text
    origin, to = _first_cell(old), _first_cell(new)
    if origin == to:
        return text
    try:
        return str(Translator(f"={text}", origin).translate_formula(to))[1:]
    except TranslatorError:
        return None


def _first_cell(areas: MultiCellRange) -> str:
    return f"{get_column_letter(min(one.min_col for one in areas))}{min(one.min_row for one in areas)}"


def _shorten(table: Table, moves: Moves) -> None:
    """A table's place. Its totals and the formulas that fill its columns go, as all formulas do."""
    old = CellRange(table.ref)
    old.shrink(bottom=min(table.totalsRowCount or 0, old.size["rows"] - 1))
    table.ref = _area_of(old.coord, moves)
    if table.autoFilter is not None:
        table.autoFilter = AutoFilter(table.ref)
    table.sortState = table.totalsRowCount = table.tableType = table.connectionId = None
    table.totalsRowShown = False
    for column in table.tableColumns:
        column.calculatedColumnFormula = column.totalsRowFormula = column.totalsRowFunction = column.totalsRowLabel = None
        column.queryTableFieldId = None


def _area_of(text: str, moves: Moves) -> str:
    """A table or filter: its headings, and one row below them at least."""
    old = CellRange(text)
    new = moves.area(old) or CellRange(text)
    return str(CellRange(min_col=old.min_col, max_col=old.max_col, min_row=new.min_row, max_row=max(new.max_row, new.min_row + 1)).coord)


def _move_pictures(sheet: Worksheet, moves: Moves) -> None:
    left = []
    for picture in sheet._images:
        start, end = getattr(picture.anchor, "_from", None), getattr(picture.anchor, "to", None)
        to = moves.row(start.row + 1) if start is not None else None  # anchors count rows from 0
        if start is not None and to is None:
            continue  # its row was removed
        if start is not None and to is not None:
            moved = to - 1 - start.row
            start.row += moved
            if end is not None:
                end.row += moved
        left.append(picture)
    sheet._images = left
