"""Restores the workflow of a step and runs it to its next wait."""

from __future__ import annotations

from SpiffWorkflow.bpmn.exceptions import WorkflowException

from processes.errors import Refused, TaskClosed
from processes.spiff import faults, tokens
from processes.spiff.events import let_end
from processes.spiff.scripts import stuck
from processes.spiff.state import load_state
from processes.spiff.timers import earliest
from processes.steps import votes
from processes.steps.position import started
from processes.steps.step import Step


def load(step: Step) -> None:
    """Restores the workflow and lets timers speak first, so that a deadline holds whatever the scheduler does."""
    restore(step)
    if step.row.due_at is not None and step.row.due_at <= step.now:
        run(step)


def restore(step: Step) -> None:
    """Restores the workflow, and nothing speaks."""
    if step.row.state is None:
        raise TaskClosed
    step.workflow = load_state(step.row.state, *step.definition.specs)
    step.workflow.script_engine = step.script_engine()
    step.called = started(step, tokens.waiting(step.workflow))


def run(step: Step) -> None:
    """Runs to the next wait.

    Raises:
        EngineFault: it goes on and on, as a loop over a moment that has passed would.
        Refused: a handler raised a business error that the diagram does not catch.
    """
    while True:
        tokens.refresh(step.workflow)
        _go(step)
        while step.raised:
            task, error = step.raised.pop()
            event = faults.catcher(task, error.code)
            if event is None:
                raise Refused(str(error)) from error
            step.caught(event, error)
            _go(step)
        if step.definition.votes and votes.begin(step):
            continue
        due = earliest(tokens.waiting(step.workflow))
        if not let_end(step.workflow) and (due is None or due > step.workflow.script_engine.now):
            return


def _go(step: Step) -> None:
    try:
        step.workflow.do_engine_steps(did_complete_task=step.completed)
    except WorkflowException as error:
        raise stuck(error) from error
