"""What a step starts from was written by the product: else the history tells so from then on.

A step proves anew what it writes. Whoever changed a row by hand, waited for the next act and put the row back would leave nothing behind.
So a step looks at the proofs of what it reads. It goes on from what it finds – nobody can stop a school's work by writing into its
rows – and its first line of history says what was changed (`Step.altered`, `history.altered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Select, Table, select, update

from domain.ground.rows import columns_of
from processes import history, tables
from processes.definitions.store import keys_about
from processes.proving import proofs, record_digest, unproved
from processes.rows import InstanceRow, TaskRow
from processes.steps.step import Step

_INSTANCE, _EVENT, _TASK = tables.instance, tables.event, tables.task


class LockedInstance(InstanceRow, Protocol):
    """An instance's row, locked, and the hash of what its record said after the last step that kept it."""

    record: str | None


def locked_instance() -> Select[Any]:
    """The instance as `LockedInstance`, to be locked; the caller says which."""
    kept = select(_EVENT.c.record).where(_EVENT.c.instance_id == _INSTANCE.c.id, _EVENT.c.record.is_not(None))
    record = kept.order_by(_EVENT.c.seq.desc()).limit(1).correlate(_INSTANCE).scalar_subquery()
    return select(_INSTANCE, record.label("record")).with_for_update(of=_INSTANCE)


def look(step: Step, row: LockedInstance) -> None:
    """Notes what of the instance and of its record was changed by hand since the last step."""
    if unproved(step.session, _INSTANCE, columns_of(row)):
        note(step, history.INSTANCE)
    if (row.record, row.status, row.tone) != (record_digest(step.subject), step.subject.status, step.subject.tone):
        _look_closer(step)


def note(step: Step, what: str) -> None:
    """Notes what was changed by hand, as people call it; once is enough."""
    if what not in step.altered:
        step.altered.append(what)


def look_at_task(step: Step, task: TaskRow) -> None:
    """Notes whether the row of a task was changed by hand, and proves it as it is: what was found stands in the history."""
    rules = unproved(step.session, _TASK, columns_of(task))
    if rules:
        note(step, "、".join(f"待办“{task.name}”的{rule.what}" for rule in rules))
        made = proofs(step.session, _TASK, columns_of(task))
        step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values({rule.column: made[rule.column] for rule in rules}))


def look_at(step: Step, table: Table, row: object, called: str) -> None:
    """Notes whether another row that the step starts from, which people know as `called`, was changed by hand."""
    for rule in unproved(step.session, table, columns_of(row)):
        note(step, f"{called}的{rule.what}")


def renewed(step: Step, task: TaskRow, values: Mapping[str, object]) -> dict[str, Any]:
    """The proofs of a task's row once these values are written into it; notes whether it was changed by hand before."""
    look_at_task(step, task)
    return proofs(step.session, _TASK, {**columns_of(task), **values})


def _look_closer(step: Step) -> None:
    """The record does not say what the last step of this instance kept of it: another process may have gone on with it since.

    The lock waits for one that is just doing so; what was read beside the lock of the instance may be of before.
    """
    kind, name = step.engine.subjects[step.definition.subject], step.definition.subject
    subject = kind.load(step.session, step.row.subject_id, lock=True)
    if subject is None:
        return
    last = history.last_told(step.session, keys_about(step.session, name), step.row.subject_id)
    if last is not None and last.record != record_digest(subject):
        note(step, "记录的内容")
    if (last is None or last.instance_id == step.row.id) and (subject.status, subject.tone) != (step.row.status, step.row.tone):
        note(step, "记录的状态")
