"""Where SpiffWorkflow meets the engine: our expressions instead of Python, state without its definition, tasks that stand somewhere.

Everything BPMN itself is the library's.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import CallActivity
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes import expressions
from processes.assignments import read_assignments
from processes.errors import EngineFault
from processes.parser import HandledServiceTask

MAX_ROUNDS = 50  # of a loop in one step; the checks let pass only those that wait
MAX_DEPTH = 800  # SpiffWorkflow's tree iterators stop silently at 1,000


class _Environment(BasePythonScriptEngineEnvironment):  # type: ignore[misc]  # the library ships no types
    """Where the library would run Python over a context of its own, such as a message's payload."""

    def evaluate(self, expression: str, context: Any, external_context: Any = None) -> Any:
        return expressions.evaluate(expression, {**(external_context or {}), **(context or {})})

    def execute(self, script: str, context: Any, external_context: Any = None) -> Any:
        raise EngineFault("流程图中不能运行脚本")

    def call_service(self, context: Any, **kwargs: Any) -> Any:
        raise EngineFault("流程图中不能运行脚本")


class ScriptEngine(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates our expressions over the record's facts and the task's data; never runs Python."""

    def __init__(
        self,
        now: datetime,
        names: Callable[[], Mapping[str, Any]],
        serve: Callable[[Task, str, dict[str, Any]], bool | None],
    ) -> None:
        super().__init__(_Environment())
        self.now = now
        self.names = names
        self.serve = serve
        self.posted: list[tuple[Task, str, dict[str, Any]]] = []  # messages that nobody in this instance caught

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        return expressions.evaluate(expression, {**self.names(), **task.data, **(external_context or {}), "now": self.now})

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        """A script is a list of assignments in our language; nothing else runs."""
        for name, expression in read_assignments(script):
            task.data[name] = self.evaluate(task, expression)
        return True


class _StateConverter(BpmnWorkflowConverter):  # type: ignore[misc]
    """Leaves the definition out of the written state; `load_state` puts the cached one back."""

    def to_dict(self, workflow: Any) -> dict[str, Any]:
        spec, specs = workflow.spec, workflow.subprocess_specs
        workflow.spec, workflow.subprocess_specs = None, {}
        try:
            state: dict[str, Any] = super().to_dict(workflow)
        finally:
            workflow.spec, workflow.subprocess_specs = spec, specs
        del state["spec"], state["subprocess_specs"]
        return state


_CONFIG = dict(SPIFF_CONFIG)
_CONFIG[BpmnWorkflow] = _StateConverter
_SERIALIZER = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(_CONFIG))


def save_state(workflow: Any) -> bytes:
    """The workflow without its definition, compressed.

    Raises:
        EngineFault: the task tree has grown too deep for the library to walk.
    """
    if _depth(workflow) > MAX_DEPTH:
        raise EngineFault("该流程往返次数过多，无法继续，请联系系统管理员")
    # serialize_json, not to_dict: the library's encoder is what turns deltas and datetimes into JSON
    return zlib.compress(_SERIALIZER.serialize_json(workflow).encode(), 1)


def load_state(state: bytes, spec: Any, subprocess_specs: Mapping[str, Any]) -> Any:
    """Restores a workflow over the cached definition."""
    data = orjson.loads(zlib.decompress(state))
    _SERIALIZER.migrate(data)
    data["spec"], data["subprocess_specs"] = spec, dict(subprocess_specs)
    return _SERIALIZER.from_dict(data)


def runs_away(task: Task) -> bool:
    """Whether a loop turns in one step as no loop does that stops: very often, or often with more tokens in each round."""
    rounds, here = 0, task
    while here is not None:
        rounds += here.task_spec is task.task_spec
        here = here.parent
    if rounds <= MAX_ROUNDS // 10:
        return False
    tokens = sum(1 for other in task.workflow.tasks.values() if other.task_spec is task.task_spec)
    return rounds > MAX_ROUNDS or tokens > 2 * MAX_ROUNDS


def parts(workflow: Any) -> list[Any]:
    """The workflow and all that run inside it: subprocesses, event subprocesses and called diagrams."""
    return [workflow, *workflow.subprocesses.values()]


def _depth(workflow: Any) -> int:
    return max(_depth_of(part) for part in parts(workflow))


def _depth_of(part: Any) -> int:
    deepest, level = 0, [part.task_tree]
    while level:
        deepest += 1
        level = [child for task in level for child in task.children]
    return deepest


def waiting(workflow: Any) -> list[Task]:
    """Tasks that stand somewhere: ready user tasks, waiting events, started service tasks, activities with something inside."""
    if workflow.is_completed():
        return []
    mask = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    return [t for part in parts(workflow) for t in part.tasks.values() if t.has_state(mask) and t.task_spec.bpmn_id]


def stopped(workflow: Any) -> list[Task]:
    """Events that ended with the task they are on: they go on, should its completion be taken back."""
    return [t for part in parts(workflow) for t in part.tasks.values() if t.has_state(TaskState.CANCELLED) and t.task_spec.bpmn_id]


def refresh(workflow: Any) -> None:
    """Lets timers and conditions look again; the library asks timers alone."""
    workflow.refresh_timers()
    for task in list(workflow.event_manager.tasks.values()):
        if isinstance(task.task_spec.event_definition, ConditionalEventDefinition):
            task.task_spec._update(task)


def element_id(task: Task) -> str:
    """The id of the task's element as the running definition knows it: `<key>:<id>` in a called diagram."""
    part = task.workflow
    while part.parent_task_id is not None:
        around = part.top_workflow.get_task_from_id(part.parent_task_id)
        if isinstance(around.task_spec, CallActivity):
            return f"{around.task_spec.spec}:{task.task_spec.bpmn_id}"
        part = around.workflow
    return str(task.task_spec.bpmn_id)


def is_job(task: Task) -> bool:
    """Whether the task is a service task that waits for its job's answer."""
    return bool(task.has_state(TaskState.STARTED)) and isinstance(task.task_spec, HandledServiceTask)


def find(workflow: Any, task_id: str) -> Task | None:
    """The task of this id, or None once it is gone."""
    wanted = UUID(task_id)
    return next((part.tasks[wanted] for part in parts(workflow) if wanted in part.tasks), None)


def give_id(task: Task, id: UUID) -> None:
    """Another id, in its old place: the library reads a task's data off its parent, which must come first."""
    old, task.id = task.id, id
    task.workflow.tasks = {id if key == old else key: value for key, value in task.workflow.tasks.items()}
    siblings = task.parent._children
    siblings[siblings.index(old)] = id
    for child in task.children:
        child._parent = id


def stuck(error: WorkflowException) -> EngineFault:
    """What the library could not go on from, as people read it."""
    spec = getattr(error, "task_spec", None)
    name = getattr(spec, "bpmn_name", None) or getattr(spec, "bpmn_id", None) or ""
    why = "：没有一条出去的连线的条件成立" if "No conditions satisfied" in str(error) else ""
    return EngineFault(f"流程在“{name}”处不能继续{why}，请联系流程设计人员")
