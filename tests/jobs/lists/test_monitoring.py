"""A supervisor's act on many, through a worker that is really killed in the middle: nothing twice, each alone, on to the end."""

from __future__ import annotations

import os
import signal
from dataclasses import asdict
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select, text

from domain.platform.background import BackgroundFailure, BackgroundTask, begin
from jobs import background, scheduler
from jobs.lists.monitoring import Chosen
from processes import tables
from processes.definitions import store
from processes.deployment import deploying
from processes.monitor import managing
from processes.monitor.verify import verify
from tests.conftest import World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.imports.held_worker import AT_ONCE
from tests.jobs.lists.many import hand_in_many

pytestmark = pytest.mark.row("8.4", "6.5")
HELD = "from tests.jobs.imports.held_worker import run; run()"
"""A worker that stops in the middle of the chunk whose number the environment says, and says so."""
MANY = 45
DONE = {"suspend": "挂起", "cancel": "终止", "migrate": "从第 1 版迁移到第 2 版"}


def begun(world: World, act: str, reason: str = "统一处理") -> int:
    with world.runtime.database.writing() as session:
        params = {"act": act, "reason": reason, "chosen": asdict(Chosen(values={"process": "周报"}))}
        return begin(session, world.actor("supervisor"), "manage", "批量", params, world.clock()).id


def task(world: World, task_id: int) -> BackgroundTask:
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, task_id)


def lines(world: World, name: str) -> dict[int, int]:
    """Instance → how many such lines its history has."""
    table = tables.event.c
    with world.runtime.database.reading() as session:
        query = select(table.instance_id, func.count()).where(table.name == name).group_by(table.instance_id)
        return {instance: number for instance, number in session.execute(query)}


def kill_in_the_middle(live: Live, redis: Redis, task_id: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = live.world.runtime
    monkeypatch.setenv("HOLD_AT", str(chunk))
    background.hand_out(runtime.settings.redis_url, [task_id])
    worker = live.start_worker(HELD)
    wait_for((runtime.settings.home / "held").exists)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    assert task(live.world, task_id).state == "running"
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at WHERE state = 'running'"))


def one_apart(world: World, act: str) -> int:
    """An instance to which this act cannot be done: it was called off, or – to be suspended – is suspended already."""
    step: Any = managing.suspend if act == "suspend" else managing.cancel
    with world.runtime.database.writing() as session:
        found = session.scalars(select(tables.instance.c.id).order_by(tables.instance.c.id).offset(25)).first()
        assert found is not None
        step(world.runtime.engine, session, world.actor("supervisor"), found, "另行处理")
    return found


def second_version(world: World) -> None:
    with world.runtime.database.writing() as session:
        first = store.latest(session, "weekly_report")
        xml = first.xml.replace('value="待审核"', 'value="待省级审核"')
        deploying.deploy(session, world.runtime.engine, xml.encode(), dict(first.forms), "郑工")


@pytest.mark.parametrize(
    ("live_on_both", "act"), [*(("sqlite", act) for act in DONE), ("postgresql", "suspend")], indirect=["live_on_both"]
)
def test_a_killed_worker_doubles_no_act_and_another_goes_on(
    live_on_both: Live, redis: Redis, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    live, world = live_on_both, live_on_both.world
    hand_in_many(world, MANY)
    apart = one_apart(world, act)
    before = lines(world, DONE[act])
    if act == "migrate":
        second_version(world)
    task_id = begun(world, act)
    # the first commit keeps the total, the second and third a chunk each
    kill_in_the_middle(live, redis, task_id, 3, monkeypatch)
    at_the_kill = task(world, task_id)
    assert (at_the_kill.done, at_the_kill.failed) == (AT_ONCE, 0)
    assert sum(lines(world, DONE[act]).values()) - sum(before.values()) == AT_ONCE

    live.start_worker()
    scheduler.turn(world.runtime, "test")
    wait_for(lambda: task(world, task_id).state == "done")
    over = task(world, task_id)
    listed = MANY if act == "suspend" else MANY - 1  # what has ended is not on the list of what runs
    assert (over.done, over.failed, over.total) == (MANY - 1, listed - (MANY - 1), listed)
    with world.runtime.database.reading() as session:
        failures = session.scalars(select(BackgroundFailure)).all()
        assert [f.reason for f in failures] == (["此流程已经挂起"] if act == "suspend" else [])
        assert verify(world.runtime.engine, session) == []
    found = lines(world, DONE[act])
    assert len(found) == MANY - (1 if act == "migrate" else 0)
    assert set(found.values()) == {1}
    assert (apart in found) == (act != "migrate")
