"""Joins that keep what each branch decided.

The library merges the data of the branches whole, so that what the last one to arrive merely brought along overwrites what
another one changed: an answer of an earlier round over that of the latest. Here a name has the value of the branch that changed
it since the branches parted; where several did, of the one that arrived last.
"""

from __future__ import annotations

from uuid import UUID

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.diagrams.expressions import Value
from processes.spiff import tree

JOINED = "joined"  # in a task's internal data: as which task of its join the token went on
_GOES_ON = TaskState.READY | TaskState.STARTED | TaskState.COMPLETED


class _Gathering:
    """Takes one token of each way in. Where a second one has come on the same way, it waits at the join for the next round.

    The library asks its whole tree who has ever arrived. In a loop around a fork and its join, an earlier round then counts for a later
    one, and the join lets a token pass with one branch alone; a second token of one way in replaces what the first has begun. Here each
    task that was joined names the one it went on as (`JOINED`). A return (退回) that takes that one back makes the others wait again.
    """

    inputs: list[BpmnTaskSpec]

    def _update_hook(self, my_task: Task) -> bool:
        joined = self._gathered(my_task)
        if joined is None:
            my_task._set_state(TaskState.WAITING)
            return False
        for task in joined:
            task.internal_data[JOINED] = str(my_task.id)
            task.cancel()
        my_task._inherit_data()
        return True

    def _gathered(self, my_task: Task) -> list[Task] | None:
        """The tasks that go on as this one; None where it has to wait."""
        raise AssertionError

    def _bring_together(self, my_task: Task) -> None:
        bring_together(my_task, [t for t in my_task.workflow.tasks.values() if t.internal_data.get(JOINED) == str(my_task.id)])


def _arrived(join: Task) -> list[Task]:
    """The other tasks of a join that wait at it, in the order in which they came."""
    tasks = join.workflow.tasks.values()
    found = [t for t in tasks if t.task_spec is join.task_spec and t is not join and t.parent.has_state(TaskState.COMPLETED)]
    return sorted((t for t in found if _waits(t)), key=lambda task: float(task.last_state_change))


def _waits(task: Task) -> bool:
    if task.has_state(TaskState.WAITING):
        return True
    by = task.internal_data.get(JOINED)
    gone_on = task.workflow.tasks.get(UUID(by)) if by else None
    return bool(task.has_state(TaskState.CANCELLED)) and (gone_on is None or not gone_on.has_state(_GOES_ON))


class ParallelJoin(_Gathering, ParallelGateway):  # type: ignore[misc]  # the library ships no types
    """A parallel gateway: waits for one token of each way in."""

    def _gathered(self, my_task: Task) -> list[Task] | None:
        missing, joined = [spec for spec in self.inputs], []
        for task in [my_task, *_arrived(my_task)]:
            if task.parent.task_spec in missing:
                missing.remove(task.parent.task_spec)
                joined.append(task)
        return None if missing else [task for task in joined if task is not my_task]

    def _run_hook(self, my_task: Task) -> bool:
        self._bring_together(my_task)
        return True


class InclusiveJoin(_Gathering, InclusiveGateway):  # type: ignore[misc]
    """An inclusive gateway: waits while a token may still come on a way in that has none (BPMN 2.0, 13.4.3)."""

    def _gathered(self, my_task: Task) -> list[Task] | None:
        first = {task.parent.task_spec: task for task in [*_arrived(my_task)[::-1], my_task]}
        empty = [spec for spec in self.inputs if spec not in first]
        for token in my_task.workflow.tasks.values() if empty else ():
            if _is_token(token) and token.task_spec is not self:
                ahead = _ahead(token.task_spec, self)
                if not ahead.isdisjoint(empty) and ahead.isdisjoint(first):
                    return None
        return [task for task in first.values() if task is not my_task]

    def _get_matching_outputs(self, task: Task) -> list[BpmnTaskSpec]:
        self._bring_together(task)  # the branches have met, and the conditions of the ways out are looked at next
        found: list[BpmnTaskSpec] = super()._get_matching_outputs(task)
        return found


def _is_token(task: Task) -> bool:
    if isinstance(task.task_spec, _EndJoin | BoundaryEventJoin):
        return False
    # what comes after a task that has just completed is still to be reached
    return tree.is_live(task) or bool(task.has_state(TaskState.FUTURE) and task.parent.has_state(TaskState.COMPLETED))


def _ahead(spec: BpmnTaskSpec, join: BpmnTaskSpec) -> set[BpmnTaskSpec]:
    """What a token at `spec` may come to before it comes to the join."""
    found, todo = {spec}, [spec]
    while todo:
        new = [after for after in todo.pop().outputs if after is not join and after not in found]
        found.update(new)
        todo += new
    return found


class EndJoin(_EndJoin):  # type: ignore[misc]
    """Where the branches of a process or a subprocess meet that each have an end of their own."""

    def _run_hook(self, task: Task) -> bool:
        super()._run_hook(task)
        others = [t for t in task.workflow.tasks.values() if t.task_spec is self and t.has_state(TaskState.FINISHED_MASK)]
        bring_together(task, others)
        task.workflow.data.update(task.data)
        return True


class BoundaryJoin(BoundaryEventJoin):  # type: ignore[misc]
    """Where an activity and its boundary events meet; the library makes it itself.

    Where a boundary event leads back to its own activity, the library's would take the join of the round that begins for one of
    the round that ends and cancel it: neither would the activity's end then stop its boundary events, nor they it.
    """

    def _check_threshold_structured(self, my_task: Task) -> tuple[bool, list[Task]]:
        """Whether the activity is over, and what is to be cancelled. Of several events that interrupt it, the first to run is the one:
        the others go, even where they have been caught. An event that does not interrupt and has been caught still acts."""
        finished, cancelled = super()._check_threshold_structured(my_task)
        events = tree.boundary_events(my_task.find_ancestor(self.split_task).children[0])
        interrupting = [event for event in events if event.task_spec.cancel_activity]
        if any(event.has_state(TaskState.COMPLETED) for event in interrupting):
            cancelled += [event for event in interrupting if event.has_state(TaskState.READY)]
        return finished, cancelled

    def _find_tasks(self, my_task: Task) -> list[Task]:
        split = my_task.find_ancestor(self.split_task)
        return [task for task in super()._find_tasks(my_task) if task.find_ancestor(self.split_task) is split]


def bring_together(join: Task, others: list[Task]) -> None:
    """Gives the task of a join, the last to arrive, the data of all branches: `others` are its tasks in those."""
    own = _Branch(join)
    merged = dict(join.parent.data)
    for other in sorted(own.beside(others), key=lambda task: float(task.last_state_change)):
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
        self.way = {task.id: number for number, task in enumerate([*tree.ancestors(join)][::-1])}

    def beside(self, others: list[Task]) -> list[Task]:
        """Those of them that are in other branches."""
        return [task for task in others if task.id not in self.way]

    def parting(self, other: Task) -> dict[str, Value] | None:
        """The data where the other branch parted from this one; None where they met in an earlier round."""
        parted = next((task for task in tree.ancestors(other) if task.id in self.way), None)
        if parted is None:
            return None
        spec, since = self.join.task_spec, self.way[parted.id]
        if any(task.task_spec is spec and self.way[task.id] > since for task in tree.ancestors(self.join)):
            return None
        data: dict[str, Value] = parted.data
        return data


def _changed(before: dict[str, Value], after: dict[str, Value]) -> list[str]:
    return [name for name in after if name not in before or after[name] != before[name]]
