"""Multi-instance activities where SpiffWorkflow does less than BPMN: a collection that is an expression, and a count of all.

A user task for many (会签) is one task of the tree, and its answers are rows (`votes.py`): one answer costs the same however many
are asked. Of the other activities the library makes an instance for each item in its tree, and a step reads and writes all of
them: `MAX_INSTANCES` keeps that bearable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.specs.defaults import ParallelMultiInstanceTask, SequentialMultiInstanceTask, UserTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.diagrams import quorum
from processes.diagrams.expressions import Value
from processes.diagrams.loops import Loop
from processes.diagrams.quorum import Count
from processes.errors import EngineFault
from processes.spiff import tree

Item: TypeAlias = str | int | float
"""What an instance is about."""

MAX_INSTANCES = 500  # a step costs half a millisecond for each
MAX_ASKED = 5000  # of a 会签, whose answers are rows
NUMBERS = ("total", "answered", "agreed")
"""What is left in the data beside the outcome: `<id>_total` and so on."""
COUNTED = ("nrOfInstances", "nrOfCompletedInstances", "nrOfAgreedInstances", "nrOfActiveInstances")
"""Names that a completion condition may use: those of Flowable and Camunda, and how many agreed."""
ASKED = "asked"
"""In the internal data of a 会签: how many it asks."""
_AGREES = "agrees"  # in an instance's internal data


def items_of(task: Task, limit: int) -> list[Item]:
    """The items of a multi-instance as they are now, at most `limit`.

    Raises:
        EngineFault: no list of texts and numbers, or too long a one.
    """
    loop: Loop = task.task_spec.loop
    name, text = task.task_spec.bpmn_name or task.task_spec.name, loop.collection or loop.cardinality or ""
    value: Value = task.workflow.script_engine.evaluate(task, text)
    found: Sequence[Value] | None = None
    if loop.collection is not None and isinstance(value, list):
        found = value
    elif loop.collection is None and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        found = range(value)
    if found is None or (loop.collection is not None and not all(isinstance(item, str | int | float) for item in found)):
        raise EngineFault(f"“{name}”的办理项“{text}”没有得出由文字或数组成的列表，或次数，请联系流程设计人员")
    if len(found) > limit:
        raise EngineFault(f"“{name}”有 {len(found)} 个办理项，最多 {limit} 个，没有提交；请减少后重新提交，或联系流程设计人员")
    return [item for item in found if isinstance(item, str | int | float)]


def count_names(count: Count) -> dict[str, int]:
    """The names of a completion condition with their values."""
    return dict(zip(COUNTED, (count.total, count.answered, count.agreed, count.total - count.answered), strict=True))


class VoteTask(UserTask):  # type: ignore[misc]  # the library ships no types
    """A user task for many: one task of the tree, ready until its result is clear."""

    loop: Loop


class _Collection:
    """The input of the library's multi-instance: read when the activity begins, and then as it was."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.bpmn_id = self.bpmn_name = loop.collection or loop.cardinality or ""

    def exists(self, task: Task) -> bool:
        return True

    def get(self, task: Task) -> list[Item]:
        if "items" not in task.internal_data:
            task.internal_data["items"] = items_of(task, MAX_INSTANCES)
        found: list[Item] = task.internal_data["items"]
        return found


class _Counted:
    """Counts all instances, where the library's two multi-instances look at the last one alone."""

    loop: Loop
    bpmn_id: str
    input_item: TaskDataReference | None
    output_item: TaskDataReference | None
    task_spec: str

    def create_child(self, task: Task, item: Item, key_or_index: Item | None = None) -> None:
        self._forget_item(task)  # what an instance before it left in the data is not this one's
        super().create_child(task, item, key_or_index)  # type: ignore[misc]

    def merge_child(self, workflow: BpmnWorkflow, child: Task) -> None:
        condition = self.loop.agrees
        child.internal_data[_AGREES] = condition is None or child.workflow.script_engine.holds(child, condition)
        super().merge_child(workflow, child)  # type: ignore[misc]

    def check_completion_condition(self, task: Task) -> bool:
        engine, count = task.workflow.script_engine, self.count(task)
        if self.loop.condition is not None:
            return bool(engine.holds(task, self.loop.condition, count_names(count)))
        name = str(task.task_spec.bpmn_name or self.bpmn_id)
        wanted = quorum.needed(self.loop.rule, count.total, lambda text: engine.evaluate(task, text), name)
        return quorum.decided(self.loop.rule, count, wanted) is not None

    def count(self, task: Task) -> Count:
        """How many instances there are, how many are done, and how many of these agreed."""
        done = [t for t in task.children if t.task_spec.name == self.task_spec and t.has_state(TaskState.COMPLETED)]
        return Count(len(task.internal_data.get("items", ())), len(done), sum(t.internal_data.get(_AGREES, True) for t in done))

    def _run_hook(self, task: Task) -> bool:
        count = self.count(task)
        task.set_data(**{f"{self.bpmn_id}_{name}": getattr(count, name) for name in NUMBERS})
        self._forget_item(task)
        return True

    def _on_cancel(self, task: Task) -> None:
        # the library drops the instances first, and leaves what runs inside them behind
        super()._on_cancel(task)  # type: ignore[misc]
        _drop_orphans(task.workflow.top_workflow)

    def _forget_item(self, task: Task) -> None:
        for part in (self.input_item, self.output_item):
            if part is not None:
                task.data.pop(part.bpmn_id, None)


def _drop_orphans(workflow: BpmnWorkflow) -> None:
    """Takes out the subprocesses whose task has left the tree, and what is inside them."""
    while True:
        present = {task.id for task in tree.tasks(workflow)}
        orphans = workflow.subprocesses.keys() - present
        if not orphans:
            return
        for id in orphans:
            for task in workflow.subprocesses.pop(id).tasks.values():
                workflow.event_manager.remove_task(task)


class ParallelInstances(_Counted, ParallelMultiInstanceTask):  # type: ignore[misc]
    """A multi-instance with all instances at once; those still running when the result is clear are closed."""


class SequentialInstances(_Counted, SequentialMultiInstanceTask):  # type: ignore[misc]
    """A multi-instance with one instance after the other, in the order of the collection."""


def count_text(task: Task) -> str:
    """How many of a finished multi-instance's instances were done and agreed, as history shows it."""
    total, answered, agreed = (task.data[f"{task.task_spec.bpmn_id}_{name}"] for name in NUMBERS)
    return f"共 {total} 项，完成 {answered}，同意 {agreed}"


COUNTED_TASKS = (ParallelInstances, SequentialInstances)


def for_many(spec: BpmnProcessSpec, name: str, loop: Loop) -> LoopTask:
    """The specification of a multi-instance whose instances are tasks of the library's tree."""
    item = TaskDataReference(loop.item, loop.item) if loop.item else None
    kind = SequentialInstances if loop.sequential else ParallelInstances
    made = kind(spec, name, "", data_input=_Collection(loop), input_item=item)
    made.loop = loop
    return made
