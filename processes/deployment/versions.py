"""The versions of each process: who deployed which when, and how many instances run on each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.ground.rows import read_all
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.errors import NotFound


class VersionRow(Protocol):
    """A version of a process, without its diagram."""

    id: int
    key: str
    version: int
    name: str
    note: str


class CountedVersion(VersionRow, Protocol):
    """A version with who deployed it when, and how many instances run."""

    deployed_at: datetime
    deployed_by: str
    running: int


_DEFINITION = tables.definition
_COLUMNS = (_DEFINITION.c.id, _DEFINITION.c.key, _DEFINITION.c.version, _DEFINITION.c.name, _DEFINITION.c.note)
_RUNNING = (
    select(func.count())
    .where(tables.instance.c.definition_id == _DEFINITION.c.id, tables.instance.c.ended_at.is_(None))
    .correlate(_DEFINITION)
    .scalar_subquery()
    .label("running")
)


def latest_versions(session: Session) -> Sequence[CountedVersion]:
    """The newest version of each process with `running`: how many instances run, on whatever version."""
    newest = select(func.max(_DEFINITION.c.id)).group_by(_DEFINITION.c.key)
    running = (
        select(func.count())
        .where(tables.instance.c.key == _DEFINITION.c.key, tables.instance.c.ended_at.is_(None))
        .correlate(_DEFINITION)
        .scalar_subquery()
        .label("running")
    )
    query = select(*_COLUMNS, _DEFINITION.c.deployed_at, _DEFINITION.c.deployed_by, running).where(_DEFINITION.c.id.in_(newest))
    return read_all(session, query.order_by(_DEFINITION.c.key), CountedVersion)


def versions_of(session: Session, key: str) -> Sequence[CountedVersion]:
    """All versions of a process, newest first, with `running`: how many instances run on each."""
    query = select(*_COLUMNS, _DEFINITION.c.deployed_at, _DEFINITION.c.deployed_by, _RUNNING).where(_DEFINITION.c.key == key)
    return read_all(session, query.order_by(_DEFINITION.c.version.desc()), CountedVersion)


def watched(session: Session, running: Collection[int]) -> Sequence[VersionRow]:
    """The newest version of each process and those of these ids, by process, newest first."""
    newest = select(func.max(_DEFINITION.c.id)).group_by(_DEFINITION.c.key)
    query = select(*_COLUMNS).where(or_(_DEFINITION.c.id.in_(newest), _DEFINITION.c.id.in_(running)))
    return read_all(session, query.order_by(_DEFINITION.c.key, _DEFINITION.c.version.desc()), VersionRow)


def names(session: Session) -> dict[str, str]:
    """Key → name of every deployed process, as its newest version calls it."""
    query = select(_DEFINITION.c.key, _DEFINITION.c.name).order_by(_DEFINITION.c.key, _DEFINITION.c.version)
    return {row.key: row.name for row in session.execute(query)}


def version(session: Session, key: str, number: int) -> Definition:
    """One version.

    Raises:
        NotFound: there is none of this number.
    """
    known = 0 < number < 2**31  # beyond it the databases fail
    mine = _DEFINITION.c.key == key, _DEFINITION.c.version == number
    found = session.scalar(select(_DEFINITION.c.id).where(*mine)) if known else None
    if found is None:
        raise NotFound(f"流程“{key}”没有第 {number} 版")
    return load(session, found)


def scenarios_of(session: Session, definition_id: int) -> str | None:
    """The scenarios (YAML) a version was deployed with; None where it came with the product."""
    return session.scalar(select(_DEFINITION.c.scenarios).where(_DEFINITION.c.id == definition_id))
