"""Whether a file is a PDF and whole, as programs that show PDFs judge it (ISO 32000-1, 7.5.2 and 7.5.5, and its annex H)."""

from __future__ import annotations

import re
from typing import IO

HEAD = 1024  # bytes within which the version must stand: what shows a PDF looks no further (annex H, note 13)
TAIL = 64 * 1024  # bytes in which the end is looked for at first
# what programs put before it: a mark of UTF-8, blanks, and the words to a printer (UEL and lines of PJL) of a print that was kept
_VERSION = re.compile(rb"(?:\xef\xbb\xbf)?[\x00\t\n\f\r ]*(?:(?:\x1b%-12345X|@PJL[^\r\n]*|[\r\n])[\x00\t\n\f\r ]*)*%PDF-[0-9]")
_END = re.compile(rb"startxref[\x00\t\n\f\r ]+([0-9]{1,12})[\x00\t\n\f\r ]+%%EOF")
_OBJECT = re.compile(rb"[0-9]{1,10}[ \r\n]+[0-9]{1,5}[ \r\n]+obj\b")
_LINEARIZED = re.compile(rb"/Linearized\s")
_LENGTH = re.compile(rb"/L\s+([0-9]{1,12})\b")


def is_pdf(stream: IO[bytes]) -> bool:
    """Whether the file begins as a PDF and has its end: where its table of parts is, and `%%EOF`.

    What follows the end is of no interest – zeros of a scanner, words to a printer, what a mail gateway adds –, unless it is more of
    the PDF: then the file was cut short before its last end. Leaves the stream wherever it has read to.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    if not _VERSION.match(head):
        return False
    size = stream.seek(0, 2)
    # a PDF that is made for the web has an end near its beginning too, and says there how long it is
    length = _LENGTH.search(head) if _LINEARIZED.search(head) else None
    return (length is None or size >= int(length[1])) and _has_end(stream, size)


def _has_end(stream: IO[bytes], size: int) -> bool:
    reach = TAIL
    while True:  # nearly every file ends in its last kilobytes: few are read further back
        start = max(0, size - reach)
        stream.seek(start)
        tail = stream.read()
        ends = list(_END.finditer(tail))
        if ends:
            return not _OBJECT.search(tail, ends[-1].end())
        if not start:
            return False
        reach *= 16
