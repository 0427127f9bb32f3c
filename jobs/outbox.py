"""The outbox: job rows are the truth, the queue only carries their ids, and a sweep hands out again what Redis lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Protocol, TypeAlias

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS, BusinessError, External, Permanent, Transient, mistake
from domain.ground.rows import read_all
from domain.ground.subjects import Subject
from jobs import leases
from jobs.calls import Here, call
from jobs.queue import QUICK, enqueue
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import load
from processes.diagrams import retries
from processes.engine import Engine
from processes.errors import ProcessError, StaleAttempt
from processes.outside import answers
from processes.outside.answers import Answer
from processes.proving import proofs
from processes.rows import JobRow
from processes.states import JobState
from processes.steps.together import FAILURES, Taken

DUTY = "job"  # its name in the queue
LEASE = timedelta(seconds=60)  # longer than a handler's time-outs together
AT_ONCE = 16  # jobs that one worker claims, and sends at the same time
IN_AN_ENTRY = 64  # jobs that one entry of the queue names: RQ takes some 4 ms for each entry
SOON = 0.05  # seconds: answers that come so shortly one after the other are taken in together
LEASED = leases.Leased(tables.job, "next_at", JobState.PENDING, JobState.RUNNING)
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, job_ids: Sequence[str]) -> None:
    """Puts job ids on the queue."""
    enqueue(redis_url, QUICK, DUTY, job_ids, IN_AN_ENTRY)


class _OwnedJob(JobRow, Protocol):
    """A job, with what is needed of its instance."""

    suspended_at: datetime | None
    definition_id: int
    subject_id: int


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


_Left: TypeAlias = BusinessError | Transient | str | None
"""Why there is nothing to send: a refusal, something that passes, what is wrong; None: the record is gone."""


def run_job(runtime: Runtime, job_id: str) -> bool:
    """Claims a job, calls the outside with no transaction open, and takes the answer into the process as a step of its own.

    Returns: False where the job is over, or another worker has it.
    """
    return any(_sent(runtime, _claim(runtime, [job_id])))


def run_together(runtime: Runtime, job_ids: Sequence[str]) -> None:
    """As `run_job`, for many: `AT_ONCE` of them are claimed, sent and answered together, since the outside takes its time over each.

    Where that is less than a worker can send at once, it sends others of the same handler along with them that are due.
    """
    for first in range(0, len(job_ids), AT_ONCE):
        claimed = _claim(runtime, job_ids[first : first + AT_ONCE])
        if claimed and len(claimed) < AT_ONCE:
            claimed += _claim(runtime, _due_beside(runtime, claimed))
        _sent(runtime, claimed)


def _due_beside(runtime: Runtime, claimed: Sequence[_Claimed]) -> Sequence[str]:
    """Ids of jobs that may be sent together with these."""
    table, owner = tables.job, tables.instance
    query = select(table.c.id).join(owner, owner.c.id == table.c.instance_id).where(owner.c.suspended_at.is_(None))
    due = table.c.handler == claimed[0].name, table.c.state == JobState.PENDING, table.c.next_at <= runtime.engine.clock()
    with runtime.database.reading() as session:
        return session.scalars(query.where(*due).order_by(table.c.next_at).limit(AT_ONCE - len(claimed))).all()


def _sent(runtime: Runtime, claimed: Sequence[_Claimed]) -> list[bool]:
    """Calls the outside for each, and takes in what comes of it as it comes. Returns whether each attempt was the current one."""
    waiting = {_threads().submit(_called, runtime, one) for one in claimed}
    found: list[bool] = []
    while waiting:
        wait(waiting, return_when=FIRST_COMPLETED)
        done, waiting = wait(waiting, timeout=SOON)
        found += _taken_in(runtime, [one.result() for one in done])
    return found


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, "outbox")


def _called(runtime: Runtime, claimed: _Claimed) -> Answer | Callable[[], bool]:
    """Calls the outside. Returns the answer, or what takes in what else came of it."""
    ours = runtime, claimed.id, claimed.attempt
    try:
        result = call(claimed.name, claimed.handler, claimed.payload, claimed.id, _here(runtime))
    except (Transient, OSError) as error:  # an error of the network or of a disk passes too
        return partial(_failed, *ours, _why(error), _retry_at(runtime, claimed))
    except Permanent as error:
        return partial(_failed, *ours, str(error), None)
    except BusinessError as error:
        return partial(_stepped, *ours, partial(answers.refuse, error=error))
    except FAULTS as error:
        _log.exception("job %s", claimed.id)
        return partial(_failed, *ours, _fault(error), None)
    return Answer(claimed.id, claimed.attempt, result)


def _here(runtime: Runtime) -> Here:
    return Here(runtime.settings, runtime.database.reading, runtime.engine.clock())


def _why(error: Exception) -> str:
    """Of a failure that passes: the system's own words for one may name files."""
    return str(error) if isinstance(error, Transient) else mistake(error)


