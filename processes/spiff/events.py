"""Events where SpiffWorkflow does less than BPMN: whom an error reaches, what an event subprocess stops, what a message carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway, StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.specs.defaults import SubWorkflowTask
from SpiffWorkflow.spiff.specs.event_definitions import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    MessageEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.diagrams.assignments import read_assignments
from processes.diagrams.expressions import Value
from processes.spiff import tree
from processes.spiff.timers import has_turn
from processes.spiff.tree import LIVE, Part

if TYPE_CHECKING:
    from processes.diagrams.elements import Element


def deliver_upwards(task: Task, event: BpmnEvent) -> bool:
    """Gives an error or escalation to the nearest that catches it: a boundary event of the task or of an activity around it,
    or an event subprocess of the process. The library asks every waiting event, also those of activities beside it.

    Returns: False where nothing catches it.
    """
    for attached in tree.boundary_events_around(task):
        catchers = [catcher for catcher in attached if catcher.task_spec.catches(catcher, event)]
        if catchers:
            _catch(catchers, event)
            return True
    return _trigger(task.workflow.top_workflow, event)


def _trigger(workflow: BpmnWorkflow, event: BpmnEvent) -> bool:
    workflow.event_manager.update_collaboration(event)
    starts = [t for t in workflow.event_manager.tasks.values() if isinstance(t.task_spec, StartEvent) and t.task_spec.catches(t, event)]
    _catch(starts, event)
    return bool(starts)


def _catch(tasks: Iterable[Task], event: BpmnEvent) -> None:
    for task in tasks:
        task.task_spec.catch(task, event)
        task.task_spec._update(task)
        _interrupt(task)


def _interrupt(task: Task) -> None:
    """An event that was caught and interrupts runs before anything else."""
    if task.has_state(TaskState.READY) and _interrupts(task):
        task.workflow.script_engine.interrupting.append(task)


def _interrupts(task: Task) -> bool:
    if isinstance(task.task_spec, TriggeredStart):
        outside = tree.around(task)
        return outside is not None and isinstance(outside.task_spec, EventSubprocess) and outside.task_spec.interrupting
    return isinstance(task.task_spec, BoundaryEvent) and bool(task.task_spec.cancel_activity)


def _throw(workflow: BpmnWorkflow, event: BpmnEvent) -> None:
    """Gives an event to everything in the instance that catches it."""
    workflow.catch(event)
    for task in tree.tasks(workflow):
        _interrupt(task)


class _Upwards:
    """Given to the nearest event that catches it (`deliver_upwards`); what it carries becomes data of the token there."""

    def throw(self, task: Task) -> None:
        deliver_upwards(task, BpmnEvent(self, payload=self.carried()))

    def carried(self) -> dict[str, Value] | None:
        """What the event that catches it writes into its token's data."""
        return None

    def update_task_data(self, task: Task) -> None:
        # the catcher's own definition may name the error otherwise than the one thrown
        payload = task.internal_data.pop(_PAYLOAD, None)
        if payload:
            task.set_data(**payload)

    def catch(self, task: Task, event: BpmnEvent | None = None) -> None:
        task.internal_data[_PAYLOAD] = event.payload if event is not None else None
        task.internal_data["event_fired"] = True

    def reset(self, task: Task) -> None:
        task.internal_data.pop(_PAYLOAD, None)
        task.internal_data["event_fired"] = False


_PAYLOAD = "payload"


class Error(_Upwards, ErrorEventDefinition):  # type: ignore[misc]  # the library ships no types
    """Matched by its code; one without a code catches every error."""

    name: str
    code: str | None

    def carried(self) -> dict[str, Value]:
        """The same names as the error of a handler has."""
        return {"error_code": self.code or "", "error_message": self.name or ""}


class Escalation(_Upwards, EscalationEventDefinition):  # type: ignore[misc]
    """Matched by its code; one without a code catches every escalation."""


class Message(MessageEventDefinition):  # type: ignore[misc]
    """Its payload is a list of assignments, which become data of the token that receives it.

    Inside an instance it reaches what waits for its name. What nothing there catches is posted to other instances, and finds the right
    one by `processes/definitions/correlation.py`: with the library's own correlation it would depend on which message came first.
    """

    def throw(self, task: Task) -> None:
        engine, top = task.workflow.script_engine, task.workflow.top_workflow
        payload = {name: engine.evaluate(task, value) for name, value in read_assignments(self.expression or "")}
        event = BpmnEvent(self, payload=payload)
        _throw(top, event)
        if event in top.bpmn_events:
            top.bpmn_events.remove(event)
            engine.posted.append((task, self.name, payload))

    def catches(self, task: Task, event: BpmnEvent) -> bool:
        return bool(self == event.event_definition)

    def update_task(self, task: Task) -> None:
        """Nothing to correlate by while it waits."""

    def catch(self, task: Task, event: BpmnEvent | None = None) -> None:
        if event is not None and event.payload:  # a button of the product is a message without payload
            task.internal_data[self.name] = event.payload
        task.internal_data["event_fired"] = True

    def update_task_data(self, task: Task) -> None:
        payload = task.internal_data.pop(self.name, None)
        if payload:
            task.set_data(**payload)


