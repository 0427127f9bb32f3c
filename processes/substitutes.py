"""离岗代理: somebody stands in for a person who is away, from–to, in some processes or all; it ends by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.parties import ONE_BY_ONE, Actor, Party, Person, PersonRole
from processes import tables
from processes.errors import NotFound, Refused

_TABLE = tables.substitute
_TASK = tables.task


def covered(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """SQL over task ⋈ instance: the actor stands in for the one whose task it is, or for one who holds its role."""
    role = exists().where(PersonRole.person_id == _TABLE.c.person_id, PersonRole.role == _TASK.c.role)
    role = role.correlate(_TABLE, _TASK)  # two levels deep the library would put the tasks into this one's FROM: any task's role would do
    theirs = or_(_TASK.c.assignee_id == _TABLE.c.person_id, and_(_TASK.c.assignee_id.is_(None), role))
    early = or_(_TABLE.c.existing, _TASK.c.created_at >= _TABLE.c.starts_at)
    scope = or_(_TABLE.c.key.is_(None), _TABLE.c.key == tables.instance.c.key)
    return exists().where(*_in_force(actor, now), scope, early, theirs)


def absent_for(session: Session, actor: Actor, task: Any, key: str, now: datetime) -> Any | None:
    """The person (`id`, `name`) in whose place the actor may act on this task row; None: nobody's."""
    role = exists().where(PersonRole.person_id == _TABLE.c.person_id, PersonRole.role == task.role)
    theirs = role if task.assignee_id in (None, actor.person_id) else _TABLE.c.person_id == task.assignee_id
    query = select(Person.id, Person.name).join(_TABLE, _TABLE.c.person_id == Person.id)
    query = query.where(*_in_force(actor, now), or_(_TABLE.c.key.is_(None), _TABLE.c.key == key), theirs)
    query = query.where(or_(_TABLE.c.existing, _TABLE.c.starts_at <= task.created_at))
    return session.execute(query.order_by(_TABLE.c.id).limit(1)).first()


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
