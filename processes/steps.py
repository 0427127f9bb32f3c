"""The steps: start, complete a task, send an action, save an edit, let time pass. (A job's answer: `answers.py`.)

Each function is one step inside the caller's transaction (architecture §3): it locks the instance row first and writes all
books last. A step that raises leaves nothing behind once the caller rolls back. Those that may create jobs return their ids,
which the entry point hands to RQ after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from domain.parties import SYSTEM, Actor
from processes import spiff, tables
from processes.definitions import Element, latest
from processes.engine import Engine
from processes.errors import FormInvalid, FourEyes, NotAllowed, NotFound, Refused, TaskClosed
from processes.history import GENESIS, clock_text, who
from processes.locking import lock, step_on
from processes.step import Step

Answers = Mapping[str, Any] | Callable[[Mapping[str, Any]], dict[str, Any]]
"""What was filled in, or a function that reads it off what was posted once the form's schema is known."""


def start(engine: Engine, session: Session, actor: Actor, key: str, subject: Any, outcome: str | None = None) -> tuple[int, list[str]]:
    """Starts the newest version of a process about a record that is already flushed.

    With an `outcome` the same step completes the first task, which must be the actor's, with what the record holds
    (保存并提交).

    Returns: instance id, job ids.
    Raises:
        NotFound: no such process is deployed.
        NotAllowed: the actor does not hold the lane in which the diagram starts, or the first task is another's.
        FormInvalid: with an outcome, the record does not pass the form's checks.
    """
    definition = latest(session, key)
    begin = definition.start
    _allow(actor, begin.lane, subject.party_for(begin.lane))
    row: dict[str, Any] = {
        "definition_id": definition.id,
        "key": key,
        "subject_id": subject.id,
        "title": subject.title()[:200],
        "party_id": subject.party_id,
        "started_by": actor.person_id,
        "started_at": engine.clock(),
        "version": 0,
        "status": "",
        "tone": "draft",
        "waits": [],
        "path": [],
        "seq": 0,
        "chain": GENESIS,
    }
    row["id"] = session.execute(insert(tables.instance).values(row).returning(tables.instance.c.id)).scalar_one()
    step = Step(engine, session, actor, definition, SimpleNamespace(**row, place=None, due_at=None, state=None, incident=None), subject)
    spec, subprocess_specs = definition.specs
    step.workflow = BpmnWorkflow(spec, dict(subprocess_specs), script_engine=step.script_engine())
    step.record("start", begin.name, begin.id)
    step.run()
    if outcome is not None:
        _complete_first(step, outcome)
    return row["id"], step.settle()


def _complete_first(step: Step, outcome: str) -> None:
    ready = [t for t in spiff.waiting(step.workflow) if step._tag(t) == "userTask"]
    if len(ready) != 1:
        raise Refused(f"“{step.definition.name}”不能在新建时直接办理，请先保存")
    element = step.definition.elements[ready[0].task_spec.bpmn_id]
    _allow(step.actor, element.lane, step.subject.party_for(element.lane))
    _finish(step, ready[0], element, outcome, None, None)


def complete(
    engine: Engine,
    session: Session,
    actor: Actor,
    task_id: str,
    outcome: str,
    answers: Answers | None = None,
    comment: str | None = None,
) -> list[str]:
    """Completes a user task with one of its outcomes.

    `answers` are those of the task's form; None takes what the record already holds (a button on a list).

    Raises:
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        NotAllowed, FourEyes: not this actor.
        FormInvalid: the form does not pass its checks, or a required comment is missing.
    """
    step, task = _load_by_task(engine, session, actor, task_id)
    _allow(actor, task.role, task.party_id)
    if task.state != "open":
        raise TaskClosed(task.closed_as)
    if task.assignee_id not in (None, actor.person_id):
        raise Refused("此事项已被其他人员签收，请等待其办理或释放")
    element = step.definition.elements[task.element]
    step.load()
    live = spiff.find(step.workflow, task_id)
    if live is None or not live.has_state(TaskState.READY):
        raise TaskClosed(step._why_closed(task_id))
    _finish(step, live, element, outcome, answers, comment)
    return step.settle()


def _finish(step: Step, live: Any, element: Element, outcome: str, answers: Answers | None, comment: str | None) -> None:
    """Completes a ready user task in the engine and runs to the next wait."""
    actor = step.actor
    _four_eyes(element, live.data, actor)
    given = _checked(step, element, outcome, answers, comment)
    live.data[f"{element.id}_outcome"] = outcome
    live.data[f"{element.id}_by"] = actor.person_id
    live.run()
    said = f"{who(actor)}已于 {clock_text(step.now)} 办理：{outcome}"
    step.closed[str(live.id)] = {"state": "done", "closed_by": actor.person_id, "outcome": outcome, "closed_as": said}
    step.record("task", outcome, element.id, comment, given)
    step.run()


