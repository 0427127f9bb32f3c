"""Whether a file is a document of Word or Excel, and holds nothing that runs.

A .docx or .xlsx is a package of parts in a zip (ECMA-376, part 2). The package's relations name one part as its document, and the type
of this part decides what the file is. An old .doc or .xls is a compound file (MS-CFB) with a stream of a known name.
"""

from __future__ import annotations

import re
from posixpath import normpath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from lxml import etree

MAX_PARTS = 10_000
MAX_LIST = 4 * 1024 * 1024  # bytes of the list of types, and of the relations
MAX_OBJECTS = 64 * 1024 * 1024  # bytes of all objects in a package, unpacked
COMPOUND = bytes.fromhex("D0CF11E0A1B11AE1")
_MAIN = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
_STREAMS = {"doc": ("WordDocument",), "xls": ("Workbook", "Book")}
_ENTRY = 128  # bytes of an entry in the directory of a compound file; all stand at a multiple of it
_RUNS = "exe|dll|com|scr|pif|cpl|msi|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|wsh|hta|lnk|jar|apk|reg|sh|so|dylib"
_NAME = re.compile(rf"\.(?:{_RUNS})$", re.IGNORECASE)
_NAME_INSIDE = re.compile(rf"\.(?:{_RUNS})\x00".encode(), re.IGNORECASE)  # the name of a file that was put into an object
_HEADS = (b"MZ", b"\x7fELF", b"#!", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_STUB = re.compile(rb"This program (?:cannot be run in DOS mode|must be run under Win)")  # in the head of every program for Windows
_PACKED = "\x01Ole10Native".encode("utf-16-le")  # the stream of an object that is a file of any kind

DAMAGED = "已损坏，不能打开，请用原软件另存后重新上传"
RUNS = "中含有可执行的程序，请删除其中嵌入的对象后重新上传"
MACROS = "中含有宏，请另存为不含宏的格式后重新上传"
LOCKED = "设有打开密码，请取消密码后重新上传"


class Unusable(Exception):
    """What is wrong with a document, as the end of a sentence that begins with its name."""


def check_package(ending: str, stream: IO[bytes]) -> None:
    """Checks that a file is what its ending (`docx`, `xlsx`) promises.

    Raises:
        Unusable: it is another kind of file, damaged, locked by a password, or holds something that runs.
    """
    stream.seek(0)
    head = stream.read(len(COMPOUND))
    if head == COMPOUND and _stream_names(stream, ("EncryptedPackage",)):
        raise Unusable(LOCKED)
    if not head.startswith(b"PK\x03\x04"):
        raise Unusable(other_than(ending))
    try:
        with ZipFile(stream) as package:
            _check(ending, package)
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, etree.LxmlError) as error:
        # what the libraries raise for damage, unknown packing, passwords, lies about sizes and texts that are no XML
        raise Unusable(DAMAGED) from error


def check_compound(ending: str, stream: IO[bytes]) -> None:
    """Checks that a file is what its ending (`doc`, `xls`) promises.

    Raises:
        Unusable: it is another kind of file.
    """
    stream.seek(0)
    if stream.read(len(COMPOUND)) != COMPOUND or not _stream_names(stream, _STREAMS[ending]):
        raise Unusable(other_than(ending))


def _check(ending: str, package: ZipFile) -> None:
    parts = {_part_name(entry.filename): entry for entry in package.infolist()}
    if len(parts) > MAX_PARTS or "[content_types].xml" not in parts or "_rels/.rels" not in parts:
        raise Unusable(other_than(ending))
    document = _document(package, parts["_rels/.rels"])
    kind = _type_of(package, parts["[content_types].xml"], document)
    if "macroenabled" in kind.lower() or any(name.endswith("vbaproject.bin") for name in parts):
        raise Unusable(MACROS)
    if kind != _MAIN[ending] or document not in parts:
        raise Unusable(other_than(ending))
    room = MAX_OBJECTS
    for name, entry in parts.items():
        if _NAME.search(name):
            raise Unusable(RUNS)
        room -= _check_part(package, entry, room)


def _check_part(package: ZipFile, entry: ZipInfo, room: int) -> int:
    """Checks one part, and returns how many bytes of an object it has unpacked."""
    with package.open(entry) as part:
        head = part.read(len(COMPOUND))
        if head.startswith(_HEADS):
            raise Unusable(RUNS)
        if head != COMPOUND:
            return 0
        content = head + part.read(room)
    if len(content) > room:
        raise Unusable("中嵌入的对象过大，请删除后重新上传")
    if _PACKED in content and (_STUB.search(content) or _NAME_INSIDE.search(content)):
        raise Unusable(RUNS)
    return len(content)


def _document(package: ZipFile, relations: ZipInfo) -> str:
    """The name of the part that is the document."""
    for relation in _parsed(package, relations):
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            return _part_name(str(relation.get("Target", "")))
    return ""


def _type_of(package: ZipFile, types: ZipInfo, part: str) -> str:
    """The type of a part: its own, or that of all parts with its ending."""
    usual = ""
    for known in _parsed(package, types):
        if _part_name(str(known.get("PartName", "/"))) == part:
            return str(known.get("ContentType", ""))
        if part.endswith("." + str(known.get("Extension", "\x00")).lower()):
            usual = str(known.get("ContentType", ""))
    return usual


def _parsed(package: ZipFile, entry: ZipInfo) -> etree._Element:
    """The XML of a part, without resolving entities or addresses in it."""
    with package.open(entry) as part:
        text = part.read(MAX_LIST + 1)
    if len(text) > MAX_LIST:
        raise ValueError("too long")
    return etree.fromstring(
        text, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    )


def _part_name(name: str) -> str:
    """A part's name as names are compared: without the slash of the root, in small letters (ECMA-376, part 2, 6.2.2)."""
    return normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def _stream_names(stream: IO[bytes], names: tuple[str, ...]) -> bool:
    """Whether the directory of a compound file has a stream of one of these names."""
    stream.seek(0)
    wanted = tuple(f"{name}\0".encode("utf-16-le") for name in names)
    while block := stream.read(8192 * _ENTRY):
        if any(block.startswith(wanted, at) for at in range(0, len(block), _ENTRY)):
            return True
    return False


def other_than(ending: str) -> str:
    """What is wrong with a file that is not what its ending promises."""
    return f"的内容不是 {ending} 格式，可能已损坏或被改名，请用原软件另存后重新上传"
