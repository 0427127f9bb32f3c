"""Finished rounds of a loop leave the state, so that the three-hundredth return costs what the first did.

SpiffWorkflow's task tree grows by every element of every round. Where a token's path passes an element twice, the later
occurrence takes the place of the earlier one, and what lay between leaves the tree. The most recent completed occurrence of every
user task stays, because a return (退回) goes back to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import tokens, tree
from processes.spiff.tree import REACHED, Part, below, forget, is_live

MOVED = "moved"
"""In the internal data of a side branch whose round has left the tree: it hangs below an element that no flow leads to it from."""
_MOVABLE = TaskState.FINISHED_MASK | TaskState.READY | TaskState.STARTED


def prune(workflow: BpmnWorkflow) -> None:
    """Takes finished rounds out of the tree of a workflow and of each of its subprocesses. Changes nothing that a token may still need."""
    for part in tree.parts(workflow):
        while _cut_once(workflow, part):
            pass
        _drop_moved(workflow, part)
        if part.last_task is not None and part.last_task.id not in part.tasks:
            part.last_task = part.task_tree  # the library reads it of completed subprocesses alone


def flows_taken(workflow: BpmnWorkflow, between: Mapping[tuple[str, str], str]) -> set[str]:
    """Sequence flows that tokens took, read off the task trees: parent to child, library-made nodes skipped.

    `between` is (source, target) → sequence flow.
    """
    taken = set()
    for task in tree.tasks(workflow):
        if not task.task_spec.bpmn_id or not task.has_state(REACHED) or task.internal_data.get(MOVED):
            continue
        parent = next((before for before in tree.ancestors(task) if before.task_spec.bpmn_id), None)
        if parent is not None and (flow := between.get((tokens.element_id(parent), tokens.element_id(task)))):
            taken.add(flow)
    return taken


def _cut_once(workflow: BpmnWorkflow, part: Part) -> bool:
    for earlier, later in _rounds(part):
        moved = _moved(earlier, later)
        if moved is not None:
            _splice(workflow, part, earlier, later, moved)
            return True
    return False


def _rounds(part: Part) -> Iterator[tuple[Task, Task]]:
    """Pairs of occurrences of one element on the path of a live token, the longest rounds first."""
    leaves = {t._parent: t for t in part.tasks.values() if is_live(t)}
    for leaf in leaves.values():
        path = [leaf, *tree.ancestors(leaf)][::-1]
        seen: dict[str, list[Task]] = {}
        for task in path[1:]:
            if task.has_state(TaskState.COMPLETED) and not isinstance(task.parent.task_spec, BoundaryEventSplit):
                seen.setdefault(task.task_spec.name, []).append(task)
        for occurrences in seen.values():
            for number, earlier in enumerate(occurrences[:-1]):
                for later in reversed(occurrences[number + 1 :]):
                    yield earlier, later


def _moved(earlier: Task, later: Task) -> list[Task] | None:
    """Side branches of the round that still live and go on beside it; None where the round cannot leave."""
    moved: list[Task] = []
    leaving: list[Task] = []
    here = later
    while here is not earlier:
        parent = here.parent
        leaving.append(parent)
        for child in parent.children:
            if child is here:
                continue
            branch = list(below(child))
            if not any(is_live(task) for task in branch):
                leaving += branch
            elif _may_move(parent, child, branch):
                moved.append(child)
            else:
                return None
        here = parent
    kept = {task.task_spec.name for task in below(later) if not task.has_state(TaskState.PREDICTED_MASK | TaskState.CANCELLED)}
    lost = {task.task_spec.name for task in leaving if task.task_spec.manual and task.has_state(TaskState.COMPLETED)} - kept
    return None if lost else moved


def _may_move(parent: Task, child: Task, branch: list[Task]) -> bool:
    # A waiting child would inherit the data of its new parent over its own; a join looks at where its branches came from.
    joins = any(isinstance(task.task_spec, Join) and not isinstance(task.task_spec, _EndJoin) and is_live(task) for task in branch)
    inside = isinstance(parent.task_spec, BoundaryEventSplit) or isinstance(child.task_spec, Join)
    return child.has_state(_MOVABLE) and not joins and not inside


def _splice(workflow: BpmnWorkflow, part: Part, earlier: Task, later: Task, moved: list[Task]) -> None:
    above, stay = earlier.parent, [later, *moved]
    for task in stay:
        task.parent._children.remove(task.id)
        task.parent = above
    for task in moved:
        task.internal_data[MOVED] = True
    place = above._children.index(earlier.id)
    gone = list(below(earlier))
    above._children[place : place + 1] = [task.id for task in stay]
    for task in gone:
        forget(workflow, part, task)


def _drop_moved(workflow: BpmnWorkflow, part: Part) -> None:
    for task in [t for t in part.tasks.values() if t.internal_data.get(MOVED)]:
        branch = list(below(task))
        if not any(is_live(t) or (t.task_spec.manual and t.has_state(TaskState.COMPLETED)) for t in branch):
            task.parent._children.remove(task.id)
            for gone in branch:
                forget(workflow, part, gone)
