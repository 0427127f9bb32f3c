"""Handlers about 报考信息更正. `at` is the step's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.registration_corrections import RegistrationCorrection
from domain.ground.parties import Actor


def correct(session: Session, subject: RegistrationCorrection, params: dict[str, Any], actor: Actor) -> None:
    """Writes the correction into the registration, with what it said before."""
    subject.carry_out(session, actor, params["at"])
