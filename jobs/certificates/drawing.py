"""Draws a certificate by a layout: everything but the seals, with the fields in which they will stand.

The same facts and the same layout give the same bytes, on any day and in any process: a retry can be told from a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from jobs.certificates.decorations import INK, SIZE, Box, in_points, pieces
from jobs.certificates.facts import ROLES, WORDS, CannotDraw, Certificate, Place
from jobs.certificates.layouts import ALIGNED, FONTS, PLACEHOLDER, Layout, Part, colour_of
from jobs.documents import fitting
from jobs.documents.fonts import REGULAR, clean, face_of, font, runs

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.pdfgen.pathobject import PDFPathObject

PRODUCT = "试点院校业务平台"
_LEAST = 5.0  # points of a text that says nothing else
_ASCENT = 0.88  # of the size
_QUIET = 4  # modules of white around a QR code (ISO/IEC 18004, 5.3.8)


@dataclass(frozen=True)
class Drawn:
    """A certificate without its seals."""

    content: bytes
    """The PDF, with an empty signature field for each role."""
    places: Mapping[str, Place]
    """Where each role's seal goes; the fields say so too."""


def draw(facts: Certificate, layout: Layout) -> Drawn:
    """The certificate as a PDF of one page.

    Raises:
        CannotDraw: a value is missing, is too long for its place, or has a character that no font has; there is no photo. The message
            says which.
    """
    from reportlab.pdfgen.canvas import Canvas

    from jobs.certificates.beyond_reportlab import add_fields, add_piece

    values = _checked(facts)
    target = BytesIO()
    first = next((FONTS[part.settings.get("字体", "宋体")] for part in layout.parts if part.kind == "文字"), REGULAR)
    font(first)
    canvas = Canvas(target, pagesize=SIZE, pageCompression=1, invariant=1, pdfVersion=(1, 7), initialFontName=first, lang="zh-CN")
    _describe(canvas, facts, layout, values)
    places: dict[str, Place] = {}
    for at, part in enumerate(pieces(layout)):
        if isinstance(part, bytes):
            add_piece(canvas, f"piece{at}", part, SIZE)
        elif part.kind == "签章":
            places[role_of(part)] = Place(0, in_points(part))
        else:
            _DRAW[part.kind](canvas, part, in_points(part), facts, values)
    if set(places) != set(ROLES):
        raise CannotDraw("证书版式缺少签章的位置，请先修改版式")
    add_fields(canvas, places)
    canvas.showPage()
    canvas.save()
    return Drawn(target.getvalue(), places)


def role_of(seal: Part) -> str:
    """Whose seal a part is the place of."""
    return next(role for role, word in ROLES.items() if word == seal.settings["签章"])


def _checked(facts: Certificate) -> dict[str, str]:
    """The values as they are printed."""
    values = {name: clean(text) for name, text in facts.values().items()}
    for name, text in values.items():
        if not text:
            raise CannotDraw(f"{WORDS[name]}为空，证书无法生成")
        for one in text:
            if face_of(one) is None:
                raise CannotDraw(f"{WORDS[name]}“{text}”中的字符“{one}”（U+{ord(one):04X}）没有可用的字体，证书无法生成")
    if not facts.photo:
        raise CannotDraw("考生没有照片，证书无法生成，请先上传照片")
    return values


def _describe(canvas: Canvas, facts: Certificate, layout: Layout, values: Mapping[str, str]) -> None:
    """What programs tell about the document: no moment but the day on which it was issued."""
    day = facts.issued_on
    canvas.setTitle(f"{layout.title} {values['number']}")
    canvas.setAuthor(values["organization"])
    canvas.setSubject(f"{values['certificate']}（{values['grade']}）")
    canvas.setCreator(PRODUCT)
    canvas.setProducer(PRODUCT)
    canvas.setDateFormatter(lambda *now: f"D:{day:%Y%m%d}000000+08'00'")


