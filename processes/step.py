"""One step in the making: what a step read, what it does, and how it writes its books at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.handling import FAULTS, BusinessError, External
from domain.parties import Actor
from processes import faults, posting, retries, spiff, tables
from processes.definitions import Definition, Element
from processes.engine import Engine
from processes.errors import EngineFault, Refused
from processes.events import let_end, triggers
from processes.history import chain_hash, clock_text, who
from processes.pruning import MOVED, prune
from processes.timers import earliest

MAX_TURNS = 20_000
_CATCHES = ("boundaryEvent", "intermediateCatchEvent", "receiveTask", "startEvent")


@dataclass
class Step:
    """A step on a locked instance row; `settle` writes state, tasks, timers, status, history and jobs."""

    engine: Engine
    session: Session
    actor: Actor
    definition: Definition
    row: Any
    """The instance row, as locked."""
    subject: Any
    workflow: Any = None
    now: datetime = field(init=False)
    incident: str | None = field(init=False)
    """What failed and needs a person, as it will be written."""
    events: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    fired: list[Element] = field(default_factory=list)
    """Events of the diagram that happened in this step."""
    closed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Task rows completed in this step → what to write into them."""

    live_tasks: dict[str, str | None] | None = None
    """Ids of the task rows that are not closed → the task whose opinion they are, where the step read them already."""

    turns: int = 0
    """Elements that the engine has run in this step."""

    called: set[str] = field(default_factory=set)
    """Ids of the service tasks that waited for a job when the step began."""
    raised: list[tuple[Task, BusinessError]] = field(default_factory=list)
    """Business errors of inline handlers that the diagram is still to catch."""
    reached: str | None = None
    """The end event with a status that was reached last in this step."""

    def __post_init__(self) -> None:
        self.now = self.engine.clock()
        self.incident = self.row.incident

    def script_engine(self) -> spiff.ScriptEngine:
        """Evaluates over the record's facts with this step's clock."""
        return spiff.ScriptEngine(self.now, self._names, self.serve)

    def _names(self) -> dict[str, Any]:
        # read anew at each evaluation: a form or a handler of this step may have changed the record
        return {**self.definition.unset_outcomes, "title": self.row.title, **self.subject.facts()}

    def load(self) -> None:
        """Restores the workflow and lets timers speak first, so that a deadline holds whatever the scheduler does."""
        self.workflow = spiff.load_state(self.row.state, *self.definition.specs)
        self.workflow.script_engine = self.script_engine()
        self.called = self._started(spiff.waiting(self.workflow))
        if self.row.due_at is not None and self.row.due_at <= self.now:
            self.run()

    def run(self) -> None:
        """Runs to the next wait.

        Raises:
            EngineFault: it goes on and on, as a loop over a moment that has passed would.
            Refused: a handler raised a business error that the diagram does not catch.
        """
        while True:
            spiff.refresh(self.workflow)
            self._go()
            while self.raised:
                task, error = self.raised.pop()
                event = faults.catcher(task, error.code)
                if event is None:
                    raise Refused(str(error)) from error
                self.caught(event, error)
                self._go()
            due = earliest(spiff.waiting(self.workflow))
            if not let_end(self.workflow) and (due is None or due > self.now):
                return

    def _go(self) -> None:
        try:
            self.workflow.do_engine_steps(did_complete_task=self._completed)
        except WorkflowException as error:
            raise spiff.stuck(error) from error

    def caught(self, event: Task, error: BusinessError) -> None:
        """The diagram catches a business error."""
        element = self.definition.elements[spiff.element_id(event)]
        self.record("error", element.name or "出错", element.id, str(error))
        faults.throw(event, error)

    def element_of(self, task: Task) -> Element | None:
        """The element of the running definition that a task is of; None for what the library put in."""
        return self.definition.elements.get(spiff.element_id(task)) if task.task_spec.bpmn_id else None

    def receive(self, element: Element, payload: dict[str, Any] | None = None) -> bool:
        """Gives the message of an event to whatever waits for it: the event, a gateway before it, or its event subprocess.

        `payload` becomes data of the token that receives it.

        Returns: False where nothing waits for it.
        """
        for task in spiff.waiting(self.workflow):
            if not task.has_state(TaskState.WAITING):
                continue
            definition = self._awaited(task).get(element.id)
            if definition is not None:
                task.task_spec.catch(task, BpmnEvent(definition, payload=payload or {}))
                task.task_spec._update(task)
                return True
        for start in triggers(self.workflow):
            if start.bpmn_id == element.id:
                self.workflow.catch(BpmnEvent(start.event_definition, payload=payload or {}))
                return True
        return False

    def _awaited(self, task: Task) -> dict[str, Any]:
        """Ids of the message events that a waiting task waits for → their definitions."""
        element = self.element_of(task)
        if element is None:
            return {}
        if element.tag != "eventBasedGateway":
            return {element.id: task.task_spec.event_definition} if element.event == "message" else {}
        prefix = element.id.removesuffix(element.local)
        behind = zip(task.task_spec.outputs, task.task_spec.event_definition.event_definitions, strict=True)
        found = {prefix + spec.bpmn_id: definition for spec, definition in behind}
        return {id: definition for id, definition in found.items() if self.definition.elements[id].event == "message"}

    def serve(self, task: Task, name: str, params: dict[str, Any]) -> bool | None:
        """Calls an inline handler, or writes the job of an external one and leaves the service task STARTED."""
        element = self.definition.elements[spiff.element_id(task)]
        handler = self.engine.handlers.get(name)
        if handler is None:
            raise EngineFault(f"系统任务“{element.name}”的处理程序“{name}”不存在")
        if isinstance(handler, External):
            retry_max, retry_delay = retries.limits(element, partial(task.workflow.script_engine.evaluate, task))
            job = {"id": str(task.id), "element": element.id, "handler": name, "params": params, "state": "pending", "next_at": self.now}
            self.jobs.append({**job, "attempt": 0, "retry_max": retry_max, "retry_delay": retry_delay})
            return None
        try:
            with self.session.begin_nested():  # what a handler wrote before it raised is undone
                task.data.update(handler.run(self.session, self.subject, params, self.actor) or {})
        except BusinessError as error:
            self.raised.append((task, error))
            return None  # stays STARTED until its boundary event interrupts it
        except FAULTS as error:
            raise EngineFault(f"系统任务“{element.name}”的处理程序出错（{type(error).__name__}：{error}）") from error
        return True

    def record(self, kind: str, name: str, element: str | None = None, comment: str | None = None, data: Any = None) -> None:
        """Adds a line of history."""
        self.events.append({"kind": kind, "name": name, "element": element, "comment": comment or None, "data": data})

    def settle(self) -> list[str]:
        """Writes the books of this step.

        Returns: ids of the jobs to hand out once the transaction is committed.
        """
        if self.workflow is None:  # the process has ended: only an edit of its record is left to be written down
            self._write_instance({"chain": self._write_events()})
            return []
        with self.session.no_autoflush:  # the record's fields and its status go into one UPDATE
            self._settle()
        self.session.flush()
        return [job["id"] for job in self.jobs]

    def _settle(self) -> None:
        stands = spiff.waiting(self.workflow)
        ended = self.workflow.is_completed()
        self._write_tasks(stands)
        place = self._place(stands)
        status, tone = (self.row.status, self.row.tone)
        if place is not None:
            status, tone = self.definition.elements[place].properties["status"], self.definition.tone(place)
        posting.settle(self)
        chain = self._write_events()
        self._write_jobs(self._started(stands))
        path = sorted(set(self.row.path) | self._flows())
        if not ended:
            prune(self.workflow)  # once everything that this step did has been read off the tree
        values = {
            "state": None if ended else spiff.save_state(self.workflow),
            "ended_at": self.now if ended else None,
            "status": status,
            "tone": tone,
            "place": place,
            "waits": self._waits(stands),
            "path": path,
            "due_at": earliest(stands),
            "chain": chain,
            "incident": self.incident,
        }
        self._write_instance(values)
        if self.subject in self.session and (self.subject.status, self.subject.tone) != (status, tone):
            self.subject.status, self.subject.tone = status, tone

    def _write_instance(self, values: dict[str, Any]) -> None:
        table = tables.instance
        grown = {"version": self.row.version + 1, "seq": self.row.seq + len(self.events), **values}
        changed = self.session.execute(update(table).where(table.c.id == self.row.id, table.c.version == self.row.version).values(grown))
        if changed.rowcount != 1:  # type: ignore[attr-defined]  # the lock makes this impossible; the version is the second wall
            raise EngineFault

    def _completed(self, task: Task) -> None:
        self.turns += 1
        if self.turns > MAX_TURNS:
            raise EngineFault("流程一直在自动运行，没有停下来等待，请联系流程设计人员检查其中的循环")
        element = self.element_of(task)
        if element is None:
            return
        if element.tag == "endEvent" and "status" in element.properties:
            self.reached = element.id
        if element.event is not None and element.tag in _CATCHES:
            self.fired.append(element)
            if element.event == "timer":
                self.record("timer", element.name or "定时", element.id)

    def _write_tasks(self, stands: list[Task]) -> None:
        table = tables.task
        ready = {str(t.id): t for t in stands if self.for_person(t)}
        known = {} if self.row.version == 0 else self._live_tasks()
        for task_id, parent_id in known.items():
            if (parent_id or task_id) not in ready:
                self._close_task(task_id, parent_id)
        new = [self._task_row(task_id, task) for task_id, task in ready.items() if task_id not in known]
        new += [self._closed_row(task_id) for task_id in self.closed.keys() - known]
        if new:
            self.session.execute(insert(table), new)

    def for_person(self, task: Task) -> bool:
        """Whether the task is one that somebody has to do now."""
        element = self.element_of(task)
        return element is not None and element.by_person and bool(task.task_spec.manual) and bool(task.has_state(TaskState.READY))

    def _closed_row(self, task_id: str) -> dict[str, Any]:
        """A task that began and ended in this very step: 已办 shows it all the same."""
        task = spiff.find(self.workflow, task_id)
        if task is None:
            raise EngineFault
        return {**self._task_row(task_id, task), "closed_at": self.now, **self.closed[task_id]}

    def _write_jobs(self, started: set[str]) -> None:
        """Writes new jobs, and cancels those whose service task no longer stands."""
        table = tables.job
        self.jobs = [job for job in self.jobs if job["id"] in started]
        if self.jobs:
            self.session.execute(insert(table), [{**job, "instance_id": self.row.id} for job in self.jobs])
        if gone := self.called - started:
            over = update(table).where(table.c.id.in_(gone), table.c.state != "done").values(state="cancelled", next_at=None)
            if self.session.execute(over).rowcount and self.incident is not None:  # type: ignore[attr-defined]
                self.incident = failed_job_error(self.session, self.row.id)

    def _started(self, stands: list[Task]) -> set[str]:
        """Ids of the service tasks that wait for a job."""
        return {str(t.id) for t in stands if spiff.is_job(t)}

    def _close_task(self, task_id: str, parent_id: str | None) -> None:
        table = tables.task
        said = self.closed.get(parent_id or task_id, {}).get("closed_as") or self._why_closed(parent_id or task_id)
        values = {"state": "cancelled", "closed_at": self.now, "closed_by": None, "outcome": None, "closed_as": said}
        if parent_id is None:
            values |= {"assignee_id": None, **self.closed.get(task_id, {})}
        self.session.execute(update(table).where(table.c.id == task_id).values(values))

    def _live_tasks(self) -> dict[str, str | None]:
        if self.live_tasks is None:
            table = tables.task
            query = select(table.c.id, table.c.parent_id).where(table.c.instance_id == self.row.id, table.c.state.in_(tables.LIVE))
            self.live_tasks = {row.id: row.parent_id for row in self.session.execute(query)}
        return self.live_tasks

    def _task_row(self, task_id: str, task: Task) -> dict[str, Any]:
        element = self.definition.elements[spiff.element_id(task)]
        role = element.properties.get("candidateGroup", element.lane)
        party = self.subject.party_for(element.lane)
        if party is None:
            raise EngineFault(f"任务“{element.name}”所在泳道“{element.lane}”没有对应的机构")
        due = element.properties.get("due")
        return {
            "id": task_id,
            "instance_id": self.row.id,
            "element": element.id,
            "name": element.name,
            "role": role,
            "party_id": party,
            "created_at": self.now,
            "due_at": self.workflow.script_engine.evaluate(task, due) if due else None,
            "state": "open",
            "closed_at": None,
            "closed_by": None,
            "closed_for": None,
            "outcome": None,
            "closed_as": None,
        }

    def _why_closed(self, task_id: str) -> str:
        task = spiff.find(self.workflow, task_id)
        around = self._around(self.element_of(task)) if task is not None else []
        for element in self.fired:
            interrupts = element.tag == "startEvent" or (element.attached_to in around and element.interrupting)
            if interrupts and element.event == "timer":
                return element.properties.get("lateMessage") or f"“{element.name}”时间已到，此事项已关闭"
            if interrupts:
                return f"{who(self.actor)}已于 {clock_text(self.now)} {element.name}"
        return f"此事项已于 {clock_text(self.now)} 由流程关闭"

    def _around(self, element: Element | None) -> list[str]:
        """Ids of an element and of the subprocesses around it, from the inside out."""
        found = []
        while element is not None:
            found.append(element.id)
            element = self.definition.elements.get(element.inside or "")
        return found

    def _place(self, stands: list[Task]) -> str | None:
        """The element whose `status` counts: where a token waits, inside before around it; else the end event reached last."""
        elements = self.definition.elements
        waiting = {e.id for t in stands if (e := self.element_of(t)) is not None and "status" in e.properties}
        waiting -= {around for id in waiting for around in self._around(elements[id])[1:]}
        return next((id for id in elements if id in waiting), self.reached or self.row.place)

    def _waits(self, stands: list[Task]) -> list[dict[str, Any]]:
        found: list[tuple[str, str | None]] = [
            (id, str(task.id)) for task in stands if task.has_state(TaskState.WAITING) for id in self._awaited(task)
        ]
        if stands:
            found += [(start.bpmn_id, None) for start in triggers(self.workflow)]
        rows = []
        for id, task_id in found:
            element = self.definition.elements[id]
            if element.event == "message":
                party = self.subject.party_for(element.lane)
                rows.append({"element": id, "task_id": task_id, "role": element.lane, "party_id": party})
        return rows

    def _flows(self) -> set[str]:
        """Sequence flows that tokens took, read off the task trees: parent to child, library-made nodes skipped."""
        taken = set()
        reached = TaskState.STARTED | TaskState.READY | TaskState.WAITING | TaskState.FINISHED_MASK
        for task in [t for part in spiff.parts(self.workflow) for t in part.tasks.values()]:
            if not task.task_spec.bpmn_id or not task.has_state(reached) or task.internal_data.get(MOVED):
                continue
            parent = task.parent
            while parent is not None and not parent.task_spec.bpmn_id:
                parent = parent.parent
            if parent is not None and (flow := self.definition.flow_between.get((spiff.element_id(parent), spiff.element_id(task)))):
                taken.add(flow)
        return taken

    def _write_events(self) -> str:
        chain: str = self.row.chain
        lines = []
        for number, line in enumerate(self.events, self.row.seq + 1):
            full = {**line, "instance_id": self.row.id, "seq": number, "at": self.now, "actor_id": self.actor.person_id}
            full["actor"] = who(self.actor)
            chain = full["hash"] = chain_hash(chain, full)
            lines.append(full)
        if lines:
            self.session.execute(insert(tables.event), lines)
        return chain


def failed_job_error(session: Session, instance_id: int) -> str | None:
    """The error of a job that failed for good and waits for a person; None where there is none."""
    table = tables.job
    query = select(table.c.error).where(table.c.instance_id == instance_id, table.c.state == "failed").limit(1)
    return session.scalar(query)
