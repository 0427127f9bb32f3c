"""Where a process is after a step: the element that the record's status comes from, the buttons it waits for, the jobs it began."""

from __future__ import annotations

from domain.ground.tones import Tone
from processes.rows import Wait
from processes.spiff import tokens
from processes.spiff.events import triggers
from processes.spiff.library import Task, TaskState
from processes.steps import execution
from processes.steps.step import Step


def position_of(step: Step, waiting: list[Task]) -> str | None:
    """The element that the status comes from: where a token waits, an element inside a subprocess before the subprocess itself; else the
    end event that was reached last."""
    elements = step.definition.elements
    with_status = {e.id for t in waiting if (e := step.element_of(t)) is not None and "status" in e.properties}
    with_status -= {around for id in with_status for around in step.around(elements[id])[1:]}
    before = step.row.position if step.row.position in elements else None
    return next((id for id in elements if id in with_status), step.reached or before)


def status_at(step: Step, position: str | None) -> tuple[str, str]:
    """The record's status and its tone at a position; where there is none, both stay as they were."""
    if step.called_off:
        return step.definition.cancel_status, Tone.FAILED
    if position is None:
        return step.row.status, step.row.tone
    return step.definition.elements[position].properties["status"], step.definition.tone(position)


def waits_of(step: Step, waiting: list[Task]) -> list[Wait]:
    """The messages that the process waits for, each a button of the record."""
    found: list[tuple[str, str | None]] = [
        (id, str(task.id)) for task in waiting if task.has_state(TaskState.WAITING) for id in execution.awaited(step, task)
    ]
    if waiting:
        found += [(start.bpmn_id, None) for start in triggers(step.workflow)]
    rows: list[Wait] = []
    for id, task_id in found:
        element = step.definition.elements[id]
        if element.event == "message":
            party = step.subject.party_for(element.press_lane)
            rows.append({"element": id, "task_id": task_id, "role": element.press_lane, "party_id": party})
    return rows


def started(step: Step, waiting: list[Task]) -> set[str]:
    """Ids of the service tasks that wait for a job."""
    return {str(t.id) for t in waiting if tokens.is_job(t)}
