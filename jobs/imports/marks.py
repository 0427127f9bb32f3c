"""What a workbook says of its cells beside their values, which the library that reads workbooks does not show: error values such as
#N/A (such a cell seems empty), leading zeros that exist only as a number format, and what is hidden.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from jobs.imports.guarding import MAX_COLUMNS, BadFile, column_number, pieces

Places = Mapping[int, Mapping[int, str]]
"""Row number as Excel counts → column, from 0 → the error value."""

MAX_STYLES = 64 * 1024 * 1024  # bytes of the part that holds the formats
_MANY_STYLES = 200  # with leading zeros: an honest workbook has few
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)
_STYLES = "xl/styles.xml"
# A format that shows a number with so many digits, and nothing else; before it what language it is for, behind it that texts stay texts.
_ZEROS = re.compile(r"(?:\[\$-[0-9A-Za-z,-]{1,20}\])?(0{2,18})(?:;@)?")
# Possessive: linear on whatever is put before them.
_TAG = re.compile(rb"<(?:[\w.-]+:)?(row|col|c)(?=[\s/>])([^<>]*+)>")
_ERROR = re.compile(rb"""\st\s*+=\s*+["']e["']""")
_NO_NUMBER = re.compile(rb"""\st\s*+=\s*+["'](?!n["'])""")
_STYLE = re.compile(rb"""\ss\s*+=\s*+["']([0-9]{1,6})["']""")
_HIDDEN = re.compile(rb"""\shidden\s*+=\s*+["'](?:1|true)["']""")
_RANGE = re.compile(rb"""\s(min|max)\s*+=\s*+["']([0-9]{1,6})["']""")
_PLACE = re.compile(rb"""\sr\s*+=\s*+["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
# what follows the tag of a cell: its formula, and its value
_VALUE = re.compile(rb"\s*+(?:<(?:[\w.-]+:)?f[^<>]*+>(?:[^<]*+</[^<>]*+>)?)?+\s*+<(?:[\w.-]+:)?v[^<>]*+>\s*+(#[^<\s]{1,20})")
_UNKNOWN = "#N/A"


@dataclass(frozen=True)
class Marks:
    """What a sheet says of its cells."""

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    """`Places`: error values."""
    zeros: dict[int, dict[int, int]] = field(default_factory=dict)
    """Row number → column, from 0 → with how many digits its number is shown."""
    hidden_rows: set[int] = field(default_factory=set)
    """Numbers of rows that are hidden, by hand or by a filter."""
    hidden_columns: set[int] = field(default_factory=set)
    """Columns, from 0."""


def read_marks(path: Path) -> Mapping[str, Marks]:
    """What a workbook that `guarding.inspect` has let pass says of the cells of each sheet that says something, by the sheet's name.

    Raises:
        BadFile: its formats cannot be read, or are too many.
    """
    with ZipFile(path) as book:
        digits = _digits_of_styles(book)
        several = b"|".join(digits) if len(digits) < _MANY_STYLES else b"[0-9]"
        styles = rb"\ss\s*+=\s*+[\"'](?:" + several + rb")|" if digits else b""
        says = re.compile(styles + rb"""\st\s*+=\s*+["']e["']|\shidden\s*+=\s*+["'](?:1|true)""")
        parts = {name: part for name, part in sheet_parts(book).items() if part in book.NameToInfo}
        return {name: _of_part(book, part, digits) for name, part in parts.items() if _says(book, part, says)}


class _Styles:
    """Takes in the part that holds the formats, tag by tag: it may be large."""

    def __init__(self) -> None:
        self.formats: dict[str, int] = {}
        """Id of a number format → its digits."""
        self.digits: dict[bytes, int] = {}
        """Number of a style of cells → digits of its format."""
        self._inside = False
        self._count = 0

    def start(self, tag: str | bytes, attrib: dict[str | bytes, str | bytes]) -> None:
        """A tag begins."""
        name, format_id = str(tag).rpartition("}")[2], str(attrib.get("numFmtId", ""))
        if name == "numFmt" and (found := _ZEROS.fullmatch(str(attrib.get("formatCode", "")))):
            self.formats[format_id] = len(found[1])
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            if (digits := self.formats.get(format_id)) is not None:
                self.digits[b"%d" % self._count] = digits
            self._count += 1

    def end(self, tag: str | bytes) -> None:
        """A tag ends."""
        self._inside = self._inside and not str(tag).endswith("cellXfs")

    def data(self, data: str | bytes) -> None:
        """Text between tags tells nothing."""

    def comment(self, text: str | bytes) -> None:
        """Nor does a comment."""

    def close(self) -> None:
        """All is read."""


def _digits_of_styles(book: ZipFile) -> Mapping[bytes, int]:
    """The styles of cells that show numbers with leading zeros: number of the style → digits."""
    if _STYLES not in book.NameToInfo:  # no rule makes it this name, but every program uses it
        return {}
    if book.NameToInfo[_STYLES].file_size > MAX_STYLES:
        raise BadFile("文件中的单元格样式过多，请把数据复制到新建的表格中，另存为 .xlsx 后上传")
    found = _Styles()
    parser = etree.XMLParser(target=found, resolve_entities=False, no_network=True)
    try:
        with book.open(_STYLES) as xml:
            for piece in pieces(xml):
                if piece:
                    parser.feed(piece)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise BadFile("文件已损坏，不能打开，请用 Excel 或 WPS 打开，另存为 .xlsx 后重新上传") from error
    return found.digits


def sheet_parts(book: ZipFile) -> Mapping[str, str]:
    """The name of each sheet → the part of the workbook that holds its cells."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(book.namelist()):
        return {}  # no rule makes it these names, but every program uses them
    names = {one.get("name"): one.get(_RELATION) for one in etree.fromstring(book.read("xl/workbook.xml"), _PARSER).iter(f"{_MAIN}sheet")}
    relations = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), _PARSER)
    targets = {one.get("Id"): one.get("Target") for one in relations}
    found = {name: target for name, relation in names.items() if (target := targets.get(relation))}
    return {str(name): posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for name, target in found.items()}


