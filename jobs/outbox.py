"""The outbox: job rows are the truth, RQ only carries their ids, and a sweep hands out again what Redis lost."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import DomainError
from domain.handling import External, Permanent, Transient
from domain.settings import read_settings
from jobs import leases
from jobs.runtime import Runtime, build
from processes import expressions, steps, tables
from processes.definitions import load
from processes.errors import ProcessError, StaleAttempt

QUEUE = "pilot"
LEASE = timedelta(seconds=60)  # longer than a handler's time-outs together
MAX_ATTEMPTS = 8
ROUND = MAX_ATTEMPTS + 1  # `attempt` only ever rises, so that it fences; `attempt % ROUND` counts since a person's last retry
BACKOFF = timedelta(seconds=2)  # doubled at each attempt, with jitter
_LEASED = leases.Leased(tables.job, "next_at", "pending")
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, job_ids: Sequence[str]) -> None:
    """Puts job ids on RQ."""
    leases.enqueue(redis_url, QUEUE, "jobs.outbox.work", job_ids)


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
    except leases.FAULTS as error:
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
    """Ids of the jobs to hand out (again): pending and due, or running with a lease that is over."""
    with runtime.database.writing() as session:
        return leases.sweep(session, _LEASED, runtime.engine.clock())


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
        if not leases.claim(session, _LEASED, job_id, now, LEASE):
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
            except leases.FAULTS as error:
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
def _runtime() -> Runtime:
    return build(read_settings(os.environ))
