"""Somebody waits for SQLite's write lock: background work sees it between two chunks, and lets them go first.

SQLite has one writer and no queue for it. Whoever waits asks again after 1, 2, 5, 10, 15 … ms, and finds the lock free only if that is just
between two transactions of a worker that does one after the other. So those who wait for an answer hold a shared lock of a file beside the
database meanwhile, which ends with their process, whatever becomes of it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

PATIENCE = 0.3  # seconds that background work lets others go first, one after the other, before it goes on
_LOOK = 0.002  # seconds between two looks


class Waiting:
    """Who waits for the write lock of the database in this file. Several threads, and processes, may use it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-waiting")
        self._guard = Lock()
        self._count = 0
        self._file: tuple[int, int] | None = None  # of which process, and the descriptor

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows that somebody waits, as long as the block lasts."""
        with self._guard:
            self._count += 1
            if self._count == 1:
                self._lock(fcntl.LOCK_SH)
        try:
            yield
        finally:
            with self._guard:
                self._count -= 1
                if self._count == 0:
                    self._lock(fcntl.LOCK_UN)

    def let_go_first(self) -> None:
        """Returns once nobody waits, but after `PATIENCE` at the latest."""
        with suppress(FileNotFoundError):  # nobody has ever waited
            file = os.open(self._path, os.O_RDONLY)
            try:
                ends = time.monotonic() + PATIENCE
                while self._somebody(file) and time.monotonic() < ends:
                    time.sleep(_LOOK)
            finally:
                os.close(file)  # lets go of the lock, too

    def _lock(self, how: int) -> None:
        mine = os.getpid()
        if self._file is None or self._file[0] != mine:  # what a parent opened is its own: a lock would be both's
            self._file = mine, os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file[1], how)

    @staticmethod
    def _somebody(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
