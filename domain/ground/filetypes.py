"""What a file really is: judged by its bytes, never by its name alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO

import puremagic

from domain.ground.errors import DomainError

# the endings that forms may ask for (`x-accept`), and what they are sent as: a closed list, so that nothing is ever served as a page
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
USUAL = ("pdf", "jpg", "png", "docx", "xlsx")
SURE = 0.3  # puremagic's confidence from which its guess counts; a guess from the name alone is 0.1
OLD_OFFICE = frozenset({"doc", "xls"})  # one container (OLE): the bytes do not tell them apart at their head
END = 2048  # bytes at the end in which a PDF says where its parts are


class WrongType(DomainError):
    """文件类型不符合要求，请核对后重新上传。"""


def media_type_of(name: str, stream: IO[bytes], accept: Collection[str] = USUAL) -> str:
    """The media type of a file whose bytes are what its name says, and which is one of `accept` (endings without a dot).

    Leaves the stream at its beginning.

    Raises:
        WrongType: the message says what is wrong and what is accepted.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    same = {"jpeg": "jpg"}
    if same.get(ending, ending) not in accept or ending not in MEDIA_TYPES:
        raise WrongType(f"“{name}”的类型不能上传，请上传 {'、'.join(accept)} 格式的文件。")
    if not _is(ending, stream):
        raise WrongType(f"“{name}”的内容不是 {ending} 格式，可能已损坏或被改名，请用原软件另存后重新上传。")
    return MEDIA_TYPES[ending]


def _is(ending: str, stream: IO[bytes]) -> bool:
    stream.seek(0)
    try:
        found = {m.extension.lstrip(".") for m in puremagic.magic_stream(stream, f"x.{ending}") if m.confidence >= SURE}
    except (puremagic.PureError, ValueError):  # nothing that it knows; an empty file
        found = set()
    finally:
        stream.seek(0)
    if ending in OLD_OFFICE:
        return bool(found & OLD_OFFICE)
    return ending in found and (ending != "pdf" or _ends_as_pdf(stream))


def _ends_as_pdf(stream: IO[bytes]) -> bool:
    """Whether the table of its parts is there (ISO 32000-1, 7.5.5): a PDF cut short has lost it."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - END))
    tail = stream.read()
    stream.seek(0)
    return b"startxref" in tail and b"%%EOF" in tail
