"""An import of photos whose worker is killed, and two zips with photos of the same people at the same moment."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select, text

from jobs import background, scheduler
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.photos import samples
from tests.jobs.photos.flow import candidates, number, pupils, record, send, states
from tests.jobs.photos.samples import good, jpeg, wide

pytestmark = pytest.mark.row("5.2.3.3")
HELD = "from tests.jobs.photos.held_worker import run; run()"
PHOTOS = 10


def edits(world: World) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(func.count()).where(tables.event.c.kind == "edit")) or 0


def counted(world: World, import_id: int) -> dict[str, int]:
    found = [state for state, _ in states(world, import_id)]
    return {state: found.count(state) for state in sorted(set(found))}


@pytest.mark.parametrize(
    ("chunk", "left"),
    [
        (1, {}),  # in the middle of listing
        (3, {"good": 4, "waiting": 6}),  # in the middle of the second chunk that was looked at
        (6, {"given": 2, "good": 7, "mendable": 1}),  # in the middle of the second two that are given
    ],
)
def test_a_worker_killed_in_the_middle(
    live: Live, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, left: dict[str, int]
) -> None:
    world = live.world
    pupils(world, [number(at) for at in range(PHOTOS)])
    files = {f"{number(at)}.jpg": jpeg(good(at)) for at in range(PHOTOS - 1)} | {f"{number(9)}.jpg": jpeg(wide().picture)}
    import_id = send(world, samples.archive(tmp_path / "a.zip", files))
    monkeypatch.setenv("HOLD_AT", str(chunk))
    runtime = world.runtime
    background.hand_out(runtime.settings.redis_url, [record(world, import_id).task_id or 0])
    worker = live.start_worker(HELD)
    wait_for((runtime.settings.home / "held").exists)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    assert counted(world, import_id) == left
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at WHERE state = 'running'"))
    live.start_worker()
    scheduler.turn(runtime, "test")
    wait_for(lambda: record(world, import_id).state == "done")
    assert counted(world, import_id) == {"given": PHOTOS - 1, "mendable": 1}
    assert edits(world) == PHOTOS - 1  # none twice
    assert sorted(status for status, _ in candidates(world).values()) == ["信息待认证"] * 9 + ["无照片"]
    with runtime.database.reading() as session:
        assert verify(runtime.engine, session) == []


def test_two_zips_with_the_same_people_at_once(live: Live, tmp_path: Path) -> None:
    world = live.world
    pupils(world, [number(at) for at in range(PHOTOS)])
    zips = [{f"{number(at)}.jpg": jpeg(good(at + shift)) for at in range(PHOTOS)} for shift in (0, 100)]
    ids = [send(world, samples.archive(tmp_path / f"{at}.zip", files)) for at, files in enumerate(zips)]
    background.hand_out(world.runtime.settings.redis_url, [record(world, import_id).task_id or 0 for import_id in ids])
    for _ in ids:
        live.start_worker()
    wait_for(lambda: all(record(world, import_id).state == "done" for import_id in ids))
    found = [counted(world, import_id) for import_id in ids]
    assert sum(one.get("given", 0) for one in found) == PHOTOS  # whichever comes second asks before it replaces a photo
    assert sum(one.get("asking", 0) for one in found) == PHOTOS
    assert edits(world) == PHOTOS
    assert {status for status, _ in candidates(world).values()} == {"信息待认证"}
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []
