"""The list screen, described once: tabs with counts, filters in the address, pages, and the buttons the engine allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.parties import Actor
from processes.actions import Action, actions_for
from processes.definitions import latest
from processes.errors import NotFound

SIZES = (20, 50, 100)


@dataclass(frozen=True)
class Column:
    """One column. `kind` is text, moment or badge (of the record's status and tone)."""

    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    link: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Filter:
    """One filter; `apply` narrows the query by what was typed."""

    name: str
    label: str
    apply: Callable[[Select[Any], str], Select[Any]]
    options: tuple[str, ...] = ()
    widget: str = "text"


@dataclass(frozen=True)
class Button:
    """A button above the table: a link, or a POST with `post`. In `bulk` lists it takes the ticked rows (`ids`)."""

    label: str
    address: str
    post: bool = False
    primary: bool = False
    confirm: str | None = None


@dataclass(frozen=True)
class ListScreen:
    """One list screen. `record` has id, status and tone; `query` gives those that the actor may see."""

    title: str
    help: str
    key: str
    record: type[Any]
    query: Callable[[Actor], Select[Any]]
    columns: Sequence[Column]
    act_address: Callable[[Any, Action], str]
    """Where a row's button leads: GET for 编辑 and for tasks with a page, POST (outcome, task_id, element, back) for the others."""
    filters: Sequence[Filter] = ()
    buttons: Callable[[Actor], Sequence[Button]] = lambda actor: ()
    bulk: Callable[[Actor], Sequence[Button]] = lambda actor: ()
    empty: str = "还没有记录。"


@dataclass(frozen=True)
class Page:
    """What the template shows."""

    rows: Sequence[Any]
    total: int
    number: int
    size: int
    tabs: Sequence[tuple[str, int]]
    actions: Mapping[int, Sequence[Action]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def render_list(screen: ListScreen, session: Session, actor: Actor) -> str:
    """The list page for the filters in the request's address. The number of queries does not depend on the rows."""
    page = read_page(screen, session, actor, request.args)

    def link(**changes: Any) -> str:
        """The present address with some parameters changed; None drops one."""
        kept = {k: v for k, v in request.args.items() if k not in changes and v}
        return "?" + urlencode({**kept, **{k: v for k, v in changes.items() if v is not None}})

    return render_template(
        "list.html",
        screen=screen,
        page=page,
        link=link,
        sizes=SIZES,
        buttons=screen.buttons(actor),
        bulk=screen.bulk(actor),
        here=request.full_path.rstrip("?"),
    )


def read_page(screen: ListScreen, session: Session, actor: Actor, values: Mapping[str, str]) -> Page:
    """Runs the queries: tabs with counts, one page of rows, and the rows' actions."""
    query = screen.query(actor)
    for one in screen.filters:
        text = values.get(one.name, "").strip()
        if text:
            query = one.apply(query, text)
    inner = query.order_by(None).subquery()
    counted = select(inner.c.status, func.count()).group_by(inner.c.status)
    counts: dict[str, int] = {status: count for status, count in session.execute(counted)}
    status = values.get("status", "")
    if status:
        query = query.where(screen.record.status == status)
    total = counts.get(status, 0) if status else sum(counts.values())
    size = next((s for s in SIZES if str(s) == values.get("size")), SIZES[0])
    asked = values.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    number = min(max(number, 1), max(1, -(-total // size)))
    rows = session.scalars(query.limit(size).offset((number - 1) * size)).all()
    ids = [row.id for row in rows]
    actions = actions_for(session, actor, screen.key, ids) if ids else {}
    return Page(rows, total, number, size, _tabs(screen, session, counts), actions)


def _tabs(screen: ListScreen, session: Session, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    try:
        known = [s.label for s in latest(session, screen.key).statuses]
    except NotFound:  # nothing deployed yet: only what the records say
        known = []
    names = known + sorted(name for name in counts if name and name not in known)  # statuses of older versions come last
    return [(name, counts.get(name, 0)) for name in names]
