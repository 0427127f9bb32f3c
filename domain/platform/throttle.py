"""Limits failed logins by account and by address, with one small table (row 1.1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime

WINDOW = timedelta(minutes=15)
MAX_BY_ACCOUNT = 8
MAX_BY_ADDRESS = 60
IPV6_NETWORK = 64  # bits of an IPv6 address that name the network of one subscriber
_LONGEST_ADDRESS = 45


class LoginAttempt(Base):
    """One failed login."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(50), index=True)
    address: Mapped[str] = mapped_column(String(45), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def counted_as(address: str) -> str:
    """The name under which failures from an address are counted. Whoever has one address of IPv6 has the 2**64 of its network (RFC 6177):
    these count as one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), IPV6_NETWORK), strict=False))


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
