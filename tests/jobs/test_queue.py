"""Whoever reaches Redis runs nothing: a worker does the duties it knows, for ids, and leaves out all else that is put in its queue."""

from __future__ import annotations

import json
import os
import pickle
import signal
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from rq import Callback, Queue, SimpleWorker
from rq.command import send_kill_horse_command, send_shutdown_command
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from domain.ground.base import utc_now
from domain.platform.background import begin
from jobs import background, outbox, queue, scheduler, texting, worker
from jobs.queue import IN_A_ROW, LONG, MANY, MAX_IDS, QUEUES, QUICK, Duty
from tests.conftest import World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.submitted import submitted

pytestmark = pytest.mark.row("6.5")


class Bomb:
    """A pickle of it makes a folder as it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def put(redis: Redis, **fields: bytes) -> None:
    """An entry written by hand."""
    job_id = str(uuid4())
    known = {"created_at": b"2026-11-25T04:00:00.000000Z", "origin": QUICK.encode(), "status": b"queued", **fields}
    redis.hset(Job.key_for(job_id), mapping=known)
    redis.rpush(f"rq:queue:{QUICK}", job_id)


def pickled(redis: Redis, folder: Path) -> None:
    Queue(QUICK, connection=redis).enqueue("os.mkdir", str(folder))


def pickled_anywhere(redis: Redis, folder: Path) -> None:
    """In what RQ reads as data, as meta and as a result."""
    bomb = pickle.dumps(Bomb(folder))
    good = json.dumps([outbox.DUTY, None, [str(uuid4())], {}]).encode()
    put(redis, data=bomb)
    put(redis, data=zlib.compress(bomb))
    put(redis, data=good, meta=bomb, result=bomb)


def named_function(redis: Redis, folder: Path) -> None:
    for name in ("os.mkdir", "builtins.exec", "jobs.outbox.os.mkdir"):
        Queue(QUICK, connection=redis, serializer=JSONSerializer).enqueue(name, str(folder))


def method_of_an_instance(redis: Redis, folder: Path) -> None:
    put(redis, data=json.dumps(["rmdir", "a text", [str(folder)], {}]).encode())


def callbacks(redis: Redis, folder: Path) -> None:
    """Of an entry that is one of ours otherwise: RQ calls them with the entry, its connection and what came of it."""
    queue = Queue(QUICK, connection=redis, serializer=JSONSerializer)
    told = Callback("tests.jobs.planted.called")
    queue.enqueue(outbox.DUTY, str(uuid4()), on_success=told, on_failure=told, on_stopped=told, meta={"folder": str(folder)})


def abandoned(redis: Redis, folder: Path) -> None:
    """As if its worker had died: RQ's own tidying calls what it names."""
    job_id = str(uuid4())
    good = json.dumps([outbox.DUTY, None, [str(uuid4())], {}]).encode()
    planted = {"failure_callback_name": "tests.jobs.planted.called", "meta": json.dumps({"folder": str(folder)})}
    fields = {"created_at": "2026-11-25T04:00:00.000000Z", "origin": QUICK, "status": "started", "data": good, **planted}
    redis.hset(Job.key_for(job_id), mapping=fields)  # type: ignore[arg-type]
    past = (utc_now() - timedelta(hours=1)).timestamp()
    redis.zadd(StartedJobRegistry(QUICK, connection=redis).key, {f"{job_id}:{uuid4().hex}": past})


def malformed(redis: Redis, folder: Path) -> None:
    for data in (b"", b"null", b"[1, 2, 3, 4]", b'["job", null, [], {}]', b'["job", null, [1], {}]', b'["job", null, ["../../x"], {}]'):
        put(redis, data=data)
    put(redis, data=b'["job", null, ["' + str(uuid4()).encode() + b'"], {"session": 1}]')
    good = str(uuid4())
    for ids in ([good, "../../x"], [good, 1], [good, [good]], [good] * (MAX_IDS + 1), good, {good: good}):
        put(redis, data=json.dumps([outbox.DUTY, None, ids, {}]).encode())
    put(redis, data=json.dumps([background.DUTY, None, [1, 2], {}]).encode())  # a duty for one id
    put(redis, data=b"[" * 300)
    put(redis, data=zlib.compress(b"[" * 100_000))
    put(redis, data=zlib.compress(b" " * 100_000_000))
    put(redis, data=json.dumps([outbox.DUTY, None, [str(uuid4())], {}]).encode(), status=b"no status", timeout=b"soon")


def orders(redis: Redis, folder: Path) -> None:
    for known in SimpleWorker.all(connection=redis):
        send_kill_horse_command(redis, known.name)
        send_shutdown_command(redis, known.name)


