"""Where a workbook's cells hold error values such as #N/A: the library that reads workbooks shows such a cell as empty."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from jobs.imports.guarding import column_number, pieces

Places = Mapping[int, Mapping[int, str]]
"""Row number as Excel counts → column, from 0 → the error value."""

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)
# Possessive: linear on whatever is put before them.
_TAG = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])([^<>]*+)>")
_ERROR = re.compile(rb"""\st\s*+=\s*+["']e["']""")
_PLACE = re.compile(rb"""\sr\s*+=\s*+["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
# what follows the tag of a cell: its formula, and its value
_VALUE = re.compile(rb"\s*+(?:<(?:[\w.-]+:)?f[^<>]*+>(?:[^<]*+</[^<>]*+>)?)?+\s*+<(?:[\w.-]+:)?v[^<>]*+>\s*+(#[^<\s]{1,20})")
_UNKNOWN = "#N/A"


def error_values(path: Path) -> Mapping[str, Places]:
    """The error values of each sheet of a workbook that `guarding.inspect` has let pass, by the sheet's name."""
    with ZipFile(path) as book:
        parts = {name: part for name, part in sheet_parts(book).items() if part in book.NameToInfo}
        return {name: _of_part(book, part) for name, part in parts.items() if _has_errors(book, part)}


def sheet_parts(book: ZipFile) -> Mapping[str, str]:
    """The name of each sheet → the part of the workbook that holds its cells."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(book.namelist()):
        return {}  # no rule makes it these names, but every program uses them
    names = {one.get("name"): one.get(_RELATION) for one in etree.fromstring(book.read("xl/workbook.xml"), _PARSER).iter(f"{_MAIN}sheet")}
    relations = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), _PARSER)
    targets = {one.get("Id"): one.get("Target") for one in relations}
    found = {name: target for name, relation in names.items() if (target := targets.get(relation))}
    return {str(name): posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for name, target in found.items()}


def _has_errors(book: ZipFile, part: str) -> bool:
    with book.open(part) as xml:
        return any(b'"e"' in piece or b"'e'" in piece for piece in pieces(xml))


def _of_part(book: ZipFile, part: str) -> Places:
    with book.open(part) as xml:
        return _of_pieces(pieces(xml))


def _of_pieces(several: Iterable[bytes]) -> Places:
    places: dict[int, dict[int, str]] = {}
    row = column = 0  # of the cell before; one that names no place follows it
    for piece in several:
        for tag in _TAG.finditer(piece):
            place = _PLACE.search(tag[2])
            if tag[1] == b"row":
                row, column = (int(place[2]) if place is not None else row + 1), 0
                continue
            column = column_number(place[1]) if place is not None else column + 1
            if _ERROR.search(tag[2]):
                value = _VALUE.match(piece, tag.end())
                places.setdefault(row, {})[column - 1] = value[1].decode("ascii", "replace") if value is not None else _UNKNOWN
    return places
