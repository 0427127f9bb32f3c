"""How many items go into a transaction: as many as take the time that others can wait."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from domain.ground.base import utc_now
from domain.ground.database import open_database
from domain.ground.parties import SYSTEM
from jobs import work
from jobs.work import CHUNK, MOST, TURN, Work

pytestmark = pytest.mark.row("8.2")


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(work, "time", made)
    return made


def begun(tmp_path: Path, clock: Clock) -> Work:
    moment: datetime = utc_now()
    one = Work(open_database("sqlite://"), lambda: moment, tmp_path, 1, 1, SYSTEM, {}, {})
    one._began = clock.now
    return one


def after(one: Work, clock: Clock, seconds: float) -> int:
    clock.now += seconds
    one.give_way()
    return one.chunk


def test_chunks_grow_to_what_fits(tmp_path: Path, clock: Clock) -> None:
    one = begun(tmp_path, clock)
    sizes = [after(one, clock, 0.001 * one.chunk) for _ in range(8)]
    assert sizes[:3] == [2 * CHUNK, 4 * CHUNK, 8 * CHUNK]
    assert all(abs(size - TURN / 0.001) < 2 for size in sizes[-2:])


def test_chunks_never_grow_beyond_what_a_worker_may_lose(tmp_path: Path, clock: Clock) -> None:
    one = begun(tmp_path, clock)
    assert max(after(one, clock, 0) for _ in range(20)) == MOST


def test_chunks_shrink_where_items_take_long(tmp_path: Path, clock: Clock) -> None:
    one = begun(tmp_path, clock)
    assert [after(one, clock, 10) for _ in range(5)] == [2, 1, 1, 1, 1]
    assert after(one, clock, 0.001) == 2
