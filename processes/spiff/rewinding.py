"""Going back in a running workflow: what going back to a task would undo, and undoing it.

The library's own reset removes what grew out of one task. Done here is what it does not do: it leaves a token that went on from a
join in another branch, it leaves a subprocess that was already over, and it keeps the id of a task that opens again, whose row in
the books is finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from uuid import uuid4

from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff.instances import ASKED, NUMBERS
from processes.spiff.tokens import give_id
from processes.spiff.tree import AHEAD, REACHED, below, boundary_events, enclosing, subtree

_Cut = tuple[Task, Callable[[Task], None]]  # a task, and what is done to it


def undone(target: Task, anew: bool = True) -> list[Task]:
    """Every task reached since `target` that going back to it would undo, itself among them; subprocesses included.

    `anew`: as `rewind`.
    """
    cuts = list(_cuts(target, anew))
    found = {id(task): task for top, how in cuts for task in (_after(top) if how is _reopen else subtree(top))}
    return [task for task in found.values() if task.has_state(REACHED)]


def rewind(target: Task, anew: bool = True) -> None:
    """Lets `target`, a completed user task, wait again, with the data that it had when it was reached.

    `anew` (退回): its round begins again, the timers and buttons on it too, and what they began is undone. Otherwise (撤回) the process
    is as if the task had not been completed: timers are due when they were, and what they began before stays.

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
    """The timers and buttons that would wait again if `target`'s completion were taken back."""
    return [top for top, how in _cuts(target, anew=False) if how is _wait_on]


def _cuts(target: Task, anew: bool) -> Iterator[_Cut]:
    """Where the tree is cut, from the inside out."""
    yield from _cuts_beside(target, _reset_to_entry, anew)
    for outside in enclosing(target):
        if not outside.has_state(TaskState.FINISHED_MASK):
            return  # the subprocess still runs: nothing outside it changes
        yield from _cuts_beside(outside, _reopen, anew)


def _cuts_beside(target: Task, how: Callable[[Task], None], anew: bool) -> Iterator[_Cut]:
    """The task, its boundary events, and the joins of the same process from which tokens went on in other branches."""
    events = [event for event in boundary_events(target) if anew or event.has_state(TaskState.CANCELLED)]
    todo: list[_Cut] = [(target, how), *((event, _reset if anew else _wait_on) for event in events)]
    joins: set[str] = set()
    for top, what in todo:  # grows while it is walked
        yield top, what
        for task in below(top):
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


def _reset(task: Task) -> None:
    _forget_subprocesses(task)
    task.reset_branch(None)


def _wait_on(event: Task) -> None:
    """A boundary event that ended with its task waits again; a timer is due when it was."""
    event._set_state(TaskState.FUTURE)
    event.task_spec._predict(event, mask=AHEAD)
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
    task.task_spec._predict(task, mask=AHEAD)
    task.data = deepcopy(task.parent.data)
    task._set_state(TaskState.STARTED)


def _wait_at_join(task: Task) -> None:
    """This branch has arrived, and waits for the one that opens again: the library reads a cancelled join as arrived."""
    _forget_subprocesses(task)
    task._drop_children(force=True)
    task._set_state(TaskState.CANCELLED)


def _forget_subprocesses(task: Task) -> None:
    subprocesses = task.workflow.top_workflow.subprocesses
    for one in list(subtree(task)):
        subprocesses.pop(one.id, None)


def _after(task: Task) -> Iterator[Task]:
    """A subprocess that was over, and what came after it: what is inside it stays, but for what is cut there."""
    yield task
    for child in task.children:
        yield from subtree(child)
