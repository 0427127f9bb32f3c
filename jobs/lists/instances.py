"""流程监控: the list of instances, as a page, an export and bulk acts find it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import object_session

from domain.ground.parties import Actor, Party, Person
from forms.listing import Column, Filter, Listing
from processes import tables
from processes.definitions import definition, store
from processes.deployment import versions
from processes.monitor.overview import Instance, retried
from processes.rows import InstanceRow
from processes.states import TaskRowState

ROLE = "监控"
RUNNING, SUSPENDED, FAILED, RETRIED, ENDED = "运行中", "已挂起", "失败", "等待重试", "已结束"
LATE = "已逾期"
AGES = {"1 天以上": 1, "3 天以上": 3, "7 天以上": 7, "30 天以上": 30}


def state_of(row: InstanceRow) -> str:
    """Whether an instance runs, is suspended, has failed or has ended, in one Chinese word."""
    if row.ended_at is not None:
        return ENDED
    if row.suspended_at is not None:
        return SUSPENDED
    return FAILED if row.incident is not None else RUNNING


def _query(actor: Actor) -> Select[Any]:
    """The instances of all parties, newest first, for people who hold the role; nothing for others."""
    query = select(Instance).order_by(Instance.id.desc())  # type: ignore[attr-defined]  # mapped from its table
    return query if ROLE in actor.roles else query.where(false())


def _definition(row: InstanceRow) -> definition.Definition:
    session = object_session(row)
    assert session is not None  # noqa: S101  # rows of a list are always of a session
    return store.load(session, row.definition_id)


def _position(row: InstanceRow) -> str:
    element = _definition(row).elements.get(row.position or "")
    return "" if element is None or row.ended_at is not None else element.name


def _by_state(query: Select[Any], text: str) -> Select[Any]:
    table = tables.instance.c
    if text == ENDED:
        return query.where(table.ended_at.is_not(None))
    query = query.where(table.ended_at.is_(None))
    if text == SUSPENDED:
        return query.where(table.suspended_at.is_not(None))
    if text == RETRIED:
        return query.where(table.id.in_(retried()))
    return query.where(table.incident.is_not(None)) if text == FAILED else query


def _by_process(query: Select[Any], text: str) -> Select[Any]:
    table = tables.definition.c
    return query.where(tables.instance.c.definition_id.in_(select(table.id).where(or_(table.name == text, table.key == text))))


def _by_version(query: Select[Any], text: str) -> Select[Any]:
    number = int(text) if text.isdecimal() and len(text) < 9 else -1
    table = tables.definition.c
    return query.where(tables.instance.c.definition_id.in_(select(table.id).where(table.version == number)))


def _by_age(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    return query.where(tables.instance.c.position_since <= now - timedelta(days=AGES.get(text, 0)))


def _by_late(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    task = tables.task.c
    late = select(task.instance_id).where(task.state == TaskRowState.OPEN, task.due_at < now)
    return query.where(tables.instance.c.id.in_(late)) if text == LATE else query


def _by_position(query: Select[Any], text: str) -> Select[Any]:
    """By an element's id, as links name it, or by a status, as people know it. Only one column is compared, so that its index is used."""
    return query.where(tables.instance.c.position == text if text.isascii() else tables.instance.c.status == text)


def _by_party(query: Select[Any], text: str) -> Select[Any]:
    return query.where(tables.instance.c.party_id.in_(select(Party.id).where(Party.name.contains(text, autoescape=True))))


def _by_assignee(query: Select[Any], text: str) -> Select[Any]:
    """The instances in which somebody of this name has claimed an open task."""
    task = tables.task.c
    claimed = select(task.instance_id).join(Person, Person.id == task.assignee_id).where(task.state == TaskRowState.OPEN)
    return query.where(tables.instance.c.id.in_(claimed.where(Person.name.contains(text, autoescape=True))))


INSTANCES = Listing(
    name="monitor",
    title="流程实例",
    record=Instance,
    query=_query,
    columns=(
        Column("记录", lambda row: row.title),
        Column("流程", lambda row: _definition(row).name),
        Column("版本", lambda row: f"第 {_definition(row).version} 版", spare=True),
        Column("环节", _position),
        Column("状态", lambda row: row.status, "badge"),
        Column("运行", state_of),
        Column("机构", lambda row: row.party_name),
        Column("停留自", lambda row: row.position_since, "moment", sort=tables.instance.c.position_since),
        Column("开始时间", lambda row: row.started_at, "moment", spare=True),
    ),
    filters=(
        Filter("process", "流程", _by_process, choices=lambda session, actor: list(versions.names(session).values())),
        Filter("state", "运行", _by_state, (RUNNING, SUSPENDED, FAILED, RETRIED, ENDED), default=RUNNING),
        Filter("title", "记录", lambda query, text: query.where(tables.instance.c.title.contains(text, autoescape=True))),
        Filter("version", "版本", _by_version, widget="number"),
        Filter("place", "环节 id 或状态", _by_position),  # addresses that people keep, and work that waits, have this name
        Filter("party", "机构", _by_party),
        Filter("age", "停留", options=tuple(AGES), at=_by_age),
        Filter("assignee", "待办的办理人", _by_assignee),
        Filter("late", "待办期限", options=(LATE,), at=_by_late),
    ),
)
