"""What a file really is: judged by its bytes, never by its name alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO

import puremagic

from domain.ground import office
from domain.ground.errors import DomainError
from domain.ground.pdfs import is_pdf

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
_PACKAGES, _COMPOUNDS = ("docx", "xlsx"), ("doc", "xls")


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
    try:
        _check(ending, stream)
    except office.Unusable as error:
        raise WrongType(f"“{name}”{error}。") from error
    finally:
        stream.seek(0)
    return MEDIA_TYPES[ending]


def _check(ending: str, stream: IO[bytes]) -> None:
    if ending in _PACKAGES:
        office.check_package(ending, stream)
    elif ending in _COMPOUNDS:
        office.check_compound(ending, stream)
    elif not (is_pdf(stream) if ending == "pdf" else _looks_like(ending, stream)):
        raise office.Unusable(office.other_than(ending))


def _looks_like(ending: str, stream: IO[bytes]) -> bool:
    stream.seek(0)
    try:
        return ending in {m.extension.lstrip(".") for m in puremagic.magic_stream(stream, f"x.{ending}") if m.confidence >= SURE}
    except (puremagic.PureError, ValueError):  # nothing that it knows; an empty file
        return False
