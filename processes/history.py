"""The history: one line an event, each holding the hash of the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from domain.base import SHANGHAI
from domain.parties import Actor
from processes import tables

GENESIS = "0" * 64


def chain_hash(previous: str, line: Mapping[str, Any]) -> str:
    """sha256 over the previous hash and every field of the line but its own hash."""
    content = {str(k): v.astimezone(UTC).isoformat() if isinstance(v, datetime) else v for k, v in line.items() if k != "hash"}
    return hashlib.sha256(previous.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def who(actor: Actor) -> str:
    """Name and party as history keeps them."""
    return f"{actor.name}（{actor.party_name}）" if actor.party_name else actor.name


def clock_text(moment: datetime) -> str:
    """A moment as people read it, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def events_of(session: Session, instance_id: int) -> Sequence[Row[Any]]:
    """The history of an instance, oldest first."""
    table = tables.event
    return session.execute(select(table).where(table.c.instance_id == instance_id).order_by(table.c.seq)).all()


def instance_of(session: Session, key: str, subject_id: int) -> Row[Any] | None:
    """The latest instance about a record."""
    table = tables.instance
    query = select(table).where(table.c.key == key, table.c.subject_id == subject_id).order_by(table.c.id.desc()).limit(1)
    return session.execute(query).first()


def instance_by_id(session: Session, instance_id: int) -> Row[Any] | None:
    """An instance by its id; who may see its record is the caller's to ask."""
    table = tables.instance
    return session.execute(select(table).where(table.c.id == instance_id)).first()
