"""How every step begins: it locks the instance row, and reads the definition and the record."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_first
from domain.ground.subjects import Subject
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import NotFound, ProcessError, Refused, Suspended, TaskClosed
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


def lock_many(
    engine: Engine, session: Session, actor: Actor, rows: Sequence[LockedInstance], suspended: bool = False
) -> dict[int, Step | ProcessError]:
    """Instance id → a step on each of these rows, which are locked, or why there is none: what `lock` would raise.

    The records are read in one query for each of their types.
    """
    of = {row.id: load(session, row.definition_id).subject for row in rows}
    wanted: dict[str, list[int]] = {}
    for row in rows:
        wanted.setdefault(of[row.id], []).append(row.subject_id)
    known = {(name, one.id): one for name, ids in wanted.items() for one in engine.subjects[name].load_all(session, ids)}
    found: dict[int, Step | ProcessError] = {}
    for row in rows:
        try:
            found[row.id] = _step(engine, session, actor, row, known.get((of[row.id], row.subject_id)), suspended)
        except ProcessError as error:
            found[row.id] = error
    return found


def step_on(engine: Engine, session: Session, actor: Actor, row: LockedInstance, suspended: bool = False) -> Step:
    """A step on a row that is locked already. Raises as `lock` does."""
    definition = load(session, row.definition_id)
    return _step(engine, session, actor, row, engine.subjects[definition.subject].load(session, row.subject_id), suspended)


def _step(engine: Engine, session: Session, actor: Actor, row: LockedInstance, subject: Subject | None, suspended: bool) -> Step:
    if row.suspended_at is not None and not suspended:
        raise Suspended
    definition = load(session, row.definition_id)
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
