"""Where SpiffWorkflow is bent: our expressions instead of Python, our clock in timers, our handlers in service tasks.

Everything BPMN itself is the library's.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.parser.event_parsers import EventDefinitionParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffIntermediateCatchEventParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes import expressions
from processes.errors import EngineFault

MAX_DEPTH = 800  # SpiffWorkflow's tree iterators stop silently at 1,000


class TimeDate(TimeDateEventDefinition):  # type: ignore[misc]  # the library ships no types
    """A timer that reads the step's clock, fires at its moment and not after it, and takes a datetime from our expressions."""

    def has_fired(self, task: Task) -> bool:
        value = task.internal_data.get("event_value")
        if value is None:
            moment = task.workflow.script_engine.evaluate(task, self.expression)
            if not isinstance(moment, datetime) or moment.tzinfo is None:
                raise EngineFault(f"定时器“{self.name}”的表达式没有得出时间：{self.expression}")
            value = moment.isoformat()
            task.internal_data["event_value"] = value
        if datetime.fromisoformat(value) <= task.workflow.script_engine.now:
            task.internal_data["event_fired"] = True
        return bool(task.internal_data.get("event_fired", False))


class _Timers(EventDefinitionParser):  # type: ignore[misc]
    def parse_timer_event(self, event: Any) -> Any:
        definition = super().parse_timer_event(event)
        if type(definition) is not TimeDateEventDefinition:
            raise EngineFault("目前定时器只支持 timeDate（绝对时间表达式，可用 now + hours(n) 表示时长）")
        return TimeDate(definition.name, definition.expression.strip(), description=definition.description)


class _BoundaryParser(_Timers, SpiffBoundaryEventParser):  # type: ignore[misc]
    pass


class _CatchParser(_Timers, SpiffIntermediateCatchEventParser):  # type: ignore[misc]
    pass


class HandledServiceTask(ServiceTask):  # type: ignore[misc]
    """A service task that calls one of our handlers; an external one stays STARTED until its job answers."""

    def _execute(self, task: Task) -> bool | None:
        params = {name: task.workflow.script_engine.evaluate(task, p["value"]) for name, p in self.operation_params.items()}
        result: bool | None = task.workflow.script_engine.serve(task, self.operation_name, params)
        return result


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """The library's parser with our timers and service tasks."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012  # the library's own convention
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("serviceTask"): (SpiffBpmnParser.OVERRIDE_PARSER_CLASSES[full_tag("serviceTask")][0], HandledServiceTask),
        full_tag("boundaryEvent"): (_BoundaryParser, SpiffBpmnParser.OVERRIDE_PARSER_CLASSES[full_tag("boundaryEvent")][1]),
        full_tag("intermediateCatchEvent"): (
            _CatchParser,
            SpiffBpmnParser.OVERRIDE_PARSER_CLASSES[full_tag("intermediateCatchEvent")][1],
        ),
    }


class ScriptEngine(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates our expressions over the record's facts and the task's data; never runs Python."""

    def __init__(
        self,
        now: datetime,
        names: Mapping[str, Any],
        serve: Callable[[Task, str, dict[str, Any]], bool | None],
    ) -> None:
        super().__init__()
        self.now = now
        self.names = names
        self.serve = serve

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        return expressions.evaluate(expression, {**self.names, **task.data, "now": self.now})

    def execute(self, task: Task, script: str, external_context: Any = None) -> Any:
        raise EngineFault("流程图中不能运行脚本")


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

    def from_dict(self, state: dict[str, Any]) -> Any:
        return super().from_dict(state)


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


def _depth(workflow: Any) -> int:
    deepest, level = 0, [workflow.task_tree]
    while level:
        deepest += 1
        level = [child for task in level for child in task.children]
    return deepest


def waiting(workflow: Any) -> list[Task]:
    """Tasks that stand somewhere: ready user tasks, waiting events, started service tasks."""
    mask = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    subprocesses = list(workflow.subprocesses.values())
    return [t for w in [workflow, *subprocesses] for t in w.tasks.values() if t.has_state(mask) and t.task_spec.bpmn_id]


def find(workflow: Any, task_id: str) -> Task | None:
    """The task of this id, or None once it is gone."""
    wanted = UUID(task_id)
    for part in [workflow, *workflow.subprocesses.values()]:
        if wanted in part.tasks:
            return part.tasks[wanted]
    return None