def _says(book: ZipFile, part: str, what: re.Pattern[bytes]) -> bool:
    with book.open(part) as xml:
        return any(what.search(piece) for piece in pieces(xml))


def _of_part(book: ZipFile, part: str, digits: Mapping[bytes, int]) -> Marks:
    with book.open(part) as xml:
        return _of_pieces(pieces(xml), digits)


def _of_pieces(several: Iterable[bytes], digits: Mapping[bytes, int]) -> Marks:
    marks = Marks()
    row = column = 0  # of the cell before; one that names no place follows it
    for piece in several:
        for tag in _TAG.finditer(piece):
            if tag[1] == b"col":
                marks.hidden_columns.update(_hidden_columns(tag[2]))
                continue
            place = _PLACE.search(tag[2])
            if tag[1] == b"row":
                row, column = (int(place[2]) if place is not None else row + 1), 0
                if _HIDDEN.search(tag[2]):
                    marks.hidden_rows.add(row)
                continue
            column = column_number(place[1]) if place is not None else column + 1
            if _ERROR.search(tag[2]):
                value = _VALUE.match(piece, tag.end())
                told = value[1].decode("ascii", "replace") if value is not None else _UNKNOWN
                marks.errors.setdefault(row, {})[column - 1] = told
            elif digits and (style := _STYLE.search(tag[2])) and style[1] in digits and not _NO_NUMBER.search(tag[2]):
                marks.zeros.setdefault(row, {})[column - 1] = digits[style[1]]
    return marks


def _hidden_columns(attributes: bytes) -> range:
    """The columns, from 0, that a tag says are hidden."""
    if not _HIDDEN.search(attributes):
        return range(0)
    ends = {name: int(number) for name, number in _RANGE.findall(attributes)}
    return range(max(ends.get(b"min", 1) - 1, 0), min(ends.get(b"max", 0), MAX_COLUMNS))
