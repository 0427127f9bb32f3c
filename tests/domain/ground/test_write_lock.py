"""Waiting for SQLite's write lock: everybody has their patience, and nobody waits it out behind a lock that does not move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from domain.ground.database import Database, open_database
from domain.ground.write_lock import ANSWERING, HURRY, SINCE, WriteLock

pytestmark = pytest.mark.row("9.1")
PATIENCE = timedelta(seconds=3)
SOON = HURRY.total_seconds()


class Ticking:
    """A clock that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_patience_counts_from_the_arrival() -> None:
    lock = WriteLock(PATIENCE, Ticking())
    assert lock.room(None, 1000.0) == 3.0
    assert lock.room(1000.0, 1000.0) == lock.room(999.95, 1000.0) == 3.0
    assert lock.room(998.0, 1000.0) == 1.0
    assert lock.room(990.0, 1000.0) == SOON  # it waited for a thread: it still gets a lock that is free, or soon is


def test_a_lock_that_somebody_waited_for_in_vain_is_waited_for_a_moment_only() -> None:
    clock = Ticking()
    lock = WriteLock(PATIENCE, clock)
    clock.now += 1
    lock.missed(began=1000.0)  # after a second: it may be a long queue
    assert lock.room(None, clock.now) == 3.0
    clock.now += 2
    lock.missed(began=1000.0)
    assert lock.room(None, clock.now) == SOON
    assert lock.room(clock.now - 2.9, clock.now) == pytest.approx(0.1)
    assert lock.room(clock.now - 4, clock.now) == 0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/a.sqlite3", patience=timedelta(milliseconds=50))
    yield opened
    opened.engine.dispose()


@contextmanager
def held(database: Database) -> Iterator[None]:
    with database.writes() as session:
        session.execute(text("SELECT 1"))
        yield


def timeouts(database: Database) -> list[int]:
    """How long each transaction that begins now would wait for the lock, in milliseconds; the connections' own afterwards."""
    found: list[int] = []
    for _ in range(2):
        with database.engine.connect() as connection:
            found.append(connection.scalar(text("PRAGMA busy_timeout")) or 0)
    return found


def test_whoever_gets_a_stuck_lock_shows_that_it_moves_again(tmp_path: Path) -> None:
    clock = Ticking()
    lock = WriteLock(PATIENCE, clock)
    clock.now += 3
    lock.missed(began=1000.0)
    engine = create_engine(f"sqlite:///{tmp_path}/a.sqlite3", isolation_level="AUTOCOMMIT", execution_options={ANSWERING: True})
    SINCE.set(None)
    with engine.connect() as connection:
        assert lock.room(None, clock.now) == SOON
        lock.begin(connection)
        assert lock.room(None, clock.now) == 3.0
    engine.dispose()


def test_a_lock_that_is_held_is_refused_and_the_connection_is_as_before(database: Database) -> None:
    with held(database):
        for since in (None, 0.0):
            with Session(database.answering(since)) as session, pytest.raises(OperationalError, match="locked"):
                session.execute(text("SELECT 1"))
        assert timeouts(database) == [50, 50]
    with Session(database.answering(None)) as session:
        assert session.scalar(text("SELECT 1")) == 1
    assert timeouts(database) == [50, 50]
