"""Reads zips of photos: which entries are photos, whose, and their bytes. Nothing is ever written to a path that a zip names.

Runs in a confined process (`jobs.photos.apart`).
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import crc32
from zlib import error as ZlibError

from domain.ground.identity import tidy_id_number
from jobs.photos.looking import MEGABYTE, MOST_READ, BadPhoto, size_problem

MOST_ENTRIES = 20_000  # a large school's zip has 10,000 photos (domain.md, Sizes); folders and the like come on top
MOST_UNPACKED = 2 * 1024 * 1024 * 1024  # bytes of all photos together: photos hardly pack, so a zip of 500 MB holds little more
LONGEST = 200  # characters of a name that are kept
_UTF8 = 0x800  # general purpose flag, bit 11: the name is in UTF-8 (APPNOTE.TXT 4.4.4)
_ENCRYPTED = 0x1
_UNICODE_PATH = 0x7075  # extra field of Info-ZIP: the name in UTF-8, with the checksum of the name that it belongs to (APPNOTE 4.6.9)
_OTHERS_WORK = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", ".ds_store", "icon\r", "folder.jpg"})
_PACKED = frozenset({"zip", "rar", "7z", "gz", "tar", "tgz", "bz2", "xz"})
_DAMAGE = (BadZipFile, ZlibError, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, struct.error)


_ALONE = re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9]{6})[0-9A-Za-z]{7,18}(?![0-9A-Za-z])")
"""Letters and digits between other signs, six digits together at least: as in every number that `domain/ground/id_numbers.py` takes."""
_RESIDENT = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
"""The number of a resident's card, also where letters stand beside it (GB 11643)."""
MOST_NUMBERS = 4


class BadArchive(Exception):
    """Why a whole zip cannot be taken, for people."""


@dataclass(frozen=True)
class Entry:
    """One file of a zip that is meant as a photo."""

    index: int
    """Its place in the directory of the zip."""
    name: str
    """As people read it, with its folders."""
    number: str
    """The number of the identity document that its name says, as numbers are stored."""
    problem: str | None = None
    """Why it is not even opened."""
    inside: list[str] = field(default_factory=list)
    """What else its name holds that may be the number of a document."""


def entries_of(path: Path) -> list[Entry]:
    """The photos of a zip, in the order of its directory; what systems add by themselves is left out.

    Raises:
        BadArchive: it is none, is damaged, holds too much, or nothing.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        other = {b"Rar!": "RAR ", b"7z\xbc\xaf": "7z ", b"\x1f\x8b\x08": "gz "}
        kind = next((name for begin, name in other.items() if head.startswith(begin)), "")
        raise BadArchive(
            f"文件是 {kind}压缩包，不是 .zip，请用 zip 格式重新压缩后上传" if kind else "文件不是 .zip 压缩包，请把照片压缩成 .zip 后上传"
        )
    try:
        with ZipFile(path) as archive:
            found = archive.infolist()
    except _DAMAGE as error:
        raise BadArchive("压缩包已损坏或没有上传完整，请重新压缩后上传") from error
    if len(found) > MOST_ENTRIES:
        raise BadArchive(f"压缩包中有 {len(found)} 个文件，最多 {MOST_ENTRIES} 个，请分成几个压缩包")
    if sum(min(one.file_size, MOST_READ) for one in found) > MOST_UNPACKED:
        raise BadArchive("压缩包展开后超过 2 GB，请分成几个压缩包")
    named = [(at, one, name_of(one)) for at, one in enumerate(found)]
    entries = [_entry(at, one, name) for at, one, name in named if not _left_out(one, name)]
    if not entries:
        raise BadArchive("压缩包中没有照片，请把照片命名为“证件号.jpg”后压缩上传")
    if all(found[one.index].flag_bits & _ENCRYPTED for one in entries):
        raise BadArchive("压缩包设有密码，请取消密码后重新压缩上传")
    return _without_doubles(entries, found)


def read(archive: ZipFile, index: int) -> bytes:
    """The bytes of a photo, however many the zip says there are.

    Raises:
        BadPhoto: too many, or they cannot be unpacked.
    """
    try:
        with archive.open(archive.infolist()[index]) as part:
            content = part.read(MOST_READ + 1)
    except (*_DAMAGE, MemoryError) as error:  # also a wrong checksum, a packing that is not known, entries that lie in one another
        raise BadPhoto("照片在压缩包中已损坏，不能解压，请重新压缩后上传") from error
    if problem := size_problem(len(content)):
        raise BadPhoto(problem if len(content) <= MOST_READ else f"照片大小超过 {MOST_READ // MEGABYTE} MB，应在 5 MB 以内")
    return content


def name_of(info: ZipInfo) -> str:
    """The name of an entry: of what its bytes may mean – UTF-8, Info-ZIP's own field, GB 18030 – the first that they can mean."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437", "replace")
    given = _unicode_path(info.extra, raw)
    for text, encoding in ((given, "utf-8"), (raw, "utf-8"), (raw, "gb18030")):
        if text is not None:
            try:
                return text.decode(encoding)
            except UnicodeDecodeError:
                continue
    return info.orig_filename


