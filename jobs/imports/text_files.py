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
_NAMES = {"\t": "制表符"}
_ADVICE = "请用 Excel 或 WPS 打开核对，另存为 .xlsx 后上传"
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
        yield _rows(text, sign, heads[sign])


def _head(beginning: str, sign: str, columns: Sequence[Column], lines: int) -> Head | None:
    """The headings, where this sign parts them."""
    try:
        return find_head(columns, [texts for _, texts in islice(_rows(StringIO(beginning, newline=""), sign), lines)])
    except BadFile:
        return None


def _fit(beginning: str, sign: str, head: Head | None) -> tuple[bool, int, int]:
    """How well a sign parts the headings: whether they are complete then, how many columns they name; at last, how often it occurs."""
    return (head is not None and head.header.complete, len(head.header.places) if head is not None else 0, beginning.count(sign))


def _rows(text: TextIO, sign: str, head: Head | None = None) -> Rows:
    """The rows of a text. Where its headings are known, one below them that has lost its bounds is refused: its cells would be others'."""
    reader = csv.reader(text, delimiter=sign)
    width = len(head.texts) if head is not None else MAX_COLUMNS
    before = 0
    try:
        for at, row in enumerate(reader):
            if any(row[MAX_COLUMNS:]):
                raise BadFile(f"文件第 {before + 1} 行超过 {MAX_COLUMNS} 列，请删除右侧多余的列后重新上传")
            if head is not None and at > head.last and any(row[width:]):
                raise BadFile(f"文件第 {before + 1} 行的列比表头多，可能是文字中的“{_NAMES.get(sign, sign)}”没有加引号，{_ADVICE}")
            if head is not None and reader.line_num > before + 1 and any(_holds_rows(cell, sign, width) for cell in row):
                raise BadFile(f"文件第 {before + 1} 行有引号没有配对，其后的行不能分清，{_ADVICE}")
            yield before + 1, [as_text(_unquoted(cell)) for cell in row[:MAX_COLUMNS]]
            before = reader.line_num
    except csv.Error as error:
        raise BadFile(f"文件第 {before + 1} 行不能读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传") from error


def _holds_rows(cell: str, sign: str, width: int) -> bool:
    """Whether a cell over several lines has swallowed rows: one of its lines holds as many signs as part a row."""
    return any(line.count(sign) >= max(width - 1, 2) for line in cell.splitlines()[1:])


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
