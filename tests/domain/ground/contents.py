"""Small files as people upload them."""

from __future__ import annotations

import io
import zipfile
import zlib

PACKAGES = "http://schemas.openxmlformats.org/package/2006"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n45\n%%EOF\n"


def png() -> bytes:
    """One white pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff")) + chunk(b"IEND", b"")


def zipped(**parts: bytes | str) -> bytes:
    """A zip of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def package(main: str, document: str = "word/document.xml", target: str = "", **more: bytes | str) -> bytes:
    """A package of Office whose document is of the type `main`, such as `wordprocessingml.document`."""
    kind = f"application/vnd.openxmlformats-officedocument.{main}.main+xml" if "/" not in main else main
    types = f'<Types xmlns="{PACKAGES}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    relation = f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="{target or document}"'
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{types}<Override PartName="/{document}" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGES}/relationships"><Relationship Id="r" {relation}/></Relationships>',
        document: "<x/>",
    }
    return zipped(**parts | more)


def docx(**more: bytes | str) -> bytes:
    """A document of Word, with more parts."""
    return package("wordprocessingml.document", **more)


def xlsx(**more: bytes | str) -> bytes:
    """A workbook of Excel, with more parts."""
    return package("spreadsheetml.sheet", "xl/workbook.xml", **more)


def compound(*names: str, content: bytes = b"") -> bytes:
    """The head of a compound file (.doc, .xls, objects in a document), a directory with streams of these names, and some content."""
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names))
    return bytes.fromhex("D0CF11E0A1B11AE1").ljust(512, b"\0") + entries.ljust(512, b"\0") + content
