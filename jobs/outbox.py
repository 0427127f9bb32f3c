"""The outbox: job rows are the truth, the queue only carries their ids, and a sweep hands out again what Redis lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS, BusinessError, External, Permanent, Transient, mistake
from domain.ground.rows import read_one
from jobs import leases
from jobs.queue import QUICK, enqueue
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import load
from processes.diagrams import expressions, retries
from processes.engine import Engine
from processes.errors import ProcessError, StaleAttempt
from processes.outside import answers
from processes.proving import proofs
from processes.rows import InstanceRow, JobRow
from processes.states import JobState

DUTY = "job"  # its name in the queue
LEASE = timedelta(seconds=60)  # longer than a handler's time-outs together
AT_ONCE = 8  # jobs that one worker sends at the same time
LEASED = leases.Leased(tables.job, "next_at", JobState.PENDING, JobState.RUNNING)
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, job_ids: Sequence[str]) -> None:
    """Puts job ids on the queue."""
    enqueue(redis_url, QUICK, DUTY, job_ids)


class _OwnedJob(JobRow, Protocol):
    """A job, and whether its instance is suspended."""

    suspended_at: datetime | None


@dataclass(frozen=True)
class _Claimed:
    """A job that this worker has, ready to be sent."""

    id: str
    attempt: int
    tries: int
    name: str
    """Of the handler."""
    retry_max: int
    retry_delay: float
    handler: External[Any]
    payload: dict[str, Any]


def run_job(runtime: Runtime, job_id: str) -> bool:
    """Claims a job, calls the outside with no transaction open, and takes the answer into the process as a step of its own.

    Returns: False where the job is over, or another worker has it.
    """
    claimed = _claim(runtime, job_id)
    return claimed is not None and _called(runtime, claimed)()


def run_together(runtime: Runtime, job_id: str) -> None:
    """As `run_job`, and along with it other jobs of its handler that are due: the outside takes its time over each of thousands."""
    first = _claim(runtime, job_id)
    if first is None:
        return
    others = (_claim(runtime, other) for other in _due_beside(runtime, first))
    claimed = [first, *(other for other in others if other is not None)]
    with ThreadPoolExecutor(len(claimed)) as threads:
        for called in as_completed([threads.submit(_called, runtime, one) for one in claimed]):
            called.result()()  # in this thread, one after the other: each is a step of its own


def _due_beside(runtime: Runtime, first: _Claimed) -> Sequence[str]:
    """Ids of jobs that may be sent together with one."""
    table, owner = tables.job, tables.instance
    query = select(table.c.id).join(owner, owner.c.id == table.c.instance_id).where(owner.c.suspended_at.is_(None))
    due = table.c.handler == first.name, table.c.state == JobState.PENDING, table.c.next_at <= runtime.engine.clock()
    with runtime.database.reading() as session:
        return session.scalars(query.where(*due).order_by(table.c.next_at).limit(AT_ONCE - 1)).all()


def _called(runtime: Runtime, claimed: _Claimed) -> Callable[[], bool]:
    """Calls the outside. Returns what takes in what came of it, which is False where another attempt is the current one."""
    ours = runtime, claimed.id, claimed.attempt
    try:
        result = claimed.handler.call(claimed.payload, claimed.id, runtime.settings)
    except (Transient, OSError) as error:  # an error of the network or of a disk passes too
        return partial(_failed, *ours, str(error) or mistake(error), _retry_at(runtime, claimed))
    except Permanent as error:
        return partial(_failed, *ours, str(error), None)
    except BusinessError as error:
        return partial(_answered, *ours, partial(answers.refuse, error=error))
    except FAULTS as error:
        _log.exception("job %s", claimed.id)
        return partial(_failed, *ours, _fault(error), None)
    return partial(_answered, *ours, partial(answers.answer, result=result))


def sweep(runtime: Runtime) -> list[str]:
    """Ids of the jobs to hand out (again): pending and due, or running with a lease that is over."""
    with runtime.database.writing() as session:
        return leases.sweep(session, LEASED, runtime.engine.clock())


def _claim(runtime: Runtime, job_id: str) -> _Claimed | None:
    """Claims the job and makes its payload; None where another worker has it, or where there is nothing to send."""
    table = tables.job
    with runtime.database.writing() as session:
        if not leases.claim(session, LEASED, job_id, runtime.engine.clock(), LEASE, tries=table.c.tries + 1):
            return None
        owner = tables.instance
        query = select(table, owner.c.suspended_at).join(owner, owner.c.id == table.c.instance_id).where(table.c.id == job_id)
        job = read_one(session, query, _OwnedJob)
        if job.suspended_at is not None:  # suspended while the job waited in the queue, or while a lost worker had it
            paused = update(table).where(table.c.id == job_id)
            session.execute(paused.values(state=JobState.PAUSED, next_at=None, tries=table.c.tries - 1))
            return None
        prepared = _prepared_or_why_not(runtime, session, job)
    # a job without a payload is answered in a step of its own: a step locks the instance before its jobs
    if isinstance(prepared, BusinessError):
        _answered(runtime, job_id, job.attempt, partial(answers.refuse, error=prepared))
        return None
    if isinstance(prepared, Transient):
        _failed(runtime, job_id, job.attempt, str(prepared), _retry_at(runtime, job))
        return None
    if isinstance(prepared, str):
        _failed(runtime, job_id, job.attempt, prepared, None)
        return None
    handler, payload = prepared
    if payload is None:  # the record was deleted meanwhile: there is nobody to send it to
        _answered(runtime, job_id, job.attempt, answers.call_off)
        return None
    return _Claimed(job_id, job.attempt, job.tries, job.handler, job.retry_max, job.retry_delay, handler, payload)


def _retry_at(runtime: Runtime, job: JobRow | _Claimed) -> datetime | None:
    """When a job that failed for the moment is tried again; None where that was the last time."""
    return runtime.engine.clock() + retries.wait(job.tries, job.retry_delay) if job.tries <= job.retry_max else None


def _prepared_or_why_not(
    runtime: Runtime, session: Session, job: JobRow
) -> tuple[External[Any], dict[str, Any] | None] | BusinessError | Transient | str:
    if job.tries > job.retry_max + 1:  # no attempt has come to an end: perhaps this job kills the workers
        return f"外部任务连续 {job.retry_max + 1} 次没有结果，请联系系统管理员"
    try:
        with session.begin_nested():
            return _prepared(runtime, session, job)
    except (BusinessError, Transient) as error:
        return error
    except (Permanent, DomainError, ProcessError) as error:
        return str(error)
    except FAULTS as error:
        _log.exception("job %s", job.id)
        return _fault(error)


def _prepared(runtime: Runtime, session: Session, job: JobRow) -> tuple[External[Any], dict[str, Any] | None]:
    """The handler and the payload, which is made and kept at the first attempt; no payload where the record was deleted."""
    handler = runtime.engine.handlers[job.handler]
    if not isinstance(handler, External):
        raise TypeError(f"handler {job.handler} is not external")
    if job.payload is not None:
        return handler, job.payload
    instance = read_one(session, select(tables.instance).where(tables.instance.c.id == job.instance_id), InstanceRow)
    definition = load(session, instance.definition_id)
    subject = runtime.engine.subjects[definition.subject].load(session, instance.subject_id)
    if subject is None:
        return handler, None
    payload = handler.prepare(session, subject, job.params)
    kept: dict[str, Any] = {"payload": payload}
    if job.payload_proof is None:  # else somebody took the payload out by hand, and it is another one now
        kept |= proofs(session, tables.job, {"id": job.id, **kept})
    session.execute(update(tables.job).where(tables.job.c.id == job.id).values(kept))
    # as it is kept: the first attempt sends to the letter what the others send
    return handler, session.scalar(select(tables.job.c.payload).where(tables.job.c.id == job.id))


def _fault(error: Exception) -> str:
    return f"外部任务的处理程序出错，请联系系统管理员（{mistake(error)}）"


def _answered(runtime: Runtime, job_id: str, attempt: int, step: Callable[[Engine, Session, str, int], list[str]]) -> bool:
    """Takes an answer or a refusal into the process. Returns False where another attempt is the current one."""
    try:
        with runtime.database.writing() as session:
            more = step(runtime.engine, session, job_id, attempt)
    except StaleAttempt:
        return False
    except (ProcessError, expressions.ExpressionError) as error:
        return _failed(runtime, job_id, attempt, f"外部任务已完成，但流程不能继续：{error}", None)
    except FAULTS as error:  # no other attempt: it would call the outside again, and end here again
        _log.exception("job %s", job_id)
        return _failed(runtime, job_id, attempt, f"外部任务已完成，但流程不能继续：{_fault(error)}", None)
    hand_out(runtime.settings.redis_url, more)
    return True


def _failed(runtime: Runtime, job_id: str, attempt: int, message: str, retry_at: datetime | None) -> bool:
    try:
        with runtime.database.writing() as session:
            answers.fail(runtime.engine, session, job_id, attempt, message, retry_at)
    except StaleAttempt:
        _log.info("attempt %d of job %s is no longer the current one", attempt, job_id)
        return False
    return True
