"""The fonts of documents: which one has a character, and how ReportLab gets it.

The first font that has a character draws it. Fonts are read when something first needs them: those for rare characters are large,
and most documents need none of them. Nothing here imports ReportLab before a document is made.
"""

from __future__ import annotations

import lzma
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from domain.ground.texts import ODD
from jobs.documents.facts import Printed

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD, SERIF = "Pilot", "PilotBold", "PilotSerif"
FILES = {
    REGULAR: "NotoSansSC-Regular.ttf",
    BOLD: "NotoSansSC-Bold.ttf",
    SERIF: "NotoSerifSC-SemiBold.ttf.xz",
    "PilotLatin": "NotoSans-Regular.ttf",
    "PilotRare": "HanaMinB.ttf.xz",
    "PilotRarest": "BabelStoneHan-Rare.ttf.xz",
}
CHAIN = (REGULAR, "PilotLatin", "PilotRare", "PilotRarest")
"""The order in which fonts are asked for a character."""
SUBSTITUTE = "〓"
"""What is printed for a character that no font has, as typesetters do."""
_BLANKS = re.compile(r"\s+")
_UNSEEN = frozenset(
    ("Cc", "Cf", "Cs")
)  # Unicode's classes of controls, formats and halves of pairs; what is private or new is not among them
_VARIANTS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # ask for another form of the character before


@dataclass(frozen=True)
class Lacking:
    """A character that no font has, with those in whose texts it is."""

    character: str
    who: tuple[str, ...]

    def __str__(self) -> str:
        """For people."""
        some = "、".join(self.who[:5]) + (f" 等 {len(self.who)} 处" if len(self.who) > 5 else "")
        return f"字符“{self.character}”（U+{ord(self.character):04X}）没有可用的字体，打印为“{SUBSTITUTE}”：{some}"


def clean(text: str) -> str:
    """The text on one line as it is printed: without what nobody sees, a letter with its marks as one character.

    A character that no font has is still in it: `lacking` tells, `printed` puts the substitute there.
    """
    text = _BLANKS.sub(" ", text.translate(ODD)).strip()
    if text.isascii() and text.isprintable():
        return text
    if any(map(unicodedata.combining, text)):  # not else: it would make other characters of those for compatibility
        text = unicodedata.normalize("NFC", text)
    return "".join(one for one in text if one not in _VARIANTS and unicodedata.category(one) not in _UNSEEN)


def printed(text: str) -> str:
    """The clean text with the substitute for what no font has."""
    cleaned = clean(text)
    return cleaned if all(map(face_of, cleaned)) else "".join(one if face_of(one) else SUBSTITUTE for one in cleaned)


def lacking(documents: Iterable[Printed]) -> list[Lacking]:
    """The characters of these documents that no font has, with who has them, in the order in which they come."""
    found: dict[str, dict[str, None]] = {}
    seen = set[tuple[str, str]]()
    for document in documents:
        for pair in document.texts():
            if pair in seen:
                continue
            seen.add(pair)
            for one in clean(pair[1]):
                if face_of(one) is None:
                    found.setdefault(one, {})[clean(pair[0])] = None
    return [Lacking(one, tuple(who)) for one, who in found.items()]


@cache
def face_of(character: str, face: str = REGULAR) -> str | None:
    """The name of the font that draws a character, None where none has it: this one, or the first of the chain where it lacks it."""
    code = ord(character)
    return next((name for name in dict.fromkeys((face, *CHAIN)) if code in font(name).face.charToGlyph), None)


@lru_cache(maxsize=8192)
def runs(text: str, face: str = REGULAR) -> tuple[tuple[str, str], ...]:
    """A printed text in pieces of one font each: (font, piece). It is bold as a whole or not at all; in SERIF as far as it goes."""
    face = as_a_whole(text, face)
    pieces: list[tuple[str, str]] = []
    for one in text:
        name = face_of(one, face) or REGULAR
        if pieces and pieces[-1][0] == name:
            pieces[-1] = (name, pieces[-1][1] + one)
        else:
            pieces.append((name, one))
    return tuple(pieces)


def as_a_whole(text: str, face: str) -> str:
    """The font in which the whole of a printed text is set: not BOLD where that lacks one of its characters."""
    return REGULAR if face == BOLD and any(face_of(one, BOLD) != BOLD for one in text) else face


def faces_of(text: str) -> frozenset[str]:
    """The fonts that a printed text needs besides the first."""
    return frozenset(name for one in set(text) if (name := face_of(one)) is not None and name != REGULAR)


@cache
def font(name: str) -> TTFont:
    """A font, which ReportLab knows by this name from then on.

    Raises:
        KeyError: no font has this name.
    """
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics

    from jobs.documents.embedding import DocumentFont

    rl_config.useA85 = 0  # bytes as they are: text that encodes them would be a quarter larger
    path = FOLDER / FILES[name]
    made = DocumentFont(name, BytesIO(lzma.decompress(path.read_bytes())) if path.suffix == ".xz" else str(path))
    pdfmetrics.registerFont(made)
    return made
