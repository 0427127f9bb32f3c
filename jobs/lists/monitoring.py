"""流程监控: the lists of instances, undelivered messages and failed SMS, and what somebody in charge does to many rows at once.

A row that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_all
from forms.listing import Listing
from jobs.lists import failed_texts
from jobs.lists.batches import Item, in_chunks
from jobs.lists.failed_texts import TEXTS
from jobs.lists.instances import INSTANCES
from jobs.lists.undelivered import MESSAGES
from jobs.runtime import Runtime
from jobs.work import Work
from processes import tables
from processes.definitions import store
from processes.engine import Engine
from processes.errors import NotFound
from processes.history import instance_by_id
from processes.monitor import managing, migrating, undelivered

_ACT = Callable[[Engine, Session, Actor, Any, str], list[str]]


@dataclass(frozen=True)
class Act:
    """What is done to a row, named by its id, for a reason. `warning` says what cannot be undone."""

    label: str
    run: _ACT
    warning: str | None = None


@dataclass(frozen=True)
class Watched:
    """A list of 流程监控: what its rows are called, which attribute names a row, and what can be done to rows."""

    listing: Listing
    noun: str
    named: str
    acts: Mapping[str, Act]


def _to_newest(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """迁移 to the newest version of the instance's process."""
    row = instance_by_id(session, instance_id)
    if row is None:
        raise NotFound
    return migrating.migrate(engine, session, actor, instance_id, store.latest(session, row.key).id, reason)


ACTS: dict[str, Act] = {
    "suspend": Act("挂起", managing.suspend),
    "resume": Act("恢复", managing.resume),
    "cancel": Act("终止", managing.cancel, "终止后不能恢复，未办的事项全部关闭"),
    "migrate": Act("迁移", _to_newest),
    "undo": Act("撤销迁移", migrating.undo),
    "retry": Act("重试", managing.retry),
    "release": Act("释放待办", managing.release),
}


WATCHED: dict[str, Watched] = {
    "instances": Watched(INSTANCES, "流程", "title", ACTS),
    "messages": Watched(MESSAGES, "消息", "name", {"retry": Act("重试", undelivered.retry)}),
    "texts": Watched(TEXTS, "短信", "person", {"retry": Act("重新发送", failed_texts.resend)}),
}


@dataclass(frozen=True)
class Chosen:
    """The rows to act on: those with the `ids` of a list (a key of WATCHED), all rows under the filters in `values`, or all instances that
    run on a version."""

    ids: tuple[Any, ...] = ()
    values: Mapping[str, str] | None = None
    definition_id: int | None = None
    what: str = "instances"


class ChosenRow(Protocol):
    """One of the chosen rows."""

    id: Any
    """A number or a text, as the list's ids are."""
    title: str


def count(session: Session, actor: Actor, chosen: Chosen, now: datetime) -> int:
    """How many rows of a list that the actor may see are chosen."""
    return session.scalar(select(func.count()).select_from(_chosen(actor, chosen, now).subquery())) or 0


def run(runtime: Runtime, work: Work) -> None:
    """The background task. Its parameters are `act` (a key of the list's acts), `reason`, and `chosen`, that of the dataclass."""
    params = work.params["chosen"]
    chosen = Chosen(**{**params, "ids": tuple(params["ids"])})
    act = WATCHED[chosen.what].acts[work.params["act"]]
    if "last" not in work.result:  # rows that are added meanwhile are left out
        with runtime.database.reading() as session:
            inner = _chosen(work.actor, chosen, runtime.engine.clock()).subquery()
            total, last = session.execute(select(func.count(), func.max(inner.c.id)).select_from(inner)).one()
        work.result = {**work.result, "last": last, "after": None}
        work.progress(0, total=total)

    def next_items(session: Session) -> Sequence[Item]:
        rows = _next(session, work, chosen, runtime.engine.clock())
        if rows:
            work.result = {**work.result, "after": rows[-1].id}
        return [_item(runtime.engine, session, work, act, chosen, row) for row in rows]

    in_chunks(runtime, work, next_items)


def _chosen(actor: Actor, chosen: Chosen, now: datetime) -> Select[Any]:
    """Id and title of each chosen row."""
    table = tables.instance.c
    if chosen.definition_id is not None:  # process designers decide what becomes of instances of their versions, but see no titles
        label = ("流程实例 " + cast(table.id, String)).label("title")
        return select(table.id, label).where(table.definition_id == chosen.definition_id, table.ended_at.is_(None))
    watched = WATCHED[chosen.what]
    listing, record = watched.listing, watched.listing.record
    query = (
        listing.query(actor).where(record.id.in_(chosen.ids))
        if chosen.values is None
        else listing.asked_at(now).narrowed(actor, chosen.values)
    )
    rows: Select[Any] = query.with_only_columns(record.id, getattr(record, watched.named).label("title")).order_by(None)
    return rows


def _next(session: Session, work: Work, chosen: Chosen, now: datetime) -> Sequence[ChosenRow]:
    if work.result["last"] is None:
        return ()
    every = _chosen(work.actor, chosen, now).subquery()
    rest = select(every).where(every.c.id <= work.result["last"])
    if work.result["after"] is not None:
        rest = rest.where(every.c.id > work.result["after"])
    return read_all(session, rest.order_by(every.c.id).limit(work.chunk), ChosenRow)


def _item(engine: Engine, session: Session, work: Work, act: Act, chosen: Chosen, row: ChosenRow) -> Item:
    shown = row.id if chosen.what == "instances" else None
    return Item(row.title, shown, lambda: act.run(engine, session, work.actor, row.id, work.params["reason"]))
