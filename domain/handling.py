"""What a service task may call: the shapes of handlers, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.parties import Actor
from domain.settings import Settings


class Transient(Exception):
    """The outside did not answer well this time; worth another try."""


class Permanent(Exception):
    """The outside refused for good; trying again changes nothing."""


@dataclass(frozen=True)
class Inline:
    """Runs inside the step's transaction: database only. `run(session, subject, params, actor)` returns task data or None."""

    run: Callable[[Session, Any, dict[str, Any], Actor], dict[str, Any] | None]


@dataclass(frozen=True)
class External:
    """Calls the outside with no transaction open.

    `prepare(session, subject, params)` makes the payload once; `call(payload, key, settings)` sends it, `key` being the
    idempotency key, and raises Transient or Permanent.
    """

    prepare: Callable[[Session, Any, dict[str, Any]], dict[str, Any]]
    call: Callable[[dict[str, Any], str, Settings], dict[str, Any]]


Handler = Inline | External
