"""How people write a year: 2025, 2025级, 2025年, 2025届, a month or a day of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

FIRST_YEAR = 1900  # a whole number that is no less is a year
_YEAR = re.compile(r"(\d{4})(?:级|年|届|[-/.年]\d{1,2}月?)?")
_DAY = re.compile(r"(\d{4})(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T]0{1,2}:00(?::00)?)?|\d{4})")


def is_year(field: Mapping[str, Any]) -> bool:
    """Whether a form's field holds a year."""
    return field.get("type") == "integer" and bool(field.get("minimum", 0) >= FIRST_YEAR)


def year_of(text: str) -> str:
    """The four digits of a year, however it is written; anything else as it came."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = _YEAR.fullmatch(plain) or _DAY.fullmatch(plain)
    return text if found is None else found[1]
