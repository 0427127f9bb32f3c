"""Handlers about 成绩异议. `at` is the step's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.score_objections import ScoreObjection
from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from domain.ground.parties import Actor


def correct(session: Session, subject: ScoreObjection, params: dict[str, Any], actor: Actor) -> None:
    """Corrects the mark as the organization has answered.

    Raises:
        BusinessError: the answer holds no other mark, or marks are locked.
    """
    try:
        subject.carry_out(session, actor, params["at"])
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error


def dismiss(session: Session, subject: ScoreObjection, params: dict[str, Any], actor: Actor) -> None:
    """The mark stays as it is.

    Raises:
        BusinessError: the answer holds another mark.
    """
    try:
        subject.dismiss()
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error
