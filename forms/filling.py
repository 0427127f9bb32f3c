"""Fields that are filled from another field of the form where they were left empty: `x-pinyin` on one names the field of the name.

Pages offer the same as people type (`webapp/static/js/pinyin.js`); here it holds for whoever has no script, and for imports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.ground.pinyin import pinyin_of

FILLED: Mapping[str, Callable[[str], str]] = {"x-pinyin": pinyin_of}
"""Hint on a field, which names another field of the form → what it is filled with; an empty text where that is not known."""


def filling(schema: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """The function that fills what is empty in the answers of a form, made ready once for many."""
    hints = [
        (name, field[hint], fill)
        for name, field in schema.get("properties", {}).items()
        for hint, fill in FILLED.items()
        if hint in field and not field.get("readOnly")
    ]

    def fill_in(answers: dict[str, Any]) -> None:
        for name, source, fill in hints:
            given = answers.get(source)
            if name not in answers and isinstance(given, str) and (text := fill(given)):
                answers[name] = text

    return fill_in


def is_filled(field: Mapping[str, Any]) -> bool:
    """Whether a field may be left empty because another one fills it."""
    return any(hint in field for hint in FILLED)
