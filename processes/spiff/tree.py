"""The task tree of a workflow: its parts, what lives in them, what lies below a task and around it.

A workflow has a tree of tasks, and so has each subprocess and called diagram that runs in it; these trees are its *parts*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

Part: TypeAlias = BpmnBaseWorkflow
"""A workflow, or what runs inside it: a subprocess, an event subprocess, a called diagram."""
Specs: TypeAlias = tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]
"""The specification of a process, and those of all that may run inside it, by id."""
LIVE = TaskState.READY | TaskState.STARTED | TaskState.WAITING
"""A token stands here."""
REACHED = LIVE | TaskState.FINISHED_MASK
"""A token stands here, or once stood here."""
AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE
"""No token has come here yet."""


def parts(workflow: BpmnWorkflow) -> list[Part]:
    """The workflow and all that runs inside it."""
    return [workflow, *workflow.subprocesses.values()]


def tasks(workflow: BpmnWorkflow) -> Iterator[Task]:
    """The tasks of all parts."""
    return (task for part in parts(workflow) for task in part.tasks.values())


def is_live(task: Task) -> bool:
    """Whether a token stands at the task. Every finished branch leaves the process's last join waiting: no token stands there."""
    return bool(task.has_state(LIVE)) and not isinstance(task.task_spec, _EndJoin)


def below(task: Task) -> Iterator[Task]:
    """The task and all that grew out of it, in its own part."""
    todo = [task]
    while todo:
        here = todo.pop()
        yield here
        todo += here.children


def subtree(task: Task) -> Iterator[Task]:
    """The task and all that grew out of it, with what runs inside of each."""
    subprocesses = task.workflow.top_workflow.subprocesses
    for one in below(task):
        yield one
        if one.id in subprocesses:
            yield from subtree(subprocesses[one.id].task_tree)


def ancestors(task: Task) -> Iterator[Task]:
    """What a task grew out of, the nearest first, in its own part."""
    while task.parent is not None:
        task = task.parent
        yield task


def around(task: Task) -> Task | None:
    """The subprocess or call activity that a task runs in; None for what runs in the process itself."""
    outside = task.workflow.parent_task_id
    return None if outside is None else task.workflow.top_workflow.get_task_from_id(outside)


def enclosing(task: Task) -> Iterator[Task]:
    """The subprocesses and call activities around a task, from the inside out."""
    while (outside := around(task)) is not None:
        task = outside
        yield task


def is_there(task: Task) -> bool:
    """Whether a task is still in the workflow, and not taken out with something that was cancelled."""
    part, workflow = task.workflow, task.workflow.top_workflow
    inside = part is workflow or workflow.subprocesses.get(part.parent_task_id) is part
    return inside and part.tasks.get(task.id) is task


def whole(task: Task) -> Task:
    """The multi-instance that a task is an instance of; else the task itself."""
    return task.parent if task.parent is not None and isinstance(task.parent.task_spec, LoopTask) else task


def boundary_events(task: Task) -> list[Task]:
    """The boundary events on an activity."""
    if task.parent is None or not isinstance(task.parent.task_spec, BoundaryEventSplit):
        return []
    return [event for event in task.parent.children if isinstance(event.task_spec, BoundaryEvent)]


def boundary_events_around(task: Task) -> Iterator[list[Task]]:
    """The boundary events on an activity, then those on each activity it runs in; those on a multi-instance are on its instances too."""
    yield boundary_events(whole(task))
    for outside in enclosing(task):
        yield boundary_events(whole(outside))


def forget(workflow: BpmnWorkflow, part: Part, task: Task) -> None:
    """Takes a task out of a part's list, with what runs inside it. Whoever calls this takes it out of the tree."""
    workflow.event_manager.remove_task(task)
    del part.tasks[task.id]
    inner = workflow.subprocesses.pop(task.id, None)
    for inner_task in list(inner.tasks.values()) if inner is not None else []:
        forget(workflow, inner, inner_task)
