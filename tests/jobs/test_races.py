"""Workers, batches and schedulers at the same moment (SQLite and PostgreSQL)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.handling import Inline
from domain.weekly.reports import new_report
from jobs import leases, outbox, scheduler
from jobs.lists import batches
from jobs.lists.batches import Act, Chosen
from processes import tables
from processes.steps import starting
from tests.conftest import FOREVER, World
from tests.jobs.test_outbox import get, submitted
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, start, timer, user
from tests.processes.steps.test_weekly_report import ANSWERS
from tests.racing import until_waiting


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


@pytest.mark.row("8.4")
def test_one_process_that_breaks_does_not_stop_the_clocks_of_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a timer sets off runs into a constraint of the database: an incident of that process, and the others go on."""

    def breaks(session: Session, *_: Any) -> None:
        row = {"person_id": 1, "place": "x", "data": {}, "saved_at": world.clock()}
        session.execute(insert(tables.draft), [row, row])

    engine = world.runtime.engine
    handlers = {**engine.handlers, "test.breaks": Inline(breaks)}
    monkeypatch.setattr(world, "runtime", replace(world.runtime, engine=replace(engine, handlers=handlers)))
    fails = '<serviceTask id="f" name="办"><extensionElements><s:serviceTaskOperator id="test.breaks"/></extensionElements></serviceTask>'
    late = boundary("late", "a", timer(timeDuration="days(1)"))
    first, second = Play(world), Play(world)
    first.deploy(diagram(start() + user("a") + late + fails + end() + flows("start>a a>end late>f f>end"), key="breaks"))
    second.deploy(diagram(start() + user("a") + late + end() + end("out") + flows("start>a a>end late>out"), key="holds"))
    first.begin("breaks")
    second.begin("holds")
    world.clock.now += timedelta(days=2)
    scheduler.turn(world.runtime, "test")
    assert second.status == "到out"
    assert first.status == "在a"
    assert first.row.incident.startswith("系统任务“办”的处理程序出错（IntegrityError：")
    for secret in ("INSERT", "Key (", "2026-11-27"):  # the statement, and what was to be stored
        assert secret not in first.row.incident
    first.sound()


@pytest.mark.row("8.1")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_a_sweep_lets_be_what_was_handed_out_meanwhile(world: World) -> None:
    """Two sweeps of a lost job: between the look of the second and its write, the first one's job begins anew."""
    _, _, job_id = submitted(world)
    runtime, table = world.runtime, tables.job
    lost = update(table).where(table.c.id == job_id).values(state="running", attempt=1, next_at=world.clock() - timedelta(minutes=1))
    with runtime.database.writing() as session:
        session.execute(lost)

    looked: list[str] = []

    def meanwhile(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE process_job") and not looked:
            looked.append(statement)
            assert outbox.sweep(runtime) == [job_id]
            with runtime.database.writing() as other:
                assert leases.claim(other, outbox._LEASED, job_id, world.clock(), outbox.LEASE)

    event.listen(runtime.database.engine, "before_cursor_execute", meanwhile)
    assert outbox.sweep(runtime) == []
    assert looked
    job, _ = get(runtime, job_id)
    assert (job.state, job.attempt, job.next_at) == ("running", 2, world.clock() + outbox.LEASE)
