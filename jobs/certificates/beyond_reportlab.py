"""What ReportLab writes through no public function: empty signature fields, and pieces of a page that are compressed already.

The fields (ISO 32000-2, 12.7.5.5) are there before anybody signs, so that the second signature only fills in what the first has seen: to
a reader nothing changed. The first to sign certifies the document, as far as filling in (DocMDP, 2); the second locks it: nothing may
change any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jobs.certificates.facts import ROLES, Place

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_PRINTED_LOCKED = 4 | 128  # flags of an annotation (12.5.3): it prints, and cannot be moved
_SIGNATURES_APPEND_ONLY = 1 | 2  # SigFlags (12.7.3)


def add_piece(canvas: Canvas, name: str, operators: bytes, size: tuple[float, float]) -> None:
    """Draws operators that `zlib` has compressed, over a page of this size in points (a form XObject, 8.10)."""
    from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFFormXObject, PDFName, PDFStream

    form = PDFFormXObject(0, 0, *size)
    form.hasImages = 0
    form.Contents = PDFStream(PDFDictionary({"Filter": PDFName("FlateDecode")}), operators)
    canvas._doc.addForm(name, form)
    canvas.doForm(name)


def add_fields(canvas: Canvas, places: Mapping[str, Place]) -> None:
    """Adds a field to the page that is being drawn for each role; the last to sign locks."""
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary

    document = canvas._doc
    fields = []
    for at, role in enumerate(ROLES):
        annotation = _field(role, places[role], locks=at == len(ROLES) - 1)
        canvas._addAnnotation(annotation, name=role)
        fields.append(document.refAnnotation(role))
    document.Catalog.AcroForm = PDFDictionary({"Fields": PDFArray(fields), "SigFlags": _SIGNATURES_APPEND_ONLY})


def _field(role: str, place: Place, *, locks: bool) -> object:
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString

    left, bottom, width, height = place.box
    told = {
        "Type": PDFName("Annot"),
        "Subtype": PDFName("Widget"),
        "FT": PDFName("Sig"),
        "T": PDFString(role),
        "TU": PDFString(f"{ROLES[role]}签章"),
        "F": _PRINTED_LOCKED,
        "Rect": PDFArray([round(number, 2) for number in (left, bottom, left + width, bottom + height)]),
    }
    if locks:
        told["Lock"] = PDFDictionary({"Type": PDFName("SigFieldLock"), "Action": PDFName("All"), "P": 1})
    return PDFDictionary(told)
