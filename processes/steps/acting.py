"""The steps: start, complete a task, send an action, save an edit, let time pass. (A job's answer: `answers.py`.)

Each function is one step inside the caller's transaction (architecture §3): it locks the instance row first and writes all
books last. A step that raises leaves nothing behind once the caller rolls back. Those that may create jobs return their ids,
which the entry point hands to RQ after the commit.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM, Actor
from processes.engine import Engine
from processes.errors import NotFound, Refused, TaskClosed
from processes.rights import authority
from processes.spiff import tokens
from processes.states import EventKind
from processes.steps import books, position, running
from processes.steps.filling import Answers, changed_answers, filled
from processes.steps.locking import awake, lock, nothing_unseen
from processes.steps.step import Step


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
    running.load(step)
    step.record(EventKind.MESSAGE, element.name, element.id, comment)
    if not step.receive(element):
        raise TaskClosed
    running.run(step)
    return books.write(step)


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
        running.load(step)
    stands_at = position.position_of(step, tokens.waiting(step.workflow)) if step.workflow is not None else step.row.position
    element = step.definition.elements.get(stands_at or "")
    if element is None or "editForm" not in element.properties:
        raise Refused("该记录目前的状态不能修改")
    step.actor = _pressing(step, element.edit_lane)
    before, form = step.subject.answers(), element.properties["editForm"]
    given = filled(step, form, element, answers, before, element.edit_lane, element.edit_checked)
    changes = changed_answers(before, given)
    if changes:
        step.subject.take(given)
        step.record(EventKind.EDIT, "保存", element.id, None, changes)
        if step.workflow is not None:
            running.run(step)  # a condition of the diagram may have come true
    # a timer may have fired while loading: then the books are written although nothing was edited
    return books.write(step) if step.events else []


def _pressing(step: Step, lane: str) -> Actor:
    """Who presses a button of a lane's, in their own name or in an absent person's."""
    absent = authority.presses(step.session, step.actor, lane, step.subject.party_for(lane), step.row, step.now)
    return authority.in_place_of(step.actor, absent)


def tick(engine: Engine, session: Session, instance_id: int) -> list[str]:
    """Lets time act: fires what is due. Changes nothing where nothing is due."""
    step = lock(engine, session, SYSTEM, instance_id, suspended=True)
    if step.row.state is None or step.row.due_at is None or step.row.due_at > step.now:
        return []
    running.load(step)
    return books.write(step)
