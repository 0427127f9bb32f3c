"""离岗代理: for a time, somebody stands in for a colleague who is away, in some processes or in all.

Each row of the table is one substitution: who is away, who stands in, from when until when, and in which process. Substitutions do not
chain: where the stand-in is away too, the stand-in's own stand-in gets nothing of the first person's. `appoint` says so to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.ground.base import SHANGHAI
from domain.ground.database import rows_changed
from domain.ground.parties import ONE_BY_ONE, Actor, Party, Person, PersonRole
from domain.ground.rows import columns_of, read_all, read_first
from processes import tables
from processes.errors import NotFound, Refused
from processes.proving import proofs, proved, unproved
from processes.rows import InstanceRow, SubstituteRow, TaskRow

_TABLE = tables.substitute
_TASK = tables.task
_INSTANCE = tables.instance


class AbsentPerson(Protocol):
    """A person in whose place somebody acts."""

    id: int
    name: str


class SubstitutionRow(SubstituteRow, Protocol):
    """A substitution with the names of both people."""

    absent: str
    stand_in: str


def covered(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """SQL over task ⋈ instance: the actor stands in for the person who has the task, or for somebody who holds its role."""
    theirs = or_(_TASK.c.assignee_id == _TABLE.c.person_id, and_(_TASK.c.assignee_id.is_(None), _holds(_TASK.c.role, _TASK)))
    return exists().where(*_covering(actor, _INSTANCE.c.key, _TASK.c.created_at, now), theirs)


def absent_for(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> AbsentPerson | None:
    """The person in whose place the actor may act on a task of the process `key`; None where there is none."""
    theirs = _holds(task.role) if task.assignee_id in (None, actor.person_id) else _TABLE.c.person_id == task.assignee_id
    return _absent(session, *_covering(actor, key, task.created_at, now), theirs)


def lent_roles(actor: Actor, now: datetime) -> ScalarSelect[str | None]:
    """SQL over instance: the roles of those in whose place the actor may press the record's buttons, a line each; null where none.

    A substitution without the tasks that existed before it covers a record once the record has reached another element of its diagram.
    """
    roles = select(func.aggregate_strings(PersonRole.role, "\n")).join(_TABLE, _TABLE.c.person_id == PersonRole.person_id)
    since = func.coalesce(_INSTANCE.c.position_since, _INSTANCE.c.started_at)
    return roles.where(*_covering(actor, _INSTANCE.c.key, since, now)).correlate(_INSTANCE).scalar_subquery()


def lent(lines: str | None) -> frozenset[str]:
    """The roles in what `lent_roles` selected."""
    return frozenset((lines or "").split("\n")) - {""}


def roles_lent(session: Session, actor: Actor, key: str, now: datetime) -> frozenset[str]:
    """The roles in which the actor stands in for somebody in the process `key`, whether or not any of its records is covered."""
    roles = select(PersonRole.role).join(_TABLE, _TABLE.c.person_id == PersonRole.person_id)
    return frozenset(session.scalars(roles.where(*_covering(actor, key, now, now))))


def absent_holder(session: Session, actor: Actor, role: str, instance: InstanceRow, now: datetime) -> AbsentPerson | None:
    """The person in whose place the actor may press a button that a role has on an instance's record; None where there is none."""
    return _absent(session, *_covering(actor, instance.key, instance.position_since or instance.started_at, now), _holds(role))


