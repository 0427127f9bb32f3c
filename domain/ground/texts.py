"""What people cannot see in a text, and copy along from other programs: it is stored nowhere."""

from __future__ import annotations

# marks without width, and characters that neither XML nor PostgreSQL can store
_UNSEEN = [*range(9), 11, 12, *range(14, 32), 127, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]
_DIRECTIONS = [
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
]  # marks of direction: numbers that are copied out of other programs begin with one
UNSEEN = dict.fromkeys(_UNSEEN + _DIRECTIONS)
"""For `str.translate`: takes them out."""
ODD = {ord(c): " " for c in "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t"} | UNSEEN
"""The same, and makes one kind of space of all."""


def without_unseen(text: str) -> str:
    """A text of any number of lines without them."""
    return text if text.isprintable() else text.translate(UNSEEN)
