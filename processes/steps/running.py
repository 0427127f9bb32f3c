"""Restores the workflow of a step and runs it to its next wait."""

from __future__ import annotations

from functools import partial

from processes.errors import TaskClosed
from processes.spiff import tokens, turns
from processes.spiff.events import let_end
from processes.spiff.library import WorkflowException
from processes.spiff.scripts import stuck
from processes.spiff.state import load_state
from processes.steps import execution, votes
from processes.steps.position import started
from processes.steps.step import Step


def load(step: Step) -> None:
    """Restores the workflow and fires the timers that are due, so that a deadline holds to the second, whenever the scheduler looks."""
    restore(step)
    if step.row.due_at is not None and step.row.due_at <= step.now:
        run(step)


def restore(step: Step) -> None:
    """Restores the workflow as it was stored: no timer fires, and nothing runs.

    Raises:
        TaskClosed: the process has ended.
    """
    if step.row.state is None:
        raise TaskClosed
    step.workflow = load_state(step.row.state, *step.definition.specs)
    step.workflow.script_engine = execution.script_engine(step)
    step.called = started(step, tokens.waiting(step.workflow))


def run(step: Step) -> None:
    """Runs to the next wait: first what is ready, then what time and conditions bring, the earliest moment first.

    Raises:
        EngineFault: it never comes to a wait, such as a loop over a moment that has passed.
        Refused: a handler raised a business error that the diagram does not catch.
    """
    while True:
        _advance(step)
        if step.record_gone:
            return
        begun = bool(step.definition.votes) and votes.begin(step)
        if not begun and not let_end(step.workflow) and not turns.fire_next(step.workflow):
            return


def _advance(step: Step) -> None:
    try:
        turns.advance(step.workflow, partial(execution.note_completed, step))
    except WorkflowException as error:
        raise stuck(error) from error
