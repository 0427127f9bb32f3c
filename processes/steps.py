"""The steps: start, complete a task, send an action, save an edit, let time pass. (A job's answer: `answers.py`.)

Each function is one step inside the caller's transaction (architecture §3): it locks the instance row first and writes all
books last. A step that raises leaves nothing behind once the caller rolls back. Those that may create jobs return their ids,
which the entry point hands to RQ after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Integer, Select, String, and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.parties import SYSTEM, Actor, Person
from processes import access, authority, copies, spiff, tables, votes
from processes.definitions import Definition, Element, latest
from processes.engine import Engine
from processes.errors import FormInvalid, NotAllowed, NotFound, Refused, TaskClosed
from processes.history import GENESIS, clock_text, who
from processes.instances import VoteTask
from processes.locking import awake, lock, nothing_unseen, step_on
from processes.notices import notify
from processes.step import Step

_NOT_YET = dict.fromkeys(("place", "place_since", "due_at", "suspended_at", "state", "incident"))  # of a process that begins
Answers = Mapping[str, Any] | Callable[[Mapping[str, Any]], dict[str, Any]]
"""What was filled in, or a function that reads it off what was posted once the form's schema is known."""


def start(
    engine: Engine, session: Session, actor: Actor, key: str, subject: Any, outcome: str | None = None, newest: Definition | None = None
) -> tuple[int, list[str]]:
    """Starts the newest version of a process about a record that is already flushed.

    `newest` is that version, where the caller has looked it up already. With an `outcome` the same step completes the first task,
    which must be the actor's, with what the record holds (保存并提交).

    Returns: instance id, job ids.
    Raises:
        NotFound: no such process is deployed.
        NotAllowed: the actor does not hold the lane in which the diagram starts, or the first task is another's.
        FormInvalid: with an outcome, the record does not pass the form's checks.
    """
    definition = newest or latest(session, key)
    begin = definition.start
    _allow(actor, begin.lane, subject.party_for(begin.lane))
    step = open_step(engine, session, actor, definition, subject)
    step.run()
    if outcome is not None:
        _complete_first(step, outcome)
    return step.row.id, step.settle()