class Signal(SignalEventDefinition):  # type: ignore[misc]
    """Reaches everything in its instance that waits for its name."""

    def throw(self, task: Task) -> None:
        engine = task.workflow.script_engine
        payload = engine.evaluate(task, self.expression) if self.expression is not None else None
        _throw(task.workflow.top_workflow, BpmnEvent(self, payload=payload))


class Condition(ConditionalEventDefinition):  # type: ignore[misc]
    """Fires when it is true and has its turn (`turns`)."""

    def holds(self, task: Task) -> bool:
        """Whether the condition is true now."""
        return bool(task.workflow.script_engine.holds(task, self.expression))

    def has_fired(self, task: Task) -> bool:
        return has_turn(task, self.name)


class EventGateway(EventBasedGateway):  # type: ignore[misc]
    """Chooses the way of the first event that it has seen, and forgets the events then: they hold definitions, which are no part of the
    state."""

    def _run_hook(self, task: Task) -> bool:
        task.internal_data["seen_events"] = task.internal_data["seen_events"][:1]
        super()._run_hook(task)
        self.event_definition.reset(task)
        return True


class EventSubprocess(SubWorkflowTask):  # type: ignore[misc]
    """An event subprocess: its start is triggered, and an interrupting one stops all else around it."""

    interrupting = True

    def test(self) -> None:
        """Leaves out the library's check that something leads to the element: nothing leads to an event subprocess."""

    def copy_data(self, task: Task, subworkflow: Part) -> None:
        # in the tree it lies below the start of the process, whose data lack what has happened since
        last = task.workflow.last_task
        if last is not None:
            task.data = {**last.data, **task.data}
        super().copy_data(task, subworkflow)


class TriggeredStart(StartEvent):  # type: ignore[misc]
    """The start event of an event subprocess."""

    def _on_complete_hook(self, task: Task) -> None:
        super()._on_complete_hook(task)
        around = tree.around(task)
        if around is not None and _interrupts(task):
            for other in [t for t in around.workflow.tasks.values() if tree.is_live(t) and t is not around]:
                other.cancel()
            keep_closed(task.workflow.top_workflow)


def let_end(workflow: BpmnWorkflow) -> bool:
    """Drops event subprocesses that were never triggered where nothing else is left: they must not keep their process from ending.

    Returns: whether any was dropped.
    """
    dropped = False
    for part in tree.parts(workflow):
        live = [t for t in part.tasks.values() if tree.is_live(t)]
        if live and all(is_untriggered(t) for t in live):
            for task in live:
                task.cancel()
            for join in [t for t in part.tasks.values() if t.has_state(TaskState.WAITING)]:
                join.task_spec._update(join)
            dropped = True
    return dropped


def is_closed(part: Part) -> bool:
    """Whether an interrupting event subprocess has begun in a part: none begins there again, neither it nor another (BPMN 2.0, 13.5.4)."""
    return any(
        isinstance(task.task_spec, EventSubprocess)
        and task.task_spec.interrupting
        and task.has_state(LIVE | TaskState.COMPLETED)
        and not is_untriggered(task)
        for task in part.tasks.values()
    )


def keep_closed(workflow: BpmnWorkflow) -> None:
    """Lets no event begin an event subprocess of a process where an interrupting one has begun.

    The list that is emptied belongs to the specification: one with event subprocesses is of this workflow alone.
    """
    if is_closed(workflow):
        workflow.spec.start.trigger_specs.clear()


def is_untriggered(task: Task) -> bool:
    """Whether a task is an event subprocess that waits for its trigger."""
    if not isinstance(task.task_spec, EventSubprocess):
        return False
    inner = task.workflow.top_workflow.get_subprocess(task)
    return inner is not None and any(isinstance(t.task_spec, StartEvent) and t.has_state(TaskState.WAITING) for t in inner.tasks.values())


def triggers(workflow: BpmnWorkflow) -> Iterator[StartEvent]:
    """The start events of event subprocesses that a message, signal, error or escalation would trigger now."""
    if workflow.is_completed():
        return
    for name in workflow.spec.start.trigger_specs:
        yield from workflow.subprocess_specs[name].bpmn_start_events


def receive(
    workflow: BpmnWorkflow, waits: Iterable[tuple[Task, Mapping[str, EventDefinition]]], element_id: str, payload: dict[str, Value]
) -> bool:
    """Gives a message to the event of this id, to a gateway before it, or to its event subprocess.

    `waits` are the tasks where tokens stand, each with what it awaits.
    Returns: False where nothing waits for it.
    """
    for task, events in waits:
        if task.has_state(TaskState.WAITING) and element_id in events:
            _catch([task], BpmnEvent(events[element_id], payload=payload))
            return True
    for start in triggers(workflow):
        if start.bpmn_id == element_id:
            _throw(workflow, BpmnEvent(start.event_definition, payload=payload))
            return True
    return False


def awaited(task: Task, element: Element, elements: Mapping[str, Element]) -> dict[str, EventDefinition]:
    """Ids of the message events that a task of this element waits for → their definitions."""
    if element.tag != "eventBasedGateway":
        return {element.id: task.task_spec.event_definition} if element.event == "message" else {}
    prefix = element.id.removesuffix(element.local)
    behind = zip(task.task_spec.outputs, task.task_spec.event_definition.event_definitions, strict=True)
    found = {prefix + spec.bpmn_id: definition for spec, definition in behind}
    return {id: definition for id, definition in found.items() if elements[id].event == "message"}
