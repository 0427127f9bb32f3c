"""Two transactions at once, the second of which comes to wait for the first: without sleeping, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from processes.errors import ProcessError
from tests.conftest import FOREVER, World
from tests.jobs.conftest import wait_for

Found = TypeVar("Found")
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def race(world: World, first: Callable[[Session], Any], second: Callable[[], Found]) -> Found:
    """What came of `second`, begun after `first` has written and before it has committed.

    On PostgreSQL the first commits once the second waits for one of its locks – or has ended, where it needed none. On SQLite
    the second waits at its BEGIN.
    """
    begun = Event()

    def run() -> Found:
        begun.set()
        return second()

    with ThreadPoolExecutor(1) as pool:
        with world.runtime.database.writing() as session:
            first(session)
            future = pool.submit(run)
            assert begun.wait(FOREVER)
            until_waiting(world, future)
        return future.result(timeout=FOREVER)


def until_waiting(world: World, *futures: Future[Any], count: int = 1) -> None:
    """Returns once that many transactions wait for a lock, or one of these has ended."""
    engine = world.runtime.database.engine
    if engine.dialect.name == "sqlite":
        return

    def waits() -> bool:
        with engine.connect() as connection:
            return (connection.scalar(_WAITING) or 0) >= count or any(future.done() for future in futures)

    wait_for(waits)


def transaction(world: World, act: Callable[[Any], Any]) -> Callable[[], Any]:
    """The act in a transaction of its own: what it gives, or what a person reads."""

    def run() -> Any:
        try:
            with world.runtime.database.writing() as session:
                return act(session)
        except (ProcessError, DomainError, BusinessError) as error:
            return str(error)

    return run
