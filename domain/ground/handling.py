"""What a service task may call: the shapes of handlers, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.settings import Settings


class Transient(Exception):
    """The outside did not answer well this time; worth another try."""


class Permanent(Exception):
    """The outside refused for good; trying again changes nothing."""


class BusinessError(Exception):
    """The outside, or a rule, said no in a way that the diagram may answer: a BPMN error with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# Mistakes in a handler or its parameters: told as what they are, never a traceback that stops a worker.
# What a table refuses is one of them; a database that is away is not.
FAULTS = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, IntegrityError, DataError)


def mistake(error: Exception) -> str:
    """What is kept and shown of a mistake: its kind and first line. A statement of the database, and what it held, are nobody's to read."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
    return f"{type(error).__name__}：{said}"


@dataclass(frozen=True)
class Inline:
    """Runs inside the step's transaction: database only.

    `run(session, subject, params, actor)` returns task data or None; a BusinessError undoes what it wrote.
    `needs` are the parameters a diagram must give, `gives` the names in the task data that it returns.
    """

    run: Callable[[Session, Any, dict[str, Any], Actor], dict[str, Any] | None]
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


@dataclass(frozen=True)
class External:
    """Calls the outside with no transaction open.

    `prepare(session, subject, params)` makes the payload once; `call(payload, key, settings)` sends it, `key` being the
    idempotency key, and raises Transient, Permanent or BusinessError. `needs` and `gives` as of Inline.
    """

    prepare: Callable[[Session, Any, dict[str, Any]], dict[str, Any]]
    call: Callable[[dict[str, Any], str, Settings], dict[str, Any]]
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


Handler = Inline | External
