"""Drop-downs whose choices are on another sheet. Excel 2010 and later keep them in an extension that openpyxl leaves out.

Written as plain rules, which may name other sheets too, every Excel and WPS since then reads them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from lxml import etree
from openpyxl.worksheet.datavalidation import DataValidation

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_X14 = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
_XM = "{http://schemas.microsoft.com/office/excel/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def newer_rules(path: Path, sheet: str) -> Iterator[DataValidation]:
    """The rules of input in the extension of a workbook's sheet."""
    with ZipFile(path) as book:
        part = _part_of(book, sheet)
        if part is not None:
            with book.open(part) as xml:
                yield from _rules(xml)


def _part_of(book: ZipFile, sheet: str) -> str | None:
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(book.namelist()):
        return None  # no rule makes it this name, but every program uses it
    names = {one.get("name"): one.get(_RELATION) for one in etree.fromstring(book.read("xl/workbook.xml"), _PARSER).iter(f"{_MAIN}sheet")}
    relations = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), _PARSER)
    targets = {one.get("Id"): one.get("Target") for one in relations}
    target = targets.get(names.get(sheet))
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else None


def _rules(xml: IO[bytes]) -> Iterator[DataValidation]:
    events = etree.iterparse(xml, tag=(f"{_MAIN}row", f"{_X14}dataValidation"), resolve_entities=False, no_network=True)
    for _, element in events:
        if element.tag == f"{_X14}dataValidation":
            formulas = [element.findtext(f"{_X14}formula{n}/{_XM}f") for n in (1, 2)]
            kept = {name: value for name, value in element.attrib.items() if not name.startswith("{")}
            yield DataValidation(**kept, formula1=formulas[0], formula2=formulas[1], sqref=element.findtext(f"{_XM}sqref") or "")
        element.clear()  # there are many rows, and none is needed here
