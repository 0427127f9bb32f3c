"""Checks an uploaded file before anything opens it: what it is, and whether it is safe to open.

A reader of .xlsx keeps a rectangle of cells in memory, so one cell in the last corner of a sheet is enough to fill a machine.
Everything here reads the file as a stream: memory stays flat, and time is bounded by the limits below.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Literal
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from domain.ground.errors import DomainError

Kind = Literal["xlsx", "csv"]

MAX_BYTES = 20 * 1024 * 1024  # of the upload itself; the web refuses more before a view runs
MAX_ENTRIES = 2_000  # parts of one workbook; a book with a picture in every cell stays below
MAX_UNPACKED = 300 * 1024 * 1024  # bytes of all parts together: 50,000 rows of 60 columns take about 200 MB
MAX_RATIO = 250  # unpacked over packed, of parts above `RATIO_FROM`; 50,000 equal rows come to about 100
RATIO_FROM = 1024 * 1024
MAX_ROWS = 50_000  # rows below the header; the largest school has 30,000 candidates (domain.md, Sizes)
MAX_COLUMNS = 100
MAX_CELL = 32_767  # characters of one cell (Excel specifications and limits)
MAX_REFERENCED = 200 * 1024 * 1024  # bytes of all texts as often as cells name them: a reader copies a text into each of these cells
_SPARE = 100  # titles and blank rows above and between
_MAX_UNPLACED = MAX_ROWS * MAX_COLUMNS  # cells that name no place follow one another

_CHUNK = 1024 * 1024
_ROW_DIGITS = 7
_LAST_ROW = str(MAX_ROWS + _SPARE).encode()
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
# A cell or a row with its place, if it names one, and the rest of its tag: "/" at the end means that it holds nothing.
# Possessive (*+, ?+): linear on whatever is put before it.
_PLACE = re.compile(rb"""<(?:[\w.-]+:)?(?:c|row)(?=[\s/>])(?:[^<>]*?\sr\s*+=\s*+["']([A-Za-z]*+)([0-9]*+)["'])?+([^<>]*+)""")
# A cell or a row whose place is not plainly near, within 26 columns and the rows allowed. (?>: the first "r" decides.
_NEAR = rb"[A-Za-z]?(?:[0-9]{1,4}|[1-4][0-9]{4}|50(?:0[0-9][0-9]|100))"
_UNUSUAL = re.compile(rb"<(?:c|row|[\w.-]++:(?:c|row))(?![\w.:-]| r=\"" + _NEAR + rb"\"|(?>[^<>]*?\sr\s*+=\s*+[\"'])" + _NEAR + rb"[\"'])")
# A formula, and the value that was kept of it. Whoever wrote the file has not calculated: a missing value, or an empty one of no text.
# Programs write names with a prefix, and blanks between tags, or none.
_FORMULA = re.compile(
    rb"<(?:[\w.-]+:)?c(?=[\s>])([^<>]*+)>\s*+<(?:[\w.-]+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*+</(?:[\w.-]+:)?f\s*+>)"
    rb"\s*+(<(?:[\w.-]+:)?v(?:\s[^<>]*)?/>|<(?:[\w.-]+:)?v(?:\s[^<>]*+)?></(?:[\w.-]+:)?v\s*+>)?+\s*+</(?:[\w.-]+:)?c\s*+>"
)
_WHERE = re.compile(rb"""\sr\s*+=\s*+["']([A-Z]{1,3}[0-9]{1,7})["']""")
_TEXT_CELL = re.compile(rb"""\st\s*+=\s*+["']str["']""")
# A text that cells name by its number, and such a cell. (?>: linear on whatever is put before it.
_TEXT = re.compile(rb"<(?:[\w.-]+:)?si(?=[\s/>])")
_TEXTS_END = re.compile(rb"</(?:[\w.-]+:)?sst\s*>")
_NAMING = re.compile(
    rb"""<(?:[\w.-]+:)?c(?=\s)(?>[^<>]*?\st\s*+=\s*+["']s["'])[^<>]*+>\s*+<(?:[\w.-]+:)?v(?:\s[^<>]*+)?>\s*+([0-9]{1,9})"""
)
_TAG, _ENTITY = re.compile(rb"<[^<>]*+>"), re.compile(rb"&[^;&]{1,10};")
_LONGEST_TEXT = 16 * 1024 * 1024  # bytes of one text with its markup: each of its characters may have a font of its own
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class BadFile(DomainError):
    """文件不能导入，请下载导入模板，核对后重新上传。"""


def inspect(path: Path, name: str) -> Kind:
    """What the file is, once it is known to be safe to open. `name` is the name it was uploaded under.

    Raises:
        BadFile: the file is empty, of another type, damaged, locked by a password, too large, or made to do harm.
    """
    size = path.stat().st_size
    if size == 0:
        raise BadFile("文件是空的，请选择填写好的 .xlsx 文件")
    if size > MAX_BYTES:
        raise BadFile(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请拆分为几个文件后分别上传")
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if head.startswith(b"PK\x03\x04"):
        _inspect_workbook(path)
        return "xlsx"
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in head or _has_password(path):
            raise BadFile("文件设有打开密码，请取消密码后重新上传")
        raise BadFile("不支持旧版 .xls 文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传")
    if name.lower().endswith((".csv", ".txt")) and b"\x00" not in head.replace(b"\xff\xfe", b"", 1)[:1:2]:
        return "csv"
    raise BadFile("不是 Excel 文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传")


def kind_of(path: Path) -> Kind:
    """What a file is that `inspect` has let pass."""
    with path.open("rb") as file:
        return "xlsx" if file.read(4) == b"PK\x03\x04" else "csv"


def _has_password(path: Path) -> bool:
    # the directory of an encrypted workbook lies at its end
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 256 * 1024))
        return "EncryptedPackage".encode("utf-16-le") in file.read()


def _inspect_workbook(path: Path) -> None:
    try:
        with ZipFile(path) as book:
            entries = book.infolist()
            _directory(entries)
            texts, cells = _Texts(), 0
            for entry in entries:  # all of them: a sheet may hide under any name
                with book.open(entry) as part:
                    cells += _part(part, texts)
            if texts.longest * cells > MAX_REFERENCED:
                _count_references(book, texts)
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        # what the library raises for damage, unknown packing, passwords and lies about sizes
        raise BadFile("文件已损坏，不能打开，请用 Excel 或 WPS 打开，另存为 .xlsx 后重新上传") from error


def _directory(entries: list[ZipInfo]) -> None:
    names = {entry.filename for entry in entries}
    if "xl/workbook.bin" in names:
        raise BadFile("不支持 .xlsb 文件，请用 Excel 打开，另存为 .xlsx 后上传")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise BadFile("不是 Excel 文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后上传")
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadFile("文件设有打开密码，请取消密码后重新上传")
    if len(entries) > MAX_ENTRIES or len(names) != len(entries):
        raise _strange("文件结构异常")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise BadFile("文件展开后过大，请删除多余的工作表、行和列，或拆分为几个文件后分别上传")
    for entry in entries:
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise _strange("文件压缩异常")


def _part(part: IO[bytes], texts: _Texts) -> int:
    """Reads one part to its end, for the library to compare its length and checksum with the directory, and checks what it holds.

    Returns: how many cells and rows it has at most.
    """
    places = _Places()
    for text in pieces(part):
        if _DTD.search(text) or text.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise _strange("文件中含有不允许的内容（实体声明）")
        places.look(text)
        texts.look(text)
        if b"<f" in text or b":f" in text:
            _must_be_calculated(text)
    texts.end()
    if places.unplaced > _MAX_UNPLACED:
        raise _strange("文件结构异常")
    return places.found


def pieces(part: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a part, cut before tags.

    Raises:
        BadFile: a tag has no end.
    """
    rest = b""
    while chunk := part.read(_CHUNK):
        text = rest + chunk
        cut = text.rfind(b"<")
        if cut == 0 and len(text) > _CHUNK:
            raise _strange("文件结构异常")
        text, rest = (text[:cut], text[cut:]) if cut >= 0 else (text, b"")
        yield text
    yield rest


def _count_references(book: ZipFile, texts: _Texts) -> None:
    """Refuses a workbook whose texts, as often as its cells name them, would fill the memory."""
    room = MAX_REFERENCED
    for entry in book.infolist():
        with book.open(entry) as part:
            for piece in pieces(part):
                room -= sum(texts.sizes[at] for found in _NAMING.findall(piece) if (at := int(found)) < len(texts.sizes))
                if room < 0:
                    raise _strange("文件中的长文字重复过多")


@dataclass
class _Texts:
    """Measures the texts that cells name by their numbers."""

    sizes: array[int] = field(default_factory=lambda: array("I"))
    """Of each text, bytes with its markup."""
    longest: int = 0
    _open: bytes = b""
    """The text that has begun and may go on."""

    def look(self, piece: bytes) -> None:
        """Measures the texts that end in the next piece of a part.

        Raises:
            BadFile: one is longer than a cell can be.
        """
        if not self._open and b"<si" not in piece and b":si" not in piece:
            return
        piece = self._open + piece
        starts = [found.start() for found in _TEXT.finditer(piece)]
        for start, end in pairwise(starts):
            self._measure(piece[start:end]) if end - start > MAX_CELL else self.sizes.append(end - start)
        if len(starts) > 1:
            self.longest = max(self.longest, *self.sizes[1 - len(starts) :])
        self._open = piece[starts[-1] :] if starts else b""
        if len(self._open) > _LONGEST_TEXT:
            raise _too_long()

    def end(self) -> None:
        """Measures the last text of a part."""
        if self._open:
            self._measure(_TEXTS_END.split(self._open, 1)[0])
        self._open = b""

    def _measure(self, text: bytes) -> None:
        if len(_ENTITY.sub(b"x", _TAG.sub(b"", text)).decode("utf-8", "ignore")) > MAX_CELL:
            raise _too_long()
        self.sizes.append(len(text))
        self.longest = max(self.longest, len(text))


@dataclass
class _Places:
    """Checks where the cells of a sheet are, and refuses one that is too far out.

    A row out there may hold nothing but formats: people draw formats down to the end of a sheet.
    """

    found: int = 0
    """Cells and rows, or a few more: what begins like their tags is counted."""
    unplaced: int = 0
    """Cells and rows without a place: each follows the one before it."""
    far: bool = False
    """Whether the last row with a place is too far out."""

    def look(self, text: bytes) -> None:
        if not self.far and not _UNUSUAL.search(text):  # nearly always
            self.found += sum(map(text.count, (b"<c", b":c", b"<row", b":row")))
            return
        found = _PLACE.findall(text)
        self.found += len(found)
        for column, row, rest in found:
            if len(column) < 2 and (0 < len(row) < 5 or (len(row) == 5 and row <= _LAST_ROW)):
                self.far = self.far and bool(column)
                continue  # near, whatever it holds: nearly all are
            if rest.endswith(b"/"):
                continue
            if not row:
                self.unplaced += 1
            elif len(row) > _ROW_DIGITS or int(row) > MAX_ROWS + _SPARE:
                self.far = True
            elif len(column) > 1 and (len(column) > 2 or column_number(column) > MAX_COLUMNS):
                raise BadFile(f"工作表超过 {MAX_COLUMNS} 列，请删除数据右侧多余的列后重新上传")
            if self.far and (column or not row):
                raise BadFile(f"工作表超过 {MAX_ROWS} 行，请删除数据下方的空行，或拆分为几个文件后分别上传")


def _must_be_calculated(text: bytes) -> None:
    for cell, value in _FORMULA.findall(text):
        if not value or not _TEXT_CELL.search(cell):
            named = _WHERE.search(cell)
            place = f"（单元格 {named[1].decode('ascii')}）" if named is not None else ""
            raise BadFile(f"文件中的公式没有计算结果{place}，请用 Excel 或 WPS 打开并保存，再重新上传")


def column_number(column: bytes) -> int:
    """The number of a column by its letters: 1 for A."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number


def _too_long() -> BadFile:
    return BadFile(f"文件中有超过 {MAX_CELL} 个字的单元格，请删减后重新上传")


def _strange(what: str) -> BadFile:
    return BadFile(f"{what}，请把数据复制到新建的表格中，另存为 .xlsx 后上传")
