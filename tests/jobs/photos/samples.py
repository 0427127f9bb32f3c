"""Photos and zips for the tests: drawn, small, and made to do harm."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from PIL import Image

from domain.demo.portraits import BLUE, RED, Portrait, Pose, draw

SQUARE = Pose(0.5, 0.45, 0.4)


def jpeg(picture: Image.Image | None = None, **how: Any) -> bytes:
    """A file of a picture, of a good portrait where none is given."""
    return _file(picture or good(), "JPEG", **{"quality": 90, **how})


def png(picture: Image.Image | None = None, **how: Any) -> bytes:
    return _file(picture or good(), "PNG", **how)


def other(kind: str) -> bytes:
    """A good portrait in another format."""
    return _file(good(), kind)


def good(number: int = 1) -> Image.Image:
    return draw(number).picture


def blue(number: int = 1) -> Image.Image:
    return draw(number, BLUE).picture


def wide(number: int = 1) -> Portrait:
    """A good portrait as a camera takes it: too large, with the head somewhere in it."""
    return draw(number, RED, (800, 900), SQUARE)


def turned(picture: Image.Image) -> bytes:
    """As a camera held upright stores it: lying on its side, with what says how to turn it, and where it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kamera 9"
    return jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)


def png_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose head states these sides."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def archive(path: Path, files: Mapping[str, bytes] | list[tuple[str | ZipInfo, bytes]], packing: int = ZIP_STORED) -> Path:
    """A zip of these files, in their order; a name may come twice."""
    with ZipFile(path, "w", packing) as made:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            made.writestr(name, content)
    return path


def renamed(path: Path, before: bytes, after: bytes) -> Path:
    """Writes other bytes of the same number into a zip, wherever they stand: names that the library would not write."""
    assert len(before) == len(after)
    path.write_bytes(path.read_bytes().replace(before, after))
    return path


def _file(picture: Image.Image, kind: str, **how: Any) -> bytes:
    written = BytesIO()
    picture.save(written, kind, **how)
    return written.getvalue()
