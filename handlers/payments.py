"""Handlers about 缴费申请单."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams import payment_slips
from domain.exams.payment_slips import PaymentSlip
from domain.ground.parties import Actor


def confirm(session: Session, subject: PaymentSlip, params: dict[str, Any], actor: Actor) -> None:
    """The registrations on the slip are paid."""
    payment_slips.confirm(session, subject)


def delete(session: Session, subject: PaymentSlip, params: dict[str, Any], actor: Actor) -> None:
    """Deletes the slip; its registrations are free again. Its history stays with the process."""
    payment_slips.delete_slip(session, subject)
