"""常用筛选: what a person asks of their inbox again and again, under a name of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.ground.database import put
from domain.ground.parties import Actor
from processes import tables
from processes.errors import NotFound, Refused

_TABLE = tables.saved_filter
MOST = 20
LONGEST_NAME = 20


def filters_of(session: Session, actor: Actor) -> Sequence[Any]:
    """The actor's own: `id`, `name`, `query`, by name."""
    return session.execute(select(_TABLE).where(_TABLE.c.person_id == actor.person_id).order_by(_TABLE.c.name)).all()


def keep(session: Session, actor: Actor, name: str, query: str) -> None:
    """Keeps `query` (the address after the question mark) under a name; the same name again replaces it.

    Raises:
        Refused: no name, too long, or too many.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or len(query) > 500:
        raise Refused(f"请为常用筛选填写 1–{LONGEST_NAME} 个字的名称")
    others = select(func.count()).select_from(_TABLE).where(_TABLE.c.person_id == actor.person_id, _TABLE.c.name != name)
    if (session.scalar(others) or 0) >= MOST:
        raise Refused(f"最多保存 {MOST} 个常用筛选，请先删除不用的")
    put(session, _TABLE, {"person_id": actor.person_id, "name": name, "query": query}, ("person_id", "name"))


def forget(session: Session, actor: Actor, filter_id: int) -> None:
    """Deletes one of the actor's own.

    Raises:
        NotFound
    """
    gone = session.execute(delete(_TABLE).where(_TABLE.c.id == filter_id, _TABLE.c.person_id == actor.person_id))
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("没有找到这个常用筛选，它可能已被删除")
