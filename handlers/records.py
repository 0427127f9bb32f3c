"""Handlers about any record that a process is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.subjects import Subject


def delete(session: Session, subject: Subject, params: dict[str, Any], actor: Actor) -> None:
    """Deletes the record; its history stays with the process."""
    session.delete(subject)
    session.flush()
