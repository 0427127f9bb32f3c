"""The history of an instance: lines, each of which holds the hash of the line before it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from sqlalchemy import Column, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.base import in_shanghai
from domain.ground.parties import SYSTEM, Actor
from domain.ground.rows import columns_of, read_all, read_first
from processes import tables
from processes.proving import proofs, unproved
from processes.rows import EventRow, InstanceRow
from processes.states import EventKind

GENESIS = "0" * 64
INSTANCE = "流程记录"
"""What an instance's row is called where it was changed by hand."""
SIGNED = "_signed"
"""In a line's `data`, beside answers: the outcome is a signature, whose signer gave their password at this moment (ISO 8601, in UTC)."""
Line = Mapping[str, Any]
"""A line of history as a step has it: `kind`, `name`, and perhaps `element`, `comment` and `data`."""


def chain_hash(previous: str, line: Line) -> str:
    """sha256 over the previous hash and every field of the line but its own hash."""
    content = {str(k): v.astimezone(UTC).isoformat() if isinstance(v, datetime) else v for k, v in line.items() if k != "hash"}
    if content.get("record") is None:  # lines of earlier versions have none
        content.pop("record", None)
    return hashlib.sha256(previous.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def chained(chain: str, instance_id: int, seq: int, at: datetime, actor: Actor, line: Line) -> dict[str, Any]:
    """A line as the table keeps it, with its hash, which covers the hash of the line before it (`chain`)."""
    full: dict[str, Any] = {"comment": None, "data": None, "record": None, **line, "instance_id": instance_id, "seq": seq, "at": at}
    full |= {"actor_id": actor.person_id, "actor": _cut(who(actor), tables.event.c.actor), "name": _cut(line["name"], tables.event.c.name)}
    return {**full, "hash": chain_hash(chain, full)}


def _cut(text: str, column: Column[Any]) -> str:
    """The text, shortened to the length of its column: PostgreSQL refuses a longer one."""
    most: int = column.type.length  # type: ignore[attr-defined]  # both are texts
    return text if len(text) <= most else f"{text[: most - 1]}…"


def altered(what: Sequence[str]) -> Line:
    """The line by which a step tells what of that which it starts from was changed by hand, so that `pilot verify` tells it from then on.

    The step proves anew what it writes; without this line it would cover up what was changed before it.
    """
    return {"kind": EventKind.ALTERED, "name": "数据被改动过", "element": None, "comment": f"不是在系统中办理的改动：{'、'.join(what)}"}


def append(
    session: Session,
    instances: Mapping[int, InstanceRow],
    lines: Sequence[tuple[int, Actor, Line]],
    at: datetime,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Adds lines (instance id, who, line) to instances whose rows are locked, in two statements. `changes`: columns that change too."""
    if not lines:
        return
    ends = {id: (row.seq, row.chain) for id, row in instances.items()}
    ids = sorted({instance_id for instance_id, _, _ in lines})
    found = [(id, SYSTEM, altered([INSTANCE])) for id in ids if unproved(session, tables.instance, columns_of(instances[id]))]
    written = []
    for instance_id, actor, line in (*found, *lines):
        seq, chain = ends[instance_id]
        full = chained(chain, instance_id, seq + 1, at, actor, line)
        ends[instance_id] = (seq + 1, full["hash"])
        written.append(full)
    session.execute(insert(tables.event), written)
    table = tables.instance
    values: list[dict[str, Any]] = []
    for id in ids:
        row = instances[id]
        grown = {**(changes or {}), "version": row.version + 1, "seq": ends[id][0], "chain": ends[id][1]}
        values.append({**grown, **proofs(session, table, {**columns_of(row), **grown})})
    names: dict[str, Any] = {name: bindparam(f"new_{name}") for name in values[0]}
    bound = [{"instance": id, **{f"new_{name}": value for name, value in one.items()}} for id, one in zip(ids, values, strict=True)]
    session.execute(update(table).where(table.c.id == bindparam("instance")).values(names), bound)


def who(actor: Actor) -> str:
    """Name and party as history keeps them."""
    return f"{actor.name}（{actor.party_name}）" if actor.party_name else actor.name


def clock_text(moment: datetime) -> str:
    """A moment as people read it, to the minute, in Asia/Shanghai."""
    return in_shanghai(moment).strftime("%Y-%m-%d %H:%M")


class Told(Protocol):
    """What a record said after a step."""

    instance_id: int
    record: str


def last_told(session: Session, keys: Sequence[str], subject_id: int) -> Told | None:
    """What a record said after the last step of a process about it. `keys`: the processes about such records.

    Of the lines of one process the number says which is the last: a clock that was set back does not.
    """
    event, instance, later = tables.event.c, tables.instance.c, tables.event.alias().c
    newest = select(func.max(later.seq)).where(later.instance_id == event.instance_id, later.record.is_not(None))
    query = select(event.record, event.instance_id).join(tables.instance, instance.id == event.instance_id)
    query = query.where(instance.key.in_(keys), instance.subject_id == subject_id)
    query = query.where(event.seq == newest.correlate(tables.event).scalar_subquery())
    return read_first(session, query.order_by(event.at.desc(), event.instance_id.desc()).limit(1), Told)


def events_of(session: Session, instance_id: int) -> Sequence[EventRow]:
    """The history of an instance, oldest first."""
    table = tables.event
    return read_all(session, select(table).where(table.c.instance_id == instance_id).order_by(table.c.seq), EventRow)


def last_decision(session: Session, instance_id: int) -> EventRow | None:
    """The newest line of what a person decided or sent back, with their opinion (`comment`)."""
    table = tables.event
    query = select(table).where(table.c.instance_id == instance_id, table.c.kind.in_((EventKind.TASK, EventKind.RETURN)))
    return read_first(session, query.order_by(table.c.seq.desc()).limit(1), EventRow)


def errors_behind(session: Session, instance_id: int, moments: Collection[datetime]) -> Sequence[EventRow]:
    """The business errors that the diagram caught at these moments, such as those at which tasks began: why the tasks are there."""
    if not moments:
        return []
    table = tables.event
    caught = (table.c.instance_id == instance_id, table.c.kind == EventKind.ERROR, table.c.at.in_(moments))
    return read_all(session, select(table).where(*caught).order_by(table.c.seq), EventRow)


def last_comments(session: Session, key: str, subject_ids: Sequence[int]) -> dict[int, str]:
    """Record → the opinion of the newest line of what a person decided about it, and who gave it, where they gave one. In one query."""
    event, instance = tables.event.c, tables.instance
    query = select(instance.c.subject_id, event.comment, event.actor).join(instance, instance.c.id == event.instance_id)
    query = query.where(instance.c.key == key, instance.c.subject_id.in_(subject_ids), event.kind.in_((EventKind.TASK, EventKind.RETURN)))
    newest = {row.subject_id: (row.comment, row.actor) for row in session.execute(query.order_by(event.instance_id, event.seq))}
    return {subject_id: f"{comment} —— {actor}" for subject_id, (comment, actor) in newest.items() if comment}


def instance_of(session: Session, key: str, subject_id: int) -> InstanceRow | None:
    """The latest instance about a record."""
    table = tables.instance
    query = select(table).where(table.c.key == key, table.c.subject_id == subject_id).order_by(table.c.id.desc()).limit(1)
    return read_first(session, query, InstanceRow)


def instance_by_id(session: Session, instance_id: int) -> InstanceRow | None:
    """An instance by its id. The caller checks who may see its record."""
    table = tables.instance
    return read_first(session, select(table).where(table.c.id == instance_id), InstanceRow)
