"""Who waits for SQLite's write lock goes before background work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.ground import waiting
from domain.ground.database import open_database
from domain.ground.waiting import Waiting

pytestmark = pytest.mark.row("8.2")


class Naps:
    """Takes the place of the clock: counts the naps of background work, and lets something happen at one of them."""

    def __init__(self) -> None:
        self.count, self.now = 0, 0.0
        self.then: dict[int, ExitStack] = {}

    def sleep(self, seconds: float) -> None:
        self.count += 1
        self.now += seconds
        if self.count in self.then:
            self.then[self.count].close()

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Naps:
    made = Naps()
    monkeypatch.setattr(waiting, "time", made)
    return made


def test_nobody_waits(tmp_path: Path, naps: Naps) -> None:
    own = Waiting(tmp_path / "a.sqlite3")
    own.let_go_first()
    with own.shown():
        pass
    own.let_go_first()
    assert naps.count == 0
    assert (tmp_path / "a.sqlite3-waiting").stat().st_mode & 0o077 == 0


def test_background_work_waits_for_the_last_of_those_who_wait(tmp_path: Path, naps: Naps) -> None:
    people, another, worker = (Waiting(tmp_path / "a") for _ in range(3))  # each of a process of its own
    with ExitStack() as first, ExitStack() as second, ExitStack() as third:
        first.enter_context(people.shown())
        second.enter_context(people.shown())
        third.enter_context(another.shown())
        naps.then = {2: first, 4: third, 7: second}
        worker.let_go_first()
    assert naps.count == 7


def test_background_work_goes_on_in_the_end(tmp_path: Path, naps: Naps) -> None:
    own = Waiting(tmp_path / "a")
    with own.shown():
        own.let_go_first()
    assert naps.now >= waiting.PATIENCE


def test_who_was_killed_waits_no_more(tmp_path: Path, naps: Naps) -> None:
    code = f"""
from pathlib import Path
from domain.ground.waiting import Waiting
with Waiting(Path({str(tmp_path / "a")!r})).shown():
    print(flush=True)
    input()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # our own code
    assert process.stdout is not None
    process.stdout.readline()
    own = Waiting(tmp_path / "a")
    with ExitStack() as dies:
        dies.callback(process.wait)
        dies.callback(os.kill, process.pid, signal.SIGKILL)
        naps.then = {3: dies}
        own.let_go_first()
    assert naps.count == 3
    process.communicate()


def test_those_who_wait_for_an_answer_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    assert database.waiting is not None
    seen: list[bool] = []

    @contextmanager
    def shown(_: Waiting) -> Iterator[None]:
        seen.append(True)
        yield
        seen.append(False)

    monkeypatch.setattr(Waiting, "shown", shown)
    with database.writing() as session:
        session.execute(text("CREATE TABLE a (b)"))
    assert seen == []  # background work does not
    with database.answering(None).begin() as connection:
        assert seen == [True, False]  # and only until they have the lock
        connection.execute(text("INSERT INTO a VALUES (1)"))
    database.let_others_write()
    assert open_database("sqlite://").waiting is None
