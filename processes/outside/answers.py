"""What comes back from a job – an answer, a refusal, a failure – and failures of steps that nobody waits for.

Each function is one step inside the caller's transaction (docs/architecture.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.ground.handling import BusinessError
from domain.ground.parties import SYSTEM
from domain.ground.rows import read_all, read_first, read_one
from processes import history, tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import StaleAttempt
from processes.proving import proofs
from processes.rows import InstanceRow, JobRow
from processes.spiff import faults, tokens
from processes.spiff.library import Task, TaskState
from processes.states import EventKind, JobState
from processes.steps import books, execution, running, together
from processes.steps.locking import lock_many, step_on
from processes.steps.starting_point import LockedInstance, locked_instance, look_at
from processes.steps.step import Step


def answer(engine: Engine, session: Session, job_id: str, attempt: int, result: Mapping[str, Any]) -> list[str]:
    """Takes a job's answer into the process, which runs to its next wait.

    Returns: ids of new jobs.
    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    job, row = _fenced(session, job_id, attempt)
    if row.suspended_at is not None:
        return _keep(session, job_id, {"result": dict(result)})
    _close(session, job_id, JobState.DONE, None)
    found = _service_task(engine, session, job, row)
    if found is None:
        return []
    step, live = found
    _complete(step, live, job, result)
    running.run(step)
    return books.write(step)


@dataclass(frozen=True)
class Answer:
    """What an attempt at a job has brought."""

    job_id: str
    attempt: int
    result: Mapping[str, Any]


def answer_many(engine: Engine, session: Session, given: Sequence[Answer]) -> list[together.Taken]:
    """Takes the answers to many jobs into their processes: each as `answer` does, in a savepoint of its own, or along with others that are
    alike.

    Returns: what came of each, in this order.
    """
    jobs, rows = _fenced_many(session, [one.job_id for one in given])
    steps = lock_many(engine, session, SYSTEM, list(rows.values()), suspended=True)
    opened: dict[str, together.Opened] = {}
    taken: set[int] = set()
    for one in given:
        job = jobs.get(one.job_id)
        step = steps.get(job.instance_id) if job is not None else None
        current = job is not None and job.state == JobState.RUNNING and job.attempt == one.attempt
        # what is out of the ordinary, such as the second job of one instance, is taken by itself
        if current and isinstance(step, Step) and job is not None and step.row.id not in taken and _goes_on(step):
            taken.add(step.row.id)
            _look_at_job(step, job)
            what = job.element, tuple(sorted(one.result))
            opened[job.id] = together.Opened(step, partial(_answered, job=job, result=one.result), what, one.result, job.id)
    found = dict(zip(opened, together.take(session, list(opened.values()), partial(_close_many, session)), strict=True))
    return [found.pop(one.job_id) if one.job_id in found else _alone(engine, session, one) for one in given]


def _goes_on(step: Step) -> bool:
    return step.row.state is not None and step.row.suspended_at is None


def _answered(step: Step, job: JobRow, result: Mapping[str, Any]) -> bool:
    _close(step.session, job.id, JobState.DONE, None)
    live = tokens.find(step.workflow, job.id)
    if live is None or not live.has_state(TaskState.STARTED):
        return False
    _complete(step, live, job, result)
    return True


def _alone(engine: Engine, session: Session, one: Answer) -> together.Taken:
    try:
        with session.begin_nested():
            return answer(engine, session, one.job_id, one.attempt, one.result)
    except together.FAILURES as error:
        return error


def _close_many(session: Session, opened: Sequence[together.Opened]) -> None:
    table = tables.job
    over = update(table).where(table.c.id.in_([one.task_id for one in opened]))
    session.execute(over.values(state=JobState.DONE, next_at=None, error=None))


def refuse(engine: Engine, session: Session, job_id: str, attempt: int, error: BusinessError) -> list[str]:
    """Takes a refusal of the outside into the process: a BPMN error where the diagram catches it, else an incident.

    Returns: ids of new jobs.
    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    job, row = _fenced(session, job_id, attempt)
    if row.suspended_at is not None:
        return _keep(session, job_id, {"refused": [error.code, str(error)]})
    found = _service_task(engine, session, job, row)
    if found is None:
        _close(session, job_id, JobState.DONE, str(error))
        return []
    step, live = found
    event = faults.catcher(live, error.code)
    if event is None:
        fail(engine, session, job_id, attempt, _uncaught(error), None)
        return []
    _close(session, job_id, JobState.DONE, str(error))
    execution.catch(step, event, error)
    running.run(step)
    return books.write(step)


def fail(engine: Engine, session: Session, job_id: str, attempt: int, message: str, retry_at: datetime | None) -> None:
    """Notes that an attempt has failed: it is tried again at `retry_at`, or, with None, becomes an incident that a person must see.

    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    job, row = _fenced(session, job_id, attempt)
    if retry_at is not None:
        table = tables.job
        waits = (
            {"state": JobState.PENDING, "next_at": retry_at} if row.suspended_at is None else {"state": JobState.PAUSED, "next_at": None}
        )
        session.execute(update(table).where(table.c.id == job_id).values(error=message, **waits))
        return
    _close(session, job_id, JobState.FAILED, message)
    _incident(engine, session, row, message, job.element)


