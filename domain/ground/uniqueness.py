"""Unique constraints, said in words."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError


def flush_or_refuse(session: Session, taken: type[DomainError], by_column: Mapping[str, type[DomainError]] | None = None) -> None:
    """Flushes; where a unique constraint says that another record has this already, the transaction is lost.

    Raises:
        DomainError: of `by_column` that of the column which the constraint is about, else `taken`.
    """
    try:
        session.flush()
    except IntegrityError as error:
        raise refusal(error, taken, by_column) from error


def refusal(error: IntegrityError, taken: type[DomainError], by_column: Mapping[str, type[DomainError]] | None = None) -> DomainError:
    """What a person reads of a unique constraint: both databases name its columns, PostgreSQL in the constraint's name."""
    said = str(error.orig).partition("\n")[0]  # the second line quotes what was typed
    return next((kind() for column, kind in (by_column or {}).items() if column in said), taken())