def _text(canvas: Canvas, part: Part, box: Box, facts: Certificate, values: Mapping[str, str]) -> None:
    told = part.settings
    left, bottom, width, height = box
    text = PLACEHOLDER.sub(lambda name: values[name[1]], str(told["文字"]))
    size, spread = float(told.get("字号", 12)), float(told.get("字距", 0))
    room = width - spread * (len(text) - 1)
    fitted = fitting.fit(text, room, height, size, face=FONTS[told.get("字体", "宋体")], least=min(size, float(told.get("最小", _LEAST))))
    if room <= 0 or (fitted.lines[-1].endswith("…") and not text.endswith("…")):
        raise CannotDraw(f"“{text}”太长，证书版式中放不下，请在版式中留出更大的位置")
    canvas.setFillColorRGB(*colour_of(told.get("颜色", INK)))
    top = bottom + height - (height - fitted.height) / 2
    baseline = top - fitted.size * _ASCENT
    for line in fitted.lines:
        wide = fitting.width_of(line, fitted.size, fitted.face) + spread * (len(line) - 1)
        pen = canvas.beginText(left + (width - wide) * ALIGNED[told.get("对齐", "左")], baseline)
        pen.setCharSpace(spread)
        for name, piece in runs(line, fitted.face):
            pen.setFont(name, fitted.size)
            pen.textOut(piece)
        canvas.drawText(pen)
        baseline -= fitted.size * fitting.LEADING


def _photo(canvas: Canvas, part: Part, box: Box, facts: Certificate, values: Mapping[str, str]) -> None:
    from jobs.documents.embedding import Photo

    try:
        if facts.photo[:3] != b"\xff\xd8\xff":
            raise ValueError
        photo = Photo(facts.photo)
        wide, high = photo.getSize()
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotDraw("考生的照片不是 JPEG 图片或已损坏，证书无法生成，请重新上传照片") from error
    left, bottom, width, height = box
    scale = min(width / wide, height / high)
    at = (left + (width - wide * scale) / 2, bottom + (height - high * scale) / 2)
    canvas.drawImage(photo, *at, wide * scale, high * scale)
    if "颜色" in part.settings:
        canvas.setLineWidth(0.5)
        canvas.setStrokeColorRGB(*colour_of(part.settings["颜色"]))
        canvas.rect(*at, wide * scale, high * scale)


def _qr(canvas: Canvas, part: Part, box: Box, facts: Certificate, values: Mapping[str, str]) -> None:
    import segno

    left, bottom, width, height = box
    try:
        rows = segno.make_qr(facts.check_address, error="m", boost_error=False).matrix
    except segno.DataOverflowError as error:
        raise CannotDraw("核验网址太长，无法生成二维码") from error
    side = min(width, height)
    module = side / (len(rows) + 2 * _QUIET)
    left, bottom = left + (width - side) / 2, bottom + (height - side) / 2
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(left, bottom, side, side, stroke=0, fill=1)
    canvas.setFillColorRGB(*colour_of(part.settings.get("颜色", "#000000")))
    canvas.saveState()
    canvas.translate(left, bottom + side)
    canvas.scale(module, -module)
    canvas.drawPath(_modules(rows), stroke=0, fill=1)
    canvas.restoreState()


def _modules(rows: Sequence[bytearray]) -> PDFPathObject:
    """The dark modules, each 1 wide, below the corner at 0 0."""
    from reportlab.pdfgen.pathobject import PDFPathObject

    dark = [f"{start + _QUIET} {at} {long} 1 re" for at, row in enumerate(rows, _QUIET) for start, long in _stretches(row)]
    return PDFPathObject(dark)


def _stretches(row: bytearray) -> list[tuple[int, int]]:
    """Where the dark modules of a row begin, and how many they are in one piece."""
    found: list[tuple[int, int]] = []
    start = row.find(1)
    while start >= 0:
        end = row.find(0, start)
        end = len(row) if end < 0 else end
        found.append((start, end - start))
        start = row.find(1, end)
    return found


_DRAW = {"文字": _text, "照片": _photo, "二维码": _qr}
