"""Instances with all their rows, read for many at once: a statement a table, however many instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from domain.ground.rows import read_all
from processes import tables
from processes.rows import CopyRow, EventRow, InstanceRow, JobRow, MessageRow, TaskRow, VoteRow

_BY_INSTANCE: Mapping[str, Table] = {
    "tasks": tables.task,
    "ballots": tables.vote,
    "jobs": tables.job,
    "migrations": tables.migration,
    "copies": tables.copy,
    "subscriptions": tables.subscription,
}


class _Owned(Protocol):
    instance_id: int


class SubscriptionRow(_Owned, Protocol):
    """An event that waits for a message of another instance."""

    since: datetime


@dataclass(frozen=True)
class Bundle:
    """An instance and its rows."""

    row: InstanceRow
    lines: list[EventRow] = field(default_factory=list)
    """Oldest first."""
    tasks: list[TaskRow] = field(default_factory=list)
    ballots: list[VoteRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)
    migrations: list[object] = field(default_factory=list)
    copies: list[CopyRow] = field(default_factory=list)
    subscriptions: list[SubscriptionRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    """Those that it sent, and those that it received."""


def read(session: Session, ids: Sequence[int]) -> list[Bundle]:
    """The instances with these ids, in the order of the ids."""
    instance, event, message = tables.instance, tables.event, tables.message
    found = read_all(session, select(instance).where(instance.c.id.in_(ids)).order_by(instance.c.id), InstanceRow)
    bundles = {row.id: Bundle(row) for row in found}
    for name, table in _BY_INSTANCE.items():
        for row in read_all(session, select(table).where(table.c.instance_id.in_(ids)), _Owned):
            getattr(bundles[row.instance_id], name).append(row)
    for line in read_all(session, select(event).where(event.c.instance_id.in_(ids)).order_by(event.c.instance_id, event.c.seq), EventRow):
        bundles[line.instance_id].lines.append(line)
    near = select(message).where(or_(message.c.sender_id.in_(ids), message.c.instance_id.in_(ids))).order_by(message.c.id)
    for one in read_all(session, near, MessageRow):
        for id in {one.sender_id, one.instance_id} & bundles.keys():
            bundles[cast(int, id)].messages.append(one)
    return list(bundles.values())
