"""Handlers about 周报."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.parties import Actor
from domain.reports import WeeklyReport


def delete(session: Session, subject: WeeklyReport, params: dict[str, Any], actor: Actor) -> None:
    """Deletes the report; its history stays with the process."""
    session.delete(subject)
    session.flush()
