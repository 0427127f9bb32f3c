"""Limits failed logins by account and by address, with one small table (row 1.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime

WINDOW = timedelta(minutes=15)
MAX_BY_ACCOUNT = 8
MAX_BY_ADDRESS = 60


class LoginAttempt(Base):
    """One failed login."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(50), index=True)
    address: Mapped[str] = mapped_column(String(45), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def too_many(session: Session, account: str, address: str, now: datetime) -> bool:
    """Whether logins of this account, or from this address, have failed too often within the window."""
    table = LoginAttempt
    recent = select(func.count()).where(table.at > now - WINDOW)
    by_account = session.scalar(recent.where(table.account == account)) or 0
    by_address = session.scalar(recent.where(table.address == address)) or 0
    return by_account >= MAX_BY_ACCOUNT or by_address >= MAX_BY_ADDRESS


def failed(session: Session, account: str, address: str, now: datetime) -> None:
    """Writes down a failed login, and deletes those before the window."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - WINDOW))
    session.add(LoginAttempt(account=account, address=address, at=now))
