"""考场桌贴: ten labels on an upright A4 sheet, two beside each other, with lines to cut along. No id number is on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING

from jobs.documents import fitting
from jobs.documents.drawing import A4, INK, MM, PALE, sheet
from jobs.documents.facts import Seat, Sheet, span
from jobs.documents.fonts import BOLD

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

TITLE = "考场桌贴"
ACROSS, DOWN = 2, 5
_WIDTH, _HEIGHT = A4[0] / ACROSS, A4[1] / DOWN
_EDGE = 9 * MM  # from the line to cut along: printers leave the edge of the paper white
_INSIDE = _WIDTH - 2 * _EDGE


def draw(sheets: Sequence[Sheet], target: IO[bytes], done: Callable[[int], None]) -> None:
    """Writes the labels of these rooms, by seat, as one PDF; each room begins a new page. `done` is told after each how many there are."""
    canvas = sheet(target, TITLE)
    for number, room in enumerate(sheets, 1):
        seats = room.in_order()
        for first in range(0, len(seats), ACROSS * DOWN):
            for at, seat in enumerate(seats[first : first + ACROSS * DOWN]):
                down, across = divmod(at, ACROSS)
                _label(canvas, room, seat, across * _WIDTH, A4[1] - (down + 1) * _HEIGHT)
            _cutting_lines(canvas)
            canvas.showPage()
        done(number)
    canvas.save()


def _label(canvas: Canvas, room: Sheet, seat: Seat, left: float, bottom: float) -> None:
    left, top = left + _EDGE, bottom + _HEIGHT - _EDGE
    canvas.setFillGray(PALE)
    place = fitting.fit(f"{room.room} · {room.subject}", _INSIDE, 5 * MM, 10)
    fitting.draw(canvas, place, left, top, width=_INSIDE, centred=True)
    canvas.setFillGray(INK)
    name = fitting.fit(seat.name, _INSIDE, 16 * MM, 36, face=BOLD)
    fitting.draw_in_box(canvas, name, left, top - 23 * MM, _INSIDE, 16 * MM, centred=True)
    line = fitting.fit(f"座位号 {seat.seat:02}", _INSIDE, 8 * MM, 18, face=BOLD)
    fitting.draw_in_box(canvas, line, left, top - 32.5 * MM, _INSIDE, 8 * MM, centred=True)
    number = fitting.fit(f"准考证号 {seat.number}", _INSIDE, 5 * MM, 12)
    fitting.draw_in_box(canvas, number, left, top - 38 * MM, _INSIDE, 5 * MM, centred=True)
    canvas.setFillGray(PALE)
    time = fitting.fit(span(room.starts_at, room.ends_at), _INSIDE, 4 * MM, 8)
    fitting.draw_in_box(canvas, time, left, top - 42.2 * MM, _INSIDE, 3.4 * MM, centred=True)


def _cutting_lines(canvas: Canvas) -> None:
    canvas.setLineWidth(0.4)
    canvas.setStrokeGray(PALE)
    canvas.setDash(3, 3)
    for across in range(1, ACROSS):
        canvas.line(across * _WIDTH, 0, across * _WIDTH, A4[1])
    for down in range(1, DOWN):
        canvas.line(0, down * _HEIGHT, A4[0], down * _HEIGHT)
    canvas.setDash()
