"""撤回: a person who completed a task takes that back, while nobody has acted on it.

The diagram allows it by the property `withdrawable` (`true`) of the user task. It is one step (docs/architecture.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_all, read_one
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import NotFound, Refused, TaskClosed
from processes.history import clock_text, who
from processes.rights import authority
from processes.rights.substitutes import covered_act
from processes.rows import TaskRow
from processes.spiff import tokens, tree
from processes.spiff.library import LoopTask, Task, TaskState
from processes.spiff.rewinding import resumed, rewind, undone
from processes.spiff.timers import due
from processes.states import EventKind, TaskKind, TaskRowState, VoteState
from processes.steps import books, running, votes
from processes.steps.locking import awake, lock
from processes.steps.step import Reopening, Step
from processes.tasks import ballots, opinions
from processes.tasks.undoing import ACTS, close, rerun


class _Act(Protocol):
    """A completed task that the actor may perhaps take back. `vote` is the state of the 会签 that it belongs to."""

    id: str
    instance_id: int
    element: str
    closed_at: datetime
    state: str
    vote: str | None


class _Line(Protocol):
    """A line of history by which somebody acted."""

    instance_id: int
    element: str | None
    at: datetime


class Running(Protocol):
    """An instance that has not ended, as far as `withdrawals` needs it."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def definition_id(self) -> int:
        """The version it runs on."""


def withdraw(engine: Engine, session: Session, actor: Actor, task_id: str) -> list[str]:
    """Takes back the actor's last act: the task is theirs again, with the data that it had when they got it.

    Returns: ids of new jobs.
    Raises:
        NotFound: the actor did not complete such a task.
        Refused: the diagram does not allow it, or somebody or a deadline has acted since; the message says who or what.
    """
    step, done = _own(engine, session, actor, task_id)
    element = step.definition.elements.get(done.element)
    if element is None:
        raise Refused("流程已迁移到新版本，不能撤回")
    if not element.withdrawable:
        raise Refused(f"“{element.name}”办理后不能撤回")
    if step.row.state is None:
        raise Refused("流程已结束，不能撤回")
    running.load(step)
    target = tokens.find(step.workflow, done.vote_id or task_id)
    if done.state == TaskRowState.CONFIRMING or (done.vote_id is not None and votes.vote_of(step, done.vote_id).state == VoteState.OPEN):
        if target is None or not target.has_state(TaskState.READY):
            raise TaskClosed(step.why_closed(done.vote_id or task_id))
        take_back = opinions.take_back if done.state == TaskRowState.CONFIRMING else ballots.take_back
        take_back(step, done)
        step.record(EventKind.WITHDRAW, "撤回", element.id)
    elif target is None or not target.has_state(TaskState.COMPLETED):
        raise Refused("流程已继续进行，不能撤回")
    else:
        _take_back(step, target, done, element)
    return books.write(step)


def _own(engine: Engine, session: Session, actor: Actor, task_id: str) -> tuple[Step, TaskRow]:
    """The step, and the row, read under the lock, of a task that the actor, or a person in whose place they act, has completed."""
    table = tables.task
    instance_id = session.scalar(select(table.c.instance_id).where(table.c.id == task_id, table.c.party_id == actor.party_id))
    if instance_id is None:
        raise NotFound
    step = lock(engine, session, actor, instance_id, suspended=True)
    done = read_one(session, select(table).where(table.c.id == task_id), TaskRow)
    absent = authority.takes_back(session, actor, done, step.row.key, step.now)
    awake(step)
    step.actor = authority.in_place_of(actor, absent)
    if done.state not in (TaskRowState.DONE, TaskRowState.CONFIRMING):
        raise Refused(f"{done.closed_as}，不能撤回")
    element = step.definition.elements.get(done.element)
    if absent is not None and element is not None:  # a person who could not complete the task does not take its completion back either
        authority.four_eyes(session, step.definition, step.row.id, element, (actor.person_id, absent.id))
    return step, done


def _take_back(step: Step, target: Task, done: TaskRow, element: Element) -> None:
    """Takes back the completion of a task in the tree, whose row is `done`. Refused where somebody or a deadline has acted since."""
    decision = None if done.vote_id is None else ballots.decision_by(target, done)
    gone = undone(target, anew=False)
    _nobody_acted(step, target, gone)
    _in_time(step, target)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 撤回“{element.name}”"
    step.record(EventKind.WITHDRAW, "撤回", element.id)
    if decision is not None:
        ballots.reopen(step, done, decision)
        gone.remove(target)
    close(step, gone, said, TaskRowState.WITHDRAWN)
    rewind(target, anew=False)
    step.again[str(target.id)] = Reopening(done.role, done.party_id, done.assignee_id, done.due_at)
    rerun(step)


