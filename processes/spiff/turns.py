"""What runs next: the tasks that nobody has to do, and the events whose moment has come – the earliest moment first.

The library lets everything happen at once that is true at one look. Of two timers of one activity that came due while nobody
looked, both would then act; a reminder would come after the end that it reminds of, if it is drawn after it; and a task that another
one has cancelled would still run. Here a timer or a condition fires only when it is its turn (`fire_next`), an event that interrupts
runs before anything else, and what is cancelled does not run (`advance`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import timers, tree
from processes.spiff.events import Condition
from processes.spiff.tree import LIVE, Part

Ran: TypeAlias = Callable[[Task], None]
"""Is called after each task that ran."""


def advance(workflow: BpmnWorkflow, ran: Ran) -> None:
    """Runs all tasks that nobody has to do, until every token waits."""
    _run_interrupting(workflow, ran)  # what was caught before: a message that came in, an error of a job
    while _pass(workflow, ran):
        pass


def run(task: Task, ran: Ran) -> None:
    """Runs one task that is ready, and then the events that interrupt because of it."""
    task.run()
    ran(task)
    _run_interrupting(task.workflow.top_workflow, ran)


def fire_next(workflow: BpmnWorkflow) -> bool:
    """Lets the timers fire whose moment passed first, or else the conditions that are true now.

    Returns: whether any fired.
    """
    if workflow.is_completed():
        return False
    workflow.refresh_timers()  # a timer that was reached in this step begins
    found = list(_due(workflow))
    earliest = min((moment for moment, _, _ in found), default=None)
    for moment, task, name in found:
        if moment == earliest:
            timers.fire(task, name)
    return bool(found)


def _due(workflow: BpmnWorkflow) -> Iterator[tuple[datetime, Task, str]]:
    """(moment, task, name) of each timer that is due and of each condition that is true."""
    now: datetime = workflow.script_engine.now
    for task in tree.tasks(workflow):
        if task.has_state(TaskState.WAITING):
            yield from ((moment, task, name) for name, moment in timers.moments(task) if moment <= now)
            condition = getattr(task.task_spec, "event_definition", None)
            if isinstance(condition, Condition) and condition.holds(task):
                yield now, task, condition.name


def _pass(workflow: BpmnWorkflow, ran: Ran) -> bool:
    """Runs what is ready, the innermost parts first; whether anything may be ready now."""
    active = workflow.get_active_subprocesses()
    for part in sorted(active, key=lambda part: int(part.depth), reverse=True):
        while _run_ready(part, ran):
            pass
        outside = tree.around(part.task_tree) if tree.is_there(part.task_tree) else None
        if outside is not None and outside.has_state(LIVE):
            outside.task_spec._update(outside)
    return _run_ready(workflow, ran) or len(workflow.get_active_subprocesses()) > len(active)


def _run_ready(part: Part, ran: Ran) -> bool:
    """Runs what is ready in one part; whether anything was."""
    ready = [task for task in part.get_tasks(state=TaskState.READY) if not task.task_spec.manual]
    found = False
    for task in ready:
        if _may_run(task):  # what has run since may have cancelled it
            found = True
            run(task, ran)
    return found


def _may_run(task: Task) -> bool:
    return bool(task.has_state(TaskState.READY)) and tree.is_there(task)


def _run_interrupting(workflow: BpmnWorkflow, ran: Ran) -> None:
    pending: list[Task] = workflow.script_engine.interrupting
    while pending:
        event = pending.pop(0)
        if _may_run(event):
            run(event, ran)
