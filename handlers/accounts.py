"""Handlers about accounts."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.ground.handling import Permanent
from domain.ground.settings import Settings
from domain.institutions.teachers import Teacher, give_nonce
from domain.platform.passwords import first_password
from handlers import sms

PLACEHOLDER = "{密码}"


def prepare(session: Session, subject: Teacher, params: dict[str, Any]) -> dict[str, Any]:
    """Gives the teacher a new first password. The payload holds its nonce alone (`domain.platform.passwords.first_password`)."""
    payload = {"to": subject.person.mobile, "text": str(params["text"]), "nonce": give_nonce(subject)}
    session.flush()
    return payload


def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    """Sends the password by SMS; a retry sends the same.

    Raises:
        Transient, Permanent: as `sms.call`. People read the reason, which never holds the password.
    """
    password = first_password(settings.secret_key, payload["nonce"])
    text = payload["text"].replace(PLACEHOLDER, password)
    try:
        return sms.call({"messages": [{"to": payload["to"], "text": text}]}, key, settings)
    except Permanent as error:
        # a gateway may quote what it refuses
        raise Permanent(str(error).replace(password, PLACEHOLDER)) from None
