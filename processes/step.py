"""One step in the making: what a step read, what it does, and how it writes its books at the end."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.errors import DomainError
from domain.handling import FAULTS, BusinessError, External, mistake
from domain.parties import Actor
from processes import faults, posting, retries, spiff, standstill, tables, votes
from processes.definitions import Definition, Element
from processes.engine import Engine
from processes.errors import EngineFault, Refused
from processes.events import awaited, let_end, receive, triggers
from processes.history import chained, clock_text, who
from processes.instances import COUNTED_TASKS, VoteTask, count_text
from processes.pruning import flows_taken, prune
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
    again: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Tasks that open again as they were → columns of their new rows."""
    live_tasks: dict[str, str | None] | None = None
    """Ids of the task rows that are not closed → the task whose opinion they are, where the step read them already; without those
    of a 会签."""
    asked: dict[str, list[Any]] = field(default_factory=dict)
    """会签 that began in this step → whom, or about what, they ask."""
    ended: dict[str, tuple[str, str | None, str]] = field(default_factory=dict)
    """会签 that ended in this step → state, outcome, and what a latecomer reads."""
    turns: int = 0
    """Elements that the engine has run in this step."""
    called: set[str] = field(default_factory=set)
    """Ids of the service tasks that waited for a job when the step began."""
    raised: list[tuple[Task, BusinessError]] = field(default_factory=list)
    """Business errors of inline handlers that the diagram is still to catch."""
    reached: str | None = None
    """The end event with a status that was reached last in this step."""
    delivers: int | None = None
    """Id of the message between instances that the step receives."""
    suspended_at: datetime | None = field(init=False)
    called_off: bool = False
    """Whether the process ends here and now, wherever it stands (终止)."""

    def __post_init__(self) -> None:
        self.now = self.engine.clock()
        self.incident = self.row.incident
        self.suspended_at = self.row.suspended_at

    def script_engine(self) -> spiff.ScriptEngine:
        """Evaluates over the record's facts with this step's clock, which stands still while the instance is suspended."""
        return spiff.ScriptEngine(self.suspended_at or self.now, self._names, self.serve)

    def _names(self) -> dict[str, Any]:
        # read anew at each evaluation: a form or a handler of this step may have changed the record
        return {**self.definition.unset_outcomes, "title": self.row.title, **self.subject.facts()}

    def load(self) -> None:
        """Restores the workflow and lets timers speak first, so that a deadline holds whatever the scheduler does."""
        self.restore()
        if self.row.due_at is not None and self.row.due_at <= self.now:
            self.run()

    def restore(self) -> None:
        """Restores the workflow, and nothing speaks."""
        self.workflow = spiff.load_state(self.row.state, *self.definition.specs)
        self.workflow.script_engine = self.script_engine()
        self.called = self._started(spiff.waiting(self.workflow))

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
            if self.definition.votes and votes.begin(self):
                continue
            due = earliest(spiff.waiting(self.workflow))
            if not let_end(self.workflow) and (due is None or due > self.workflow.script_engine.now):
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
        """Gives the message of an event to whatever waits for it; `payload` becomes data of the token that receives it.

        Returns: False where nothing waits for it.
        """
        return receive(self.workflow, [(task, self._awaited(task)) for task in spiff.waiting(self.workflow)], element.id, payload or {})

    def _awaited(self, task: Task) -> dict[str, Any]:
        """Ids of the message events that a waiting task waits for → their definitions."""
        element = self.element_of(task)
        return {} if element is None else awaited(task, element, self.definition.elements)

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
            # what a handler wrote before it raised is undone – by the caller, with the whole step, where nothing catches the error
            with self.session.begin_nested() if faults.may_be_caught(task) else nullcontext():
                task.data.update(handler.run(self.session, self.subject, params, self.actor) or {})
        except BusinessError as error:
            self.raised.append((task, error))
            return None  # stays STARTED until its boundary event interrupts it
        except DomainError as error:  # a rule of the records says no, in words for people
            raise Refused(str(error)) from error
        except FAULTS as error:
            raise EngineFault(f"系统任务“{element.name}”的处理程序出错（{mistake(error)}）") from error
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
        stands = [] if self.called_off else spiff.waiting(self.workflow)
        ended = self.called_off or self.workflow.is_completed()
        self._write_tasks(stands)
        place = None if self.called_off else self._place(stands)
        status, tone = self._status(place)
        waits = self._waits(stands)
        if not ended:
            standstill.notice(self, stands, waits)
        posting.settle(self)
        chain = self._write_events()
        self._write_jobs(self._started(stands))
        path = sorted((set(self.row.path) & self.definition.flows.keys()) | flows_taken(self.workflow, self.definition.flow_between))
        if not ended:
            prune(self.workflow)  # once everything that this step did has been read off the tree
        values = {
            "definition_id": self.definition.id,
            "state": None if ended else spiff.save_state(self.workflow),
            "ended_at": self.now if ended else None,
            "status": status,
            "tone": tone,
            "place": place,
            "place_since": self.row.place_since if place == self.row.place else self.now,
            "waits": waits,
            "path": path,
            "due_at": earliest(stands) if self.suspended_at is None else None,
            "suspended_at": None if ended else self.suspended_at,
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
        if self.turns > MAX_TURNS or (self.turns % 100 == 0 and spiff.runs_away(task)):
            raise EngineFault("流程一直在自动运行，没有停下来等待，请联系流程设计人员检查其中的循环")
        element = self.element_of(task)
        if element is None:
            return
        if isinstance(task.task_spec, COUNTED_TASKS):
            self.record("vote", "多实例完成", element.id, count_text(task))
        if element.tag == "endEvent" and "status" in element.properties:
            self.reached = element.id
        if element.event is not None and element.tag in _CATCHES:
            self.fired.append(element)
            if element.event == "timer":
                self.record("timer", element.name or "定时", element.id)

    def _write_tasks(self, stands: list[Task]) -> None:
        votes.settle(self, stands)
        table = tables.task
        ready = {str(t.id): t for t in stands if self.for_person(t) and not isinstance(t.task_spec, VoteTask)}
        known = {} if self.row.version == 0 else self._live_tasks()
        for task_id, parent_id in known.items():
            if (parent_id or task_id) not in ready:
                self._close_task(task_id, parent_id)
        new = [{**self._task_row(task_id, task), **self.again.get(task_id, {})} for task_id, task in ready.items() if task_id not in known]
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
                self.incident = retries.failed_job_error(self.session, self.row.id)

    def _started(self, stands: list[Task]) -> set[str]:
        """Ids of the service tasks that wait for a job."""
        return {str(t.id) for t in stands if spiff.is_job(t)}

    def _close_task(self, task_id: str, parent_id: str | None) -> None:
        table = tables.task
        said = self.closed.get(parent_id or task_id, {}).get("closed_as") or self._why_closed(parent_id or task_id)
        values = {"state": "cancelled", "closed_at": self.now, "closed_by": None, "outcome": None, "closed_as": said}
        if parent_id is None:
            values |= self.closed.get(task_id, {})
            if values["state"] != "done":  # whoever takes back what they did has it again as they had it
                values["assignee_id"] = None
        self.session.execute(update(table).where(table.c.id == task_id).values(values))

    def _live_tasks(self) -> dict[str, str | None]:
        if self.live_tasks is None:
            table = tables.task
            live = (table.c.instance_id == self.row.id, table.c.vote_id.is_(None), table.c.state.in_(tables.LIVE))
            query = select(table.c.id, table.c.parent_id).where(*live)
            self.live_tasks = {row.id: row.parent_id for row in self.session.execute(query)}
        return self.live_tasks

    def party_of(self, element: Element) -> int:
        """The party whose people do the tasks of an element.

        Raises:
            EngineFault: nobody fills the lane.
        """
        party = self.subject.party_for(element.lane)
        if party is None:
            raise EngineFault(f"任务“{element.name}”所在泳道“{element.lane}”没有对应的机构")
        return int(party)

    def _task_row(self, task_id: str, task: Task, timed: bool = True) -> dict[str, Any]:
        """The row of a task that has just become ready; its deadline is left out where it is not `timed`."""
        element = self.definition.elements[spiff.element_id(task)]
        due = element.properties.get("due") if timed else None
        return {
            "id": task_id,
            "instance_id": self.row.id,
            "element": element.id,
            "name": element.name,
            "role": element.properties.get("candidateGroup", element.lane),
            "party_id": self.party_of(element),
            "assignee_id": None,
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
        """What a latecomer reads who did not close this task of the workflow."""
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
        return next((id for id in elements if id in waiting), self.reached or (self.row.place if self.row.place in elements else None))

    def _status(self, place: str | None) -> tuple[str, str]:
        if self.called_off:
            return self.definition.cancel_status, "failed"
        if place is None:
            return self.row.status, self.row.tone
        return self.definition.elements[place].properties["status"], self.definition.tone(place)

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

    def _write_events(self) -> str:
        chain: str = self.row.chain
        lines = []
        for number, line in enumerate(self.events, self.row.seq + 1):
            full = chained(chain, self.row.id, number, self.now, self.actor, line)
            chain = full["hash"]
            lines.append(full)
        if lines:
            self.session.execute(insert(tables.event), lines)
        return chain
