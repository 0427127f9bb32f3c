"""Batches: each item alone, ticked or all under a filter, with the actor's rights, linear, and through a worker that is killed."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import event, select, text

from domain.platform.background import BackgroundFailure, BackgroundTask, begin
from domain.weekly.reports import WeeklyReport, new_report
from jobs import background, scheduler
from jobs.lists import batches
from jobs.lists.batches import Act, Chosen
from processes import tables
from processes.steps import starting
from tests.conftest import FOREVER, World
from tests.jobs.conftest import Live, wait_for
from tests.jobs.lists.many import hand_in_many
from tests.processes.steps.test_weekly_report import ANSWERS
from tests.processes.steps.test_weekly_report import act as complete
from tests.racing import until_waiting

PASS = Act("weekly_report", "审核通过", "review")
WITHDRAW = Act("weekly_report", "撤回")


def begun(world: World, account: str, act: Act, chosen: Chosen) -> int:
    runtime = world.runtime
    with runtime.database.writing() as session:
        params = {"act": asdict(act), "chosen": asdict(chosen)}
        return begin(session, world.actor(account), "batch", "批量", params, runtime.engine.clock()).id


def ran(world: World, account: str, act: Act, chosen: Chosen) -> tuple[BackgroundTask, list[BackgroundFailure]]:
    task_id = begun(world, account, act, chosen)
    assert background.run_task(world.runtime, task_id)
    with world.runtime.database.reading() as session:
        failures = session.scalars(select(BackgroundFailure).where(BackgroundFailure.task_id == task_id)).all()
        return session.get_one(BackgroundTask, task_id), list(failures)


def statuses(world: World, ids: list[int]) -> list[str]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(WeeklyReport.status).where(WeeklyReport.id.in_(ids)).order_by(WeeklyReport.id)))


@pytest.mark.row("6.5", "8.2")
def test_each_item_fails_alone_with_its_reason(world: World) -> None:
    ids = hand_in_many(world, 4)
    complete(world, "province1", ids[1], "审核退回", {}, "请补充")
    task, failures = ran(world, "province1", PASS, Chosen("weekly_report", (*ids, 999)))
    assert (task.state, task.done, task.failed) == ("done", 3, 2)
    assert statuses(world, ids) == ["审核通过", "审核退回", "审核通过", "审核通过"]
    assert [(f.number, f.record_id) for f in failures] == [(1, ids[1]), (2, None)]
    assert failures[0].reason == "当前状态为“审核退回”，不能审核通过"
    assert failures[1].label == "—"  # no word about a record that the actor may not see


@pytest.mark.row("6.5", "8.2")
def test_a_refusal_by_the_engine_rolls_back_that_item_only(world: World) -> None:
    ids = hand_in_many(world, 2)
    task, failures = ran(world, "province1", Act("weekly_report", "审核退回", "review"), Chosen("weekly_report", tuple(ids)))
    assert (task.done, task.failed) == (0, 2)
    assert "须填写意见" in failures[0].reason
    assert statuses(world, ids) == ["待审核", "待审核"]


@pytest.mark.row("6.5", "8.2")
@pytest.mark.parametrize("account", ["school2", "province2", "organization1"])
def test_others_cannot_act_on_a_schools_reports(lite: World, account: str) -> None:
    ids = hand_in_many(lite, 2)
    for act in (PASS, WITHDRAW):
        task, failures = ran(lite, account, act, Chosen("weekly_report", tuple(ids)))
        assert (task.done, [f.label for f in failures]) == (0, ["—", "—"])
        assert ran(lite, account, act, Chosen("weekly_report", values={}))[0].done == 0
    assert statuses(lite, ids) == ["待审核", "待审核"]


@pytest.mark.row("6.5")
def test_all_under_the_filter_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.work.CHUNK", 2)
    ids = hand_in_many(world, 5)
    complete(world, "province1", ids[0], "审核通过", {})
    task, failures = ran(world, "school1", WITHDRAW, Chosen("weekly_report", values={"status": "待审核"}))
    assert (task.done, task.failed, task.total, failures) == (4, 0, 4, [])
    assert statuses(world, ids) == ["审核通过", "未提交", "未提交", "未提交", "未提交"]


@pytest.mark.row("8.1")
def test_tasks_of_the_inbox(lite: World) -> None:
    ids = hand_in_many(lite, 3)
    with lite.runtime.database.reading() as session:
        tasks = tuple(session.scalars(select(tables.task.c.id).where(tables.task.c.state == "open")))
    complete(lite, "province1b", ids[0], "审核通过", {})
    task, failures = ran(lite, "province1", PASS, Chosen(tasks=tasks))
    assert (task.done, task.failed, failures[0].reason) == (2, 1, batches.GONE)


@pytest.mark.row("6.5")
def test_the_cost_of_an_item_does_not_grow(lite: World) -> None:
    statements: list[Any] = []
    event.listen(lite.runtime.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    ids = hand_in_many(lite, 60)
    costs = []
    for part in (ids[:20], ids[20:]):
        statements.clear()
        assert ran(lite, "province1", PASS, Chosen("weekly_report", tuple(part)))[0].done == len(part)
        costs.append(len(statements) / len(part))
    assert costs[1] <= costs[0]


@pytest.mark.row("6.5")
def test_few_are_done_at_once_and_many_in_the_background(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    ids = hand_in_many(lite, 3)
    runtime, actor = lite.runtime, lite.actor("province1")
    for part, over in ((ids[:2], True), (ids, False)):
        with runtime.database.writing() as session:
            chosen = Chosen("weekly_report", tuple(part))
            task, _ = batches.start(runtime.engine, session, actor, PASS, chosen, "批量审核", "/weekly/")
            assert task.over is over
    assert (task.total, task.state) == (3, "waiting")
    assert background.sweep(runtime) == [task.id]


@pytest.mark.row("6.5")
def test_a_killed_worker_goes_on_without_doubling(live: Live, redis: Redis) -> None:
    world, runtime = live.world, live.world.runtime
    ids = hand_in_many(world, 60)
    task_id = begun(world, "province1", PASS, Chosen("weekly_report", values={"status": "待审核"}))
    background.hand_out(runtime.settings.redis_url, [task_id])
    worker = live.start_worker()

    def task() -> BackgroundTask:
        with runtime.database.reading() as session:
            return session.get_one(BackgroundTask, task_id)

    wait_for(lambda: task().done)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    redis.flushall()
    assert 0 < task().done <= 60
    with runtime.database.writing() as session:
        session.execute(text("UPDATE background_task SET lease_until = started_at WHERE state = 'running'"))
    live.start_worker()
    scheduler.turn(runtime, "test")
    wait_for(lambda: task().state == "done")
    assert (task().done, task().failed, task().total) == (60, 0, 60)
    assert set(statuses(world, ids)) == {"审核通过"}
    with runtime.database.reading() as session:
        reviews = session.execute(select(tables.event).where(tables.event.c.name == "审核通过")).all()
    assert len(reviews) == len({row.instance_id for row in reviews}) == 60


@pytest.mark.row("8.1")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_a_batch_locks_in_the_order_of_all_steps(world: World) -> None:
    """Its records are not in the order of their processes: two who act on the same ones must not wait for each other."""
    engine, instances, reports = world.runtime.engine, {}, {}
    with world.runtime.database.writing() as session:
        for account in ("school1", "school2"):
            reports[account] = new_report(session, world.actor(account), world.clock(), ANSWERS)
        for account in ("school2", "school1"):
            instances[account], _ = starting.start(engine, session, world.actor(account), "weekly_report", reports[account], "提交")
    ids = tuple(report.id for report in reports.values())

    def review() -> int:
        with world.runtime.database.writing() as session:
            act, chosen = Act("weekly_report", "审核通过", "review"), Chosen("weekly_report", ids)
            return batches.start(engine, session, world.actor("province1"), act, chosen, "批量", "/")[0].done

    row = tables.instance
    with ThreadPoolExecutor(1) as pool:
        with world.runtime.database.writing() as session:
            session.execute(select(row.c.id).where(row.c.id == instances["school2"]).with_for_update())
            future = pool.submit(review)
            until_waiting(world, future)
            session.execute(select(row.c.id).where(row.c.id == instances["school1"]).with_for_update())
        assert future.result(timeout=FOREVER) == 2
