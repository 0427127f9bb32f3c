"""Makes the files that people upload, and those that nobody should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

from domain.demo.numbers import in_characters
from domain.ground.id_numbers import id_number_problem

HEADER = ("姓名", "手机号", "证件号", "性别", "专业", "职称", "邮箱")
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def id_number(number: int) -> str:
    """A made-up id number with a right check digit."""
    body = f"1101051990{1 + number // 28 % 12:02}{1 + number % 28:02}{number % 1000:03}"
    return next(body + last for last in "0123456789X" if id_number_problem(body + last) is None)


def teacher(number: int, **changes: Any) -> list[Any]:
    """A good row of the teachers' import; `changes` by heading."""
    name = f"教师{in_characters(number, 5)}"
    values = (name, f"139{number:08}", id_number(number), "女男"[number % 2], "软件技术", "讲师", f"t{number}@example.com")
    row = dict(zip(HEADER, values, strict=True))
    return list({**row, **changes}.values())


def workbook(path: Path, rows: Sequence[Sequence[Any]], title: str = "Sheet1") -> Path:
    """An .xlsx with one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def with_parts(path: Path, parts: Mapping[str, bytes]) -> Path:
    """An .xlsx whose parts are replaced or added to."""
    plain = BytesIO()
    Workbook().save(plain)
    with ZipFile(plain) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(n for n in parts if n not in old.namelist())]:
            new.writestr(name, parts.get(name) or old.read(name))
    return path


def with_sheet(path: Path, cells: str) -> Path:
    """An .xlsx whose one sheet holds this XML."""
    return with_parts(path, {"xl/worksheets/sheet1.xml": f"<worksheet {NAMESPACE}><sheetData>{cells}</sheetData></worksheet>".encode()})


def with_texts(path: Path, texts: str, cells: str) -> Path:
    """An .xlsx whose one sheet holds `cells`, which name the shared texts by their numbers; both XML."""
    plain = BytesIO()
    Workbook().save(plain)
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    with ZipFile(plain) as book:
        types, relations = book.read("[Content_Types].xml"), book.read("xl/_rels/workbook.xml.rels")
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
    relation = f'<Relationship Id="rId99" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>'.encode()
    return with_parts(
        path,
        {
            "[Content_Types].xml": types.replace(b"</Types>", part),
            "xl/_rels/workbook.xml.rels": relations.replace(b"</Relationships>", relation),
            "xl/sharedStrings.xml": f"<sst {NAMESPACE}>{texts}</sst>".encode(),
            "xl/worksheets/sheet1.xml": f"<worksheet {NAMESPACE}><sheetData>{cells}</sheetData></worksheet>".encode(),
        },
    )
