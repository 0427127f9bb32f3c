"""Three kinds of steps: a person presses a button of the diagram, a person edits the record, time passes.

Each is one step inside the caller's transaction (docs/architecture.md): it locks the instance row first and writes all
books last. A step that raises leaves nothing behind once the caller rolls back. Those that may create jobs return their ids,
which the entry point hands to RQ after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM, Actor
from domain.ground.rows import read_all
from processes import tables
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound, ProcessError, Refused, TaskClosed
from processes.rights import access, authority
from processes.spiff import tokens
from processes.states import EventKind
from processes.steps import books, execution, position, running, together
from processes.steps.filling import Answers, answers_to_store, differences
from processes.steps.locking import awake, lock, lock_many, nothing_unseen
from processes.steps.starting_point import LockedInstance, locked_instance
from processes.steps.step import Step


def send(engine: Engine, session: Session, actor: Actor, instance_id: int, element_id: str, comment: str | None = None) -> list[str]:
    """Sends the message that an event of the diagram waits for (撤回, 删除, …).

    Raises:
        TaskClosed: the process no longer waits for it.
        NotAllowed: the actor may not press this button.
    """
    step = lock(engine, session, actor, instance_id, suspended=True)
    element = _pressed(step, element_id)
    running.load(step)
    _receive(step, element, comment)
    running.run(step)
    return books.write(step)


def send_many(
    engine: Engine, session: Session, actor: Actor, sends: Sequence[tuple[int, str]], comment: str | None = None
) -> list[together.Taken]:
    """Sends, to each of these instances, the message that an event of its diagram waits for (instance id, element id).

    Each does as `send` does, in a savepoint of its own, or along with others that are alike.

    Returns: what came of each, in this order.
    """
    firsts: dict[int, str] = {}
    for instance_id, element_id in sends:
        firsts.setdefault(instance_id, element_id)
    query = locked_instance().where(tables.instance.c.id.in_(firsts)).order_by(tables.instance.c.id)
    steps = lock_many(engine, session, actor, read_all(session, query, LockedInstance), suspended=True)
    found: dict[int, together.Taken] = {}
    opened: dict[int, together.Opened] = {}
    for instance_id, element_id in firsts.items():
        step = steps.get(instance_id, NotFound())
        try:
            if isinstance(step, ProcessError):
                raise step
            element = _pressed(step, element_id)
        except ProcessError as error:
            found[instance_id] = error
        else:
            opened[instance_id] = together.Opened(step, partial(_receive, element=element, comment=comment), (element_id, comment), {})
    found |= dict(zip(opened, together.take(session, list(opened.values())), strict=True))
    # of two messages to one instance, the second comes too late
    return [found[id] if firsts.pop(id, None) == element_id else TaskClosed() for id, element_id in sends]


def _pressed(step: Step, element_id: str) -> Element:
    """The event that waits for a message, once it is known that the actor may send it. Raises as `send` does."""
    element = step.definition.elements.get(element_id)
    if element is None or element.event != "message":
        raise NotFound
    step.actor = _pressing(step, element.press_lane)
    awake(step)
    if step.row.state is None:
        raise TaskClosed
    return element


def _receive(step: Step, element: Element, comment: str | None) -> bool:
    step.record(EventKind.MESSAGE, element.name, element.id, comment)
    if not execution.receive(step, element):
        raise TaskClosed
    return True


@dataclass(frozen=True)
class Edit:
    """An edit of a record on its locked instance, once it is known that the actor may edit it; `store_edit` completes the step."""

    step: Step
    element: Element
    """Where the record stands."""
    file_name: str
    """The form's."""

    @property
    def form(self) -> Mapping[str, Any]:
        """The form as the actor fills it in."""
        return access.form_at(self.step.definition.forms[self.file_name], self.element, self.element.edit_lane)


