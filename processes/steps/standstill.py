"""A process at a standstill: no person, message, timer or job can ever move it. It becomes an incident, so that somebody sees it.

The checks refuse most diagrams in which that can happen. Whether two branches ever meet, only running them shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from processes.rows import Wait
from processes.spiff import tokens
from processes.spiff.library import ConditionalEventDefinition, Task, TaskState
from processes.spiff.timers import earliest
from processes.states import EventKind
from processes.steps.step import Step


def notice(step: Step, waiting: Sequence[Task], buttons: Sequence[Wait]) -> None:
    """Gives an instance that stands still an incident. `waiting` are its tokens, `buttons` the messages that it waits for."""
    if step.incident is not None or buttons or earliest(waiting) is not None or any(_wakes(step, task) for task in waiting):
        return
    found = [e for task in waiting if task.has_state(TaskState.WAITING) and (e := step.element_of(task)) is not None]
    where = f"“{found[0].name or found[0].id}”" if found else "某处"
    step.incident = f"流程停在{where}，没有任何人、消息或时间能让它继续，请终止此流程，或把它移到别的环节，并改正流程图"
    step.record(EventKind.INCIDENT, "无法继续", found[0].id if found else None, step.incident)


def _wakes(step: Step, task: Task) -> bool:
    """Whether a person, the outside, or an edit of the record can move this token."""
    condition = isinstance(getattr(task.task_spec, "event_definition", None), ConditionalEventDefinition)
    return step.for_person(task) or tokens.is_job(task) or (condition and bool(task.has_state(TaskState.WAITING)))
