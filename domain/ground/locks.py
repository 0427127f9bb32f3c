"""One scheduler at a time: a lease in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.database import rows_changed

APART = timedelta(minutes=5)
"""Clocks of several machines are never so far apart."""


class SchedulerLock(Base):
    """The only row: which scheduler works, and until when."""

    __tablename__ = "scheduler_lock"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(60))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


def hold_lock(session: Session, holder: str, now: datetime, lease: timedelta) -> bool:
    """Takes the lease or renews it. False while another holder has it.

    A lease that ends later than one can is of a clock that was set back since: whoever held it may be long gone.
    """
    table = SchedulerLock
    free = (table.holder == holder) | (table.until < now) | (table.until > now + lease + APART)
    claim = update(table).where(table.id == 1, free).values(holder=holder, until=now + lease)
    if rows_changed(session, claim) == 1:
        return True
    if session.get(table, 1) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(table(id=1, holder=holder, until=now + lease))
            session.flush()
    except IntegrityError:  # two began at the same moment
        return False
    return True
