"""A worker that is stopped past its lease and goes on later changes nothing: a real process, really stopped."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.ground.base import utc_now
from jobs import outbox
from jobs.runtime import Runtime
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import FOREVER
from tests.jobs.conftest import Live, wait_for
from tests.jobs.submitted import set_job, submitted
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin


def books(runtime: Runtime, instance: int, job_id: str) -> list[object]:
    """Everything that a step could have written."""
    with runtime.database.reading() as session:
        row = session.execute(select(tables.instance).where(tables.instance.c.id == instance)).one()
        job = session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()
        events = session.execute(select(tables.event).where(tables.event.c.instance_id == instance).order_by(tables.event.c.seq)).all()
        return [tuple(row), tuple(job), [tuple(event) for event in events]]


@pytest.mark.row("6.5")
@pytest.mark.parametrize("second", ["ok", "refuse"])
def test_a_stopped_worker_that_goes_on_changes_nothing(live_on_both: Live, second: str) -> None:
    live = live_on_both
    runtime = live.world.runtime
    live.outside.mode, live.outside.seconds = "delay", FOREVER
    _, instance, job_id = submitted(live.world)
    outbox.hand_out(runtime.settings.redis_url, [job_id])
    worker = live.start_worker()
    wait_for(lambda: live.outside.asked)
    worker.send_signal(signal.SIGSTOP)  # in the middle of the call
    live.outside.mode = second
    set_job(runtime, job_id, next_at=utc_now() - timedelta(seconds=1))  # its lease is over
    assert job_id in outbox.sweep(runtime)
    assert outbox.run_job(runtime, job_id)  # another worker has it
    before = books(runtime, instance, job_id)
    assert live.job(job_id).attempt == 2
    assert live.job(job_id).state == ("done" if second == "ok" else "failed")

    live.outside.mode = "ok"
    live.outside.go_on.set()
    worker.send_signal(signal.SIGCONT)
    _, other = begin(live.world, "school2")
    (next_job,) = act(live.world, "school2", other, "提交", ANSWERS)
    outbox.hand_out(runtime.settings.redis_url, [next_job])
    wait_for(lambda: live.job(next_job).state == "done")  # the worker takes one after the other: it is through with the first
    assert books(runtime, instance, job_id) == before
    if second == "ok":
        assert live.outside.sent[job_id]["deliveries"] == 1
        with runtime.database.reading() as session:
            assert verify(runtime.engine, session) == []