def covered_act(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """SQL over task ⋈ instance: the actor stands in for the person whose act completed the task, and who still holds its role."""
    owner = func.coalesce(_TASK.c.closed_for, _TASK.c.closed_by) == _TABLE.c.person_id
    return exists().where(*_covering(actor, _INSTANCE.c.key, _TASK.c.created_at, now), owner, _holds(_TASK.c.role, _TASK))


def absent_actor(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> AbsentPerson | None:
    """The person whose act completed a task, and in whose place the actor may take that back; None where there is none."""
    owner = _TABLE.c.person_id == (task.closed_by if task.closed_for is None else task.closed_for)
    return _absent(session, *_covering(actor, key, task.created_at, now), owner, _holds(task.role))


def _absent(session: Session, *which: ColumnElement[bool]) -> AbsentPerson | None:
    query = select(Person.id, Person.name).join(_TABLE, _TABLE.c.person_id == Person.id).where(*which)
    return read_first(session, query.order_by(_TABLE.c.id).limit(1), AbsentPerson)


def _covering(
    actor: Actor, key: str | ColumnElement[str], since: datetime | ColumnElement[datetime], now: datetime
) -> tuple[ColumnElement[bool], ...]:
    """The actor's substitutions in force that cover something of the process `key` that has waited since the moment `since`.

    A substitution covers what began to wait before the substitution did only where its row says `existing`.
    """
    return *_in_force(actor, now), or_(_TABLE.c.key.is_(None), _TABLE.c.key == key), or_(_TABLE.c.existing, _TABLE.c.starts_at <= since)


def _holds(role: str | ColumnElement[str], *around: FromClause) -> ColumnElement[bool]:
    """The absent person holds a role. Where the role is a column, `around` are the tables of the statement that it belongs to."""
    # two levels deep the library would add those tables to the FROM of this subquery: the role of any task would do
    return exists().where(PersonRole.person_id == _TABLE.c.person_id, PersonRole.role == role).correlate(_TABLE, *around)


def appoint(
    session: Session,
    actor: Actor,
    substitute_id: int,
    starts_at: datetime,
    ends_at: datetime,
    keys: Sequence[str],
    existing: bool,
    now: datetime,
) -> list[str]:
    """The actor names who stands in for them while they are away; no `keys` means every process.

    `existing`: also for tasks that exist when it begins.

    Returns: sentences for the actor about the times for which nobody stands in, because substitutions do not chain.
    Raises:
        NotFound: nobody of this id is in the actor's party.
        Refused: the end is not after the beginning or is past, a substitution for the same time and process exists, or people would
            stand in for each other.
    """
    if substitute_id == actor.person_id:
        raise Refused("代理人不能是本人，请选择其他人员")
    if not starts_at < ends_at or ends_at <= now:
        raise Refused("结束时间应晚于开始时间，并且晚于现在")
    session.get_one(Party, actor.party_id, with_for_update=ONE_BY_ONE)  # two people who appoint each other at once are refused too
    person = session.get(Person, substitute_id)
    if person is None or person.party_id != actor.party_id or not person.active:
        raise NotFound("没有找到这位代理人，请重新选择")
    others = _overlapping(session, actor.party_id, starts_at, ends_at)
    scope: Sequence[str | None] = keys or [None]
    near: dict[int, SubstituteRow] = {}
    for key in scope:
        same = [row for row in others if key is None or row.key is None or row.key == key]
        near |= {row.id: row for row in same}
        if any(row.person_id == actor.person_id for row in same):
            raise Refused("这段时间已经设置了代理人，请先结束原来的代理或调整时间")
        if _leads_to(same, substitute_id, actor.person_id):
            raise Refused(f"{person.name}在这段时间由您（直接或间接）代理，不能互相代理，请选择其他人员")
    people = {"party_id": actor.party_id, "person_id": actor.person_id, "substitute_id": substitute_id, "existing": existing}
    times = {"starts_at": starts_at, "ends_at": ends_at, "created_at": now}
    session.execute(insert(_TABLE), [proved(session, _TABLE, {**people, **times, "key": key}) for key in scope])
    return _unchained(session, actor, person, near.values(), starts_at, ends_at)


def _unchained(
    session: Session, actor: Actor, stand_in: Person, near: Iterable[SubstituteRow], starts_at: datetime, ends_at: datetime
) -> list[str]:
    """What the actor should know of other substitutions at the same time: the stand-in's absence, and whom the actor stands in for."""
    chains = [row for row in near if row.person_id == stand_in.id or row.substitute_id == actor.person_id]
    if not chains:
        return []
    ids = {row.substitute_id if row.person_id == stand_in.id else row.person_id for row in chains}
    names = {id: name for id, name in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}
    found = []
    for row in sorted(chains, key=lambda row: (row.starts_at, row.id)):
        when = days(max(row.starts_at, starts_at), min(row.ends_at, ends_at))
        if row.person_id == stand_in.id:
            other = names[row.substitute_id]
            found.append(f"{stand_in.name}在{when}也不在岗，由{other}代理。您的事项不会再转给{other}，请另选代理人或调整时间。")
        else:
            other = names[row.person_id]
            found.append(f"您在{when}代理{other}，{other}的事项不会转给{stand_in.name}，请告知{other}另选代理人。")
    return list(dict.fromkeys(found))


def days(starts_at: datetime, ends_at: datetime) -> str:
    """The days from one moment until just before another, as people read them, in Asia/Shanghai."""
    first, last = starts_at.astimezone(SHANGHAI), (ends_at - timedelta(seconds=1)).astimezone(SHANGHAI)
    return f" {first:%Y-%m-%d} " if first.date() == last.date() else f" {first:%Y-%m-%d} 至 {last:%Y-%m-%d} "


def end(session: Session, actor: Actor, substitution_id: int, now: datetime) -> None:
    """Ends one of the actor's own substitutions early; one that has not begun is deleted.

    Raises:
        NotFound: the actor has no such substitution that has not ended.
    """
    mine = (_TABLE.c.id == substitution_id, _TABLE.c.person_id == actor.person_id, _TABLE.c.ends_at > now)
    if rows_changed(session, delete(_TABLE).where(*mine, _TABLE.c.starts_at > now)) == 1:
        return
    row = read_first(session, select(_TABLE).where(*mine).with_for_update(), SubstituteRow)
    if row is None:
        raise NotFound("没有找到这条代理，它可能已经结束")
    ended: dict[str, Any] = {"ends_at": now}
    if not unproved(session, _TABLE, columns_of(row)):  # what was changed by hand stays without a proof
        ended |= proofs(session, _TABLE, {**columns_of(row), **ended})
    session.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(ended))


def substitutions_of(actor: Actor) -> Select[Any]:
    """The actor's own substitutions and those in which they stand in, newest first, as rows of `SubstitutionRow`."""
    away, stand_in = aliased(Person), aliased(Person)
    query = select(*_TABLE.c, away.name.label("absent"), stand_in.name.label("stand_in"))
    query = query.join(away, away.id == _TABLE.c.person_id).join(stand_in, stand_in.id == _TABLE.c.substitute_id)
    mine = or_(_TABLE.c.person_id == actor.person_id, _TABLE.c.substitute_id == actor.person_id)
    return query.where(mine, _TABLE.c.party_id == actor.party_id).order_by(_TABLE.c.starts_at.desc(), _TABLE.c.id.desc())


def _in_force(actor: Actor, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _TABLE.c.substitute_id == actor.person_id,
        _TABLE.c.ends_at > now,
        _TABLE.c.starts_at <= now,
        _TABLE.c.party_id == actor.party_id,
    )


def _overlapping(session: Session, party_id: int, starts_at: datetime, ends_at: datetime) -> Sequence[SubstituteRow]:
    query = select(_TABLE).where(_TABLE.c.party_id == party_id, _TABLE.c.ends_at > starts_at, _TABLE.c.starts_at < ends_at)
    return read_all(session, query, SubstituteRow)


def _leads_to(substitutions: Iterable[SubstituteRow], start: int, wanted: int) -> bool:
    """Whether the people who stand in for `start`, for those, and so on, come round to the person `wanted`."""
    substitutes: dict[int, set[int]] = {}
    for row in substitutions:
        substitutes.setdefault(row.person_id, set()).add(row.substitute_id)
    reached, todo = {start}, [start]
    while todo:
        new = substitutes.get(todo.pop(), set()) - reached
        reached |= new
        todo += new
    return wanted in reached
