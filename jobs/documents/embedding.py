"""Where ReportLab does otherwise than these documents need: characters beyond U+FFFF can be copied, a font without a blank has one, and
photos are not decoded."""

from __future__ import annotations

import re
from io import BytesIO

from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_BEYOND = re.compile(r"(?<=> <)[0-9A-F]{5,6}(?=>)")
_BLANK = 0x20
_WIDE = 0.25  # of the size of letters: about as wide as that of the fonts that have one
_TABLE = "toUnicodeCMap:"


class DocumentFont(TTFont):  # type: ignore[misc]  # ReportLab ships no types
    """A TrueType font, embedded as subsets, whose tables of characters are right beyond U+FFFF too.

    ReportLab writes such a code as five digits where ISO 32000-1, 9.10.3 wants UTF-16, so that readers find and copy something else.
    xhtml2pdf draws a blank in the font of the word before it (`split_by_coverage`), also where that font has none: it would be a box.
    """

    def __init__(self, name: str, source: BytesIO | str) -> None:
        super().__init__(name, source)
        if _BLANK not in self.face.charToGlyph:
            self._add_blank()

    def _add_blank(self) -> None:
        """A glyph without an outline behind the last one."""
        face = self.face
        face.charToGlyph[_BLANK] = len(face.hmetrics)
        face.hmetrics.append((round(_WIDE * face.unitsPerEm), 0))
        face.glyphPos.append(face.glyphPos[-1])
        face.charWidths[_BLANK] = 1000 * _WIDE

    def addObjects(self, doc: PDFDocument) -> None:
        """Called by ReportLab as the document is written."""
        before = set(doc.idToObject)
        super().addObjects(doc)
        for name in doc.idToObject.keys() - before:
            if str(name).startswith(_TABLE):
                table = doc.idToObject[name]
                table.content = _BEYOND.sub(lambda code: chr(int(code[0], 16)).encode("utf-16-be").hex().upper(), table.content)


class Photo(ImageReader):  # type: ignore[misc]
    """A JPEG that is embedded as it is. ReportLab would decode each to tell it from others; its own bytes do that as well."""

    def __init__(self, content: bytes) -> None:
        super().__init__(BytesIO(content))
        self.content = content
        self._dataA = None

    def getRGBData(self) -> bytes:
        """What tells it from other photos: of a JPEG nothing else asks for its pixels."""
        return self.content


def draw_photo(canvas: Canvas, content: bytes, left: float, bottom: float, width: float, height: float) -> None:
    """Draws a JPEG into a box (points); it is embedded once, however often it is drawn.

    Raises:
        ValueError: it is no JPEG.
    """
    if content[:3] != b"\xff\xd8\xff":
        raise ValueError("the photo is no JPEG")
    canvas.drawImage(Photo(content), left, bottom, width, height)
