"""External service tasks whose work is done on this machine, by what only jobs have: drawing, sealing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.handling import External, Params
from domain.ground.settings import Settings
from jobs.issuing import making


@dataclass(frozen=True)
class Here:
    """What such work may use besides its payload; it writes nothing into the database."""

    settings: Settings
    reading: Callable[[], AbstractContextManager[Session]]
    now: datetime


CALLS: Mapping[str, Callable[[Params, Here], Params]] = {
    "certificate.draw": making.draw,
    "certificate.seal": making.seal,
}
"""Name of the handler → its work."""


def call(name: str, handler: External[Any], payload: Params, key: str, here: Here) -> Params:
    """Does what an external service task asks for, outside of this machine or on it. Raises what `External` says."""
    if handler.call is not None:
        return handler.call(payload, key, here.settings)
    return CALLS[name](payload, here)
