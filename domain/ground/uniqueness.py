"""What people read where a unique constraint of the database refuses a record."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError


def flush_or_refuse(session: Session, duplicate: type[DomainError], by_column: Mapping[str, type[DomainError]] | None = None) -> None:
    """Flushes the session. Where a unique constraint refuses a record, the transaction is lost.

    Raises:
        DomainError: of `by_column` that of the column which the constraint is about, else `duplicate`.
    """
    try:
        session.flush()
    except IntegrityError as error:
        raise refusal(error, duplicate, by_column) from error


def refusal(error: IntegrityError, duplicate: type[DomainError], by_column: Mapping[str, type[DomainError]] | None = None) -> DomainError:
    """The error that people read. Both databases name the columns of the constraint, PostgreSQL in the constraint's own name."""
    message = str(error.orig).partition("\n")[0]  # the second line quotes what was typed
    return next((kind() for column, kind in (by_column or {}).items() if column in message), duplicate())
