"""Where a process stands after a step: the element that gives the record its status, the buttons it waits for, the jobs it began."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from domain.ground.tones import Tone
from processes.spiff import tokens
from processes.spiff.events import triggers
from processes.steps.step import Step


def position_of(step: Step, stands: list[Task]) -> str | None:
    """The element whose `status` counts: where a token waits, inside before around it; else the end event reached last."""
    elements = step.definition.elements
    waiting = {e.id for t in stands if (e := step.element_of(t)) is not None and "status" in e.properties}
    waiting -= {around for id in waiting for around in step.around(elements[id])[1:]}
    return next((id for id in elements if id in waiting), step.reached or (step.row.position if step.row.position in elements else None))


def status_at(step: Step, position: str | None) -> tuple[str, str]:
    if step.called_off:
        return step.definition.cancel_status, Tone.FAILED
    if position is None:
        return step.row.status, step.row.tone
    return step.definition.elements[position].properties["status"], step.definition.tone(position)


def waits_of(step: Step, stands: list[Task]) -> list[dict[str, Any]]:
    found: list[tuple[str, str | None]] = [
        (id, str(task.id)) for task in stands if task.has_state(TaskState.WAITING) for id in step.awaited(task)
    ]
    if stands:
        found += [(start.bpmn_id, None) for start in triggers(step.workflow)]
    rows = []
    for id, task_id in found:
        element = step.definition.elements[id]
        if element.event == "message":
            party = step.subject.party_for(element.lane)
            rows.append({"element": id, "task_id": task_id, "role": element.lane, "party_id": party})
    return rows


def started(step: Step, stands: list[Task]) -> set[str]:
    """Ids of the service tasks that wait for a job."""
    return {str(t.id) for t in stands if tokens.is_job(t)}