@pytest.mark.parametrize(
    "plant",
    [pickled, pickled_anywhere, named_function, method_of_an_instance, callbacks, abandoned, malformed, orders],
    ids=lambda plant: plant.__name__,
)
def test_what_is_planted_in_redis_does_nothing(live: Live, redis: Redis, tmp_path: Path, plant: Callable[[Redis, Path], None]) -> None:
    folder = tmp_path / "planted"
    _, _, job_id = submitted(live.world)
    process = live.start_worker() if plant is orders else None
    if process is not None:
        wait_for(lambda: SimpleWorker.all(connection=redis))
    plant(redis, folder)
    process = process or live.start_worker()
    outbox.hand_out(live.world.runtime.settings.redis_url, [job_id])
    wait_for(lambda: live.job(job_id).state == "done")  # it is behind what was planted
    wait_for(lambda: redis.llen(f"rq:queue:{QUICK}") == 0)
    assert process.poll() is None
    assert not folder.exists()
    assert live.outside.asked == [job_id]


def test_jobs_that_are_handed_out_together_go_into_one_entry(live: Live, redis: Redis) -> None:
    jobs = [submitted(live.world, account)[2] for account in ("school1", "school2", "school3")]
    outbox.hand_out(live.world.runtime.settings.redis_url, jobs)
    assert redis.llen(f"rq:queue:{QUICK}") == 1
    live.start_worker()
    wait_for(lambda: {live.job(one).state for one in jobs} == {"done"})
    assert sorted(live.outside.asked) == sorted(jobs)


def test_entries_hold_a_name_and_an_id_and_nothing_else(live: Live, redis: Redis) -> None:
    runtime = live.world.runtime
    _, _, job_id = submitted(live.world)
    outbox.hand_out(runtime.settings.redis_url, [job_id])
    (entry,) = redis.lrange(f"rq:queue:{QUICK}", 0, -1)
    fields = redis.hgetall(Job.key_for(entry.decode()))
    assert json.loads(zlib.decompress(fields[b"data"])) == ["job", None, [job_id], {}]
    assert "待审核" not in b"".join(fields.values()).decode(errors="replace")


def test_the_table_of_duties_is_all_that_workers_know(lite: World) -> None:
    assert set(worker.duties(lite.runtime)) == {"job", "text", "task"}
    assert QUEUES == ("pilot", "pilot-background")


def test_what_takes_long_does_not_wait_until_all_that_is_quick_is_done(redis: Redis, redis_server: str) -> None:
    done: list[str | int] = []
    ids = [str(uuid4()) for _ in range(3 * IN_A_ROW)]
    queue.enqueue(redis_server, QUICK, "job", ids)
    queue.enqueue(redis_server, LONG, "task", [1, 2])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        queue.work(redis_server, {"job": Duty(done.append), "task": Duty(done.append, of=int)}, until_empty=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == [*ids[:IN_A_ROW], 1, *ids[IN_A_ROW : 2 * IN_A_ROW], 2, *ids[2 * IN_A_ROW :]]


def test_what_takes_long_waits_for_a_few_quick_entries_that_take_long(
    redis: Redis, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str | int] = []
    now = [0.0]
    monkeypatch.setattr(queue, "monotonic", lambda: now[0])

    def wait(id: str) -> None:
        now[0] += 6
        done.append(id)

    ids = [str(uuid4()) for _ in range(6)]
    queue.enqueue(redis_server, QUICK, "job", ids)
    queue.enqueue(redis_server, LONG, "task", [1, 2])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        queue.work(redis_server, {"job": Duty(wait), "task": Duty(done.append, of=int)}, until_empty=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == [*ids[:3], 1, *ids[3:], 2]


def test_rows_that_wait_in_a_long_queue_are_not_put_into_it_again(live: Live, redis: Redis) -> None:
    runtime, clock = live.world.runtime, live.world.clock
    submitted(live.world)
    with runtime.database.writing() as session:
        begin(session, live.world.actor("school1"), "export", "导出：教师", {}, clock.now)
    queue.enqueue(runtime.settings.redis_url, QUICK, "job", [str(uuid4()) for _ in range(MANY[QUICK])])
    queue.enqueue(runtime.settings.redis_url, LONG, "task", range(10_000, 10_000 + MANY[LONG]))

    def looked() -> list[int]:
        clock.now += timedelta(minutes=5)
        scheduler.turn(runtime, "one")
        texting.turn(runtime)
        return [redis.llen(f"rq:queue:{name}") for name in QUEUES]

    assert [looked(), looked()] == [list(MANY.values())] * 2
    redis.flushall()  # it is lost: what waits is handed out again
    quick, long = looked()
    assert (quick > 0, long) == (True, 1)
