"""What stands on every certificate alike – ground, borders, lines – as operators of PDF, made and compressed once for a layout."""

from __future__ import annotations

import zlib
from functools import lru_cache
from itertools import groupby

from jobs.certificates import ornaments
from jobs.certificates.layouts import PAGE, Layout, Part, colour_of
from jobs.documents.drawing import MM

SIZE = (PAGE[0] * MM, PAGE[1] * MM)
INK = "#262626"
_ARC = 0.5523  # how far a cubic curve's handles reach along a quarter of a circle of 1
Box = tuple[float, float, float, float]
"""Left, bottom, width and height in points, from the left lower corner of the page."""


@lru_cache(maxsize=16)
def pieces(layout: Layout) -> tuple[Part | bytes, ...]:
    """The parts in their order; those that decorate, as far as they follow each other, as one compressed piece of operators."""
    found: list[Part | bytes] = []
    if layout.ground is not None:
        found.append(_compressed([f"{_numbers(*layout.ground)} rg {_numbers(0, 0, *SIZE)} re f"]))
    for decorates, parts in groupby(layout.parts, lambda part: part.kind in _OPERATORS):
        run = list(parts)
        found += [_compressed([_drawn(part) for part in run])] if decorates else run
    return tuple(found)


def in_points(part: Part) -> Box:
    """Where a part is."""
    left, top, width, height = part.box
    return left * MM, SIZE[1] - (top + height) * MM, width * MM, height * MM


def _compressed(operators: list[str]) -> bytes:
    return zlib.compress("\n".join(operators).encode("ascii"), 9)


def _drawn(part: Part) -> str:
    told = part.settings
    stroke = f"{float(told.get('粗细', 0.5)):.2f} w {_numbers(*colour_of(told.get('颜色', INK)))} RG"
    return f"q {stroke} {_OPERATORS[part.kind](part, in_points(part))} Q"


def _line(part: Part, box: Box) -> str:
    left, bottom, width, height = box
    return f"{_numbers(left, bottom + height)} m {_numbers(left + width, bottom)} l S"


def _frame(part: Part, box: Box) -> str:
    fill = part.settings.get("填充")
    radius = min(float(part.settings.get("圆角", 0)) * MM, box[2] / 2, box[3] / 2)
    path = _rounded(*box, radius) if radius else f"{_numbers(*box)} re"
    return f"{path} S" if fill is None else f"{_numbers(*colour_of(fill))} rg {path} B"


def _border(part: Part, box: Box) -> str:
    return f"{ornaments.border(*box, float(part.settings.get('宽度', 6)) * MM)} S"


def _rosette(part: Part, box: Box) -> str:
    return f"{ornaments.rosette(*box, int(part.settings.get('花瓣', 16)))} S"


def _rounded(left: float, bottom: float, width: float, height: float, radius: float) -> str:
    right, top, reach = left + width, bottom + height, radius * (1 - _ARC)
    return (
        f"{_numbers(left + radius, bottom)} m {_numbers(right - radius, bottom)} l "
        f"{_numbers(right - reach, bottom, right, bottom + reach, right, bottom + radius)} c {_numbers(right, top - radius)} l "
        f"{_numbers(right, top - reach, right - reach, top, right - radius, top)} c {_numbers(left + radius, top)} l "
        f"{_numbers(left + reach, top, left, top - reach, left, top - radius)} c {_numbers(left, bottom + radius)} l "
        f"{_numbers(left, bottom + reach, left + reach, bottom, left + radius, bottom)} c h"
    )


def _numbers(*values: float) -> str:
    return " ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in values)


_OPERATORS = {"线": _line, "框": _frame, "花边": _border, "团花": _rosette}
