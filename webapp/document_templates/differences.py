"""What two texts differ in, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 3  # equal lines shown before and behind a change


@dataclass(frozen=True)
class Line:
    """One line of a comparison."""

    change: str
    """`same`, `gone`, `new`; `gap`: equal lines are left out here."""
    old: int | None
    """Its number in the old text, 1 for the first; None where it is not in it."""
    new: int | None
    text: str


def differences(old: str, new: str) -> list[Line]:
    """The changed lines with some around them; nothing where both are the same."""
    return list(_lines(old.split("\n"), new.split("\n")))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    for number, group in enumerate(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND)):
        if number:
            yield Line("gap", None, None, "")
        for tag, first, last, first_new, last_new in group:
            if tag == "equal":
                yield from (Line("same", at + 1, at + 1 + first_new - first, old[at]) for at in range(first, last))
                continue
            yield from (Line("gone", at + 1, None, old[at]) for at in range(first, last))
            yield from (Line("new", None, at + 1, new[at]) for at in range(first_new, last_new))