def _unicode_path(extra: bytes, raw: bytes) -> bytes | None:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(body) > 5 and body[0] == 1 and struct.unpack("<I", body[1:5])[0] == crc32(raw):
            return body[5:]
    return None


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part]


def _left_out(info: ZipInfo, name: str) -> bool:
    """Whether an entry is a folder, or something that macOS and Windows add without anybody's wish."""
    parts = _parts(name)
    if info.is_dir() or name.endswith(("/", "\\")) or not parts:
        return True
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in _OTHERS_WORK


def _entry(index: int, info: ZipInfo, name: str) -> Entry:
    base = unicodedata.normalize("NFKC", _parts(name)[-1]).strip()
    # what is not seen would be stored and shown: PostgreSQL takes no null character, and some turn the text around them
    seen = base if base.isprintable() else "".join(one if one.isprintable() or one.isspace() else "?" for one in base)
    stem, _, ending = seen.rpartition(".") if "." in seen else (seen, "", "")
    shown = (name if name.isprintable() else "".join(one if one.isprintable() else "?" for one in name))[-LONGEST:]
    return Entry(index, shown, tidy_id_number(stem)[:LONGEST], _problem(info, ending.strip().lower()), numbers_in(stem))


def numbers_in(stem: str) -> list[str]:
    """The parts of a file name that may be the number of a document, as numbers are stored; none where the name is nothing else."""
    found = dict.fromkeys(one.upper() for one in [*_ALONE.findall(stem), *_RESIDENT.findall(stem)])
    return [one for one in found if one != tidy_id_number(stem)][:MOST_NUMBERS]


def _problem(info: ZipInfo, ending: str) -> str | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "是指向别处的链接，不是照片文件，请放入照片文件本身"
    if info.flag_bits & _ENCRYPTED:
        return "设有密码，不能读取，请取消密码后重新压缩"
    if ending in _PACKED:
        return "是压缩包，不是照片，请把其中的照片直接放进上传的压缩包"
    return size_problem(info.file_size)


def _without_doubles(entries: Iterable[Entry], found: list[ZipInfo]) -> list[Entry]:
    """Of several photos of one person none is taken: nobody knows which is meant. Copies of one photo are one, and the others say so."""
    entries = list(entries)
    counts = Counter(one.number for one in entries if one.problem is None)
    groups: dict[str, list[Entry]] = {number: [] for number, count in counts.items() if count > 1}
    for one in entries:
        if one.problem is None and one.number in groups:
            groups[one.number].append(one)
    problems: dict[int, str] = {}
    for group in groups.values():
        alike = len({(found[one.index].CRC, found[one.index].file_size) for one in group}) == 1
        for one in group[1:] if alike else group:
            first = group[0] if one is not group[0] else group[1]
            same = f"与“{first.name}”是同一张照片，只导入一次"
            problems[one.index] = same if alike else f"同一证件号有 {len(group)} 张不同的照片（另见“{first.name}”），请只保留一张"
    return [replace(one, problem=problems.get(one.index, one.problem)) for one in entries]
