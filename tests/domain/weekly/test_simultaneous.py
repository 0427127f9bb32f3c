"""Two people of a school begin the same report at once: one wins (SQLite and PostgreSQL)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from sqlalchemy import func, select

from domain.weekly.reports import AlreadyReported, WeeklyReport, new_report
from tests.conftest import FOREVER, World


def count(world: World) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(WeeklyReport)) or 0


def create(world: World) -> str:
    try:
        with world.runtime.database.writing() as session:
            new_report(session, world.actor("school1"), world.clock())
    except AlreadyReported:
        return "refused"
    return "made"


def test_one_of_two_at_once_wins(world: World) -> None:
    barrier = Barrier(2)

    def together() -> str:
        barrier.wait()
        return create(world)

    with ThreadPoolExecutor(2) as pool:
        results = [future.result(timeout=FOREVER) for future in [pool.submit(together), pool.submit(together)]]
    assert sorted(results) == ["made", "refused"]
    assert count(world) == 1


def test_the_second_waits_for_the_first_and_is_refused(world: World) -> None:
    """The first has written but not committed while the second runs: on PostgreSQL the unique constraint alone decides."""
    begun = Event()

    def second() -> str:
        begun.set()
        return create(world)

    with ThreadPoolExecutor(1) as pool:
        with world.runtime.database.writing() as session:
            new_report(session, world.actor("school1"), world.clock())
            future = pool.submit(second)
            assert begun.wait(FOREVER)
            Event().wait(0.5)  # the second reaches its wait: at BEGIN on SQLite, at INSERT on PostgreSQL
            assert not future.done()
        assert future.result(timeout=FOREVER) == "refused"
    assert count(world) == 1
