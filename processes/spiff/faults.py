"""Business errors: what a handler refuses becomes a BPMN error, which the diagram may catch with an error boundary event."""

from __future__ import annotations

from collections.abc import Iterator

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions import ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from domain.ground.handling import BusinessError


def catcher(task: Task, code: str) -> Task | None:
    """The boundary event that catches the error: the task's own, else that of the subprocess around it, and so on outwards.

    The library would give the error to any boundary event of the same process, also one on another task.
    """
    for attached in _outwards(task):
        events = [t for t in attached if t.has_state(TaskState.WAITING) and _error_of(t) is not None]
        matching = [t for t in events if t.task_spec.event_definition.code in (None, "", code)]
        if matching:
            # an event for this very code before one that catches everything
            return next((t for t in matching if t.task_spec.event_definition.code), matching[0])
    return None


def may_be_caught(task: Task) -> bool:
    """Whether the diagram has an error boundary event around the task, whatever its code."""
    return any(_error_of(event) is not None for attached in _outwards(task) for event in attached)


def throw(event: Task, error: BusinessError) -> None:
    """Lets the boundary event catch; what follows it may read `error_code` and `error_message`."""
    told = {"error_code": error.code, "error_message": str(error)}
    event.task_spec.catch(event, BpmnEvent(event.task_spec.event_definition, payload=told))
    event.task_spec._update(event)
    event.data.update(told)  # after the update, which takes over the parent's data, perhaps with an older error


def _outwards(task: Task) -> Iterator[list[Task]]:
    """The boundary events attached to the task, then those attached to what it runs in."""
    here: Task | None = task
    while here is not None:
        parent = here.parent
        if parent is not None and isinstance(parent.task_spec, LoopTask):
            here = parent
            continue
        if parent is not None and isinstance(parent.task_spec, BoundaryEventSplit):
            yield [t for t in parent.children if t is not here]
        outside = here.workflow.parent_task_id
        here = here.workflow.top_workflow.get_task_from_id(outside) if outside is not None else None


def _error_of(task: Task) -> ErrorEventDefinition | None:
    definition = getattr(task.task_spec, "event_definition", None)
    return definition if isinstance(definition, ErrorEventDefinition) else None
