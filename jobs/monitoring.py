"""流程监控: the list of instances, and what somebody in charge does to many of them at once, each failing alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, String, cast, false, func, or_, select
from sqlalchemy.orm import Session, object_session

from domain.base import utc_now
from domain.parties import Actor, Party
from forms.listing import Column, Filter, Listing
from jobs import outbox
from jobs.batches import CHUNK, Item, act_on, give_way, keep_failures
from jobs.runtime import Runtime
from jobs.work import Work
from processes import definitions, managing, migrating, tables, versions
from processes.engine import Engine
from processes.errors import NotFound, Refused
from processes.history import instance_by_id
from processes.overview import Instance

ROLE = "监控"
RUNNING, SUSPENDED, FAILED, ENDED = "运行中", "已挂起", "失败", "已结束"
LATE = "已逾期"
LOOKED_AT = 200  # about a third of a second
AGES = {"1 天以上": 1, "3 天以上": 3, "7 天以上": 7, "30 天以上": 30}
_ACT = Callable[[Engine, Session, Actor, int, str], list[str]]


@dataclass(frozen=True)
class Act:
    """What is done to an instance. `warning` says what cannot be undone."""

    label: str
    run: _ACT
    warning: str | None = None


def _to_newest(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """迁移 to the newest version of the instance's process."""
    row = instance_by_id(session, instance_id)
    if row is None:
        raise NotFound
    return migrating.migrate(engine, session, actor, instance_id, definitions.latest(session, row.key).id, reason)


ACTS: dict[str, Act] = {
    "suspend": Act("挂起", managing.suspend),
    "resume": Act("恢复", managing.resume),
    "cancel": Act("终止", managing.cancel, "终止后不能恢复，未办的事项全部关闭"),
    "migrate": Act("迁移", _to_newest),
    "undo": Act("撤销迁移", migrating.undo),
    "retry": Act("重试", managing.retry),
}


def state_of(row: Any) -> str:
    """How an instance fares, in one word."""
    if row.ended_at is not None:
        return ENDED
    if row.suspended_at is not None:
        return SUSPENDED
    return FAILED if row.incident is not None else RUNNING


def _query(actor: Actor) -> Select[Any]:
    """All instances of all parties, newest first: for those who hold the role, and nobody else."""
    query = select(Instance).order_by(Instance.id.desc())  # type: ignore[attr-defined]  # mapped from its table
    return query if ROLE in actor.roles else query.where(false())


def _definition(row: Any) -> definitions.Definition:
    session = object_session(row)
    assert session is not None  # noqa: S101  # rows of a list are always of a session
    return definitions.load(session, row.definition_id)


def _place(row: Any) -> str:
    element = _definition(row).elements.get(row.place or "")
    return "" if element is None or row.ended_at is not None else element.name


def _by_state(query: Select[Any], text: str) -> Select[Any]:
    table = tables.instance.c
    if text == ENDED:
        return query.where(table.ended_at.is_not(None))
    query = query.where(table.ended_at.is_(None))
    if text == SUSPENDED:
        return query.where(table.suspended_at.is_not(None))
    return query.where(table.incident.is_not(None)) if text == FAILED else query


def _by_process(query: Select[Any], text: str) -> Select[Any]:
    table = tables.definition.c
    return query.where(tables.instance.c.definition_id.in_(select(table.id).where(or_(table.name == text, table.key == text))))


def _by_version(query: Select[Any], text: str) -> Select[Any]:
    number = int(text) if text.isdecimal() and len(text) < 9 else -1
    table = tables.definition.c
    return query.where(tables.instance.c.definition_id.in_(select(table.id).where(table.version == number)))


def _by_age(query: Select[Any], text: str) -> Select[Any]:
    return query.where(tables.instance.c.place_since <= utc_now() - timedelta(days=AGES.get(text, 0)))


def _by_late(query: Select[Any], text: str) -> Select[Any]:
    task = tables.task.c
    late = select(task.instance_id).where(task.state == "open", task.due_at < utc_now())
    return query.where(tables.instance.c.id.in_(late)) if text == LATE else query


def _by_place(query: Select[Any], text: str) -> Select[Any]:
    """An element's id, as links give it, or a status, as people know it: one of the two columns, so that its index is used."""
    return query.where(tables.instance.c.place == text if text.isascii() else tables.instance.c.status == text)


def _by_party(query: Select[Any], text: str) -> Select[Any]:
    return query.where(tables.instance.c.party_id.in_(select(Party.id).where(Party.name.contains(text, autoescape=True))))


