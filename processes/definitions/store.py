"""Deployed versions by key or id, read from the database once: they never change."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from processes import tables
from processes.definitions.calls import linked
from processes.definitions.definition import Definition, read
from processes.errors import NotFound


def latest(session: Session, key: str) -> Definition:
    """The newest version of a diagram.

    Raises:
        NotFound: nothing of this key is deployed.
    """
    newest = session.execute(select(func.max(tables.definition.c.id)).where(tables.definition.c.key == key)).scalar()
    if newest is None:
        raise NotFound(f"流程“{key}”尚未部署")
    return load(session, newest)


def keys_about(session: Session, subject: str) -> list[str]:
    """The keys of the processes that are about records of a type."""
    return [one.key for one in _newest(session) if one.subject == subject]


def lifecycles(session: Session) -> list[str]:
    """The keys of the processes whose newest version is a record's life, and no matter that somebody began (property `lifecycle`)."""
    return [one.key for one in _newest(session) if one.lifecycle]


def _newest(session: Session) -> list[Definition]:
    """The newest version of each diagram, by key, in one statement: with those that the cache does not hold comes what they say."""
    table, whole = tables.definition, tables.definition.alias()
    database = cache_key(session, 0)[0]
    known = [id for of, id in (*_CACHE, *(key for key in session.info if isinstance(key, tuple))) if of == database]
    newest = select(func.max(table.c.id)).group_by(table.c.key)
    query = select(table.c.id.label("newest_id"), whole).outerjoin_from(table, whole, (whole.c.id == table.c.id) & whole.c.id.not_in(known))
    found = []
    for row in session.execute(query.where(table.c.id.in_(newest)).order_by(table.c.id)):  # those that others call came before them
        found.append(load(session, row.newest_id, None if row.id is None else row))
    return sorted(found, key=lambda one: one.key)


def load(session: Session, definition_id: int, row: Row[Any] | None = None) -> Definition:
    """A version by its id, from the cache after the first time (versions never change). `row`: its row, where it was read already.

    A version that this session has deployed is cached with the session alone: if the transaction is rolled back, SQLite gives its id to
    another version.
    """
    key = cache_key(session, definition_id)
    cache = session.info if key in session.info else _CACHE
    found: Definition | None = cache.get(key)
    if found is None:
        found = cache[key] = _load(session, definition_id, row)
    return found


def _load(session: Session, definition_id: int, row: Row[Any] | None) -> Definition:
    if row is None:
        row = session.execute(select(tables.definition).where(tables.definition.c.id == definition_id)).one()
    found = _read_cached(row.xml, json.dumps(row.forms), row.id, row.version, json.dumps(row.decisions))
    return linked(found, {key: load(session, id) for key, id in row.called.items()}) if row.called else found


def cache_key(session: Session, definition_id: int) -> tuple[str, int]:
    return str(session.get_bind().engine.url), definition_id


def forget(session: Session) -> None:
    """Drops what is cached of a database that is about to go away."""
    for key in [key for key in _CACHE if key[0] == cache_key(session, 0)[0]]:
        del _CACHE[key]


_CACHE: dict[tuple[str, int], Definition] = {}


@lru_cache(maxsize=500)
def _read_cached(xml: str, forms: str, id: int, version: int, decisions: str) -> Definition:
    return read(xml.encode(), json.loads(forms), id, version, json.loads(decisions))
