"""Handlers about any record that a process is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.subjects import Subject


class InUse(DomainError):
    """该记录已被其他记录使用，不能删除；可以停用的请停用。"""


def delete(session: Session, subject: Subject, params: dict[str, Any], actor: Actor) -> None:
    """Deletes the record; its history stays with the process. A diagram may say `allowed` (true or false), and in `refusal` why not.

    Raises:
        DomainError: it is not allowed, or other records stand on this one.
    """
    if not params.get("allowed", True):
        raise DomainError(str(params.get("refusal", "该记录不能删除")))
    session.delete(subject)
    try:
        session.flush()
    except IntegrityError as error:
        raise InUse from error
