"""Drop-downs whose choices are on another sheet. Excel 2010 and later keep them in an extension that openpyxl leaves out.

Written as plain rules, which may name other sheets too, every Excel and WPS since then reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from lxml import etree
from openpyxl.worksheet.datavalidation import DataValidation

from jobs.imports.marks import sheet_parts

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_X14 = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
_XM = "{http://schemas.microsoft.com/office/excel/2006/main}"


def newer_rules(path: Path, sheet: str) -> Iterator[DataValidation]:
    """The rules of input in the extension of a workbook's sheet."""
    with ZipFile(path) as book:
        part = sheet_parts(book).get(sheet)
        if part is not None:
            with book.open(part) as xml:
                yield from _rules(xml)


def _rules(xml: IO[bytes]) -> Iterator[DataValidation]:
    events = etree.iterparse(xml, tag=(f"{_MAIN}row", f"{_X14}dataValidation"), resolve_entities=False, no_network=True)
    for _, element in events:
        if element.tag == f"{_X14}dataValidation":
            formulas = [element.findtext(f"{_X14}formula{n}/{_XM}f") for n in (1, 2)]
            kept = {name: value for name, value in element.attrib.items() if not name.startswith("{")}
            yield DataValidation(**kept, formula1=formulas[0], formula2=formulas[1], sqref=element.findtext(f"{_XM}sqref") or "")
        element.clear()  # there are many rows, and none is needed here
