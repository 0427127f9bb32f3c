"""Where a workflow's tokens stand: which tasks wait, what element each is of, and how one is found by its id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.spiff.specs.defaults import CallActivity
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff.parser import HandledServiceTask
from processes.spiff.tree import parts

MAX_ROUNDS = 50  # of a loop in one step; the checks let pass only those that wait


def runs_away(task: Task) -> bool:
    """Whether a loop turns in one step as no loop does that stops: very often, or often with more tokens in each round."""
    rounds, here = 0, task
    while here is not None:
        rounds += here.task_spec is task.task_spec
        here = here.parent
    if rounds <= MAX_ROUNDS // 10:
        return False
    tokens = sum(1 for other in task.workflow.tasks.values() if other.task_spec is task.task_spec)
    return rounds > MAX_ROUNDS or tokens > 2 * MAX_ROUNDS


def waiting(workflow: Any) -> list[Task]:
    """Tasks that stand somewhere: ready user tasks, waiting events, started service tasks, activities with something inside."""
    if workflow.is_completed():
        return []
    mask = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    return [t for part in parts(workflow) for t in part.tasks.values() if t.has_state(mask) and t.task_spec.bpmn_id]


def stopped(workflow: Any) -> list[Task]:
    """Events that ended with the task they are on: they go on, should its completion be taken back."""
    return [t for part in parts(workflow) for t in part.tasks.values() if t.has_state(TaskState.CANCELLED) and t.task_spec.bpmn_id]


def refresh(workflow: Any) -> None:
    """Lets timers and conditions look again; the library asks timers alone."""
    workflow.refresh_timers()
    for task in list(workflow.event_manager.tasks.values()):
        if isinstance(task.task_spec.event_definition, ConditionalEventDefinition):
            task.task_spec._update(task)


def element_id(task: Task) -> str:
    """The id of the task's element as the running definition knows it: `<key>:<id>` in a called diagram."""
    part = task.workflow
    while part.parent_task_id is not None:
        around = part.top_workflow.get_task_from_id(part.parent_task_id)
        if isinstance(around.task_spec, CallActivity):
            return f"{around.task_spec.spec}:{task.task_spec.bpmn_id}"
        part = around.workflow
    return str(task.task_spec.bpmn_id)


def is_job(task: Task) -> bool:
    """Whether the task is a service task that waits for its job's answer."""
    return bool(task.has_state(TaskState.STARTED)) and isinstance(task.task_spec, HandledServiceTask)


def find(workflow: Any, task_id: str) -> Task | None:
    """The task of this id, or None once it is gone."""
    wanted = UUID(task_id)
    return next((part.tasks[wanted] for part in parts(workflow) if wanted in part.tasks), None)


def give_id(task: Task, id: UUID) -> None:
    """Another id, in its old place: the library reads a task's data off its parent, which must come first."""
    old, task.id = task.id, id
    task.workflow.tasks = {id if key == old else key: value for key, value in task.workflow.tasks.items()}
    siblings = task.parent._children
    siblings[siblings.index(old)] = id
    for child in task.children:
        child._parent = id
