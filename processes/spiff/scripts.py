"""Our expressions where SpiffWorkflow would run Python, and what it cannot go on from in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.task import Task

from processes.diagrams import expressions
from processes.diagrams.assignments import read_assignments
from processes.errors import EngineFault


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


def stuck(error: WorkflowException) -> EngineFault:
    """What the library could not go on from, as people read it."""
    spec = getattr(error, "task_spec", None)
    name = getattr(spec, "bpmn_name", None) or getattr(spec, "bpmn_id", None) or ""
    why = "：没有一条出去的连线的条件成立" if "No conditions satisfied" in str(error) else ""
    return EngineFault(f"流程在“{name}”处不能继续{why}，请联系流程设计人员")
