"""Text that is made to fit into a box: it wraps, and shrinks where that is not enough."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jobs.documents.fonts import REGULAR, as_a_whole, font, printed, runs

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LEADING = 1.32  # of the size: from one line to the next
_ASCENT, _DESCENT = 0.88, 0.12  # of the size: how far a Chinese character reaches above and below its line
_STEP, _LEAST = 0.5, 3.0  # points: a text that is too long even for the least size is cut with …
_PIECES = re.compile(
    r"[^\W\u2e80-\U0003ffff]+(?:[-'’.@/_:–][^\W\u2e80-\U0003ffff]+)*|.", re.DOTALL
)  # words of alphabets and numbers, else single characters
_NEVER_FIRST = frozenset("，。、；：！？）》”’·…—〉」』】,.;:!?)]}%")
_NEVER_LAST = frozenset("（《“‘〈「『【([{¥")


@dataclass(frozen=True)
class Fitted:
    """A text that fits: its size in points, and its lines."""

    size: float
    lines: tuple[str, ...]
    face: str

    @property
    def height(self) -> float:
        """Points that the lines take."""
        return self.size * (1 + LEADING * (len(self.lines) - 1))


@lru_cache(maxsize=8192)
def width_of(text: str, size: float, face: str = REGULAR) -> float:
    """How wide a printed text is, in points."""
    return sum(float(font(name).stringWidth(piece, size)) for name, piece in runs(text, face))


@lru_cache(maxsize=8192)
def fit(text: str, width: float, height: float, size: float, *, face: str = REGULAR, least: float = _LEAST) -> Fitted:
    """A user's text in a box of this width and height (points): as large as `size` where it can be, on as many lines as it needs.

    It wraps as soon as the box has room for more lines of the size that it has come down to.
    """
    shown = printed(text)
    face = as_a_whole(shown, face)  # all lines alike
    at = size
    while at > least:
        lines = wrapped(shown, width, at, face)
        if Fitted(at, lines, face).height <= height + 0.01:
            return Fitted(at, lines, face)
        at -= _STEP
    lines = wrapped(shown, width, least, face)
    fits = max(1, int((height / least - 1) / LEADING) + 1)
    if len(lines) > fits:
        lines = (*lines[: fits - 1], _cut(lines[fits - 1], width, least, face))
    return Fitted(least, lines, face)


def wrapped(shown: str, width: float, size: float, face: str = REGULAR) -> tuple[str, ...]:
    """A printed text in lines: between any two Chinese characters, else at blanks; no line begins with a closing mark."""
    if width_of(shown, size, face) <= width:
        return (shown,)
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _pieces(shown, width, size, face):
        wide = width_of(piece, size, face)
        if line and used + wide > width and piece != " ":
            kept, moved = _broken(line, piece)
            lines.append(kept.rstrip())
            line, used = moved, width_of(moved, size, face)
        line, used = line + piece, used + wide
    return (*lines, line.rstrip())


def draw(canvas: Canvas, text: Fitted, left: float, top: float, *, width: float = 0, centred: bool = False) -> None:
    """Draws the lines below `top`, at `left` or in the middle of `width` (points)."""
    baseline = top - text.size * _ASCENT
    for line in text.lines:
        start = left + (width - width_of(line, text.size, text.face)) / 2 if centred else left
        pen = canvas.beginText(start, baseline)
        for name, piece in runs(line, text.face):
            pen.setFont(name, text.size)
            pen.textOut(piece)
        canvas.drawText(pen)
        baseline -= text.size * LEADING


def draw_in_box(canvas: Canvas, text: Fitted, left: float, bottom: float, width: float, height: float, *, centred: bool = False) -> None:
    """Draws the lines in a box, half-way between its top and its bottom."""
    draw(canvas, text, left, bottom + height - (height - text.height) / 2, width=width, centred=centred)


def _pieces(shown: str, width: float, size: float, face: str) -> list[str]:
    """What is not parted at the end of a line; a word wider than a line is parted anywhere."""
    return [part for piece in _PIECES.findall(shown) for part in ([piece] if width_of(piece, size, face) <= width else piece)]


def _broken(line: str, piece: str) -> tuple[str, str]:
    """The line without what must not stand at its end, and that: a closing mark takes the character before it along."""
    if piece in _NEVER_FIRST and len(line) > 1 and line[-1] not in _NEVER_FIRST:
        return line[:-1], line[-1]
    if line[-1] in _NEVER_LAST and len(line) > 1:
        return line[:-1], line[-1]
    return line, ""


def _cut(line: str, width: float, size: float, face: str) -> str:
    while line and width_of(line + "…", size, face) > width:
        line = line[:-1]
    return line + "…"