def call_off(engine: Engine, session: Session, job_id: str, attempt: int) -> list[str]:
    """Cancels a job that has nothing to say to the outside, because its record is gone. Only what was sent is ever `done`.

    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    _fenced(session, job_id, attempt)
    _close(session, job_id, JobState.CANCELLED, None)
    return []


def take_kept(step: Step) -> None:
    """Takes the answers that came while the instance was suspended into the process."""
    table = tables.job
    kept = select(table).where(table.c.instance_id == step.row.id, table.c.state == JobState.ANSWERED).order_by(table.c.id)
    for job in read_all(step.session, kept, JobRow):
        live, answer = tokens.find(step.workflow, job.id), job.answer or {}
        if live is None or not live.has_state(TaskState.STARTED):
            continue  # an answer before it has taken the process another way
        _look_at_job(step, job)
        if "result" in answer:
            _close(step.session, job.id, JobState.DONE, None)
            _complete(step, live, job, answer["result"])
            continue
        error = BusinessError(*answer["refused"])
        event = faults.catcher(live, error.code)
        _close(step.session, job.id, JobState.DONE if event is not None else JobState.FAILED, str(error))
        if event is not None:
            execution.catch(step, event, error)
        else:
            step.incident = _uncaught(error)
            step.record(EventKind.INCIDENT, step.definition.elements[job.element].name, job.element, step.incident)


def retried(session: Session, instance_id: int) -> Sequence[str]:
    """Why calls of an instance failed of late that are tried again by themselves, for people."""
    job = tables.job.c
    again = job.state.in_((JobState.PENDING, JobState.RUNNING)), job.error.is_not(None)
    return session.scalars(select(job.error).where(job.instance_id == instance_id, *again).distinct()).all()


def halt(engine: Engine, session: Session, instance_id: int, message: str) -> None:
    """Gives an instance an incident that a person must see: a step in the background, such as a timer's, could not be taken."""
    table = tables.instance
    row = read_one(session, select(table).where(table.c.id == instance_id).with_for_update(), InstanceRow)
    if row.incident is None:
        _incident(engine, session, row, message, None)


def _complete(step: Step, live: Task, job: JobRow, result: Mapping[str, Any]) -> None:
    live.data.update(result)
    live.complete()
    step.record(EventKind.JOB, step.definition.elements[job.element].name, job.element)


def _keep(session: Session, job_id: str, answer: dict[str, Any]) -> list[str]:
    """Keeps an answer to a suspended instance until the instance is resumed."""
    table = tables.job
    proof = proofs(session, table, {"id": job_id, "answer": answer})
    session.execute(update(table).where(table.c.id == job_id).values(state=JobState.ANSWERED, next_at=None, answer=answer, **proof))
    return []


def _uncaught(error: BusinessError) -> str:
    return f"{error}（{error.code}）"


def _incident(engine: Engine, session: Session, row: InstanceRow, message: str, element: str | None) -> None:
    name = load(session, row.definition_id).elements[element].name if element else "定时处理"
    line = {"kind": EventKind.INCIDENT, "name": name, "element": element, "comment": message}
    history.append(session, {row.id: row}, [(row.id, SYSTEM, line)], engine.clock(), {"incident": message})


def _service_task(engine: Engine, session: Session, job: JobRow, row: LockedInstance) -> tuple[Step, Task] | None:
    """A step, and in its workflow the service task that waits for the job; None where none waits any more, or the record is gone."""
    definition = load(session, row.definition_id)
    if row.state is None or engine.subjects[definition.subject].load(session, row.subject_id) is None:
        return None
    step = step_on(engine, session, SYSTEM, row)
    running.load(step)
    live = tokens.find(step.workflow, job.id)
    if live is None or not live.has_state(TaskState.STARTED):
        return None
    _look_at_job(step, job)
    return step, live


def _look_at_job(step: Step, job: JobRow) -> None:
    look_at(step, tables.job, job, f"外部任务“{step.definition.elements[job.element].name}”")


def _close(session: Session, job_id: str, state: JobState, error: str | None) -> None:
    table = tables.job
    session.execute(update(table).where(table.c.id == job_id).values(state=state, next_at=None, error=error))


def _fenced(session: Session, job_id: str, attempt: int) -> tuple[JobRow, LockedInstance]:
    """The job's row and its instance's, both locked, and the instance first, as in every step.

    Raises:
        StaleAttempt: the attempt is not the current one.
    """
    owner = select(tables.job.c.instance_id).where(tables.job.c.id == job_id).scalar_subquery()
    row = read_first(session, locked_instance().where(tables.instance.c.id == owner), LockedInstance)
    job = read_first(session, select(tables.job).where(tables.job.c.id == job_id).with_for_update(), JobRow)
    if row is None or job is None or job.state != JobState.RUNNING or job.attempt != attempt:
        raise StaleAttempt
    return job, row


def _fenced_many(session: Session, job_ids: Sequence[str]) -> tuple[dict[str, JobRow], dict[int, LockedInstance]]:
    """The rows of jobs and of their instances, by their ids, all locked: the instances first, in the order of their ids."""
    owners = select(tables.job.c.instance_id).where(tables.job.c.id.in_(job_ids))
    query = locked_instance().where(tables.instance.c.id.in_(owners)).order_by(tables.instance.c.id)
    rows = {row.id: row for row in read_all(session, query, LockedInstance)}
    locked = select(tables.job).where(tables.job.c.id.in_(job_ids)).order_by(tables.job.c.id).with_for_update()
    return {job.id: job for job in read_all(session, locked, JobRow)}, rows
