"""签收 and 释放: one person takes a task for themselves, and gives it back to everybody with its role. Both are lines of history.

Many at once take as many statements as one: the instances are locked in the order of their ids, and their lines are written together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM, Actor
from domain.ground.rows import columns_of, read_all
from processes import history, tables
from processes.errors import Refused
from processes.proving import assigned, unproved
from processes.rights.authority import in_place_of
from processes.rights.substitutes import absent_for
from processes.rows import InstanceRow, TaskRow
from processes.states import LIVE, EventKind, TaskKind, TaskRowState
from processes.tasks.inbox import open_tasks, task_of

_TASK = tables.task
_INSTANCE = tables.instance


def claim(session: Session, actor: Actor, task_ids: Sequence[str], now: datetime) -> int:
    """签收: nobody else may complete these tasks until they are released. Returns how many of them were free and the actor's to take."""
    instances = _locked(session, actor, task_ids)
    # read under the lock: of two who claim at once one wins, and a task that went to another role meanwhile is not free
    query = open_tasks(actor, now).with_only_columns(*_TASK.c).order_by(None)
    query = query.where(_TASK.c.id.in_(task_ids), _TASK.c.assignee_id.is_(None), _TASK.c.instance_id.in_(instances))
    free = read_all(session, query, TaskRow)
    claimed = _change(session, free, _TASK.c.assignee_id.is_(None), actor.person_id)
    lines = [(row, _as_whom(session, actor, row, instances[row.instance_id].key, now), "签收") for row in claimed]
    return _write(session, instances, free, lines, now)


def release(session: Session, actor: Actor, task_ids: Sequence[str], now: datetime) -> int:
    """释放: everybody with the role may complete these tasks again. Returns how many the actor could release.

    An opinion that the actor was asked for is theirs alone, and so is a task that waits for the opinion of a delegate.
    """
    asked = _TASK.alias()
    waits = exists().where(asked.c.parent_id == _TASK.c.id, asked.c.state.in_(LIVE), asked.c.kind == TaskKind.DELEGATE)
    votes = exists().where(tables.vote.c.id == _TASK.c.vote_id, tables.vote.c.people)  # nobody else may give one person's answer
    mine = (_TASK.c.party_id == actor.party_id, _TASK.c.assignee_id == actor.person_id, _TASK.c.kind == TaskKind.STEP)
    instances = _locked(session, actor, task_ids)
    own = read_all(session, select(_TASK).where(_TASK.c.id.in_(task_ids), _TASK.c.instance_id.in_(instances), *mine), TaskRow)
    released = _change(session, own, (_TASK.c.assignee_id == actor.person_id) & ~waits & ~votes, None)
    return _write(session, instances, own, [(row, actor, "释放") for row in released], now)


def claim_one(session: Session, actor: Actor, task_id: str, now: datetime) -> None:
    """签收 of one task.

    Raises:
        NotFound: the actor may not see it.
        Refused: somebody has claimed or completed it.
    """
    task_of(session, actor, task_id, now)
    if claim(session, actor, [task_id], now) != 1:
        raise Refused("此事项已被他人签收或办理，请刷新页面")


def release_one(session: Session, actor: Actor, task_id: str, now: datetime) -> None:
    """释放 of one task.

    Raises:
        NotFound: the actor may not see it.
        Refused: the actor has not claimed it, or may not release it.
    """
    task_of(session, actor, task_id, now)
    if release(session, actor, [task_id], now) != 1:
        raise Refused("您没有签收此事项，它是会签中您的一份，或它已被办理、委派，请刷新页面")


def _locked(session: Session, actor: Actor, task_ids: Collection[str]) -> dict[int, InstanceRow]:
    """The instances of those tasks that are open in the actor's party, locked.

    In the order of their ids, so that two who claim the same tasks do not wait for each other.
    """
    theirs = (_TASK.c.id.in_(task_ids), _TASK.c.party_id == actor.party_id, _TASK.c.state == TaskRowState.OPEN)
    query = select(_INSTANCE).where(_INSTANCE.c.id.in_(select(_TASK.c.instance_id).where(*theirs)))
    return {row.id: row for row in read_all(session, query.order_by(_INSTANCE.c.id).with_for_update(), InstanceRow)}


def _change(session: Session, tasks: Sequence[TaskRow], condition: ColumnElement[bool], person_id: int | None) -> Sequence[TaskRow]:
    """Assigns the tasks among these that are open and meet the condition to a person, or to nobody. Returns their rows."""
    if not tasks:
        return []
    ids = [task.id for task in tasks]
    changed = update(_TASK).where(_TASK.c.id.in_(ids), _TASK.c.state == TaskRowState.OPEN, condition)
    return read_all(session, changed.values(assigned(session, ids, person_id)).returning(*_TASK.c), TaskRow)


def _as_whom(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> Actor:
    """The actor under the name that the history keeps: with the name of the person in whose place they claim, where they stand in."""
    return actor if task.role in actor.roles else in_place_of(actor, absent_for(session, actor, task, key, now))


def _write(
    session: Session,
    instances: dict[int, InstanceRow],
    before: Sequence[TaskRow],
    acts: Sequence[tuple[TaskRow, Actor, str]],
    now: datetime,
) -> int:
    """Writes the lines of history, and first those that tell of tasks whose assignee was changed by hand `before`."""
    changed = {task.id for task, _, _ in acts}
    found: list[tuple[int, Actor, history.Line]] = [
        (task.instance_id, SYSTEM, history.altered([f"待办“{task.name}”的{rule.what}"]))
        for task in before
        for rule in unproved(session, _TASK, columns_of(task))
        if rule.column == "assignee_proof" and task.id in changed
    ]
    lines = [
        (task.instance_id, actor, {"kind": EventKind.CLAIM, "name": f"{verb}“{task.name}”"[:100], "element": task.element})
        for task, actor, verb in acts
    ]
    history.append(session, instances, [*found, *lines], now)
    return len(lines)