INSTANCES = Listing(
    name="monitor",
    title="流程实例",
    record=Instance,
    query=_query,
    columns=(
        Column("记录", lambda row: row.title),
        Column("流程", lambda row: _definition(row).name),
        Column("版本", lambda row: f"第 {_definition(row).version} 版"),
        Column("环节", _place),
        Column("状态", lambda row: row.status, "badge"),
        Column("运行", state_of),
        Column("机构", lambda row: row.party_name),
        Column("停留自", lambda row: row.place_since, "moment", sort=tables.instance.c.place_since),
        Column("开始时间", lambda row: row.started_at, "moment"),
    ),
    filters=(
        Filter("process", "流程", _by_process, choices=lambda session, actor: list(versions.names(session).values())),
        Filter("state", "运行", _by_state, (RUNNING, SUSPENDED, FAILED, ENDED), default=RUNNING),
        Filter("title", "记录", lambda query, text: query.where(tables.instance.c.title.contains(text, autoescape=True))),
        Filter("version", "版本", _by_version, widget="number"),
        Filter("place", "环节 id 或状态", _by_place),
        Filter("party", "机构", _by_party),
        Filter("age", "停留", _by_age, tuple(AGES)),
        Filter("late", "待办期限", _by_late, (LATE,)),
    ),
)


@dataclass(frozen=True)
class Outlook:
    """What migrating those that run on a version would come to: looked at `seen` of `total`; reasons why some cannot → how many."""

    total: int
    seen: int
    problems: Mapping[str, int]

    @property
    def possible(self) -> int:
        """How many of those looked at can be migrated."""
        return self.seen - sum(self.problems.values())


def outlook(session: Session, old_id: int, new_id: int) -> Outlook:
    """Looks at up to `LOOKED_AT` of the instances that run on a version; the others are looked at when they are migrated."""
    table = tables.instance
    running = table.c.definition_id == old_id, table.c.ended_at.is_(None)
    total = session.scalar(select(func.count()).select_from(table).where(*running)) or 0
    rows = session.execute(select(table).where(*running).order_by(table.c.id).limit(LOOKED_AT)).all()
    problems: Counter[str] = Counter()
    for row in rows:
        try:
            found = migrating.preview(session, row, new_id).problems
        except Refused as error:
            found = [str(error)]
        problems.update(["；".join(found)] if found else [])
    return Outlook(total, len(rows), problems)


@dataclass(frozen=True)
class Chosen:
    """Ids of instances, or all of the list under the filters in `values`, or all that run on a version."""

    ids: tuple[int, ...] = ()
    values: Mapping[str, str] | None = None
    definition_id: int | None = None


def count(session: Session, actor: Actor, chosen: Chosen) -> int:
    """How many there are of which the actor may see the list."""
    return session.scalar(select(func.count()).select_from(_chosen(actor, chosen).subquery())) or 0


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `act` (a key of ACTS), `reason`, and `chosen` as the dataclass says."""
    act, given = ACTS[work.params["act"]], work.params["chosen"]
    chosen = Chosen(tuple(given["ids"]), given["values"], given["definition_id"])
    if "last" not in work.result:  # instances that begin meanwhile are left alone
        with runtime.database.reading() as session:
            inner = _chosen(work.actor, chosen).subquery()
            total, last = session.execute(select(func.count(), func.max(inner.c.id)).select_from(inner)).one()
        work.result = {**work.result, "last": last or 0, "after": 0}
        work.progress(0, total=total)
    while _chunk(runtime, work, act, chosen):
        give_way(runtime)


def _chunk(runtime: Runtime, work: Work, act: Act, chosen: Chosen) -> bool:
    """The next ones in one transaction with the bookkeeping. False where there are none left."""
    with runtime.database.writing() as session:
        rows = _next(session, work, chosen)
        if not rows:
            return False
        came = act_on(session, [_item(runtime.engine, session, work, act, row) for row in rows])
        keep_failures(session, work.task_id, work.failed, came.failures)
        work.result = {**work.result, "after": rows[-1].id}
        work.keep(session, work.done + came.done, work.failed + len(came.failures))
    outbox.hand_out(runtime.settings.redis_url, came.jobs)
    return True


def _chosen(actor: Actor, chosen: Chosen) -> Select[Any]:
    table = tables.instance.c
    if chosen.definition_id is not None:  # whoever deploys versions says what becomes of those that run, and sees no titles
        label = ("流程实例 " + cast(table.id, String)).label("title")
        return select(table.id, label).where(table.definition_id == chosen.definition_id, table.ended_at.is_(None))
    query = INSTANCES.narrowed(actor, chosen.values) if chosen.values is not None else _query(actor).where(table.id.in_(chosen.ids))
    rows: Select[Any] = query.with_only_columns(table.id, table.title).order_by(None)
    return rows


def _next(session: Session, work: Work, chosen: Chosen) -> Sequence[Any]:
    table = tables.instance.c
    rest = _chosen(work.actor, chosen).where(table.id > work.result["after"], table.id <= work.result["last"])
    return session.execute(rest.order_by(table.id).limit(CHUNK)).all()


def _item(engine: Engine, session: Session, work: Work, act: Act, row: Any) -> Item:
    return Item(row.title, row.id, lambda: act.run(engine, session, work.actor, row.id, work.params["reason"]))
