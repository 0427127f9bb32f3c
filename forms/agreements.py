"""Fields that must agree with another one of the same form or line, and all on which it depends whether a field is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.ground.id_numbers import document_problem, sex_problem
from forms.requirements import HINT

AGREEMENTS: Mapping[str, Callable[[str, str], str | None]] = {"x-sex": sex_problem, "x-document": document_problem}
"""Hint on a field, which names another field of the same form or line → what is wrong with the two answers together."""


def depends_on(field: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields beside it, of the same form or line, on which it depends whether a field is right, or may be empty."""
    return tuple(dict.fromkeys([*(field[hint] for hint in AGREEMENTS if hint in field), *field.get(HINT, ())]))
