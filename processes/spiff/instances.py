"""Multi-instance activities where SpiffWorkflow does less than BPMN: a collection that is an expression, and a count of all.

A user task for many (会签) is one task of the tree, and its answers are rows (`votes.py`): one answer costs the same however many
are asked. Of the other activities the library makes an instance for each item in its tree, and a step reads and writes all of
them: `MAX_INSTANCES` keeps that bearable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.spiff.specs.defaults import ParallelMultiInstanceTask, SequentialMultiInstanceTask, UserTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.diagrams import quorum
from processes.diagrams.quorum import Count
from processes.errors import EngineFault

MAX_INSTANCES = 500  # a step costs half a millisecond for each
MAX_ASKED = 5000  # of a 会签, whose answers are rows
PEOPLE = "people"  # the collection of everybody who holds the task's role
NUMBERS = ("total", "answered", "agreed")
"""What is left in the data beside the outcome: `<id>_total` and so on."""
COUNTED = ("nrOfInstances", "nrOfCompletedInstances", "nrOfAgreedInstances", "nrOfActiveInstances")
"""Names that a completion condition may use: those of Flowable and Camunda, and how many agreed."""
ASKED = "asked"
"""In the internal data of a 会签: how many it asks."""
_AGREES = "agrees"  # in an instance's internal data


@dataclass(frozen=True)
class Loop:
    """What a diagram says of a multi-instance activity. Its items are those of `collection`, or 0, 1, … below `cardinality`."""

    collection: str | None
    cardinality: str | None
    item: str | None
    """Name under which an instance's expressions read its item."""
    condition: str | None
    sequential: bool

    @property
    def people(self) -> bool:
        """Whether everybody who holds the task's role is asked."""
        return self.collection == PEOPLE

    def items(self, task: Task, limit: int) -> list[Any]:
        """The items as they are now, at most `limit`.

        Raises:
            EngineFault: no list of texts and numbers, or too long a one.
        """
        engine, name = task.workflow.script_engine, task.task_spec.bpmn_name or task.task_spec.name
        found = engine.evaluate(task, self.collection or self.cardinality)
        if self.collection is None and isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            found = range(found)
        elif self.collection is None or not isinstance(found, list) or not all(isinstance(item, str | int | float) for item in found):
            text = self.collection or self.cardinality
            raise EngineFault(f"“{name}”的办理项“{text}”没有得出由文字或数组成的列表，或次数，请联系流程设计人员")
        if len(found) > limit:
            raise EngineFault(f"“{name}”有 {len(found)} 个办理项，最多 {limit} 个，没有提交；请减少后重新提交，或联系流程设计人员")
        return list(found)


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
        self.bpmn_id = self.bpmn_name = loop.collection or loop.cardinality

    def exists(self, task: Task) -> bool:
        return True

    def get(self, task: Task) -> list[Any]:
        if "items" not in task.internal_data:
            task.internal_data["items"] = self.loop.items(task, MAX_INSTANCES)
        found: list[Any] = task.internal_data["items"]
        return found


class _Counted:
    """What the library's two multi-instances lack; it looks at the last instance only."""

    loop: Loop
    bpmn_id: Any
    input_item: Any
    output_item: Any
    task_spec: Any
    _wf_spec: Any

    @property
    def _properties(self) -> dict[str, str]:
        found: dict[str, str] = self._wf_spec.task_specs[self.task_spec].extensions.get("properties", {})
        return found

    def create_child(self, task: Task, item: Any, key_or_index: Any = None) -> None:
        self._forget_item(task)  # what an instance before it left in the data is not this one's
        super().create_child(task, item, key_or_index)  # type: ignore[misc]

    def merge_child(self, workflow: Any, child: Task) -> None:
        condition = self._properties.get("agreeWhen")
        child.internal_data[_AGREES] = condition is None or bool(child.workflow.script_engine.evaluate(child, condition))
        super().merge_child(workflow, child)  # type: ignore[misc]

    def check_completion_condition(self, task: Task) -> bool:
        engine, count = task.workflow.script_engine, self.count(task)
        if self.loop.condition is not None:
            return bool(engine.evaluate(task, self.loop.condition, count_names(count)))
        rule = self._properties.get("quorum", quorum.ALL)
        wanted = quorum.needed(rule, count.total, lambda text: engine.evaluate(task, text))
        return quorum.decided(rule, count, wanted) is not None

    def count(self, task: Task) -> Count:
        """How it stands: of all instances, not of the last."""
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


def _drop_orphans(workflow: Any) -> None:
    """Takes out the subprocesses whose task has left the tree, and what is inside them."""
    while True:
        present = {id for part in (workflow, *workflow.subprocesses.values()) for id in part.tasks}
        orphans = workflow.subprocesses.keys() - present
        if not orphans:
            return
        for id in orphans:
            for task in workflow.subprocesses.pop(id).tasks.values():
                workflow.event_manager.remove_task(task)


class ParallelInstances(_Counted, ParallelMultiInstanceTask):  # type: ignore[misc]
    """All at once; those still running when the result is clear are closed."""


class SequentialInstances(_Counted, SequentialMultiInstanceTask):  # type: ignore[misc]
    """One after the other, in the order of the collection."""


def count_text(task: Task) -> str:
    """How a finished one of these went, as history says it."""
    total, answered, agreed = (task.data[f"{task.task_spec.bpmn_id}_{name}"] for name in NUMBERS)
    return f"共 {total} 项，完成 {answered}，同意 {agreed}"


COUNTED_TASKS = (ParallelInstances, SequentialInstances)


class ForMany:
    """For the parsers of activities that are instances in the library's tree."""

    task: Any
    spec: Any
    _copy_task_attrs: Any

    def _add_multiinstance_task(self, node: Any) -> None:
        single, loop = self.task, read_loop(self, node)
        del self.spec.task_specs[single.name]
        item = TaskDataReference(loop.item, loop.item) if loop.item else None
        kind = SequentialInstances if loop.sequential else ParallelInstances
        self.task = kind(self.spec, single.name, "", data_input=_Collection(loop), input_item=item)
        self.task.loop, self.task.bpmn_name = loop, single.bpmn_name
        self._copy_task_attrs(single, node)


class ForVoters:
    """For the parsers of tasks that people do."""

    task: Any
    spec: Any
    bpmn_id: Any
    bpmn_attributes: Any

    def _add_multiinstance_task(self, node: Any) -> None:
        single, loop = self.task, read_loop(self, node)
        del self.spec.task_specs[single.name]
        self.task = VoteTask(self.spec, self.bpmn_id, **self.bpmn_attributes)
        self.task.extensions, self.task.loop = single.extensions, loop


def read_loop(parser: Any, node: Any) -> Loop:
    """What the XML of a multi-instance says.

    Our property `collection` goes before `loopDataInputRef`: the editor in the browser keeps no reference to what is no element.
    """

    def text(tag: str) -> str | None:
        found = parser.xpath(f"./bpmn:multiInstanceLoopCharacteristics/bpmn:{tag}")
        return (found[0].text or "").strip() or None if found else None

    items = parser.xpath("./bpmn:multiInstanceLoopCharacteristics/bpmn:inputDataItem")
    item = items[0].get("id") if items else None
    own = parser.task.extensions.get("properties", {}).get("collection", "").strip() or None
    return Loop(
        own or text("loopDataInputRef"), text("loopCardinality"), item, text("completionCondition"), node.get("isSequential") == "true"
    )
