"""The ground of a portrait, measured where nothing but ground should be: at the top, and at the sides above the shoulders.

Colours are compared in CIE L*a*b* (D65), in which hue, strength and lightness are numbers of their own: a red in the shade stays
red, and pink, orange and brown are told from it. The bounds were measured on drawn samples (docs/decisions/photos.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import atan2, degrees, hypot
from statistics import median_low

from PIL import Image

from domain.certificates.certificates import DEFAULT_GROUND

Colour = tuple[int, int, int]
"""Red, green and blue of sRGB, 0–255."""
Lab = tuple[float, float, float]
"""Lightness (0–100), chroma (0 is grey), hue (degrees; red is about 35)."""

DEFAULT = DEFAULT_GROUND
ENOUGH = 0.75  # of the edge must have the colour: hair, a hat or a loose strand may hide the rest
_ACROSS, _DOWN = 30, 42  # cells into which a portrait is averaged: one is about 10 × 10 of its 295 × 413 pixels
_TOP, _SIDE = 2, 2  # rows at the top and columns at each side that are looked at
_SHOULDERS = 18  # the row above which no shoulder reaches

_ROW = 3 * _ACROSS  # bytes of the averaged portrait
_TOP_CELLS = slice(_TOP * _ROW)
_SIDE_CELLS = tuple(slice(at, at + 3 * _SIDE) for row in range(_TOP, _SHOULDERS) for at in (row * _ROW, (row + 1) * _ROW - 3 * _SIDE))
"""Where the cells of the edge are in the bytes of the averaged portrait."""
_COARSE = bytes(one & 0xFC | 2 for one in range(256))
"""Steps of four, so that the colours of a ground are few: each is computed once."""


def _is_red(lab: Lab) -> bool:
    lightness, chroma, hue = lab
    return 28 <= lightness <= 66 and chroma >= 50 and 8 <= hue <= 46


def _is_white(lab: Lab) -> bool:
    return lab[0] >= 88 and lab[1] <= 9


def _is_blue(lab: Lab) -> bool:
    return 22 <= lab[0] <= 80 and lab[1] >= 20 and 225 <= lab[2] <= 310


GROUNDS: Mapping[str, Callable[[Lab], bool]] = {"红": _is_red, "白": _is_white, "蓝": _is_blue}
"""Ground that a certificate may ask for → whether a colour is one."""


def edge_of(picture: Image.Image) -> Sequence[Colour]:
    """The colours along the top and the upper sides of an RGB portrait, of any size."""
    small = picture.resize((_ACROSS, _DOWN), Image.Resampling.BOX).tobytes()
    edge = b"".join([small[_TOP_CELLS], *(small[one] for one in _SIDE_CELLS)])
    return [*zip(edge[::3], edge[1::3], edge[2::3], strict=True)]


def colour_of(edge: Sequence[Colour]) -> Colour:
    """The colour in the middle of those along an edge: a few strands of hair do not move it."""
    red, green, blue = zip(*edge, strict=True)
    return median_low(red), median_low(green), median_low(blue)


def ground_problem(edge: Sequence[Colour], ground: str = DEFAULT) -> str | None:
    """What is wrong with a ground, in Chinese with what was measured; None when it is of the colour asked for."""
    channels = (bytes(one).translate(_COARSE) for one in zip(*edge, strict=True))
    right = [_is_of(ground, one) for one in zip(*channels, strict=True)]
    share = sum(right) / len(edge)
    middle = colour_of(edge)
    is_right = GROUNDS[ground](lab_of(middle))
    if is_right and share >= ENOUGH:
        return None
    if is_right:
        wrong = colour_of([cell for cell, fits in zip(edge, right, strict=True) if not fits])
        return f"照片底色不是{ground}色（四周只有 {share:.0%} 是{ground}色，其余{told(wrong, ground)}）"
    return f"照片底色不是{ground}色（底色{told(middle, ground)}）"


def told(colour: Colour, ground: str) -> str:
    """A colour as people read it, which is not the one asked for: 偏蓝：检测到 #3C78C8."""
    return f"{_name_of(lab_of(colour), ground)}：检测到 #{bytes(colour).hex().upper()}"


@lru_cache(maxsize=4096)
def _is_of(ground: str, colour: Colour) -> bool:
    return GROUNDS[ground](lab_of(colour))


@lru_cache(maxsize=4096)
def lab_of(colour: Colour) -> Lab:
    """A colour by lightness, chroma and hue (CIE 15, IEC 61966-2-1)."""
    red, green, blue = (_linear(one / 255) for one in colour)
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    a, b = 500 * (x - y), 200 * (y - z)
    return 116 * y - 16, hypot(a, b), degrees(atan2(b, a)) % 360


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


_HUES = (
    (8, "偏紫红"),
    (46, "偏红"),
    (75, "偏橙"),
    (110, "偏黄"),
    (190, "偏绿"),
    (225, "偏青"),
    (310, "偏蓝"),
    (345, "偏紫"),
    (360, "偏紫红"),
)


def _name_of(lab: Lab, ground: str) -> str:
    lightness, chroma, hue = lab
    if lightness < 12:
        return "偏黑"
    if chroma < 9:
        return "偏白" if lightness >= 85 else "偏灰"
    name = next(name for most, name in _HUES if hue <= most)
    if name == "偏红" and lightness > 60:
        return "偏粉"
    if name == "偏橙" and lightness < 50:
        return "偏棕"
    if name == f"偏{ground}":  # the hue is right: too pale or too dark
        return "偏暗" if lightness < 45 else "偏淡"
    return name