def withdrawals(session: Session, actor: Actor, rows: Sequence[Running], now: datetime | None = None) -> dict[int, tuple[str, Element]]:
    """Instance id → task and element that the actor may probably take back. `withdraw` looks at the state itself. Two queries at most.

    With `now` also the acts of those whom the actor stands in for at that moment.
    """
    allowed = {row.id: load(session, row.definition_id) for row in rows}
    allowed = {i: d for i, d in allowed.items() if any(e.withdrawable for e in d.elements.values())}
    if not allowed:
        return {}
    task, event, vote = tables.task.c, tables.event.c, tables.vote.c
    mine = select(task.id, task.instance_id, task.element, task.closed_at, task.state, vote.state.label("vote"))
    mine = mine.join_from(tables.task, tables.instance, tables.instance.c.id == task.instance_id)
    own = and_(func.coalesce(task.closed_for, task.closed_by) == actor.person_id, task.role.in_(actor.roles))
    mine = mine.outerjoin(tables.vote, vote.id == task.vote_id).where(
        task.instance_id.in_(allowed),
        task.state.in_((TaskRowState.DONE, TaskRowState.CONFIRMING)),
        task.kind == TaskKind.STEP,
        task.party_id == actor.party_id,
        own if now is None else or_(own, covered_act(actor, now)),
        or_(task.vote_id.is_(None), vote.state == VoteState.OPEN, and_(vote.state.in_(votes.RESULTS), vote.closed_at == task.closed_at)),
    )
    completed = read_all(session, mine.order_by(task.closed_at), _Act)
    acts = [(row, allowed[row.instance_id].elements.get(row.element)) for row in completed]
    done = [(row, element) for row, element in acts if element is not None and element.withdrawable]
    if not done:
        return {}
    events = select(event.instance_id, event.element, event.at).where(
        event.instance_id.in_({row.instance_id for row, _ in done}), event.kind.in_(ACTS)
    )
    later = read_all(session, events, _Line)
    return {row.instance_id: (row.id, element) for row, element in done if not _followed(row, allowed[row.instance_id], later)}


def _followed(row: _Act, definition: Definition, later: Sequence[_Line]) -> bool:
    """Whether one of these lines of history acts on the completion of a task. Nothing acts on an answer while its 会签 is open."""
    if row.vote == VoteState.OPEN or row.state == TaskRowState.CONFIRMING:
        return False
    after = _reachable(definition, row.element)
    return any(e.instance_id == row.instance_id and e.at > row.closed_at and e.element in after for e in later)


def _nobody_acted(step: Step, target: Task, gone: Sequence[Task]) -> None:
    for one in tree.enclosing(target):
        if one.has_state(TaskState.FINISHED_MASK) and isinstance(one.parent.task_spec, LoopTask):
            raise Refused("多实例活动中此项已全部办完，不能撤回，请联系后续办理人退回")
    table = tables.task
    others = [str(task.id) for task in gone if task is not target]
    # the task itself, an opinion on it, or an answer in it
    about = or_(table.c.id.in_(others), table.c.parent_id.in_(others), table.c.vote_id.in_(others))
    query = select(table.c.closed_as).where(about, table.c.state.in_((TaskRowState.DONE, TaskRowState.CONFIRMING))).limit(1)
    acted = step.session.scalars(query).first()
    if acted is not None:
        raise Refused(f"{acted}，不能撤回")
    for task in gone:
        element = step.element_of(task)
        if element is None or not task.has_state(TaskState.COMPLETED) or element.tag not in ("boundaryEvent", "intermediateCatchEvent"):
            continue
        if element.event == "message" or element.interrupting:  # a reminder that has fired hinders nobody
            raise Refused(f"“{element.label}”已经发生，不能撤回")


def _in_time(step: Step, target: Task) -> None:
    """Raises Refused where a deadline that would run again has passed meanwhile."""
    for event in resumed(target):
        if event.task_spec.cancel_activity and any(moment <= step.now for moment in due(event)):
            name = step.definition.elements[tokens.element_id(event)].name
            raise Refused(f"“{name}”时间已到，不能撤回")


def _reachable(definition: Definition, element_id: str) -> set[str]:
    """Ids of the elements that a token can reach from an element."""
    found: set[str] = set()
    todo = [element_id]
    while todo:
        at = todo.pop()
        nexts = [target for source, target in definition.flows.values() if source == at]
        nexts += [e.id for e in definition.elements.values() if e.attached_to == at]
        todo += [n for n in nexts if n not in found]
        found.update(nexts)
    return found
