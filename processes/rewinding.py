"""Going back in a running workflow: what going back to a task would undo, and undoing it.

The library's own reset removes what grew out of one task. What it leaves to us: a token that went on from a join in another
branch, a subprocess that was already over, and the books, which want a new id for a task that opens again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.instances import NUMBERS
from processes.spiff import give_id

_REACHED = TaskState.FINISHED_MASK | TaskState.READY | TaskState.WAITING | TaskState.STARTED
_Cut = tuple[Task, Callable[[Task], None]]  # a task, and what is done to it


def undone(target: Task) -> list[Task]:
    """Every task reached since `target` that going back to it would undo, itself among them; subprocesses included."""
    return [task for top, _ in _cuts(target) for task in _subtree(top) if task.has_state(_REACHED)]


def rewind(target: Task) -> None:
    """Lets `target`, a completed user task, wait again, with the data of when it was reached.

    The library's event manager is stale afterwards: save, load, go on (architecture §4).
    """
    for top, how in reversed(list(_cuts(target))):  # from the outside in, joins before what they joined
        if top.id in top.workflow.tasks:  # else it went with another one
            how(top)
    give_id(target, uuid4())  # the old id is that of a finished row in the books


def enclosing(task: Task) -> Iterator[Task]:
    """The tasks of the subprocesses and call activities around a task, from the inside out."""
    here = _around(task)
    while here is not None:
        yield here
        here = _around(here)


def _cuts(target: Task) -> Iterator[_Cut]:
    """Where the tree is cut, from the inside out."""
    yield from _cuts_beside(target, _reset_to_entry)
    for outside in enclosing(target):
        if not outside.has_state(TaskState.FINISHED_MASK):
            return  # the subprocess still runs: nothing outside it changes
        yield from _cuts_beside(outside, _reopen)


def _cuts_beside(target: Task, how: Callable[[Task], None]) -> Iterator[_Cut]:
    """The task, its boundary events, and the joins of the same process from which tokens went on in other branches."""
    todo: list[_Cut] = [(target, how), *((event, _reset) for event in _boundary_events(target))]
    joins: set[str] = set()
    for top, what in todo:  # grows while it is walked
        yield top, what
        for task in _below(top):
            if isinstance(task.task_spec, UnstructuredJoin) and task is not top and task.task_spec.name not in joins:
                went_on = _went_on(task, target)
                if went_on is not None:
                    joins.add(task.task_spec.name)
                    todo.append((went_on, _wait_at_join))


def _went_on(arrived: Task, target: Task) -> Task | None:
    """The join's task in another branch from which the token went on; None where it still waits, or went on from here."""
    for task in arrived.workflow.tasks.values():
        same = task.task_spec is arrived.task_spec and task is not arrived and task.has_state(TaskState.COMPLETED)
        if same and not target.is_descendant_of(task) and not task.is_descendant_of(target):  # an ancestor is an earlier round's
            return task
    return None


def _boundary_events(task: Task) -> list[Task]:
    parent = task.parent
    if parent is None or not isinstance(parent.task_spec, BoundaryEventSplit):
        return []
    return [event for event in parent.children if event is not task]


def _reset(task: Task) -> None:
    _forget_subprocesses(task)
    task.reset_branch(None)


def _reset_to_entry(task: Task) -> None:
    """As `_reset`, with the data of when the task was reached: its parent's are older where finished rounds have left the tree."""
    own = {f"{task.task_spec.bpmn_id}_{name}" for name in ("outcome", "by", *NUMBERS)}
    before = {name: value for name, value in task.parent.data.items() if name in own}
    data = {name: value for name, value in task.data.items() if name not in own} | before
    _forget_subprocesses(task)
    task.reset_branch(deepcopy(data))


def _reopen(task: Task) -> None:
    """A subprocess that was over runs again; what is inside it stays."""
    subprocesses = task.workflow.top_workflow.subprocesses
    inside = subprocesses.pop(task.id)
    _forget_subprocesses(task)
    subprocesses[task.id] = inside
    inside.completed = False
    task._drop_children(force=True)
    task._set_state(TaskState.FUTURE)
    task.task_spec._predict(task, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    task.data = deepcopy(task.parent.data)
    task._set_state(TaskState.STARTED)


def _wait_at_join(task: Task) -> None:
    """This branch has arrived, and waits for the one that opens again: the library reads a cancelled join as arrived."""
    _forget_subprocesses(task)
    task._drop_children(force=True)
    task._set_state(TaskState.CANCELLED)


def _forget_subprocesses(task: Task) -> None:
    subprocesses = task.workflow.top_workflow.subprocesses
    for one in list(_subtree(task)):
        subprocesses.pop(one.id, None)


def _below(task: Task) -> Iterator[Task]:
    todo = [task]
    while todo:
        here = todo.pop()
        yield here
        todo += here.children


def _subtree(task: Task) -> Iterator[Task]:
    subprocesses = task.workflow.top_workflow.subprocesses
    for one in _below(task):
        yield one
        if one.id in subprocesses:
            yield from _subtree(subprocesses[one.id].task_tree)


def _around(task: Task) -> Task | None:
    outside = task.workflow.parent_task_id
    found: Any = task.workflow.top_workflow.get_task_from_id(outside) if outside is not None else None
    return found
