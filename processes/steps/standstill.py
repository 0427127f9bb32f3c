"""Where nothing can make an instance go on: no person, no message, no time, no job. It must be seen, not wait in silence.

The checks refuse most diagrams that can come to this; whether two branches ever meet, only running them tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import tokens
from processes.spiff.timers import earliest
from processes.states import EventKind

if TYPE_CHECKING:
    from processes.steps.step import Step


def notice(step: Step, stands: Sequence[Task], waits: Sequence[object]) -> None:
    """Makes it an incident that nothing can make the instance go on; `stands` are its tokens, `waits` the messages it waits for."""
    if step.incident is not None or waits or earliest(stands) is not None or any(_wakes(step, task) for task in stands):
        return
    found = [e for task in stands if task.has_state(TaskState.WAITING) and (e := step.element_of(task)) is not None]
    where = f"“{found[0].name or found[0].id}”" if found else "某处"
    step.incident = f"流程停在{where}，没有任何人、消息或时间能让它继续，请终止此流程，或把它移到别的环节，并改正流程图"
    step.record(EventKind.INCIDENT, "无法继续", found[0].id if found else None, step.incident)


def _wakes(step: Step, task: Task) -> bool:
    """Whether somebody, the outside, or an edit of the record can make this token go on."""
    condition = isinstance(getattr(task.task_spec, "event_definition", None), ConditionalEventDefinition)
    return step.for_person(task) or tokens.is_job(task) or (condition and bool(task.has_state(TaskState.WAITING)))
