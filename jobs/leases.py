"""What jobs, SMS and background tasks share: a row that one worker at a time works on, as long as its lease lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed

HANDED_OUT = timedelta(seconds=10)  # a row waiting in the queue is not handed out at every sweep
TOO_LONG = timedelta(minutes=10)  # no lease lasts as long, nor are the clocks of several machines so far apart


@dataclass(frozen=True)
class Leased:
    """A table whose rows workers claim, with `id`, `state`, `attempt` and a moment: when a waiting row is due, or a lease ends."""

    table: Table
    moment: str
    """Name of that column; null where the row is over."""
    waiting: str
    """The state in which nobody holds the row."""
    running: str
    """The state in which a worker holds it."""


def claim(session: Session, leased: Leased, row_id: str | int, now: datetime, lease: timedelta, **more: Any) -> bool:
    """Claims the row for a new attempt, and writes `more` into it. False where the row is over, or another worker has it."""
    table = leased.table
    mine = update(table).where(table.c.id == row_id, table.c.state == leased.waiting)
    values = {"state": leased.running, "attempt": table.c.attempt + 1, leased.moment: now + lease, **more}
    return rows_changed(session, mine.values(values)) == 1


def claim_many(session: Session, leased: Leased, row_ids: Sequence[str], now: datetime, lease: timedelta, **more: Any) -> list[Any]:
    """As `claim`, for many rows in two statements; a row that somebody is just claiming is left to them. Returns ids of those claimed."""
    table = leased.table
    waiting = select(table.c.id).where(table.c.id.in_(row_ids), table.c.state == leased.waiting).order_by(table.c.id)
    ours = list(session.scalars(waiting.with_for_update(skip_locked=True)))
    values = {"state": leased.running, "attempt": table.c.attempt + 1, leased.moment: now + lease, **more}
    if ours:
        session.execute(update(table).where(table.c.id.in_(ours)).values(values))
    return ours


def sweep(session: Session, leased: Leased, now: datetime) -> list[Any]:
    """Ids of the rows to hand out: those that wait and are due, and those that run although their lease has ended.

    A lease that ends later than one can is of a clock that was set back since.
    """
    table, moment = leased.table, leased.table.c[leased.moment]
    over = and_(table.c.state == leased.running, moment > now + TOO_LONG)
    due = (or_(and_(moment <= now, table.c.state.in_((leased.waiting, leased.running))), over),)
    values = {"state": leased.waiting, leased.moment: now + HANDED_OUT}
    found = session.scalars(select(table.c.id).where(*due).limit(500)).all()
    # each by a conditional UPDATE: another sweep, or a worker, may have taken the row since
    return [id for id in found if rows_changed(session, update(table).where(table.c.id == id, *due).values(values)) == 1]
