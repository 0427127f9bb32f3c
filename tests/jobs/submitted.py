"""A report that was handed in, with the SMS job for its reviewer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from jobs.runtime import Runtime
from processes import tables
from tests.conftest import World
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin


def submitted(world: World, account: str = "school1") -> tuple[int, int, str]:
    """Report of one school, instance and the job of the reviewer's SMS."""
    report, instance = begin(world, account)
    (job_id,) = act(world, account, instance, "提交", ANSWERS)
    return report, instance, job_id


def set_job(runtime: Runtime, job_id: str, **values: Any) -> None:
    with runtime.database.writing() as session:
        session.execute(update(tables.job).where(tables.job.c.id == job_id).values(**values))


def get(runtime: Runtime, job_id: str) -> tuple[Any, str | None]:
    """The job, and its instance's incident."""
    with runtime.database.reading() as session:
        job = session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()
        incident = session.scalar(select(tables.instance.c.incident).where(tables.instance.c.id == job.instance_id))
    return job, incident
