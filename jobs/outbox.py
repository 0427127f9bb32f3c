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
from sqlalchemy.orm import Session

from domain.errors import DomainError
from domain.handling import External, Permanent, Transient
from domain.settings import read_settings
from jobs.runtime import Runtime, build
from processes import expressions, steps, tables
from processes.definitions import load
from processes.errors import ProcessError, StaleAttempt

QUEUE = "pilot"
LEASE = timedelta(seconds=60)  # longer than a handler's time-outs together
MAX_ATTEMPTS = 8
ROUND = MAX_ATTEMPTS + 1  # `attempt` only ever rises, so that it fences; `attempt % ROUND` counts since a person's last retry
BACKOFF = timedelta(seconds=2)  # doubled at each attempt, with jitter
FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # mistakes in a handler or its parameters
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
        tries = attempt % ROUND
        delay = BACKOFF * 2 ** (tries - 1) * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, not a secret
        retry_at = runtime.engine.clock() + delay if tries < MAX_ATTEMPTS else None
        _failed(runtime, job_id, attempt, str(error), retry_at)
        return True
    except Permanent as error:
        _failed(runtime, job_id, attempt, str(error), None)
        return True
    except FAULTS as error:
        _log.exception("job %s", job_id)
        _failed(runtime, job_id, attempt, _fault(error), None)
        return True
    try:
        with runtime.database.writing() as session:
            more = steps.answer(runtime.engine, session, job_id, attempt, result)
    except StaleAttempt:
        return False
    except (ProcessError, expressions.ExpressionError) as error:
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
        job = session.execute(select(table).where(table.c.id == job_id, table.c.state == "failed").with_for_update()).first()
        if job is None:
            return False
        attempt = (job.attempt // ROUND + 1) * ROUND
        values = {"state": "pending", "attempt": attempt, "next_at": runtime.engine.clock(), "error": None}
        session.execute(update(table).where(table.c.id == job_id).values(values))
        session.execute(update(tables.instance).where(tables.instance.c.id == job.instance_id).values(incident=None))
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
        problem: str | None = None
        if job.attempt % ROUND == 0:  # each attempt ended without a word: it may be what kills the workers
            problem = f"外部任务连续 {MAX_ATTEMPTS} 次没有结果，请联系系统管理员"
        else:
            try:
                with session.begin_nested():
                    handler, payload = _prepared(runtime, session, job)
            except (Permanent, Transient, DomainError, ProcessError) as error:
                problem = str(error)
            except FAULTS as error:
                _log.exception("job %s", job_id)
                problem = _fault(error)
        if problem is not None:
            steps.fail(runtime.engine, session, job_id, job.attempt, problem, None)
            return None
        if payload is None:  # the record was deleted meanwhile: nobody to tell
            steps.answer(runtime.engine, session, job_id, job.attempt, {})
            return None
        return handler, payload, job.attempt


def _prepared(runtime: Runtime, session: Session, job: Any) -> tuple[External, dict[str, Any] | None]:
    """The handler and the payload, made and kept at the first attempt; no payload where the record is gone."""
    handler = runtime.engine.handlers[job.handler]
    if not isinstance(handler, External):
        raise TypeError(f"handler {job.handler} is not external")
    if job.payload is not None:
        return handler, job.payload
    instance = session.execute(select(tables.instance).where(tables.instance.c.id == job.instance_id)).one()
    definition = load(session, instance.definition_id)
    subject = runtime.engine.subjects[definition.subject].load(session, instance.subject_id)
    if subject is None:
        return handler, None
    payload = handler.prepare(session, subject, job.params)
    session.execute(update(tables.job).where(tables.job.c.id == job.id).values(payload=payload))
    return handler, payload


def _fault(error: Exception) -> str:
    return f"外部任务的处理程序出错，请联系系统管理员（{type(error).__name__}：{error}）"


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
