"""Joins that keep what each branch decided.

The library merges the data of the branches whole, so that what the last one to arrive merely brought along overwrites what
another one changed: an answer of an earlier round over that of the latest. Here a name has the value of the branch that changed
it since the branches parted; where several did, of the one that arrived last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class ParallelJoin(ParallelGateway):  # type: ignore[misc]  # the library ships no types
    """A parallel gateway."""

    def _run_hook(self, task: Task) -> bool:
        super()._run_hook(task)
        bring_together(task)
        return True


class InclusiveJoin(InclusiveGateway):  # type: ignore[misc]
    """An inclusive gateway."""

    def _get_matching_outputs(self, task: Task) -> Any:
        bring_together(task)  # the branches have met, and the conditions of the ways out are looked at next
        return super()._get_matching_outputs(task)


class EndJoin(_EndJoin):  # type: ignore[misc]
    """Where the branches of a process or a subprocess meet that each have an end of their own."""

    def _run_hook(self, task: Task) -> bool:
        super()._run_hook(task)
        bring_together(task)
        task.workflow.data.update(task.data)
        return True


class BoundaryJoin(BoundaryEventJoin):  # type: ignore[misc]
    """Where an activity and its boundary events meet; the library makes it itself.

    Where a boundary event leads back to its own activity, the library's would take the join of the round that begins for one of
    the round that ends and cancel it: neither would the activity's end then stop its boundary events, nor they it.
    """

    def _find_tasks(self, my_task: Task) -> list[Task]:
        split = my_task.find_ancestor(self.split_task)
        return [task for task in super()._find_tasks(my_task) if task.find_ancestor(self.split_task) is split]


def bring_together(join: Task) -> None:
    """Gives the task of a join, the last to arrive, the data of all branches."""
    own = _Branch(join)
    merged = dict(join.parent.data)
    for other in sorted(own.others(), key=lambda task: float(task.last_state_change)):
        before = own.parting(other)
        if before is None:
            continue
        for name in _changed(before, other.parent.data):
            if name not in _changed(before, join.parent.data):
                merged[name] = other.parent.data[name]
    join.data = merged


class _Branch:
    """The way to a join's task, from the root of the tree."""

    def __init__(self, join: Task) -> None:
        self.join = join
        self.way = {task.id: number for number, task in enumerate([*_ancestors(join)][::-1])}

    def others(self) -> Iterator[Task]:
        """The join's tasks in other branches that have arrived; the library cancels them, and completes one."""
        for task in self.join.workflow.tasks.values():
            if task.task_spec is self.join.task_spec and task.has_state(TaskState.FINISHED_MASK) and task.id not in self.way:
                yield task

    def parting(self, other: Task) -> dict[str, Any] | None:
        """The data where the other branch parted from this one; None where they met in an earlier round."""
        parted = next((task for task in _ancestors(other) if task.id in self.way), None)
        if parted is None:
            return None
        spec, since = self.join.task_spec, self.way[parted.id]
        if any(task.task_spec is spec and self.way[task.id] > since for task in _ancestors(self.join)):
            return None
        data: dict[str, Any] = parted.data
        return data


def _ancestors(task: Task) -> Iterator[Task]:
    while task.parent is not None:
        task = task.parent
        yield task


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name in after if name not in before or after[name] != before[name]]
