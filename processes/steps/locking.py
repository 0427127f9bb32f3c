"""How every step begins: it locks the instance row, and reads the definition and the record."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_first
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import NotFound, Refused, Suspended, TaskClosed
from processes.history import clock_text
from processes.states import EventKind
from processes.steps.starting_point import LockedInstance, locked_instance, look
from processes.steps.step import Step


def lock(engine: Engine, session: Session, actor: Actor, instance_id: int, suspended: bool = False) -> Step:
    """A step on an instance that nobody else can change until the transaction ends. `suspended`: it may be a suspended one.

    Raises:
        NotFound: there is no such instance, or its record was deleted.
        TaskClosed: the process has ended and its record was deleted.
        Suspended: nothing may act now.
    """
    row = read_first(session, locked_instance().where(tables.instance.c.id == instance_id), LockedInstance)
    if row is None:
        raise NotFound
    return step_on(engine, session, actor, row, suspended)


def step_on(engine: Engine, session: Session, actor: Actor, row: LockedInstance, suspended: bool = False) -> Step:
    """A step on a row that is locked already. Raises as `lock` does."""
    if row.suspended_at is not None and not suspended:
        raise Suspended
    definition = load(session, row.definition_id)
    subject = engine.subjects[definition.subject].load(session, row.subject_id)
    if subject is None:
        if row.state is None:
            raise TaskClosed
        raise NotFound
    step = Step(engine, session, actor, definition, row, subject)
    look(step, row)
    return step


def awake(step: Step) -> None:
    """Ends a step that was begun on a suspended instance only to find out whether the actor may know of it.

    Raises:
        Suspended: the instance is suspended, so that nothing may act on it.
    """
    if step.row.suspended_at is not None:
        raise Suspended


def nothing_unseen(step: Step, seen: int | None) -> None:
    """Nobody overwrites what they have not seen. `seen`: how many lines of history there were when the form was opened, if known.

    Raises:
        Refused: somebody has edited the record since.
    """
    if seen is None or seen >= step.row.seq:
        return
    line = tables.event.c
    edited = select(line.actor, line.at).where(line.instance_id == step.row.id, line.seq > seen, line.kind == EventKind.EDIT)
    last = step.session.execute(edited.order_by(line.seq.desc()).limit(1)).first()
    if last is not None:
        raise Refused(f"打开此页后，{last.actor}已于 {clock_text(last.at)} 修改过该记录。请先核对最新内容，再重新提交。")
