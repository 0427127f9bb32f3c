"""The picture of a seal as it goes into a PDF: colours and transparency apart, compressed once for a whole batch."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from domain.institutions.seal_pictures import SIDES

_LARGEST = 600  # pixels of a side: a seal of 40 mm is then printed with 380 dots an inch


@dataclass(frozen=True)
class SealPicture:
    """Its size in pixels, and both parts compressed by `zlib`, a byte a colour and pixel."""

    width: int
    height: int
    colours: bytes
    transparency: bytes


def seal_picture(content: bytes) -> SealPicture:
    """A PNG, made ready.

    Raises:
        ValueError: it is none, is damaged, or larger than seals may be (`domain.institutions.seal_pictures`).
    """
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > SIDES[1]:
                raise ValueError("too large")
            plain = picture.convert("RGBA")
    except (OSError, SyntaxError, zlib.error) as error:
        raise ValueError("no readable PNG") from error
    if max(plain.size) > _LARGEST:
        plain.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
    colours = zlib.compress(plain.convert("RGB").tobytes(), 9)
    return SealPicture(*plain.size, colours, zlib.compress(plain.getchannel("A").tobytes(), 9))
