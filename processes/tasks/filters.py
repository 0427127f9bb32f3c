"""常用筛选: filters of the inbox that a person keeps under names of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.ground.database import put, rows_changed
from domain.ground.parties import Actor
from domain.ground.rows import read_all
from processes import tables
from processes.errors import NotFound, Refused

_TABLE = tables.saved_filter
MOST = 20
LONGEST_NAME = 20


class SavedFilter(Protocol):
    """A filter that a person keeps. `query` is the inbox's address after the question mark."""

    id: int
    person_id: int
    name: str
    query: str


def filters_of(session: Session, actor: Actor) -> Sequence[SavedFilter]:
    """The actor's filters, by name."""
    return read_all(session, select(_TABLE).where(_TABLE.c.person_id == actor.person_id).order_by(_TABLE.c.name), SavedFilter)


def keep(session: Session, actor: Actor, name: str, query: str) -> None:
    """Keeps `query` (the address after the question mark) under a name, in place of the actor's filter of that name.

    Raises:
        Refused: the name is missing or too long, or the actor has too many filters.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or len(query) > 500:
        raise Refused(f"请为常用筛选填写 1–{LONGEST_NAME} 个字的名称")
    others = select(func.count()).select_from(_TABLE).where(_TABLE.c.person_id == actor.person_id, _TABLE.c.name != name)
    if (session.scalar(others) or 0) >= MOST:
        raise Refused(f"最多保存 {MOST} 个常用筛选，请先删除不用的")
    put(session, _TABLE, {"person_id": actor.person_id, "name": name, "query": query}, ("person_id", "name"))


def forget(session: Session, actor: Actor, filter_id: int) -> None:
    """Deletes one of the actor's filters.

    Raises:
        NotFound: the actor has no such filter.
    """
    if rows_changed(session, delete(_TABLE).where(_TABLE.c.id == filter_id, _TABLE.c.person_id == actor.person_id)) != 1:
        raise NotFound("没有找到这个常用筛选，它可能已被删除")