def open_edit(engine: Engine, session: Session, actor: Actor, instance_id: int, seen: int | None = None) -> Edit:
    """Begins the step that edits a record under the `editForm` of the element where it stands.

    `seen`: see `nothing_unseen`.

    Raises:
        Refused: nothing may be edited where the record stands, or somebody has edited it since the form was opened.
        NotAllowed: the actor may not edit it.
    """
    step = lock(engine, session, actor, instance_id)
    nothing_unseen(step, seen)
    if step.row.state is not None:
        running.load(step)
    stands_at = position.position_of(step, tokens.waiting(step.workflow)) if step.workflow is not None else step.row.position
    element = step.definition.elements.get(stands_at or "")
    if element is None or element.edit_form is None:
        raise Refused("该记录目前的状态不能修改")
    step.actor = _pressing(step, element.edit_lane)
    return Edit(step, element, element.edit_form)


def store_edit(edit: Edit, answers: Answers) -> list[str]:
    """Stores what was filled in. It need not pass the form's checks yet, unless the diagram says `editChecked`.

    Raises:
        FormInvalid: it must pass the checks, and does not.
    """
    step, element, before = edit.step, edit.element, edit.step.subject.answers()
    return _store(edit, answers_to_store(step, edit.file_name, element, answers, before, element.edit_lane, element.edit_checked), "保存")


def _store(edit: Edit, stored: dict[str, Any], name: str) -> list[str]:
    """Stores answers that may be stored; `name` is what the history calls it."""
    step, element = edit.step, edit.element
    changes = differences(step.subject.answers(), stored)
    if changes:
        step.subject.take(stored)
        step.record(EventKind.EDIT, name, element.id, None, changes)
        if step.workflow is not None:
            running.run(step)  # a condition of the diagram may have come true
    # a timer may have fired while loading: then the books are written although nothing was edited
    return books.write(step) if step.events else []


def put(engine: Engine, session: Session, actor: Actor, instance_id: int, field: str, value: str) -> list[str]:
    """Gives a record one field that its form only shows (`readOnly`), such as a photo that was checked elsewhere. It is an edit: the
    diagram says where it may be made (`editForm`), and the field's `x-access` where the field may not be given even then.

    Raises:
        Refused: nothing may be edited where the record stands, or not this field.
        NotAllowed: the actor may not edit it.
        FormInvalid: the value is none of the field.
    """
    edit = open_edit(engine, session, actor, instance_id)
    schema = edit.step.definition.forms[edit.file_name]
    its = access.fields_of(schema)[field]
    if access.mode_at(its, edit.element, edit.element.edit_lane) != "write":
        raise Refused(f"当前状态为“{edit.step.subject.status}”，不能修改“{its.get('title', field)}”")
    alone = {"type": "object", "properties": {field: {k: v for k, v in its.items() if k != "readOnly"}}, "required": [field]}
    if problems := edit.step.engine.check(alone, {field: value}):
        raise FormInvalid(problems)
    return _store(edit, {**edit.step.subject.answers(), field: value}, its.get("title", field))


def save(engine: Engine, session: Session, actor: Actor, instance_id: int, answers: Answers, seen: int | None = None) -> list[str]:
    """Edits a record, where the answers are known beforehand. Raises as `open_edit` and `store_edit`."""
    return store_edit(open_edit(engine, session, actor, instance_id, seen), answers)


def _pressing(step: Step, lane: str) -> Actor:
    """Who presses a button of a lane's, in their own name or in an absent person's."""
    absent = authority.presses(step.session, step.actor, lane, step.subject.party_for(lane), step.row, step.now)
    return authority.in_place_of(step.actor, absent)


def tick(engine: Engine, session: Session, instance_id: int) -> list[str]:
    """Lets time act: the timers of an instance that are due fire. Changes nothing where none is due."""
    step = lock(engine, session, SYSTEM, instance_id, suspended=True)
    if step.row.state is None or step.row.due_at is None or step.row.due_at > step.now:
        return []
    running.load(step)
    return books.write(step)
