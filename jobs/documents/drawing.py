"""What documents that are drawn have in common: an A4 sheet, its colours, and fields of a label and a value."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from jobs.documents import fitting
from jobs.documents.fonts import BOLD, REGULAR, font

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MM = 72 / 25.4  # points
A4 = (210 * MM, 297 * MM)
INK, PALE, LINE, GROUND = 0.1, 0.4, 0.55, 0.95  # greys, 0 is black
_PADDING = 2 * MM


def sheet(target: IO[bytes], title: str) -> Canvas:
    """An upright A4 document with its fonts at hand."""
    from reportlab.pdfgen.canvas import Canvas

    font(REGULAR), font(BOLD)
    canvas = Canvas(target, pagesize=A4, pageCompression=1, initialFontName=REGULAR, lang="zh-CN")
    canvas.setTitle(title)
    return canvas


def cell(
    canvas: Canvas, text: str, box: tuple[float, float, float, float], size: float = 11, *, label: bool = False, centred: bool = False
) -> None:
    """A field with its frame; `box` is left, bottom, width and height in points. A label has a grey ground."""
    left, bottom, width, height = box
    canvas.setLineWidth(0.6)
    canvas.setStrokeGray(LINE)
    canvas.setFillGray(GROUND)
    canvas.rect(left, bottom, width, height, stroke=1, fill=int(label))
    canvas.setFillGray(INK)
    fitted = fitting.fit(text, width - 2 * _PADDING, height - 2.6 * MM, size)
    fitting.draw_in_box(canvas, fitted, left + _PADDING, bottom, width - 2 * _PADDING, height, centred=label or centred)
