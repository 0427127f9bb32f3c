"""离岗代理: somebody stands in for a person who is away, from–to, in some processes or all; it ends by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.ground.parties import ONE_BY_ONE, Actor, Party, Person, PersonRole
from processes import tables
from processes.errors import NotFound, Refused

_TABLE = tables.substitute
_TASK = tables.task
_INSTANCE = tables.instance


def covered(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """SQL over task ⋈ instance: the actor stands in for the one whose task it is, or for one who holds its role."""
    theirs = or_(_TASK.c.assignee_id == _TABLE.c.person_id, and_(_TASK.c.assignee_id.is_(None), _holds(_TASK.c.role, _TASK)))
    return exists().where(*_covering(actor, _INSTANCE.c.key, _TASK.c.created_at, now), theirs)


def absent_for(session: Session, actor: Actor, task: Any, key: str, now: datetime) -> Any | None:
    """The person (`id`, `name`) in whose place the actor may act on this task row; None: nobody's."""
    theirs = _holds(task.role) if task.assignee_id in (None, actor.person_id) else _TABLE.c.person_id == task.assignee_id
    return _absent(session, *_covering(actor, key, task.created_at, now), theirs)


def lent_roles(actor: Actor, now: datetime) -> ScalarSelect[str | None]:
    """SQL over instance: the roles, a line each, of those in whose place the actor may press the record's buttons; null: none.

    A substitution that leaves out what was there before it began begins with a record when that comes to another place.
    """
    roles = select(func.aggregate_strings(PersonRole.role, "\n")).join(_TABLE, _TABLE.c.person_id == PersonRole.person_id)
    since = func.coalesce(_INSTANCE.c.position_since, _INSTANCE.c.started_at)
    return roles.where(*_covering(actor, _INSTANCE.c.key, since, now)).correlate(_INSTANCE).scalar_subquery()


def lent(lines: str | None) -> frozenset[str]:
    """The roles that `lent_roles` found."""
    return frozenset((lines or "").split("\n")) - {""}


def roles_lent(session: Session, actor: Actor, key: str, now: datetime) -> frozenset[str]:
    """The roles in which the actor stands in for somebody in a process, be it on few of its records or on none."""
    roles = select(PersonRole.role).join(_TABLE, _TABLE.c.person_id == PersonRole.person_id)
    return frozenset(session.scalars(roles.where(*_covering(actor, key, now, now))))


def absent_holder(session: Session, actor: Actor, role: str, instance: Any, now: datetime) -> Any | None:
    """The person (`id`, `name`) in whose place the actor may press a role's button on a record (its instance's row); None: nobody's."""
    return _absent(session, *_covering(actor, instance.key, instance.position_since or instance.started_at, now), _holds(role))


def covered_act(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """SQL over task ⋈ instance: the actor stands in for the one whose act the task's completion was, and who still holds its role."""
    owner = func.coalesce(_TASK.c.closed_for, _TASK.c.closed_by) == _TABLE.c.person_id
    return exists().where(*_covering(actor, _INSTANCE.c.key, _TASK.c.created_at, now), owner, _holds(_TASK.c.role, _TASK))


def absent_actor(session: Session, actor: Actor, done: Any, key: str, now: datetime) -> Any | None:
    """The person (`id`, `name`) whose act a done task's row is, and in whose place the actor may take it back; None: nobody's."""
    owner = _TABLE.c.person_id == (done.closed_by if done.closed_for is None else done.closed_for)
    return _absent(session, *_covering(actor, key, done.created_at, now), owner, _holds(done.role))


def _absent(session: Session, *which: ColumnElement[bool]) -> Any | None:
    query = select(Person.id, Person.name).join(_TABLE, _TABLE.c.person_id == Person.id).where(*which)
    return session.execute(query.order_by(_TABLE.c.id).limit(1)).first()


def _covering(actor: Actor, key: Any, since: Any, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The actor's substitutions in force for a process (`key`) that reach back to what is there `since`; values, or SQL."""
    return *_in_force(actor, now), or_(_TABLE.c.key.is_(None), _TABLE.c.key == key), or_(_TABLE.c.existing, _TABLE.c.starts_at <= since)


def _holds(role: Any, *around: Any) -> ColumnElement[bool]:
    """Who is away holds a role; `around` are the tables of the statement that the role comes from."""
    # two levels deep the library would put those tables into this one's FROM: any task's role would do
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
) -> None:
    """The actor names who stands in while they are away; no `keys` means every process.

    Raises:
        NotFound: nobody of this id is in the actor's party.
        Refused: a time that makes no sense, a second one for the same time and process, or a circle.
    """
    if substitute_id == actor.person_id:
        raise Refused("代理人不能是本人，请选择其他人员")
    if not starts_at < ends_at or ends_at <= now:
        raise Refused("结束时间应晚于开始时间，并且晚于现在")
    session.get_one(Party, actor.party_id, with_for_update=ONE_BY_ONE)  # two people of a party: no circle slips through
    person = session.get(Person, substitute_id)
    if person is None or person.party_id != actor.party_id or not person.active:
        raise NotFound("没有找到这位代理人，请重新选择")
    others = _overlapping(session, actor.party_id, starts_at, ends_at)
    scope: Sequence[str | None] = keys or [None]
    for key in scope:
        same = [row for row in others if key is None or row.key is None or row.key == key]
        if any(row.person_id == actor.person_id for row in same):
            raise Refused("这段时间已经设置了代理人，请先结束原来的代理或调整时间")
        if _leads_to(same, substitute_id, actor.person_id):
            raise Refused(f"{person.name}在这段时间由您（直接或间接）代理，不能互相代理，请选择其他人员")
    people = {"party_id": actor.party_id, "person_id": actor.person_id, "substitute_id": substitute_id, "existing": existing}
    times = {"starts_at": starts_at, "ends_at": ends_at, "created_at": now}
    session.execute(insert(_TABLE), [{**people, **times, "key": key} for key in scope])


def end(session: Session, actor: Actor, substitution_id: int, now: datetime) -> None:
    """Ends one of the actor's own before its time; one that has not begun is forgotten.

    Raises:
        NotFound
    """
    mine = (_TABLE.c.id == substitution_id, _TABLE.c.person_id == actor.person_id, _TABLE.c.ends_at > now)
    unborn = session.execute(delete(_TABLE).where(*mine, _TABLE.c.starts_at > now))
    if unborn.rowcount == 1:  # type: ignore[attr-defined]
        return
    if session.execute(update(_TABLE).where(*mine).values(ends_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("没有找到这条代理，它可能已经结束")


def substitutions_of(actor: Actor) -> Select[Any]:
    """The actor's own and those in which they stand in, newest first, with `absent` and `stand_in` as names."""
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


def _overlapping(session: Session, party_id: int, starts_at: datetime, ends_at: datetime) -> Sequence[Row[Any]]:
    query = select(_TABLE).where(_TABLE.c.party_id == party_id, _TABLE.c.ends_at > starts_at, _TABLE.c.starts_at < ends_at)
    return session.execute(query).all()


def _leads_to(rows: Iterable[Row[Any]], start: int, wanted: int) -> bool:
    """Whether standing-in leads from `start`, if they were away too, to `wanted`."""
    nexts: dict[int, set[int]] = {}
    for row in rows:
        nexts.setdefault(row.person_id, set()).add(row.substitute_id)
    seen, todo = {start}, [start]
    while todo:
        new = nexts.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return wanted in seen
