"""Unique constraints, said in words."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import DomainError


def flush_or_refuse(session: Session, taken: type[DomainError]) -> None:
    """Flushes; where a unique constraint says that another record has this already, `taken` is raised and the transaction is lost."""
    try:
        session.flush()
    except IntegrityError as error:
        raise taken from error
