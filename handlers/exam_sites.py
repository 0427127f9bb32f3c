"""Handlers about 考核站点."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.exam_sites import ExamSite
from domain.ground.parties import Actor


def delete(session: Session, subject: ExamSite, params: dict[str, Any], actor: Actor) -> None:
    """Deletes the application; its history stays with the process."""
    session.delete(subject)
    session.flush()
