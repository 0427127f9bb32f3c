"""Background tasks: claimed, fenced, cancelled, failed and retried, swept, expired; and through a worker that is killed."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text

from domain.ground.errors import DomainError
from domain.platform import background as records
from domain.platform.background import BackgroundTask
from jobs import background, scheduler
from jobs.runtime import Runtime
from jobs.work import LEASE, Work
from tests.conftest import World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.counting import count

KINDS_WORKER = (
    "import os; from domain.ground.settings import read_settings; import jobs.background, jobs.worker; "
    "from tests.jobs.counting import count; "
    "jobs.background.KINDS['count'] = count; jobs.worker.run(read_settings(os.environ))"
)


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(background.KINDS, "count", count)


def begin(world: World, account: str = "school1", **params: Any) -> int:
    runtime = world.runtime
    with runtime.database.writing() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS counted (number INTEGER)"))
        return records.begin(session, world.actor(account), "count", "数数", {"upto": 3, **params}, runtime.engine.clock()).id


def get(world: World, task_id: int) -> BackgroundTask:
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, task_id)


def counted(world: World) -> list[int]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(text("SELECT number FROM counted ORDER BY number")))


def test_a_task_runs_once_and_keeps_its_file_for_a_week(world: World) -> None:
    task_id = begin(world)
    assert background.sweep(world.runtime) == [task_id]
    assert background.sweep(world.runtime) == []  # it waits in the queue
    assert background.run_task(world.runtime, task_id)
    assert not background.run_task(world.runtime, task_id)
    task = get(world, task_id)
    assert (task.state, task.done, task.failed, task.total, task.error) == ("done", 3, 0, 3, None)
    assert counted(world) == [0, 1, 2]
    path = background.result_file(world.runtime.settings, task)
    assert path is not None
    background.delete_expired(world.runtime)
    assert path.exists()
    world.clock.now += records.KEPT + timedelta(seconds=1)
    background.delete_expired(world.runtime)
    assert not path.parent.exists()
    assert background.result_file(world.runtime.settings, get(world, task_id)) is None


def test_a_lost_attempt_writes_nothing_more(world: World) -> None:
    task_id = begin(world)
    runtime = world.runtime

    def overtaken(_: Runtime, work: Work) -> None:
        world.clock.now += LEASE + timedelta(seconds=1)
        assert background.sweep(runtime) == [task_id]
        background.KINDS["count"] = count
        assert background.run_task(runtime, task_id)  # another worker goes on
        count(runtime, work)  # and this one wakes up

    background.KINDS["count"] = overtaken
    assert not background.run_task(runtime, task_id)
    assert counted(world) == [0, 1, 2]
    assert (get(world, task_id).state, get(world, task_id).attempt) == ("done", 2)


def test_a_cancelled_task_stops_at_its_next_chunk(world: World) -> None:
    task_id = begin(world)
    runtime = world.runtime

    def cancelled(_: Runtime, work: Work) -> None:
        work.progress(1, total=3)
        with runtime.database.writing() as session:
            assert records.cancel(session, session.get_one(BackgroundTask, task_id), runtime.engine.clock())
        count(runtime, work)

    background.KINDS["count"] = cancelled
    assert not background.run_task(runtime, task_id)
    assert (get(world, task_id).state, counted(world)) == ("cancelled", [])
    with runtime.database.writing() as session:
        task = session.get_one(BackgroundTask, task_id)
        assert not records.cancel(session, task, runtime.engine.clock())
        assert not records.retry(session, task, runtime.engine.clock())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DomainError("文件中没有数据"), "文件中没有数据"),
        (OSError(28, "No space left on device"), "磁盘空间"),
        (KeyError("x"), "技术支持"),  # a mistake in the kind; the log has the traceback
    ],
)
def test_a_failure_is_seen_and_goes_on_after_a_retry(lite: World, error: Exception, message: str) -> None:
    task_id = begin(lite)
    runtime = lite.runtime

    def failing(_: Runtime, work: Work) -> None:
        with runtime.database.writing() as session:
            session.execute(text("INSERT INTO counted (number) VALUES (0)"))
            work.keep(session, 1, total=3)
        raise error

    background.KINDS["count"] = failing
    assert background.run_task(runtime, task_id)
    task = get(lite, task_id)
    assert task.state == "failed"
    assert message in (task.error or "")
    background.KINDS["count"] = count
    with runtime.database.writing() as session:
        assert records.retry(session, session.get_one(BackgroundTask, task_id), runtime.engine.clock())
    assert background.run_task(runtime, task_id)
    assert (get(lite, task_id).state, get(lite, task_id).error, counted(lite)) == ("done", None, [0, 1, 2])


def test_what_kills_every_worker_is_given_up(lite: World) -> None:
    task_id = begin(lite)

    def deadly(_: Runtime, work: Work) -> None:
        raise KeyboardInterrupt  # as near to a kill as one process comes

    background.KINDS["count"] = deadly
    for _ in range(records.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            background.run_task(lite.runtime, task_id)
        lite.clock.now += LEASE + timedelta(seconds=1)
        assert background.sweep(lite.runtime) == [task_id]
    assert not background.run_task(lite.runtime, task_id)
    assert get(lite, task_id).state == "failed"


def test_only_the_own_person_and_the_operator_see_a_task(world: World) -> None:
    task_id = begin(world)
    with world.runtime.database.reading() as session:
        seen = {account: records.task_of(session, actor, task_id) is not None for account, actor in world.actors.items()}
    assert sorted(account for account, sees in seen.items() if sees) == ["operator", "school1"]


def test_a_killed_worker_doubles_nothing(live: Live, redis: Redis) -> None:
    world, runtime = live.world, live.world.runtime
    hold = runtime.settings.home / "hold"
    hold.touch()
    task_id = begin(world, upto=6, at=3, hold=str(hold))
    background.hand_out(runtime.settings.redis_url, [task_id])
    worker = live.start_worker(KINDS_WORKER)
    wait_for(lambda: get(world, task_id).done == 3)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    hold.unlink()
    assert (get(world, task_id).state, counted(world)) == ("running", [0, 1, 2])
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at"))  # the lease is over
    live.start_worker(KINDS_WORKER)
    scheduler.turn(runtime, "test")
    wait_for(lambda: get(world, task_id).state == "done")
    assert counted(world) == [0, 1, 2, 3, 4, 5]
    assert get(world, task_id).attempt == 2