def send(engine: Engine, session: Session, actor: Actor, instance_id: int, element_id: str, comment: str | None = None) -> list[str]:
    """Sends the message that an event of the diagram waits for (撤回, 删除, …).

    Raises:
        TaskClosed: the process no longer waits for it.
        NotAllowed: not this actor.
    """
    step = lock(engine, session, actor, instance_id)
    element = step.definition.elements.get(element_id)
    if element is None or element.event != "message":
        raise NotFound
    _allow(actor, element.lane, step.subject.party_for(element.lane))
    if step.row.state is None:
        raise TaskClosed
    step.load()
    live = next((t for t in spiff.waiting(step.workflow) if t.task_spec.bpmn_id == element_id), None)
    if live is None or not live.has_state(TaskState.WAITING):
        raise TaskClosed
    step.record("message", element.name, element.id, comment)
    live.task_spec.catch(live, BpmnEvent(live.task_spec.event_definition, payload={}))
    live.task_spec._update(live)
    step.run()
    return step.settle()


def save(engine: Engine, session: Session, actor: Actor, instance_id: int, answers: Answers) -> list[str]:
    """Stores an edit of the record under the `editForm` of where it stands; it need not pass the checks yet.

    Raises:
        Refused: nothing may be edited where the record stands.
        NotAllowed: not this actor.
    """
    step = lock(engine, session, actor, instance_id)
    if step.row.state is not None:
        step.load()
    place = step._place(spiff.waiting(step.workflow)) if step.workflow is not None else step.row.place
    element = step.definition.elements.get(place or "")
    if element is None or "editForm" not in element.properties:
        raise Refused("该记录目前的状态不能修改")
    _allow(actor, element.lane, step.subject.party_for(element.lane))
    given = dict(answers(step.definition.forms[element.properties["editForm"]]) if callable(answers) else answers)
    changes = _changes(step.subject.answers(), given)
    if changes:
        step.subject.take(given)
        step.record("edit", "保存", element.id, None, changes)
    # a timer may have fired while loading: then the books are written although nothing was edited
    return step.settle() if step.events else []


def tick(engine: Engine, session: Session, instance_id: int) -> list[str]:
    """Lets time act: fires what is due. Changes nothing where nothing is due."""
    step = lock(engine, session, SYSTEM, instance_id)
    if step.row.state is None or step.row.due_at is None or step.row.due_at > step.now:
        return []
    step.load()
    return step.settle()


def _load_by_task(engine: Engine, session: Session, actor: Actor, task_id: str) -> tuple[Step, Any]:
    instance_id = select(tables.task.c.instance_id).where(tables.task.c.id == task_id).scalar_subquery()
    table = tables.instance
    row = session.execute(select(table).where(table.c.id == instance_id).with_for_update()).first()
    if row is None:
        raise NotFound
    # read after the lock, so that what another step just wrote is seen
    table = tables.task
    found = session.execute(select(table).where(table.c.instance_id == row.id, or_(table.c.id == task_id, table.c.state == "open"))).all()
    task = next(one for one in found if one.id == task_id)
    if not (task.role in actor.roles and task.party_id == actor.party_id):
        raise NotFound
    if task.state != "open":
        raise TaskClosed(task.closed_as)
    step = step_on(engine, session, actor, row)
    step.open_tasks = {one.id for one in found if one.state == "open"}
    return step, task


def _allow(actor: Actor, role: str, party_id: int | None) -> None:
    if role not in actor.roles or (role != "系统" and party_id != actor.party_id):
        raise NotAllowed


def _four_eyes(element: Element, data: Mapping[str, Any], actor: Actor) -> None:
    other = element.properties.get("fourEyesWith")
    if other and data.get(f"{other}_by") == actor.person_id:
        raise FourEyes


def _checked(step: Step, element: Element, outcome: str, answers: Answers | None, comment: str | None) -> dict[str, Any] | None:
    """Checks outcome, comment and form; stores a record's form. Returns what history keeps of the answers."""
    chosen = next((o for o in element.outcomes if o.name == outcome), None)
    if chosen is None:
        raise Refused(f"“{element.name}”没有“{outcome}”这个选项，请刷新页面后重试")
    if chosen.comment_required and not (comment or "").strip():
        raise FormInvalid([("comment", f"选择“{outcome}”时须填写意见")])
    if element.form is None:
        return None
    record_form = step.definition.record_form(element)
    before = step.subject.answers() if record_form else {}
    schema = step.definition.forms[element.form]
    given = before if answers is None and record_form else dict(answers(schema) if callable(answers) else answers or {})
    problems = step.engine.check(schema, given)
    if problems:
        raise FormInvalid(problems)
    if not record_form:
        return given or None
    changes = _changes(before, given)
    if changes:
        step.subject.take(given)
    return changes or None


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {k: [before.get(k), after.get(k)] for k in sorted({*before, *after}) if before.get(k) != after.get(k)}
