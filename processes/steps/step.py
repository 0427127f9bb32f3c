"""One step in the making: what it has read, what has happened in it, and what it will write (`books.write` does)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from domain.ground.handling import BusinessError
from domain.ground.parties import Actor
from domain.ground.subjects import Subject
from processes.definitions.definition import Definition
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import EngineFault
from processes.history import Line, clock_text, who
from processes.rows import InstanceRow
from processes.spiff import tokens
from processes.spiff.instances import Item
from processes.spiff.library import BpmnWorkflow, Task, TaskState
from processes.states import EventKind, TaskKind, TaskRowState, VoteState


@dataclass(frozen=True)
class Closing:
    """How a task's row is closed. `closed_as` is the sentence that tells a latecomer what happened."""

    state: TaskRowState
    closed_as: str
    outcome: str | None = None
    closed_by: int | None = None
    closed_for: int | None = None
    """The absent person in whose place it was closed."""

    def columns(self) -> dict[str, Any]:
        """The columns of `tables.task`."""
        return dict(vars(self))


@dataclass(frozen=True)
class Reopening:
    """What the new row of a reopened task has in common with its earlier row."""

    role: str
    party_id: int
    assignee_id: int | None
    due_at: datetime | None

    def columns(self) -> dict[str, Any]:
        """The columns of `tables.task`."""
        return dict(vars(self))


@dataclass(frozen=True)
class Asked:
    """Whom a 会签 asks (ids of people), or what it asks about, one after the other."""

    items: Sequence[Item]


@dataclass(frozen=True)
class VoteEnd:
    """How a 会签 ended. `closed_as` is the sentence for people whose answer is not needed any more."""

    state: VoteState
    closed_as: str
    outcome: str | None = None


def title_of(subject: Subject) -> str:
    """A record's title as the instance keeps it."""
    return subject.title()[:200]


@dataclass
class Step:
    """A step on a locked instance row."""

    engine: Engine
    session: Session
    actor: Actor
    definition: Definition
    row: InstanceRow
    """The instance row, as locked."""
    subject: Subject
    workflow: BpmnWorkflow = None
    """None until it is loaded (`running.load`), and where the process has ended."""
    now: datetime = field(init=False)
    incident: str | None = field(init=False)
    """What has failed and needs a person."""
    events: list[Line] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    fired: list[Element] = field(default_factory=list)
    """Events of the diagram that happened in this step."""
    closed: dict[str, Closing] = field(default_factory=dict)
    """Ids of the tasks that this step closes → how. A task that is gone without being named here is closed by the books."""
    again: dict[str, Reopening] = field(default_factory=dict)
    """Ids of the tasks that open again → what their new rows take over."""
    live_tasks: dict[str, str | None] | None = None
    """Ids of the task rows that are not closed → the task that they are an opinion on, without the rows of a 会签. None until they
    have been read."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """Ids of the 会签 that this step began → whom or what they ask."""
    ended: dict[str, VoteEnd] = field(default_factory=dict)
    """Ids of the 会签 that this step ended → how."""
    turns: int = 0
    """Elements that the engine has run in this step."""
    called: set[str] = field(default_factory=set)
    """Ids of the service tasks that waited for a job when the step began."""
    ran_inline: bool = False
    """Whether a handler has run inside the step."""
    raised: tuple[Task, BusinessError] | None = None
    """What the handler of the service task that runs now refused, and the diagram may catch."""
    reached: str | None = None
    """The end event with a status that was reached last in this step."""
    delivers: int | None = None
    """Id of the message between instances that the step receives."""
    suspended_at: datetime | None = field(init=False)
    altered: list[str] = field(default_factory=list)
    """What was changed by hand of that which the step starts from (`steps.starting_point`); the history tells it."""
    called_off: bool = False
    """Whether somebody in charge ends the process in this step (终止)."""

    def __post_init__(self) -> None:
        self.now = self.engine.clock()
        self.incident = self.row.incident
        self.suspended_at = self.row.suspended_at

    @property
    def record_gone(self) -> bool:
        """Whether the record has been deleted in this step. Its process ends with it."""
        found = inspect(self.subject, raiseerr=False)
        return found is not None and (found.deleted or self.subject in self.session.deleted)

    @property
    def over(self) -> bool:
        """Whether the process ends with this step: it has come to its end, was called off, or its record is gone."""
        return self.called_off or self.record_gone or bool(self.workflow.is_completed())

    def element_of(self, task: Task) -> Element | None:
        """The element that a task belongs to; None for a task that the library has added by itself."""
        return self.definition.elements.get(tokens.element_id(task)) if task.task_spec.bpmn_id else None

    def record(
        self, kind: EventKind, name: str, element: str | None = None, comment: str | None = None, data: dict[str, Any] | None = None
    ) -> None:
        """Adds a line of history."""
        self.events.append({"kind": kind, "name": name, "element": element, "comment": comment or None, "data": data})

    def for_person(self, task: Task) -> bool:
        """Whether the task is one that somebody has to do now."""
        element = self.element_of(task)
        return element is not None and element.by_person and bool(task.task_spec.manual) and bool(task.has_state(TaskState.READY))

    def party_of(self, element: Element) -> int:
        """The party whose people do the tasks of an element.

        Raises:
            EngineFault: nobody fills the lane.
        """
        party = self.subject.party_for(element.lane)
        if party is None:
            raise EngineFault(f"任务“{element.name}”所在泳道“{element.lane}”没有对应的机构")
        return party

    def task_row(self, task_id: str, task: Task, timed: bool = True) -> dict[str, Any]:
        """The row of a task that has just become ready, with its deadline where it is `timed`."""
        element = self.definition.elements[tokens.element_id(task)]
        due = element.properties.get("due") if timed else None
        return {
            "id": task_id,
            "instance_id": self.row.id,
            "element": element.id,
            "name": element.name,
            "role": element.role,
            "party_id": self.party_of(element),
            "assignee_id": None,
            "created_at": self.now,
            "due_at": self.workflow.script_engine.evaluate(task, due) if due else None,
            "state": TaskRowState.OPEN,
            "kind": TaskKind.STEP,
            "closed_at": None,
            "closed_by": None,
            "closed_for": None,
            "outcome": None,
            "closed_as": None,
        }

    def why_closed(self, task_id: str) -> str:
        """The sentence for latecomers about a task that is gone: the event of this step that has closed it, if one has."""
        task = tokens.find(self.workflow, task_id)
        around = self.around(self.element_of(task)) if task is not None else []
        for element in self.fired:
            interrupts = element.tag == "startEvent" or (element.attached_to in around and element.interrupting)
            if interrupts and element.event == "timer":
                return element.properties.get("lateMessage") or f"“{element.label}”时间已到，此事项已关闭"
            if interrupts:
                return f"{who(self.actor)}已于 {clock_text(self.now)} {element.label}"
        return f"此事项已于 {clock_text(self.now)} 由流程关闭"

    def around(self, element: Element | None) -> list[str]:
        """Ids of an element and of the subprocesses around it, from the inside out."""
        found = []
        while element is not None:
            found.append(element.id)
            element = self.definition.elements.get(element.inside or "")
        return found
