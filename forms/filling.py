"""Fields that are filled from another field of the form where they were left empty: `x-pinyin` on one names the field of the name.

Pages offer the same as people type (`webapp/static/js/pinyin.js`); here it holds for whoever has no script, and for imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.ground.pinyin import pinyin_of

FILLED: Mapping[str, Callable[[str], str]] = {"x-pinyin": pinyin_of}
"""Hint on a field, which names another field of the form → what it is filled with; an empty text where that is not known."""


def filling(schema: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """The function that fills what is empty in the answers of a form, made ready once for many."""
    hints = list(_hints(schema))

    def fill_in(answers: dict[str, Any]) -> None:
        for name, source, fill in hints:
            given = answers.get(source)
            if name not in answers and isinstance(given, str) and (text := fill(given)):
                answers[name] = text

    return fill_in


def followed(schema: Mapping[str, Any], before: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the fields that are `written` (None: emptied) over the answers of `before`: a field that another one had filled
    is filled anew with it, and one that was emptied too, be it with what stood there. What somebody wrote otherwise stays."""
    found = {}
    for name, source, fill in _hints(schema):
        given = written.get(source, before.get(source))
        emptied = name in written and written[name] is None
        as_filled = name not in written and source in written and before.get(name) == fill(str(before.get(source, "")))
        if (emptied or as_filled) and isinstance(given, str) and (text := fill(given)):
            found[name] = text
    return found


def is_filled(field: Mapping[str, Any]) -> bool:
    """Whether a field may be left empty because another one fills it."""
    return any(hint in field for hint in FILLED)


def _hints(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Callable[[str], str]]]:
    """(field, the field that fills it, how) of each that may be written."""
    for name, field in schema.get("properties", {}).items():
        if not field.get("readOnly"):
            yield from ((name, field[hint], fill) for hint, fill in FILLED.items() if hint in field)
