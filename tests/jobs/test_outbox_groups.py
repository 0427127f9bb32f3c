"""Jobs that one entry of the queue names are claimed, sent and answered together; each goes its own way all the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select

from domain.ground.handling import BusinessError, Permanent, Transient
from domain.ground.settings import Settings
from domain.weekly.reports import WeeklyReport
from jobs import leases, outbox
from jobs.runtime import Runtime
from processes import tables
from processes.monitor import managing
from processes.monitor.verify import verify
from processes.states import JobState
from tests.conftest import World
from tests.jobs.lists.many import hand_in_many
from tests.jobs.submitted import set_job
from tests.jobs.test_outbox import Killed, calling

pytestmark = pytest.mark.row("6.5")


def handed_in(world: World, number: int) -> dict[str, tuple[int, int]]:
    """Job → instance and report, of reports that were handed in."""
    reports = hand_in_many(world, number)
    job, instance = tables.job, tables.instance
    query = select(job.c.id, job.c.instance_id, instance.c.subject_id).join(instance, instance.c.id == job.c.instance_id)
    with world.runtime.database.reading() as session:
        found = session.execute(query.where(instance.c.subject_id.in_(reports), instance.c.key == "weekly_report").order_by(job.c.id))
        return {row.id: (row.instance_id, row.subject_id) for row in found}


def jobs_of(runtime: Runtime, ids: list[str]) -> list[tuple[str, int, str | None]]:
    """State, attempt and error of each."""
    table = tables.job
    with runtime.database.reading() as session:
        rows = {row.id: row for row in session.execute(select(table).where(table.c.id.in_(ids)))}
    return [(rows[id].state, rows[id].attempt, rows[id].error) for id in ids]


def test_each_goes_its_own_way(world: World) -> None:
    jobs = handed_in(world, 8)
    fine, held, taken, gone, unprepared, refused, failing, late = ids = list(jobs)
    with world.runtime.database.writing() as session:
        managing.suspend(world.runtime.engine, session, world.actor("supervisor"), jobs[held][0], "核实")
        set_pending = tables.job.update().where(tables.job.c.id == held).values(state=JobState.PENDING, next_at=world.clock())
        session.execute(set_pending)  # it was in the queue already
        assert leases.claim(session, outbox.LEASED, taken, world.clock(), outbox.LEASE)
        session.execute(delete(WeeklyReport).where(WeeklyReport.id == jobs[gone][1]))
    sms = world.runtime.engine.handlers["sms.notify"]
    sent: list[str] = []

    def prepare(session: Any, subject: WeeklyReport, params: Any) -> dict[str, Any]:
        if subject.id == jobs[unprepared][1]:
            raise Permanent("没有手机号")
        made: dict[str, Any] = sms.prepare(session, subject, params)  # type: ignore[union-attr]  # it is external
        return made

    def call(payload: Any, key: str, settings: Settings) -> dict[str, Any]:
        sent.append(key)
        if key == refused:
            raise BusinessError("blacklisted", "号码在黑名单中")
        if key == failing:
            raise Transient("短信平台忙")
        if key == late:  # its lease ended, and another worker has it
            set_job(world.runtime, late, attempt=2)
        return {}

    runtime = calling(world, call, prepare)
    outbox.run_together(runtime, ids)
    assert sorted(sent) == sorted([fine, refused, failing, late])
    assert jobs_of(runtime, ids) == [
        ("done", 1, None),
        ("paused", 1, None),
        ("running", 1, None),
        ("cancelled", 1, None),
        ("failed", 1, "没有手机号"),
        ("failed", 1, "号码在黑名单中（blacklisted）"),
        ("pending", 1, "短信平台忙"),
        ("running", 2, None),
    ]


def test_more_than_a_worker_sends_at_once(world: World) -> None:
    ids = list(handed_in(world, 2 * outbox.AT_ONCE + 3))
    sent: list[str] = []
    runtime = calling(world, lambda payload, key, settings: sent.append(key) or {})
    outbox.run_together(runtime, ids[:-2])  # the last two are due as well, and go along with the last of these
    assert sorted(sent) == sorted(ids)
    assert {state for state, _, _ in jobs_of(runtime, ids)} == {"done"}
    with world.runtime.database.reading() as session:
        assert verify(runtime.engine, session) == []
    outbox.run_together(runtime, ids)  # another entry brings them once more: all are over
    assert len(sent) == len(ids)


def test_a_worker_killed_between_two_groups_loses_nothing(world: World) -> None:
    ids = list(handed_in(world, outbox.AT_ONCE + 4))
    sent: list[str] = []

    def call(payload: Any, key: str, settings: Settings) -> dict[str, Any]:
        sent.append(key)
        if key == ids[outbox.AT_ONCE]:
            raise Killed
        return {}

    with pytest.raises(Killed):
        outbox.run_together(calling(world, call), ids)
    states = [state for state, _, _ in jobs_of(world.runtime, ids)]
    assert states[: outbox.AT_ONCE] == ["done"] * outbox.AT_ONCE
    assert "running" in states[outbox.AT_ONCE :]
    world.clock.now += outbox.LEASE
    again = outbox.sweep(world.runtime)
    assert set(again) == {id for id, state in zip(ids, states, strict=True) if state != "done"}
    outbox.run_together(calling(world, lambda *_: {}), again)
    assert {state for state, _, _ in jobs_of(world.runtime, ids)} == {"done"}
