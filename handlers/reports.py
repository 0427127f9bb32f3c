"""Handlers about 周报 and the periods they report on."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.ground.settings import Settings
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import people_yet_to_report
from handlers import sms


def prepare_reminder(session: Session, subject: ReportingPeriod, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: an SMS (`text`) to the people of each school that has begun no report on the period."""
    people = people_yet_to_report(session, subject)
    return {"messages": [{"to": person.mobile, "text": str(params["text"])} for person in people]}


def send_reminder(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    """Sends the reminders. Where every school has reported there is nobody to remind, and that is no failure.

    Raises:
        Transient, Permanent: as `sms.call`.
    """
    return sms.call(payload, key, settings) if payload["messages"] else {}
