"""An import whose worker is killed in the middle of a chunk, and imports of several people at once."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select, text

from domain.ground.parties import Person
from domain.institutions.teachers import Teacher
from domain.platform.imports import ImportRecord, ImportRow
from jobs import background, scheduler
from jobs.imports.receiving import AlreadyImported
from processes.monitor.verify import verify
from tests.conftest import World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.jobs.imports.flow import begin, counts, record, take, upload, work

pytestmark = pytest.mark.row("7.1", "5.2.3.2")
HELD = "from tests.jobs.imports.held_worker import run; run()"
ROWS = 40


def states(world: World, import_id: int) -> dict[str, int]:
    with world.runtime.database.reading() as session:
        return dict(Counter(session.scalars(select(ImportRow.state).where(ImportRow.import_id == import_id))))


def kill_at(live: Live, redis: Redis, import_id: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a real worker do the import's task up to the middle of a chunk, and kills it there; then its lease is over."""
    runtime = live.world.runtime
    monkeypatch.setenv("HOLD_AT", str(chunk))
    background.hand_out(runtime.settings.redis_url, [record(live.world, import_id).task_id or 0])
    worker = live.start_worker(HELD)
    wait_for((runtime.settings.home / "held").exists)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at WHERE state = 'running'"))


def go_on(live: Live, import_id: int) -> None:
    """Another worker, of the usual kind, finds what was left."""
    live.start_worker()
    scheduler.turn(live.world.runtime, "test")
    wait_for(lambda: record(live.world, import_id).state in ("ready", "done"))


@pytest.mark.parametrize(
    ("chunk", "left"),
    [
        (3, {"good": 30, "taken": 10}),  # the first keeps the total; in the middle of storing the second ten
        (8, {"taken": 20, "started": 20}),  # in the middle of starting the third ten
    ],
)
def test_a_worker_killed_while_taking_in(
    live: Live, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, left: dict[str, int]
) -> None:
    world = live.world
    import_id = upload(world, workbook(tmp_path / "a", [HEADER, *(teacher(number) for number in range(ROWS))]))
    work(world, import_id)
    begin(world, import_id)
    kill_at(live, redis, import_id, chunk, monkeypatch)
    assert states(world, import_id) == left
    go_on(live, import_id)
    assert counts(world) == (ROWS, ROWS, ROWS)
    assert states(world, import_id) == {"started": ROWS}
    assert (record(world, import_id).taken, record(world, import_id).bad) == (ROWS, 0)
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []


def test_a_worker_killed_while_checking(live: Live, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = live.world
    rows = [teacher(number, **({"手机号": "1"} if number == 3 else {})) for number in range(ROWS)]
    import_id = upload(world, workbook(tmp_path / "a", [HEADER, *rows]))
    kill_at(live, redis, import_id, 4, monkeypatch)
    assert sum(states(world, import_id).values()) == 20
    go_on(live, import_id)
    assert states(world, import_id) == {"good": ROWS - 1, "bad": 1}
    assert (record(world, import_id).total, record(world, import_id).bad) == (ROWS, 1)


def together(*acts: object) -> list[BaseException]:
    """Does these at the same moment; returns what they raised."""
    start, raised = threading.Barrier(len(acts)), []

    def do(act: object) -> None:
        start.wait()
        try:
            act()  # type: ignore[operator]
        except AlreadyImported as error:
            raised.append(error)

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_two_people_import_the_same_file_at_once(world: World, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a", [HEADER, teacher(1), teacher(2)])
    raised = together(*(lambda: upload(world, path) for _ in range(3)))
    assert len(raised) == 2
    assert all("没有重复导入" in str(error) for error in raised)
    with world.runtime.database.reading() as session:
        (import_id,) = session.scalars(select(ImportRecord.id))
    work(world, import_id)
    take(world, import_id)
    assert counts(world) == (2, 2, 2)


def test_two_schools_import_the_same_people_at_once(world: World, tmp_path: Path) -> None:
    rows = [teacher(number) for number in range(ROWS)]
    ids = [upload(world, workbook(tmp_path / account, [HEADER, *rows]), account) for account in ("school1", "school2")]
    for import_id, account in zip(ids, ("school1", "school2"), strict=True):
        work(world, import_id)
        begin(world, import_id, account)
    assert together(*(lambda import_id=import_id: work(world, import_id) for import_id in ids)) == []
    records = [record(world, import_id) for import_id in ids]
    assert sum(one.taken for one in records) == sum(one.bad for one in records) == ROWS  # each person once, the other row says why
    with world.runtime.database.reading() as session:
        accounts = session.scalars(select(Person.account).join(Teacher, Teacher.person_id == Person.id)).all()
    assert len(accounts) == len(set(accounts)) == ROWS
