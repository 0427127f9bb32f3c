"""What a step writes at its end – its books: the state, task rows, jobs, messages, history, and the status of the record.

They are written once, in one transaction with what the step did, so that whoever reads the database between two steps finds all of
them in agreement.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM
from processes import tables
from processes.errors import EngineFault
from processes.history import altered, chained
from processes.proving import INSTANCE, closing_proof, proofs, proved, record_digest
from processes.spiff import tokens
from processes.spiff.instances import VoteTask
from processes.spiff.library import Task
from processes.spiff.pruning import flows_taken, prune
from processes.spiff.state import save_state
from processes.spiff.timers import earliest
from processes.states import LIVE, EventKind, JobState, TaskRowState
from processes.steps import posting, standstill, votes
from processes.steps.position import position_of, started, status_at, waits_of
from processes.steps.step import Closing, Step, title_of

# put together once: their values come with each execution
GROW = update(tables.instance).where(tables.instance.c.id == bindparam("same_id"), tables.instance.c.version == bindparam("same_version"))
_CLOSE = update(tables.task).where(tables.task.c.id == bindparam("same_id"))


def write(step: Step) -> list[str]:
    """Writes the books of this step.

    Returns: ids of the jobs to hand out once the transaction is committed.
    """
    if step.workflow is None:  # the process has ended: an edit of its record is all that can have happened
        _write_instance(step, {"chain": write_events(step)})
        return []
    with step.session.no_autoflush:  # the record's fields and its status go into one UPDATE
        _write(step)
    step.session.flush()
    return [job["id"] for job in step.jobs]


def _write(step: Step) -> None:
    ended = step.over
    waiting = [] if ended else tokens.waiting(step.workflow)
    _write_tasks(step, waiting)
    position = None if step.called_off else position_of(step, waiting)
    status, tone = status_at(step, position)
    buttons = waits_of(step, waiting)
    if not ended:
        standstill.notice(step, waiting, buttons)
    posting.write(step)
    chain = write_events(step)
    _write_jobs(step, started(step, waiting))
    path = sorted((set(step.row.path) & step.definition.flows.keys()) | flows_taken(step.workflow, step.definition.flow_between))
    if not ended:
        prune(step.workflow)  # last: until here the tree has shown everything that this step did
    values = {
        "definition_id": step.definition.id,
        "state": None if ended else save_state(step.workflow),
        "ended_at": step.now if ended else None,
        "status": status,
        "tone": tone,
        "position": position,
        "position_since": step.row.position_since if position == step.row.position else step.now,
        "waits": buttons,
        "path": path,
        "due_at": earliest(waiting) if step.suspended_at is None else None,
        "suspended_at": None if ended else step.suspended_at,
        "chain": chain,
        "incident": step.incident,
    }
    _write_instance(step, values)
    if step.subject in step.session and (step.subject.status, step.subject.tone) != (status, tone):
        step.subject.status, step.subject.tone = status, tone


def _write_instance(step: Step, values: dict[str, Any]) -> None:
    table = tables.instance
    if not step.record_gone:  # its name may be another one than before, or that of a person whom it is about
        values = {**values, "title": title_of(step.subject)}
    grown = {"version": step.row.version + 1, "seq": step.row.seq + len(step.events), **values}
    grown |= proofs(step.session, table, {**{name: getattr(step.row, name) for name in INSTANCE}, **grown})
    changed = step.session.execute(GROW, {**grown, "same_id": step.row.id, "same_version": step.row.version})
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # the lock makes this impossible; the version is the second wall
        raise EngineFault


def _write_tasks(step: Step, waiting: list[Task]) -> None:
    votes.write(step, waiting)
    table = tables.task
    ready = {str(t.id): t for t in waiting if step.for_person(t) and not isinstance(t.task_spec, VoteTask)}
    known = {} if step.row.version == 0 else live_tasks(step)
    for task_id, parent_id in known.items():
        if (parent_id or task_id) not in ready:
            _close_task(step, task_id, parent_id)
    new = [_open_row(step, task_id, task) for task_id, task in ready.items() if task_id not in known]
    new += [_closed_row(step, task_id) for task_id in step.closed.keys() - known]
    if new:
        step.session.execute(insert(table), [proved(step.session, table, row) for row in new])


def _open_row(step: Step, task_id: str, task: Task) -> dict[str, Any]:
    again = step.again.get(task_id)
    return {**step.task_row(task_id, task), **(again.columns() if again is not None else {})}


def _closed_row(step: Step, task_id: str) -> dict[str, Any]:
    """The row of a task that began and ended in this very step: 已办 shows it like any other."""
    task = tokens.find(step.workflow, task_id)
    if task is None:
        raise EngineFault
    return {**step.task_row(task_id, task), "closed_at": step.now, **step.closed[task_id].columns()}


def _write_jobs(step: Step, started: set[str]) -> None:
    """Writes new jobs, and cancels those whose service task has gone."""
    table = tables.job
    step.jobs = [job for job in step.jobs if job["id"] in started]
    if step.jobs:
        step.session.execute(insert(table), [proved(step.session, table, {**job, "instance_id": step.row.id}) for job in step.jobs])
    if gone := step.called - started:
        over = update(table).where(table.c.id.in_(gone), table.c.state != JobState.DONE).values(state=JobState.CANCELLED, next_at=None)
        if step.session.execute(over).rowcount and step.incident is not None:  # type: ignore[attr-defined]
            step.incident = failed_job_error(step.session, step.row.id)


def _close_task(step: Step, task_id: str, parent_id: str | None) -> None:
    closing = step.closed.get(parent_id or task_id) or Closing(TaskRowState.CANCELLED, step.why_closed(parent_id or task_id))
    if parent_id is not None:  # an opinion is closed with its task, and has no outcome of its own
        closing = Closing(TaskRowState.CANCELLED, closing.closed_as)
    values = {**closing.columns(), "closed_at": step.now}
    if parent_id is None and closing.state != TaskRowState.DONE:  # a done task keeps its assignee: 撤回 gives it back to them
        values["assignee_id"] = None
    step.session.execute(_CLOSE, {**values, **closing_proof(step.session, task_id, values), "same_id": task_id})


def live_tasks(step: Step) -> dict[str, str | None]:
    """`Step.live_tasks`, read from the database where the step has not read them yet."""
    if step.live_tasks is None:
        table = tables.task
        live = (table.c.instance_id == step.row.id, table.c.vote_id.is_(None), table.c.state.in_(LIVE))
        query = select(table.c.id, table.c.parent_id).where(*live)
        step.live_tasks = {row.id: row.parent_id for row in step.session.execute(query)}
    return step.live_tasks


def write_events(step: Step) -> str:
    """Writes the step's lines of history. Returns the hash of the last line."""
    chain: str = step.row.chain
    if step.altered:
        step.events.insert(0, altered(step.altered))
    lines = []
    for number, line in enumerate(step.events, step.row.seq + 1):
        if number == step.row.seq + len(step.events) and step.subject in step.session:
            line = {**line, "record": record_digest(step.subject)}
        actor = SYSTEM if line["kind"] == EventKind.ALTERED else step.actor
        full = chained(chain, step.row.id, number, step.now, actor, line)
        chain = full["hash"]
        lines.append(full)
    if lines:
        step.session.execute(insert(tables.event), lines)
    return chain


def failed_job_error(session: Session, instance_id: int) -> str | None:
    """The error of a job that failed for good and waits for a person; None where there is none."""
    table = tables.job
    query = select(table.c.error).where(table.c.instance_id == instance_id, table.c.state == JobState.FAILED).limit(1)
    return session.scalar(query)
