"""The lists of the inbox: tabs, filters, sorting and pages, read from the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from domain.ground.base import SHANGHAI
from domain.ground.parties import Actor
from processes import tables
from processes.notices import copies
from processes.tasks import inbox, tallies

SIZES = (20, 50, 100)
SOON = timedelta(days=3)
PRESSING = timedelta(days=2)
"""How long before its end a task stands out, here and on 工作台."""
KEPT = ("tab", "q", "key", "due", "who", "state", "sort", "size")
"""Parameters of the address that a saved filter keeps; the page number is not one."""
_TASK, _INSTANCE = tables.task.c, tables.instance.c


@dataclass(frozen=True)
class Tab:
    """One list. `at` is the moment by which newest and oldest are told apart."""

    name: str
    label: str
    query: Callable[[Session, Actor, datetime], Select[Any]]
    at: ColumnElement[datetime]
    empty: str

    @property
    def sorts(self) -> dict[str, str]:
        """Value → label; the first is the default."""
        times = {"new": "最新在前", "old": "最早在前"}
        return {"due": "按截止时间", **times} if self.name == "open" else times


TABS = (
    Tab("open", "待办", lambda session, actor, now: inbox.open_tasks(actor, now), _TASK.created_at, "没有等待您办理的事项。"),
    Tab("done", "已办", lambda session, actor, now: inbox.done_tasks(actor), _TASK.closed_at, "您还没有办理过事项。"),
    Tab("started", "我发起的", lambda session, actor, now: inbox.started(session, actor), _INSTANCE.started_at, "您还没有发起过事项。"),
    Tab("copied", "抄送我的", lambda session, actor, now: copies.copies_of(actor), tables.copy.c.sent_at, "还没有人把事项抄送给您。"),
)
DUES = {"late": "已逾期", "today": "今天", "pressing": "两天内或已逾期", "soon": "三天内"}
STATES = {"running": "进行中", "ended": "已结束"}
WHOSE = {"mine": "我签收的", "free": "未签收"}


@dataclass(frozen=True)
class Page:
    """One page of one list. `waiting`: task id → names of the people whose opinion the task waits for; `tallies`: the 会签 of its tasks."""

    tab: Tab
    rows: Sequence[Any]
    total: int
    number: int
    size: int
    values: Mapping[str, str]
    waiting: Mapping[str, Sequence[str]]
    unread: int
    """Copies that the actor has not opened."""
    tallies: Mapping[str, tallies.Tally]

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def filtered(self) -> bool:
        """Whether something narrows the list."""
        return any(self.values.get(name) for name in ("q", "key", "due", "who", "state"))

    def link(self, **changes: Any) -> str:
        """The present address with some parameters changed; None drops one."""
        kept = {name: value for name in KEPT if (value := self.values.get(name)) and name not in changes}
        return "?" + urlencode({**kept, **{name: value for name, value in changes.items() if value is not None}})


def read_page(session: Session, actor: Actor, values: Mapping[str, str], now: datetime) -> Page:
    """Runs the queries; their number does not depend on the rows."""
    tab = next((t for t in TABS if t.name == values.get("tab")), TABS[0])
    query = _sorted(_filtered(tab.query(session, actor, now), tab, actor, values, now), tab, values)
    count = select(func.count()).select_from(query.order_by(None).subquery()).scalar_subquery()
    total, unread = session.execute(select(count, copies.unread(actor))).one()
    size = next((s for s in SIZES if str(s) == values.get("size")), SIZES[0])
    asked = values.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    number = min(max(number, 1), max(1, -(-total // size)))
    rows = session.execute(query.limit(size).offset((number - 1) * size)).all() if total else []
    waiting = inbox.awaited(session, [row.instance_id for row in rows]) if tab.name == "open" and rows else {}
    vote_counts = tallies.counts(session, rows) if tab.name == "open" else {}
    return Page(tab, rows, total, number, size, values, waiting, unread, vote_counts)


def saved_query(values: Mapping[str, str]) -> str:
    """What a saved filter keeps of a list's address."""
    return urlencode({name: values[name] for name in KEPT if values.get(name)})


def _filtered(query: Select[Any], tab: Tab, actor: Actor, values: Mapping[str, str], now: datetime) -> Select[Any]:
    if text := values.get("q", "").strip():
        query = query.where(_INSTANCE.title.contains(text, autoescape=True))
    if key := values.get("key"):
        query = query.where(_INSTANCE.key == key)
    if tab.name == "started" and (state := values.get("state")) in STATES:
        query = query.where(_INSTANCE.ended_at.is_(None) if state == "running" else _INSTANCE.ended_at.is_not(None))
    if tab.name != "open":
        return query
    if span := _spans(now).get(values.get("due", "")):
        query = query.where(_TASK.due_at > span[0], _TASK.due_at <= span[1])  # midnight ends a day
    if values.get("who") == "mine":
        query = query.where(_TASK.assignee_id == actor.person_id)
    if values.get("who") == "free":
        query = query.where(_TASK.assignee_id.is_(None))
    return query


def _spans(now: datetime) -> dict[str, tuple[datetime, datetime]]:
    day = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    begin = datetime(2000, 1, 1, tzinfo=SHANGHAI)
    return {"late": (begin, now), "today": (day, day + timedelta(days=1)), "pressing": (begin, now + PRESSING), "soon": (now, now + SOON)}


def _sorted(query: Select[Any], tab: Tab, values: Mapping[str, str]) -> Select[Any]:
    if values.get("sort") == "new":
        return query.order_by(None).order_by(tab.at.desc())
    if values.get("sort") == "old":
        return query.order_by(None).order_by(tab.at)
    return query