def open_step(engine: Engine, session: Session, actor: Actor, definition: Definition, subject: Any) -> Step:
    """The first step of a new instance, about to run; whether the actor may begin one is the caller's to ask."""
    begin = definition.start
    row: dict[str, Any] = {
        "definition_id": definition.id,
        "key": definition.key,
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
    step = Step(engine, session, actor, definition, SimpleNamespace(**row, **_NOT_YET), subject)
    spec, subprocess_specs = definition.specs
    step.workflow = BpmnWorkflow(spec, dict(subprocess_specs), script_engine=step.script_engine())
    step.record("start", begin.name, begin.id)
    return step


def _complete_first(step: Step, outcome: str) -> None:
    ready = [t for t in spiff.waiting(step.workflow) if step.for_person(t)]
    if len(ready) != 1 or isinstance(ready[0].task_spec, VoteTask):
        raise Refused(f"“{step.definition.name}”不能在新建时直接办理，请先保存")
    element = step.definition.elements[spiff.element_id(ready[0])]
    _allow(step.actor, element.lane, step.subject.party_for(element.lane))
    row = SimpleNamespace(id=str(ready[0].id), element=element.id, kind="step", parent_id=None, vote_id=None)
    _finish(Hold(step, row, None, ()), ready[0], outcome, None, None)


def complete(
    engine: Engine,
    session: Session,
    actor: Actor,
    task_id: str,
    outcome: str,
    answers: Answers | None = None,
    comment: str | None = None,
    seen: int | None = None,
) -> list[str]:
    """Completes a user task with one of its outcomes.

    `answers` are those of the task's form; None takes what the record already holds (a button on a list). `seen` as of `nothing_unseen`.

    Raises:
        Refused: the record was edited since.
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        NotAllowed, FourEyes: not this actor.
        FormInvalid: the form does not pass its checks, or a required comment is missing.
    """
    held = hold(engine, session, actor, task_id)
    if held.task.kind != "step":
        raise Refused("此事项只请您给出意见，请填写意见后提交")
    held.no_opinion_awaited()
    nothing_unseen(held.step, seen)
    if held.step.workflow is None:
        held.step.load()
    _finish(held, held.live(), outcome, answers, comment)
    return held.step.settle()


@dataclass(frozen=True)
class Hold:
    """A live task on its locked instance, and in whose place the actor may act on it."""

    step: Step
    task: Any
    absent: Any | None
    rows: tuple[Any, ...]
    """The instance's live task rows, with the assignee's name as `asked`."""

    @property
    def opinions(self) -> list[Any]:
        """The live opinions asked for this task, or for the one that this is an opinion on."""
        about = self.task.parent_id or self.task.id
        return [row for row in self.rows if row.parent_id == about]

    @property
    def element(self) -> Element:
        """The task's element in the diagram."""
        return self.step.definition.elements[self.task.element]

    @property
    def person_id(self) -> int:
        """Whose task it is: the absent person's, or the actor's."""
        return int(self.absent.id) if self.absent is not None else self.step.actor.person_id

    def no_opinion_awaited(self) -> None:
        """Raises Refused while an opinion is to be given before the task may be acted on."""
        waiting = [one.asked for one in self.opinions if one.kind != "after"]
        if waiting:
            raise Refused(f"正在等待{'、'.join(waiting)}的意见，给出后才能办理；也可以先收回")

    def four_eyes(self, *people: int) -> None:
        """Raises FourEyes where one of these people, or who is stood for, has had a hand in a step that checks this one."""
        step = self.step
        authority.four_eyes(step.session, step.definition, step.row.id, self.element, (*people, self.person_id))

    def live(self) -> Any:
        """The task in the loaded workflow.

        Raises:
            TaskClosed: a deadline was first.
        """
        task_id = self.task.vote_id or self.task.parent_id or self.task.id
        found = spiff.find(self.step.workflow, task_id)
        if found is None or not found.has_state(TaskState.READY):
            raise TaskClosed(self.step._why_closed(task_id))
        return found


def hold(
    engine: Engine,
    session: Session,
    actor: Actor,
    task_id: str,
    check: authority.Check = authority.acts_for,
    states: tuple[str, ...] = ("open",),
) -> Hold:
    """Locks the instance of a task, lets time speak, and checks that the actor may do this to the task now.

    Raises:
        NotFound, NotAllowed: not this actor.
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        Refused: another person has claimed it.
    """
    step, task, rows = _load_by_task(engine, session, actor, task_id, states)
    absent = check(session, actor, task, step.row.key, step.now)
    awake(step)  # said only to those who may know of the task
    step.actor = authority.in_place_of(actor, absent)
    held = Hold(step, task, absent, tuple(rows))
    if step.row.due_at is not None and step.row.due_at <= step.now:
        step.load()
        held.live()
    return held


def _finish(held: Hold, live: Any, outcome: str, answers: Answers | None, comment: str | None) -> None:
    """Gives a ready user task its outcome, and runs to the next wait unless somebody is to confirm it first."""
    step = held.step
    held.four_eyes(step.actor.person_id)
    given = _checked(step, held.element, outcome, answers, comment)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 办理：{outcome}"
    values = {"closed_by": step.actor.person_id, "outcome": outcome, "closed_as": said}
    values["closed_for"] = None if held.absent is None else held.absent.id
    name = outcome if held.task.vote_id is None else votes.said(step, held.task, outcome)
    step.record("task", name, held.element.id, comment, given)
    if not held.opinions:
        go_on(step, live, held.task, values)
        return
    table, ids = tables.task, [one.id for one in held.opinions]
    step.session.execute(update(table).where(table.c.id == held.task.id).values(state="held", closed_at=step.now, **values))
    step.session.execute(update(table).where(table.c.id.in_(ids)).values(state="open", created_at=step.now))
    for one in held.opinions:
        notify(step, [one.assignee_id], "assigned", f"{who(step.actor)}请您确认：{step.row.title} · {one.name}", one.id)


def go_on(step: Step, live: Any, task: Any, closed: dict[str, Any]) -> None:
    """Completes a ready user task in the engine, or counts an answer to it (`task` is its row), and runs to the next wait.

    `closed`: closed_by, closed_for, outcome, closed_as.
    """
    if task.vote_id is not None:
        votes.answer(step, live, task, closed)
        if task.vote_id in step.ended:  # a copy tells of the result, not of each answer
            copies.by_diagram(step, step.definition.elements[task.element])
        return
    element = step.definition.elements[spiff.element_id(live)]
    live.data[f"{element.local}_outcome"] = closed["outcome"]
    live.data[f"{element.local}_by"] = closed["closed_by"]
    live.run()
    step.closed[str(live.id)] = {"state": "done", **closed}
    copies.by_diagram(step, element)
    step.run()


def send(engine: Engine, session: Session, actor: Actor, instance_id: int, element_id: str, comment: str | None = None) -> list[str]:
    """Sends the message that an event of the diagram waits for (撤回, 删除, …).

    Raises:
        TaskClosed: the process no longer waits for it.
        NotAllowed: not this actor.
    """
    step = lock(engine, session, actor, instance_id, suspended=True)
    element = step.definition.elements.get(element_id)
    if element is None or element.event != "message":
        raise NotFound
    step.actor = _pressing(step, element.lane)
    awake(step)
    if step.row.state is None:
        raise TaskClosed
    step.load()
    step.record("message", element.name, element.id, comment)
    if not step.receive(element):
        raise TaskClosed
    step.run()
    return step.settle()


def save(engine: Engine, session: Session, actor: Actor, instance_id: int, answers: Answers, seen: int | None = None) -> list[str]:
    """Stores an edit of the record under the `editForm` of where it stands; it need not pass the checks yet, unless the diagram
    says `editChecked`.

    `seen` as of `nothing_unseen`.

    Raises:
        FormInvalid: it must pass the checks, and does not.
        Refused: nothing may be edited where the record stands, or it was edited since the form was opened.
        NotAllowed: not this actor.
    """
    step = lock(engine, session, actor, instance_id)
    nothing_unseen(step, seen)
    if step.row.state is not None:
        step.load()
    place = step._place(spiff.waiting(step.workflow)) if step.workflow is not None else step.row.place
    element = step.definition.elements.get(place or "")
    if element is None or "editForm" not in element.properties:
        raise Refused("该记录目前的状态不能修改")
    step.actor = _pressing(step, element.edit_lane)
    before, form = step.subject.answers(), element.properties["editForm"]
    given = _filled(step, form, element, answers, before, element.edit_lane, element.edit_checked)
    changes = _changes(before, given)
    if changes:
        step.subject.take(given)
        step.record("edit", "保存", element.id, None, changes)
        if step.workflow is not None:
            step.run()  # a condition of the diagram may have come true
    # a timer may have fired while loading: then the books are written although nothing was edited
    return step.settle() if step.events else []


def _pressing(step: Step, lane: str) -> Actor:
    """Who presses a button of a lane's, in their own name or in an absent person's."""
    absent = authority.presses(step.session, step.actor, lane, step.subject.party_for(lane), step.row, step.now)
    return authority.in_place_of(step.actor, absent)


def tick(engine: Engine, session: Session, instance_id: int) -> list[str]:
    """Lets time act: fires what is due. Changes nothing where nothing is due."""
    step = lock(engine, session, SYSTEM, instance_id, suspended=True)
    if step.row.state is None or step.row.due_at is None or step.row.due_at > step.now:
        return []
    step.load()
    return step.settle()


def _load_by_task(engine: Engine, session: Session, actor: Actor, task_id: str, states: tuple[str, ...]) -> tuple[Step, Any, list[Any]]:
    row = session.execute(_INSTANCE_OF_TASK, {"task_id": task_id}).first()
    if row is None:
        raise NotFound
    # read after the lock, so that what another step just wrote is seen
    found = session.execute(_NEAR, {"instance_id": row.id, "task_id": task_id}).all()
    task = next(one for one in found if one.id == task_id)
    if task.state not in states:
        if not authority.may_see(session, actor, SimpleNamespace(**task._mapping, key=row.key), engine.clock()):
            raise NotFound
        raise TaskClosed(task.closed_as or "此事项尚待办理，办理后请您确认")
    step = step_on(engine, session, actor, row, suspended=True)
    step.live_tasks = {one.id: one.parent_id for one in found if one.vote_id is None}
    return step, task, list(found)


def _instance_of_task() -> Select[Any]:
    """The instance of the task `task_id`, locked."""
    table, task, task_id = tables.instance, tables.task.c, bindparam("task_id", type_=String)
    return select(table).where(table.c.id == select(task.instance_id).where(task.id == task_id).scalar_subquery()).with_for_update()


def _near() -> Select[Any]:
    """Rows of the instance `instance_id`: the task `task_id`, what it is an opinion on, the opinions on it, and the other live ones –
    but of a 会签, the others are left alone: there may be thousands. Each alternative has an index of its own."""
    table, instance_id, task_id = tables.task, bindparam("instance_id", type_=Integer), bindparam("task_id", type_=String)
    own = table.alias().c
    about = select(own.parent_id).where(own.id == task_id).scalar_subquery()
    vote = select(own.vote_id).where(own.id == task_id).scalar_subquery()
    live = table.c.state.in_(tables.LIVE)
    others = and_(table.c.instance_id == instance_id, table.c.vote_id.is_(None), live)
    opinions = and_(table.c.vote_id == vote, live, table.c.number.is_(None), table.c.parent_id.in_((task_id, about)))
    query = select(table, Person.name.label("asked")).outerjoin(Person, Person.id == table.c.assignee_id)
    near = or_(table.c.id == task_id, and_(table.c.id == about, live), others, opinions)
    return query.where(near).order_by(table.c.created_at, table.c.id)


_INSTANCE_OF_TASK, _NEAR = _instance_of_task(), _near()  # built once: putting them together takes longer than running them


def _allow(actor: Actor, role: str, party_id: int | None) -> None:
    if role not in actor.roles or (role != "系统" and party_id != actor.party_id):
        raise NotAllowed


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
    given = _filled(step, element.form, element, before if answers is None else answers, before)
    if not record_form:
        return given or None
    changes = _changes(before, given)
    if changes:
        step.subject.take(given)
    return changes or None


def _filled(
    step: Step, form: str, element: Element, answers: Answers, before: dict[str, Any], role: str | None = None, checked: bool = True
) -> dict[str, Any]:
    """A form as it was filled in at an element: what may not be written there stays as it was `before`."""
    schema = step.definition.forms[form]
    fitted = access.at(schema, element, role)
    given = access.own(schema, fitted, answers(fitted) if callable(answers) else answers)
    if checked and (problems := step.engine.check(fitted, given)):
        raise FormInvalid(problems)
    return {**access.kept(schema, fitted, before), **given}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {k: [before.get(k), after.get(k)] for k in sorted({*before, *after}) if before.get(k) != after.get(k)}
