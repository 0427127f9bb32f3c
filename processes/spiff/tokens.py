"""Where a workflow's tokens are: which tasks wait, what element each is of, and how one is found by its id."""

from __future__ import annotations

from uuid import UUID

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.specs.defaults import CallActivity
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import tree
from processes.spiff.parser import HandledServiceTask
from processes.spiff.tree import LIVE

MAX_ROUNDS = 50  # of a loop in one step; the checks let pass only those that wait


def runs_away(task: Task) -> bool:
    """Whether a loop turns in one step as no loop does that stops: very often, or often with more tokens in each round."""
    rounds = sum(one.task_spec is task.task_spec for one in (task, *tree.ancestors(task)))
    if rounds <= MAX_ROUNDS // 10:
        return False
    tokens = sum(1 for other in task.workflow.tasks.values() if other.task_spec is task.task_spec)
    return rounds > MAX_ROUNDS or tokens > 2 * MAX_ROUNDS


def waiting(workflow: BpmnWorkflow) -> list[Task]:
    """Tasks at which tokens wait: ready user tasks, waiting events, started service tasks, activities with something inside."""
    if workflow.is_completed():
        return []
    return [task for task in tree.tasks(workflow) if task.has_state(LIVE) and task.task_spec.bpmn_id]


def stopped(workflow: BpmnWorkflow) -> list[Task]:
    """Events that ended with the task they are on: they wait again, should its completion be taken back."""
    return [task for task in tree.tasks(workflow) if task.has_state(TaskState.CANCELLED) and task.task_spec.bpmn_id]


def element_id(task: Task) -> str:
    """The id of the task's element as the running definition knows it: `<key>:<id>` in a called diagram."""
    for outside in tree.enclosing(task):
        if isinstance(outside.task_spec, CallActivity):
            return f"{outside.task_spec.spec}:{task.task_spec.bpmn_id}"
    return str(task.task_spec.bpmn_id)


def is_job(task: Task) -> bool:
    """Whether the task is a service task that waits for its job's answer."""
    return bool(task.has_state(TaskState.STARTED)) and isinstance(task.task_spec, HandledServiceTask)


def find(workflow: BpmnWorkflow, task_id: str) -> Task | None:
    """The task of this id, or None once it is gone."""
    wanted = UUID(task_id)
    return next((part.tasks[wanted] for part in tree.parts(workflow) if wanted in part.tasks), None)


def give_id(task: Task, id: UUID) -> None:
    """Gives a task another id, and leaves it where it is in the list: the library reads a task's data off its parent, which must
    come first there."""
    old, task.id = task.id, id
    task.workflow.tasks = {id if key == old else key: value for key, value in task.workflow.tasks.items()}
    siblings = task.parent._children
    siblings[siblings.index(old)] = id
    for child in task.children:
        child._parent = id
