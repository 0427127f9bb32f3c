"""Timers that read the step's clock and take their times from our expressions; each fires when it has its turn (`turns`).

`timeDate` is a moment, `timeDuration` a length of time such as `days(3)`, `timeCycle` a pair of a count and a length such as
`[3, days(1)]`: three times, a day apart. An expression is evaluated once, when its timer starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.diagrams.expressions import Value
from processes.errors import EngineFault

_DUE = "due"  # in a task's internal data: timer → when it is due; an event gateway holds several
_LEFT = "left"  # in a task's internal data: how often a cycle still fires
_TURN = "turn"  # in a task's internal data, while it fires: which of its timers, or its condition, has its turn
_SINGLE = "event_value"  # where the first releases, in which a task had one timer and that a moment, kept when it is due
MAX_CYCLES = 1000


def earliest(tasks: Iterable[Task]) -> datetime | None:
    """When the first timer of these tasks is due."""
    return min((datetime.fromisoformat(due) for task in tasks for due in task.internal_data.get(_DUE, {}).values()), default=None)


def moments(task: Task) -> list[tuple[str, datetime]]:
    """The running timers of a task, each with the moment when it is due."""
    return [(name, datetime.fromisoformat(moment)) for name, moment in task.internal_data.get(_DUE, {}).items()]


def due(task: Task) -> list[datetime]:
    """When the running timers of a task are due, the first one first."""
    return sorted(moment for _, moment in moments(task))


def fire(task: Task, name: str) -> None:
    """Lets a timer or a condition of a waiting task fire."""
    task.internal_data[_TURN] = name
    task.task_spec._update(task)
    task.internal_data.pop(_TURN, None)


def has_turn(task: Task, name: str) -> bool:
    """Whether a timer or a condition of a task may fire now."""
    return bool(task.internal_data.get(_TURN) == name)


def put_off(tasks: Iterable[Task], length: timedelta) -> None:
    """The running timers of these tasks that measure a length of time are due that much later; those of a moment are not."""
    for task in tasks:
        due = task.internal_data.get(_DUE, {})
        event = task.task_spec.event_definition if due else None
        for timer in getattr(event, "event_definitions", [event]):
            if isinstance(timer, TimeDuration | TimeCycle) and timer.name in due:
                due[timer.name] = (datetime.fromisoformat(due[timer.name]) + length).isoformat()


def is_older(state: bytes) -> bool:
    """Whether a state, as JSON, may be of a release that kept moments as `take_over` reads them."""
    return _SINGLE.encode() in state


def take_over(tasks: Iterable[Task]) -> None:
    """Timers that an earlier release started are due when they were: evaluated again, `now + days(3)` would begin anew."""
    for task in tasks:
        moment = task.internal_data.pop(_SINGLE, None)
        if not isinstance(moment, str) or _DUE in task.internal_data:
            continue
        event = task.task_spec.event_definition
        own = [timer for timer in getattr(event, "event_definitions", [event]) if isinstance(timer, _Timer)]
        task.internal_data[_DUE] = {timer.name: moment for timer in own}


def alike(before: EventDefinition | None, after: EventDefinition | None) -> bool:
    """Whether two event definitions are no timers, or the same ones."""
    if not isinstance(before, _Timer) or not isinstance(after, _Timer):
        return isinstance(before, _Timer) == isinstance(after, _Timer)
    return type(before) is type(after) and before.expression == after.expression


def restart(task: Task) -> None:
    """The task's timers begin anew when they are next looked at."""
    task.internal_data.pop(_DUE, None)
    task.internal_data.pop(_LEFT, None)


class _Timer:
    name: str
    expression: str

    def has_fired(self, task: Task) -> bool:
        due = task.internal_data.setdefault(_DUE, {})
        if self.name not in due:
            due[self.name] = self._moment(task).isoformat()
        # asks for its own turn: behind an event gateway, the task's flag may be another timer's
        fired = has_turn(task, self.name)
        if fired:
            task.internal_data["event_fired"] = True
        return fired

    def _moment(self, task: Task) -> datetime:
        raise self._bad()

    def _value(self, task: Task) -> Value:
        value: Value = task.workflow.script_engine.evaluate(task, self.expression)
        return value

    def _bad(self) -> EngineFault:
        return EngineFault(f"定时器“{self.name}”的表达式没有得出时间：{self.expression}")


class TimeDate(_Timer, TimeDateEventDefinition):  # type: ignore[misc]  # the library ships no types
    """Fires at a moment."""

    def _moment(self, task: Task) -> datetime:
        moment = self._value(task)
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise self._bad()
        return moment


class TimeDuration(_Timer, DurationTimerEventDefinition):  # type: ignore[misc]
    """Fires a length of time after it started."""

    def _moment(self, task: Task) -> datetime:
        length = self._value(task)
        if not isinstance(length, timedelta):
            raise self._bad()
        now: datetime = task.workflow.script_engine.now
        return now + length


class TimeCycle(_Timer, CycleTimerEventDefinition):  # type: ignore[misc]
    """Fires a number of times, a length of time apart, beside its task.

    Each firing is a task of its own beside the one that counts. The library would hang the tokens of a firing below the one that counts,
    and drop them unfinished with it when the activity ends.
    """

    def has_fired(self, task: Task) -> bool:
        return bool(task.internal_data.get("event_fired"))

    def update_task(self, task: Task) -> None:
        if task.has_state(TaskState.WAITING) and self._passed(task):
            firing = task.parent._add_child(task.task_spec, TaskState.WAITING)
            firing.triggered = True
            firing.internal_data["event_fired"] = True
            firing.task_spec._update(firing)
            firing._sync_children(task.task_spec.outputs, TaskState.FUTURE)
            for child in firing.children:
                child.task_spec._predict(child, mask=TaskState.NOT_FINISHED_MASK)

    def _passed(self, task: Task) -> bool:
        due = task.internal_data.setdefault(_DUE, {})
        now: datetime = task.workflow.script_engine.now
        if _LEFT not in task.internal_data:
            count, length = self._pair(task)
            task.internal_data[_LEFT] = [count, length.total_seconds()]
            due[self.name] = (now + length).isoformat()
        left, seconds = task.internal_data[_LEFT]
        if left == 0 or not has_turn(task, self.name):
            return False
        task.internal_data[_LEFT] = [left - 1, seconds]
        due[self.name] = (datetime.fromisoformat(due[self.name]) + timedelta(seconds=seconds)).isoformat()
        if left == 1:
            del due[self.name]
        return True

    def _pair(self, task: Task) -> tuple[int, timedelta]:
        value = self._value(task)
        if not isinstance(value, list) or len(value) != 2:
            raise self._bad()
        count, length = value
        if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MAX_CYCLES:
            raise self._bad()
        if not isinstance(length, timedelta) or length <= timedelta(0):
            raise self._bad()
        return count, length
