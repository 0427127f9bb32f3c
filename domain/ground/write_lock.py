"""How long a transaction waits for SQLite's one write lock, which may be held by a process that was stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import timedelta
from sqlite3 import SQLITE_BUSY
from time import monotonic

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from domain.ground.waiting import Waiting

ANSWERING = "pilot_answering"
"""Option of an engine whose transactions are of somebody who waits for an answer."""
SINCE: ContextVar[float | None] = ContextVar("since", default=None)
"""Since when they wait, by `monotonic`; None: since the transaction begins. An engine of each one's own would cost a step 2 %."""
HURRY = timedelta(milliseconds=200)
"""How long they wait where their patience is over, or the lock is stuck: longer than any honest chunk of work holds the lock."""
JUST_NOW = timedelta(milliseconds=100)
"""Who has come in since then has all of their patience left: the connection's own, that need not be changed for them."""
_MS = timedelta(milliseconds=1)


class WriteLock:
    """Begins transactions that write, in one process.

    Who has waited in vain for all of `patience` shows that the lock is stuck: until somebody gets it again, nobody who waits for an answer
    waits long. Work that is not `ANSWERING` always has the whole of `patience`.
    """

    def __init__(self, patience: timedelta, clock: Callable[[], float] = monotonic, waiting: Waiting | None = None) -> None:
        self._patience = patience.total_seconds()
        self._waiting = waiting
        self._clock = clock
        self._stuck = False

    def begin(self, connection: Connection) -> None:
        """Takes the lock for a transaction of this connection: SQLite's row lock, so that two steps never hold stale reads.

        Raises:
            OperationalError: somebody else has held it for too long.
        """
        if not connection.get_execution_options().get(ANSWERING):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        began = self._clock()
        room = self.room(SINCE.get(), began)
        try:
            if room != self._patience:
                _wait_at_most(connection, room)
            with self._waiting.shown() if self._waiting is not None else nullcontext():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == SQLITE_BUSY:
                self.missed(began)
            raise
        else:
            self._stuck = False
        finally:
            if room != self._patience:
                _wait_at_most(connection, self._patience)

    def room(self, since: float | None, now: float) -> float:
        """Seconds to wait for somebody who waits for an answer since then (None: since now)."""
        hurry = min(HURRY.total_seconds(), self._patience)
        waited = 0 if since is None or now - since < JUST_NOW.total_seconds() else now - since
        left = self._patience - waited
        if self._stuck:
            return min(hurry, max(left, 0))
        return max(left, hurry)

    def missed(self, began: float) -> None:
        """Notes that somebody who began to wait then has not got the lock."""
        # clocks and SQLite's own waiting are not exact to the last millisecond
        self._stuck = self._stuck or self._clock() - began >= 0.9 * self._patience


def _wait_at_most(connection: Connection, seconds: float) -> None:
    cursor = connection.connection.cursor()  # past SQLAlchemy, which would begin a transaction
    cursor.execute(f"PRAGMA busy_timeout={timedelta(seconds=seconds) // _MS}")
    cursor.close()
