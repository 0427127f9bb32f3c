"""Reads .csv and .txt files into rows of texts, each under the number of the line of the file on which it begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TextIO

from jobs.imports.cells import as_text
from jobs.imports.columns import Column, Head, find_head
from jobs.imports.guarding import MAX_COLUMNS, BadFile

ENCODINGS = ("utf-8-sig", "gb18030")  # GBK is part of GB 18030
Rows = Iterator[tuple[int, list[str]]]
_DELIMITERS = (",", "\t", ";")
_BEGINNING = 64 * 1024  # characters in which the headings stand


@contextmanager
def open_text(path: Path, columns: Sequence[Column], lines: int) -> Iterator[Rows]:
    """The rows of a text file. It is parted by the sign that parts its headings, which stand on one of its first `lines` lines.

    Raises:
        BadFile: its encoding is not known; also while its rows are read, where one cannot be.
    """
    with _open(path) as text:
        beginning = text.read(_BEGINNING)
        text.seek(0)
        heads = {sign: _head(beginning, sign, columns, lines) for sign in _DELIMITERS}
        sign = max(_DELIMITERS, key=lambda one: _fit(beginning, one, heads[one]))
        head = heads[sign]
        yield _rows(text, sign, width=len(head.texts) if head is not None else MAX_COLUMNS)


def _head(beginning: str, sign: str, columns: Sequence[Column], lines: int) -> Head | None:
    """The headings, where this sign parts them."""
    try:
        return find_head(columns, [texts for _, texts in islice(_rows(StringIO(beginning, newline=""), sign, whole=False), lines)])
    except BadFile:
        return None


def _fit(beginning: str, sign: str, head: Head | None) -> tuple[bool, int, int]:
    """How well a sign parts the headings: whether they are complete then, how many columns they name; at last, how often it occurs."""
    return (head is not None and head.header.complete, len(head.header.places) if head is not None else 0, beginning.count(sign))


def _rows(text: TextIO, sign: str, whole: bool = True, width: int = MAX_COLUMNS) -> Rows:
    """The rows of a text, which may be only the beginning of a file (`whole`). `width`: how many columns its headings have."""
    lines: list[str] = []  # of the row that is read
    reader = csv.reader(_noted(text, lines), delimiter=sign)
    before = 0
    try:
        for row in reader:
            if whole and len(lines) > 1 and _is_open(lines, sign):
                raise BadFile(f"文件第 {before + 1} 行有引号没有结束，以下各行不能读取，请补上引号，或用 Excel 或 WPS 另存为 .xlsx 后上传")
            if len(lines) > 1 and any(_holds_rows(cell, sign, width) for cell in row):
                raise BadFile(
                    f"文件第 {before + 1} 行有引号没有配对，其后的行不能分清，请改正引号，或用 Excel 或 WPS 核对后另存为 .xlsx 上传"
                )
            lines.clear()
            if any(row[MAX_COLUMNS:]):
                raise BadFile(f"文件第 {before + 1} 行超过 {MAX_COLUMNS} 列，请删除右侧多余的列后重新上传")
            yield before + 1, [as_text(_unquoted(cell)) for cell in row[:MAX_COLUMNS]]
            before = reader.line_num
    except csv.Error as error:
        raise BadFile(f"文件第 {before + 1} 行不能读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传") from error


def _noted(text: TextIO, lines: list[str]) -> Iterator[str]:
    for line in text:
        lines.append(line)
        yield line


def _holds_rows(cell: str, sign: str, width: int) -> bool:
    """Whether a cell over several lines has swallowed rows: one of its lines holds as many signs as part a row."""
    return any(line.count(sign) >= max(width - 1, 2) for line in cell.splitlines()[1:])


def _is_open(lines: Sequence[str], sign: str) -> bool:
    """Whether a quotation that begins in these lines of a row does not end: the rest of the file would be in one cell."""
    try:
        list(csv.reader([*lines, ""], delimiter=sign, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _unquoted(cell: str) -> str:
    # programs write ="13900000000" lest Excel turn the digits into a number
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell


def _open(path: Path) -> TextIOWrapper:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as text:
                while text.read(1024 * 1024):
                    pass
        except UnicodeDecodeError:
            continue
        return path.open(encoding=encoding, newline="")
    raise BadFile("文件的文字编码不能识别，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传")
