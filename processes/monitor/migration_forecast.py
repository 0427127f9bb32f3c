"""How many of the instances that run on a version could be migrated. Instances whose live tasks are alike are judged once.

Loading a workflow takes a millisecond or two; reading its live tasks from the stored state takes a tenth of that. Whether an instance can
be migrated depends on its live tasks and on what they are inside of (`migrating.preview`), and thousands of instances have a few dozen
such shapes.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from processes import tables
from processes.errors import Refused
from processes.monitor import migrating
from processes.spiff.library import TaskState

LOOKED_AT = 20_000  # instances; about two seconds
_BUFFER = 500  # rows in memory at a time
_LIVE = TaskState.READY | TaskState.STARTED | TaskState.WAITING


class Running(Protocol):
    """A running instance, as far as the forecast needs it."""

    id: int
    key: str
    version: int
    definition_id: int
    state: bytes


@dataclass(frozen=True)
class Forecast:
    """The forecast of a migration: `seen` of `total` instances were looked at; `problems` is why some cannot be migrated → how many."""

    total: int
    seen: int
    problems: Mapping[str, int]

    @property
    def possible(self) -> int:
        """How many of the instances looked at can be migrated."""
        return self.seen - sum(self.problems.values())


def forecast(session: Session, old_id: int, new_id: int) -> Forecast:
    """Looks at all instances that run on a version, in two statements; of more than `LOOKED_AT` at every second, third, … one."""
    table = tables.instance
    running = table.c.definition_id == old_id, table.c.ended_at.is_(None)
    total = session.scalar(select(func.count()).select_from(table).where(*running)) or 0
    query = select(table.c.id, table.c.key, table.c.version, table.c.definition_id, table.c.state).where(*running)
    if total > LOOKED_AT:
        query = query.where(table.c.id % -(-total // LOOKED_AT) == 0)
    judged: dict[Hashable, str] = {}
    found: Counter[str] = Counter()
    for row in cast("Iterator[Running]", session.execute(query, execution_options={"yield_per": _BUFFER})):
        alike = shape(row.state)
        if alike not in judged:
            judged[alike] = _judge(session, row, new_id)
        found[judged[alike]] += 1
    seen = found.total()
    return Forecast(total, seen, {problem: number for problem, number in found.most_common() if problem})


def shape(state: bytes) -> Hashable:
    """The live tasks of a stored workflow: of each its state and the elements that it came by, from the innermost outwards.

    Of tasks that are alike the shape says only whether there are several.
    """
    whole = orjson.loads(zlib.decompress(state))
    every: dict[str, Any] = {}
    around: dict[str, str | None] = {}
    for part in (whole, *whole["subprocesses"].values()):
        every |= part["tasks"]
        around[part["root"]] = part.get("parent_task_id")
    chains = Counter(_chain(every, around, id) for id, task in every.items() if task["state"] & _LIVE)
    return frozenset((chain, min(number, 2)) for chain, number in chains.items())


def _chain(every: Mapping[str, Any], around: Mapping[str, str | None], id: str | None) -> tuple[tuple[str, int], ...]:
    found = []
    while id is not None:
        task = every[id]
        found.append((task["task_spec"], task["state"] & _LIVE))
        id = task["parent"] if task["parent"] is not None else around.get(id)
    return tuple(found)


def _judge(session: Session, row: Running, new_id: int) -> str:
    """Why an instance cannot be migrated, in one line; empty where it can."""
    try:
        return "；".join(migrating.preview(session, row, new_id).problems)
    except Refused as error:
        return str(error)
