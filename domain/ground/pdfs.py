"""Whether a file is a complete PDF, by the rules of programs that show PDFs (ISO 32000-1, 7.5.2 and 7.5.5, and its annex H)."""

from __future__ import annotations

import re
from typing import IO

HEAD = 1024  # bytes within which programs look for the version (annex H, note 13)
TAIL = 64 * 1024  # bytes in which the end is looked for at first
# What programs write before the version: a mark of UTF-8, blanks, and commands to a printer (UEL and lines of PJL) where a print was
# saved. All patterns are possessive, and therefore linear on any file.
_BLANKS = rb"[\x00\t\n\f\r ]"
_PRINTER = rb"(?:\x1b%-12345X|@PJL[^\r\n]*+)"
_VERSION = re.compile(rb"(?:\xef\xbb\xbf)?+" + _BLANKS + rb"*+(?:" + _PRINTER + _BLANKS + rb"*+)*+%PDF-[0-9]")
_END = re.compile(rb"startxref" + _BLANKS + rb"++[0-9]{1,12}+" + _BLANKS + rb"++%%EOF")
_OBJECT = re.compile(rb"(?<![0-9])[0-9]{1,10}+[ \r\n]++[0-9]{1,5}+[ \r\n]++obj\b")
_LINEARIZED = re.compile(rb"/Linearized\s")
_LENGTH = re.compile(rb"/L\s+([0-9]{1,12})\b")


def is_pdf(stream: IO[bytes]) -> bool:
    """Whether the file begins as a PDF and has its end: where its table of parts is, and `%%EOF`.

    Bytes after the end do no harm – zeros of a scanner, commands to a printer, what a mail gateway adds – unless they are more objects
    of the PDF: then the file was cut off before its last end. Leaves the stream at any position.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    if not _VERSION.match(head):
        return False
    size = stream.seek(0, 2)
    # a PDF for the web has an end near its beginning too, but states its length there
    length = _LENGTH.search(head) if _LINEARIZED.search(head) else None
    return (length is None or size >= int(length[1])) and _has_end(stream, size)


def _has_end(stream: IO[bytes], size: int) -> bool:
    reach = TAIL
    while True:  # nearly every file has its end in its last kilobytes: few are read further back
        start = max(0, size - reach)
        stream.seek(start)
        tail = stream.read()
        ends = list(_END.finditer(tail))
        if ends:
            return not _OBJECT.search(tail, ends[-1].end())
        if not start:
            return False
        reach *= 16
