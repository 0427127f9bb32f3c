"""What the outside says: a job's answer, its refusal, its failure; and what fails in the background with nobody looking.

Each function is one step inside the caller's transaction (architecture §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.ground.handling import BusinessError
from domain.ground.parties import SYSTEM
from processes import history, tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import StaleAttempt
from processes.proving import proofs
from processes.spiff import faults, tokens
from processes.states import EventKind, JobState
from processes.steps import books, running
from processes.steps.locking import step_on
from processes.steps.step import Step


def answer(engine: Engine, session: Session, job_id: str, attempt: int, result: Mapping[str, Any]) -> list[str]:
    """A job's answer goes into the process, which runs on.

    Returns: ids of new jobs.
    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    job, row = _fenced(session, job_id, attempt)
    if row.suspended_at is not None:
        return _keep(session, job_id, {"result": dict(result)})
    _close(session, job_id, JobState.DONE, None)
    found = _step_of_job(engine, session, job, row)
    if found is None:
        return []
    step, live = found
    _go_on(step, live, job, result)
    running.run(step)
    return books.write(step)


def refuse(engine: Engine, session: Session, job_id: str, attempt: int, error: BusinessError) -> list[str]:
    """The outside said no: a BPMN error where the diagram catches it, else an incident.

    Returns: ids of new jobs.
    Raises:
        StaleAttempt: another attempt is the current one; nothing is changed.
    """
    job, row = _fenced(session, job_id, attempt)
    if row.suspended_at is not None:
        return _keep(session, job_id, {"refused": [error.code, str(error)]})
    found = _step_of_job(engine, session, job, row)
    if found is None:
        _close(session, job_id, JobState.DONE, str(error))
        return []
    step, live = found
    event = faults.catcher(live, error.code)
    if event is None:
        fail(engine, session, job_id, attempt, _uncaught(error), None)
        return []
    _close(session, job_id, JobState.DONE, str(error))
    step.caught(event, error)
    running.run(step)
    return books.write(step)


def fail(engine: Engine, session: Session, job_id: str, attempt: int, message: str, retry_at: datetime | None) -> None:
    """A job's attempt failed: tried again at `retry_at`, or – with None – an incident that a person must see.

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


def take_kept(step: Step) -> None:
    """What the outside said while the instance was suspended goes into the process."""
    table = tables.job
    kept = select(table).where(table.c.instance_id == step.row.id, table.c.state == JobState.ANSWERED).order_by(table.c.id)
    for job in step.session.execute(kept).all():
        live = tokens.find(step.workflow, job.id)
        if live is None or not live.has_state(TaskState.STARTED):
            continue  # what an answer before it set off went another way
        if "result" in job.answer:
            _close(step.session, job.id, JobState.DONE, None)
            _go_on(step, live, job, job.answer["result"])
            continue
        error = BusinessError(*job.answer["refused"])
        event = faults.catcher(live, error.code)
        _close(step.session, job.id, JobState.DONE if event is not None else JobState.FAILED, str(error))
        if event is not None:
            step.caught(event, error)
        else:
            step.incident = _uncaught(error)
            step.record(EventKind.INCIDENT, step.definition.elements[job.element].name, job.element, step.incident)


def halt(engine: Engine, session: Session, instance_id: int, message: str) -> None:
    """A step in the background (a timer) could not be taken: an incident that a person must see."""
    table = tables.instance
    row = session.execute(select(table).where(table.c.id == instance_id).with_for_update()).one()
    if row.incident is None:
        _incident(engine, session, row, message, None)


def _go_on(step: Step, live: Any, job: Any, result: Mapping[str, Any]) -> None:
    live.data.update(result)
    live.complete()
    step.record(EventKind.JOB, step.definition.elements[job.element].name, job.element)


def _keep(session: Session, job_id: str, answer: dict[str, Any]) -> list[str]:
    """An answer to a suspended instance waits until it is resumed."""
    table = tables.job
    proof = proofs(session, table, {"id": job_id, "answer": answer})
    session.execute(update(table).where(table.c.id == job_id).values(state=JobState.ANSWERED, next_at=None, answer=answer, **proof))
    return []


def _uncaught(error: BusinessError) -> str:
    return f"{error}（{error.code}）"


def _incident(engine: Engine, session: Session, row: Any, message: str, element: str | None) -> None:
    name = load(session, row.definition_id).elements[element].name if element else "定时处理"
    line = {"kind": EventKind.INCIDENT, "name": name, "element": element, "comment": message}
    history.append(session, {row.id: row}, [(row.id, SYSTEM, line)], engine.clock(), {"incident": message})


def _step_of_job(engine: Engine, session: Session, job: Any, row: Any) -> tuple[Step, Any] | None:
    """The step and the service task that waits for the job; None where the process ended or went another way, or the record is gone."""
    definition = load(session, row.definition_id)
    if row.state is None or engine.subjects[definition.subject].load(session, row.subject_id) is None:
        return None
    step = step_on(engine, session, SYSTEM, row)
    running.load(step)
    live = tokens.find(step.workflow, job.id)
    if live is None or not live.has_state(TaskState.STARTED):
        return None
    return step, live


def _close(session: Session, job_id: str, state: str, error: str | None) -> None:
    table = tables.job
    session.execute(update(table).where(table.c.id == job_id).values(state=state, next_at=None, error=error))


def _fenced(session: Session, job_id: str, attempt: int) -> tuple[Any, Any]:
    """The job and its instance's row, both locked: the instance first, as every step does."""
    table = tables.instance
    owner = select(tables.job.c.instance_id).where(tables.job.c.id == job_id).scalar_subquery()
    row = session.execute(select(table).where(table.c.id == owner).with_for_update()).first()
    job = session.execute(select(tables.job).where(tables.job.c.id == job_id).with_for_update()).first()
    if row is None or job is None or job.state != JobState.RUNNING or job.attempt != attempt:
        raise StaleAttempt
    return job, row