def _taken_in(runtime: Runtime, results: Sequence[Answer | Callable[[], bool]]) -> list[bool]:
    """Takes into the processes what came of calls: the answers together, the rest one by one."""
    given = [one for one in results if isinstance(one, Answer)]
    found = [one() for one in results if not isinstance(one, Answer)]
    if given:
        with runtime.database.writing() as session:
            taken = answers.answer_many(runtime.engine, session, given)
        hand_out(runtime.settings.redis_url, [id for one in taken if not isinstance(one, Exception) for id in one])
        found += [_goes_on(runtime, one.job_id, one.attempt, what) for one, what in zip(given, taken, strict=True)]
    return found


def sweep(runtime: Runtime) -> list[str]:
    """Ids of the jobs to hand out (again): pending and due, or running with a lease that is over."""
    with runtime.database.writing() as session:
        return leases.sweep(session, LEASED, runtime.engine.clock())


def _claim(runtime: Runtime, job_ids: Sequence[str]) -> list[_Claimed]:
    """Claims jobs and makes their payloads: those that no other worker has, and for which there is something to send."""
    if not job_ids:
        return []
    table, owner = tables.job, tables.instance
    with runtime.database.writing() as session:
        ours = leases.claim_many(session, LEASED, job_ids, runtime.engine.clock(), LEASE, tries=table.c.tries + 1)
        query = select(table, owner.c.suspended_at, owner.c.definition_id, owner.c.subject_id).join(
            owner, owner.c.id == table.c.instance_id
        )
        jobs = read_all(session, query.where(table.c.id.in_(ours)), _OwnedJob)
        # suspended while the job waited in the queue, or while a lost worker had it
        if suspended := [job.id for job in jobs if job.suspended_at is not None]:
            paused = update(table).where(table.c.id.in_(suspended))
            session.execute(paused.values(state=JobState.PAUSED, next_at=None, tries=table.c.tries - 1))
        ready, left = _prepared(runtime, session, [job for job in jobs if job.suspended_at is None])
    # a job without a payload is answered in a step of its own: a step locks the instance before its jobs
    for job, why in left:
        if why is None:  # the record was deleted meanwhile: there is nobody to send it to
            _stepped(runtime, job.id, job.attempt, answers.call_off)
        elif isinstance(why, BusinessError):
            _stepped(runtime, job.id, job.attempt, partial(answers.refuse, error=why))
        else:
            _failed(runtime, job.id, job.attempt, str(why), _retry_at(runtime, job) if isinstance(why, Transient) else None)
    return ready


def _prepared(runtime: Runtime, session: Session, jobs: Sequence[_OwnedJob]) -> tuple[list[_Claimed], list[tuple[_OwnedJob, _Left]]]:
    """The jobs that can be sent, each with its payload, which is made and kept at the first attempt; and why the others cannot."""
    of = {job.id: runtime.engine.subjects[load(session, job.definition_id).subject] for job in jobs}
    wanted: dict[type[Subject], list[int]] = {}
    for job in jobs:
        if job.payload is None:
            wanted.setdefault(of[job.id], []).append(job.subject_id)
    subjects = {(kind, one.id): one for kind, ids in wanted.items() for one in kind.load_all(session, ids)}
    left: list[tuple[_OwnedJob, _Left]] = []
    kept: dict[str, dict[str, Any]] = {}
    sent: list[tuple[_OwnedJob, External[Any]]] = []
    for job in jobs:
        found = _payload_or_why_not(runtime, session, job, subjects.get((of[job.id], job.subject_id)))
        if isinstance(found, External):
            sent.append((job, found))
        elif isinstance(found, tuple):
            sent.append((job, found[0]))
            kept[job.id] = found[1]
        else:
            left.append((job, found))
    payloads = _keep(session, [job for job, _ in sent if job.id in kept], kept)
    claimed = [
        _Claimed(
            job.id, job.attempt, job.tries, job.handler, job.retry_max, job.retry_delay, handler, payloads.get(job.id, job.payload or {})
        )
        for job, handler in sent
    ]
    return claimed, left


