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

from processes.spiff.instances import ASKED, NUMBERS
from processes.spiff.tokens import give_id

_REACHED = TaskState.FINISHED_MASK | TaskState.READY | TaskState.WAITING | TaskState.STARTED
_Cut = tuple[Task, Callable[[Task], None]]  # a task, and what is done to it


def undone(target: Task, anew: bool = True) -> list[Task]:
    """Every task reached since `target` that going back to it would undo, itself among them; subprocesses included.

    `anew`: as `rewind`.
    """
    cuts = list(_cuts(target, anew))
    found = {id(task): task for top, how in cuts for task in (_after(top) if how is _reopen else _subtree(top))}
    return [task for task in found.values() if task.has_state(_REACHED)]


def rewind(target: Task, anew: bool = True) -> None:
    """Lets `target`, a completed user task, wait again, with the data of when it was reached.

    `anew`: its round begins again, the timers and buttons on it too, and what they set off is undone (退回). Else all goes on as if
    it had never been completed: timers run where they ran, and what they set off before stays (撤回).

    The library's event manager is stale afterwards: save, load, go on (architecture §4).
    """
    asked = None if anew else target.internal_data.get(ASKED)
    for top, how in reversed(list(_cuts(target, anew))):  # from the outside in, joins before what they joined
        if top.id in top.workflow.tasks:  # else it went with another one
            how(top)
    if asked is not None:  # its answers and its row know it by its id
        target.internal_data[ASKED] = asked
    else:
        give_id(target, uuid4())  # the old id is that of a finished row in the books


def resumed(target: Task) -> list[Task]:
    """The timers and buttons that would go on, were `target`'s completion taken back."""
    return [top for top, how in _cuts(target, anew=False) if how is _wait_on]


def enclosing(task: Task) -> Iterator[Task]:
    """The tasks of the subprocesses and call activities around a task, from the inside out."""
    here = _around(task)
    while here is not None:
        yield here
        here = _around(here)


def _cuts(target: Task, anew: bool) -> Iterator[_Cut]:
    """Where the tree is cut, from the inside out."""
    yield from _cuts_beside(target, _reset_to_entry, anew)
    for outside in enclosing(target):
        if not outside.has_state(TaskState.FINISHED_MASK):
            return  # the subprocess still runs: nothing outside it changes
        yield from _cuts_beside(outside, _reopen, anew)


def _cuts_beside(target: Task, how: Callable[[Task], None], anew: bool) -> Iterator[_Cut]:
    """The task, its boundary events, and the joins of the same process from which tokens went on in other branches."""
    events = [event for event in _boundary_events(target) if anew or event.has_state(TaskState.CANCELLED)]
    todo: list[_Cut] = [(target, how), *((event, _reset if anew else _wait_on) for event in events)]
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


def _wait_on(event: Task) -> None:
    """A boundary event that ended with its task waits again; a timer is due when it was."""
    event._set_state(TaskState.FUTURE)
    event.task_spec._predict(event, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    event._set_state(TaskState.WAITING)


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


def _after(task: Task) -> Iterator[Task]:
    """A subprocess that was over, and what came after it: what is inside it stays, but for what is cut there."""
    yield task
    for child in task.children:
        yield from _subtree(child)


def _around(task: Task) -> Task | None:
    outside = task.workflow.parent_task_id
    found: Any = task.workflow.top_workflow.get_task_from_id(outside) if outside is not None else None
    return found
