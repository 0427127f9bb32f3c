"""Our expressions where SpiffWorkflow would run Python; and what to tell people where it cannot go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn, TypeAlias

from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.task import Task

from processes.diagrams import expressions
from processes.diagrams.assignments import read_assignments
from processes.diagrams.expressions import ExpressionError, Value, truth
from processes.errors import EngineFault

_Names: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Evaluation:
    """An expression that was evaluated, and its value."""

    expression: str
    value: Value
    data: tuple[str, ...]
    """Names of the variables that the token carried: of all else, the value comes from the record's facts and the clock."""
    apart: bool
    """Whether it was evaluated over something else besides, such as the payload of a message."""
    assigned: str | None = None
    """The variable that got the value."""


class _Environment(BasePythonScriptEngineEnvironment):  # type: ignore[misc]  # the library ships no types
    """What the library evaluates over a context of its own, such as a message's payload."""

    def evaluate(self, expression: str, context: _Names | None, external_context: _Names | None = None) -> Value:
        return expressions.evaluate(expression, {**(external_context or {}), **(context or {})})

    def execute(self, script: str, context: _Names, external_context: _Names | None = None) -> NoReturn:
        raise EngineFault("流程图中不能运行脚本")

    def call_service(self, context: _Names, **kwargs: object) -> NoReturn:
        raise EngineFault("流程图中不能运行脚本")


class ScriptEngine(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates our expressions over the record's facts and the task's data; never runs Python."""

    def __init__(
        self,
        now: datetime,
        names: Callable[[], Mapping[str, Value]],
        serve: Callable[[Task, str, dict[str, Value]], bool | None],
    ) -> None:
        super().__init__(_Environment())
        self.now = now
        self.names = names
        self.serve = serve
        # events that interrupt an activity or a process and have been caught, in that order; they run before anything else
        self.interrupting: list[Task] = []
        # messages that nothing in this instance caught: the task that threw it, name, payload
        self.posted: list[tuple[Task, str, dict[str, Value]]] = []
        self.evaluations: list[Evaluation] | None = None
        """What has been evaluated; None: nobody asks."""

    def evaluate(self, task: Task, expression: str, external_context: _Names | None = None) -> Value:
        """The value of an expression over the record's facts, the task's data and this step's clock.

        Raises:
            ExpressionError: it cannot be evaluated; the message names the task's element.
        """
        try:
            value = expressions.evaluate(expression, {**self.names(), **task.data, **(external_context or {}), "now": self.now})
        except ExpressionError as error:
            raise type(error)(f"“{_name(task)}”：{error}") from error
        if self.evaluations is not None:
            self.evaluations.append(Evaluation(expression, value, tuple(task.data), bool(external_context)))
        return value

    def holds(self, task: Task, condition: str, external_context: _Names | None = None) -> bool:
        """Whether a condition of the task's element is true.

        Raises:
            ExpressionError: it cannot be evaluated, or gives neither true nor false.
        """
        return truth(self.evaluate(task, condition, external_context), f"“{_name(task)}”的条件“{condition}”")

    def execute(self, task: Task, script: str, external_context: _Names | None = None) -> bool:
        """Runs a script, which is a list of assignments in our language."""
        for name, expression in read_assignments(script):
            task.data[name] = self.evaluate(task, expression)
            if self.evaluations is not None:
                self.evaluations[-1] = replace(self.evaluations[-1], assigned=name)
        return True


def _name(task: Task) -> str:
    return str(task.task_spec.bpmn_name or task.task_spec.bpmn_id or task.task_spec.name)


def stuck(error: WorkflowException) -> EngineFault:
    """What people read where the library cannot go on."""
    spec = getattr(error, "task_spec", None)
    name = getattr(spec, "bpmn_name", None) or getattr(spec, "bpmn_id", None) or ""
    why = "：没有一条出去的连线的条件成立" if "No conditions satisfied" in str(error) else ""
    return EngineFault(f"流程在“{name}”处不能继续{why}，请联系流程设计人员")
