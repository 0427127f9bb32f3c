"""The outbox: job rows are the truth, RQ only carries their ids, and a sweep hands out again what Redis lost."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from redis import Redis, RedisError
from rq import Queue
from sqlalchemy import select, update

from domain.handling import External, Permanent, Transient
from domain.settings import read_settings
from jobs.runtime import Runtime, build
from processes import steps, tables
from processes.definitions import load
from processes.errors import ProcessError, StaleAttempt

QUEUE = "pilot"
LEASE = timedelta(seconds=60)  # longer than a handler's time-outs together
MAX_ATTEMPTS = 8
BACKOFF = timedelta(seconds=2)  # doubled at each attempt, with jitter
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, job_ids: Sequence[str]) -> None:
    """Puts job ids on RQ. Where Redis is away nothing is lost: the sweep hands them out once it is back."""
    if not job_ids:
        return
    queue = _queue(redis_url)
    try:
        for job_id in job_ids:
            queue.enqueue("jobs.outbox.work", job_id, result_ttl=0, failure_ttl=3600)
    except RedisError as error:
        _log.warning("Redis is away, %d jobs wait for the sweep: %s", len(job_ids), error)


def work(job_id: str) -> None:
    """RQ's entry: runs one job in a worker process."""
    run_job(_runtime(), job_id)


def run_job(runtime: Runtime, job_id: str) -> bool:
    """Claims a job, calls the outside with no transaction open, and takes the answer back as a step of its own.

    Returns: False where the job was not to be had (done, or another worker's).
    """
    claimed = _claim(runtime, job_id)
    if claimed is None:
        return False
    handler, payload, attempt = claimed
    try:
        result = handler.call(payload, job_id, runtime.settings)
    except Transient as error:
        delay = BACKOFF * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, not a secret
        retry_at = runtime.engine.clock() + delay if attempt < MAX_ATTEMPTS else None
        _failed(runtime, job_id, attempt, str(error), retry_at)
        return True
    except Permanent as error:
        _failed(runtime, job_id, attempt, str(error), None)
        return True
    try:
        with runtime.database.writing() as session:
            more = steps.answer(runtime.engine, session, job_id, attempt, result)
    except StaleAttempt:
        return False
    except ProcessError as error:
        _failed(runtime, job_id, attempt, f"外部任务已完成，但流程不能继续：{error}", None)
        return True
    hand_out(runtime.settings.redis_url, more)
    return True


def sweep(runtime: Runtime) -> list[str]:
    """Ids of the jobs to hand out (again): pending and due, or running with a lease that is over.

    Their `next_at` moves on, so that a job waiting in the queue is not handed out at every sweep.
    """
    table = tables.job
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        due = session.execute(
            select(table.c.id, table.c.state).where(table.c.next_at <= now, table.c.state.in_(("pending", "running"))).limit(500)
        ).all()
        for job in due:
            values: dict[str, Any] = {"state": "pending", "next_at": now + timedelta(seconds=10)}
            session.execute(update(table).where(table.c.id == job.id, table.c.state == job.state).values(values))
    return [job.id for job in due]


def retry(runtime: Runtime, job_id: str) -> bool:
    """Lets a failed job try again (an incident that a person has mended). False where there is none."""
    table = tables.job
    with runtime.database.writing() as session:
        values = {"state": "pending", "attempt": 0, "next_at": runtime.engine.clock(), "error": None}
        changed = session.execute(update(table).where(table.c.id == job_id, table.c.state == "failed").values(values))
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            return False
        instance_id = session.execute(select(table.c.instance_id).where(table.c.id == job_id)).scalar_one()
        session.execute(update(tables.instance).where(tables.instance.c.id == instance_id).values(incident=None))
    return True


def _claim(runtime: Runtime, job_id: str) -> tuple[External, dict[str, Any], int] | None:
    table = tables.job
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        mine = update(table).where(table.c.id == job_id, table.c.state == "pending")
        taken = session.execute(mine.values(state="running", attempt=table.c.attempt + 1, next_at=now + LEASE))
        if taken.rowcount != 1:  # type: ignore[attr-defined]  # done, or another worker has it
            return None
        job = session.execute(select(table).where(table.c.id == job_id)).one()
        handler = runtime.engine.handlers[job.handler]
        if not isinstance(handler, External):
            raise TypeError(f"handler {job.handler} is not external")
        payload = job.payload
        if payload is None:
            instance = session.execute(select(tables.instance).where(tables.instance.c.id == job.instance_id)).one()
            definition = load(session, instance.definition_id)
            subject = runtime.engine.subjects[definition.subject].load(session, instance.subject_id)
            if subject is None:  # the record was deleted meanwhile: nobody to tell
                session.execute(update(table).where(table.c.id == job_id).values(payload={"messages": []}))
                payload = {"messages": []}
            else:
                payload = handler.prepare(session, subject, job.params)
                session.execute(update(table).where(table.c.id == job_id).values(payload=payload))
        return handler, payload, job.attempt


def _failed(runtime: Runtime, job_id: str, attempt: int, message: str, retry_at: Any) -> None:
    try:
        with runtime.database.writing() as session:
            steps.fail(runtime.engine, session, job_id, attempt, message, retry_at)
    except StaleAttempt:
        _log.info("attempt %d of job %s is no longer the current one", attempt, job_id)


@cache
def _queue(redis_url: str) -> Queue:
    connection = Redis.from_url(redis_url, socket_connect_timeout=0.5, socket_timeout=5)
    return Queue(QUEUE, connection=connection)


@cache
def _runtime() -> Runtime:
    return build(read_settings(os.environ))
