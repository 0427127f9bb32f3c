"""What the entry points give to the engine: handlers, record types, the check of forms and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.ground.base import utc_now
from domain.ground.handling import Handler
from domain.ground.subjects import Subject


@dataclass(frozen=True)
class Engine:
    """The engine knows nothing of schools: whatever is particular to the product comes with these."""

    handlers: Mapping[str, Handler]
    subjects: Mapping[str, type[Subject]]
    check: Callable[[Mapping[str, Any], Mapping[str, Any]], list[tuple[str, str]]]
    """(form schema, answers) → (field path, message) of each problem."""
    clock: Callable[[], datetime] = utc_now