def _payload_or_why_not(
    runtime: Runtime, session: Session, job: _OwnedJob, subject: Subject | None
) -> External[Any] | tuple[External[Any], dict[str, Any]] | _Left:
    """The handler, and its payload where there is none yet; or why there is nothing to send."""
    if job.tries > job.retry_max + 1:  # no attempt has come to an end: perhaps this job kills the workers
        return f"外部任务连续 {job.retry_max + 1} 次没有结果，请联系系统管理员"
    try:
        handler = runtime.engine.handlers[job.handler]
        if not isinstance(handler, External):
            raise TypeError(f"handler {job.handler} is not external")
        if job.payload is not None:
            return handler
        if subject is None:
            return None
        with session.begin_nested():
            return handler, handler.prepare(session, subject, job.params)
    except (BusinessError, Transient) as error:
        return error
    except (Permanent, DomainError, ProcessError) as error:
        return str(error)
    except FAULTS as error:
        _log.exception("job %s", job.id)
        return _fault(error)


def _keep(session: Session, jobs: Sequence[_OwnedJob], payloads: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Keeps the payloads of jobs. Returns them as they are kept: the first attempt sends to the letter what the others send."""
    table = tables.job
    if not jobs:
        return {}
    made = [
        {"its_id": job.id, "payload": payloads[job.id]}
        # else somebody took the payload out by hand, and it is another one now
        | (proofs(session, table, {"id": job.id, "payload": payloads[job.id]}) if job.payload_proof is None else {})
        for job in jobs
    ]
    for names in {tuple(one) for one in made}:
        session.execute(update(table).where(table.c.id == bindparam("its_id")), [one for one in made if tuple(one) == names])
    found = session.execute(select(table.c.id, table.c.payload).where(table.c.id.in_([job.id for job in jobs])))
    return {row.id: row.payload for row in found}


def _retry_at(runtime: Runtime, job: JobRow | _Claimed) -> datetime | None:
    """When a job that failed for the moment is tried again; None where that was the last time."""
    return runtime.engine.clock() + retries.wait(job.tries, job.retry_delay) if job.tries <= job.retry_max else None


def _fault(error: Exception) -> str:
    return f"外部任务的处理程序出错，请联系系统管理员（{mistake(error)}）"


def _stepped(runtime: Runtime, job_id: str, attempt: int, step: Callable[[Engine, Session, str, int], list[str]]) -> bool:
    """Takes a refusal into the process, or cancels the job. Returns False where another attempt is the current one."""
    taken: Taken
    try:
        with runtime.database.writing() as session:
            taken = step(runtime.engine, session, job_id, attempt)
    except FAILURES as error:
        taken = error
    else:
        hand_out(runtime.settings.redis_url, taken)
    return _goes_on(runtime, job_id, attempt, taken)


def _goes_on(runtime: Runtime, job_id: str, attempt: int, taken: Taken) -> bool:
    """Notes where the process could not go on from an answer. Returns False where another attempt is the current one."""
    if not isinstance(taken, Exception):
        return True
    if isinstance(taken, StaleAttempt):
        return False
    why = str(taken)
    if isinstance(taken, FAULTS):  # no other attempt: it would call the outside again, and end here again
        _log.error("job %s", job_id, exc_info=taken)
        why = _fault(taken)
    return _failed(runtime, job_id, attempt, f"外部任务已完成，但流程不能继续：{why}", None)


def _failed(runtime: Runtime, job_id: str, attempt: int, message: str, retry_at: datetime | None) -> bool:
    try:
        with runtime.database.writing() as session:
            answers.fail(runtime.engine, session, job_id, attempt, message, retry_at)
    except StaleAttempt:
        _log.info("attempt %d of job %s is no longer the current one", attempt, job_id)
        return False
    return True
