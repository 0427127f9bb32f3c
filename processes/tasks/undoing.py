"""What 撤回 and 退回 share: the rows of what is undone are closed, and the workflow runs again."""

from __future__ import annotations

from collections.abc import Iterable

from SpiffWorkflow.task import Task
from sqlalchemy import select, update

from processes import tables
from processes.spiff.state import load_state, save_state
from processes.states import LIVE, EventKind, TaskRowState
from processes.steps import running, votes
from processes.steps.step import Step
from processes.tasks import opinions

ACTS = (
    EventKind.TASK,
    EventKind.MESSAGE,
    EventKind.RETURN,
    EventKind.WITHDRAW,
)  # kinds of history lines that say that a person acted on the process


def close(step: Step, gone: Iterable[Task], said: str, state: str) -> None:
    """Closes what is open of these tasks with a sentence, and marks what was done there as undone; `state` is one of `UNDONE`."""
    table = tables.task
    ids = [str(task.id) for task in gone]
    opinions.no_longer_awaited(step, ids)
    rows = step.session.execute(select(table.c.id, table.c.state).where(table.c.id.in_(ids))).all()
    for row in rows:
        if row.state in LIVE:
            step.closed.setdefault(row.id, {"state": TaskRowState.CANCELLED, "closed_as": said})
    over = [row.id for row in rows if row.state == TaskRowState.DONE]
    step.session.execute(update(table).where(table.c.id.in_(over)).values(state=state, closed_as=said))
    votes.undo(step, ids, said)


def rerun(step: Step) -> None:
    step.workflow = load_state(save_state(step.workflow), *step.definition.specs)  # its event manager is stale
    step.workflow.script_engine = step.script_engine()
    running.run(step)
