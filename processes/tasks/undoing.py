"""What 撤回 and 退回 share: they close the rows of the tasks that are undone, and run the workflow again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update

from processes import tables
from processes.spiff.library import Task
from processes.spiff.state import load_state, save_state
from processes.states import LIVE, EventKind, TaskRowState
from processes.steps import execution, running, votes
from processes.steps.step import Closing, Step
from processes.tasks import opinions

ACTS = (EventKind.TASK, EventKind.MESSAGE, EventKind.RETURN, EventKind.WITHDRAW)
"""Kinds of history lines by which a person acts on the process."""


def close(step: Step, gone: Iterable[Task], said: str, state: TaskRowState) -> None:
    """Closes the open rows of tasks that are undone, and marks their done rows with a state of `UNDONE`. `said` is what latecomers read."""
    table = tables.task
    ids = [str(task.id) for task in gone]
    opinions.no_longer_awaited(step, ids)
    rows = step.session.execute(select(table.c.id, table.c.state).where(table.c.id.in_(ids))).all()
    for row in rows:
        if row.state in LIVE:
            step.closed.setdefault(row.id, Closing(TaskRowState.CANCELLED, said))
    over = [row.id for row in rows if row.state == TaskRowState.DONE]
    step.session.execute(update(table).where(table.c.id.in_(over)).values(state=state, closed_as=said))
    votes.undo(step, ids, said)


def rerun(step: Step) -> None:
    """Runs a workflow whose tree was changed to its next wait."""
    step.workflow = load_state(save_state(step.workflow), *step.definition.specs)  # its event manager knows the old tree
    step.workflow.script_engine = execution.script_engine(step)
    running.run(step)
