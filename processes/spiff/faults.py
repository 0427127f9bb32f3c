"""Business errors: what a handler refuses becomes a BPMN error, which the diagram may catch with an error boundary event."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.event_definitions import ErrorEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import tree


def catcher(task: Task, code: str) -> Task | None:
    """The boundary event that catches the error: the task's own, else that of the subprocess around it, and so on outwards.

    The library would give the error to any boundary event of the same process, also to one on another task.
    """
    for attached in tree.boundary_events_around(task):
        waiting = [event for event in attached if event.has_state(TaskState.WAITING) and _error_of(event) is not None]
        matching = [event for event in waiting if event.task_spec.event_definition.code in (None, "", code)]
        if matching:
            # an event for this very code before one that catches everything
            return next((event for event in matching if event.task_spec.event_definition.code), matching[0])
    return None


def may_be_caught(task: Task) -> bool:
    """Whether the diagram has an error boundary event around the task, whatever its code."""
    return any(_error_of(event) is not None for attached in tree.boundary_events_around(task) for event in attached)


def throw(event: Task, code: str, message: str) -> None:
    """Lets a boundary event catch an error; what follows it may read `error_code` and `error_message`."""
    names = {"error_code": code, "error_message": message}
    event.task_spec.catch(event, BpmnEvent(event.task_spec.event_definition, payload=names))
    event.task_spec._update(event)
    event.data.update(names)  # after the update, which takes over the parent's data, perhaps with an older error


def _error_of(event: Task) -> ErrorEventDefinition | None:
    definition = event.task_spec.event_definition
    return definition if isinstance(definition, ErrorEventDefinition) else None
