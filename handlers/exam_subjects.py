"""Handlers about 考试科目. `at` is the step's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.ground.parties import Actor


def enable(session: Session, subject: ExamSubject, params: dict[str, Any], actor: Actor) -> None:
    """Certificates ask for the subject in plans whose 公示 begins from now on."""
    subject.enable(params["at"])


def disable(session: Session, subject: ExamSubject, params: dict[str, Any], actor: Actor) -> None:
    """Certificates no longer ask for it there."""
    subject.disable(params["at"])
