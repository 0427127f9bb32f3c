"""The list screen: tabs with counts, filters in the address, pages, and the buttons that the engine allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from forms.listing import Listing
from jobs.lists.visibility import at_work_on, definition_of, visible_with
from processes.definitions.definition import Definition
from processes.tasks.actions import Action, ActionKind, Bulk, actions_and_incidents, bulk_for
from webapp.context import runtime

SIZES = (20, 50, 100)


@dataclass(frozen=True)
class Button:
    """A button above the table or in a row: a link, or a POST with `post`."""

    label: str
    address: str
    post: bool = False
    primary: bool = False
    confirm: str | None = None


@dataclass(frozen=True)
class Pick:
    """A button over the ticked rows, or over all under the filters once all were chosen: it posts them to an endpoint."""

    label: str
    endpoint: str
    roles: frozenset[str]
    """Who sees it."""
    confirm: str = ""
    all: bool = False
    """Whether it is about all rows under the filters where none is ticked."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the endpoint's address."""


@dataclass(frozen=True)
class ListScreen:
    """One list screen over a listing.

    `show` gives the address of a row's page; `new` that of the empty form for the part of the list that is shown, for those who hold
    the lane in which the diagram starts. `buttons` stand above the table, `row_buttons` in a row, besides those that the engine gives.
    `export` labels the export button, `more_exports` (label, name of a listing) those of rows that belong to these.
    """

    listing: Listing
    help: str
    show: Callable[[Any], str] | None = None
    new: Callable[[str], str] | None = None
    buttons: Callable[[Actor, str], Sequence[Button]] = lambda actor, part: ()
    """Takes the part of the list that is shown."""
    row_buttons: Callable[[Actor, Any], Sequence[Button]] = lambda actor, row: ()
    empty: str = "还没有记录。"
    export: str = "批量导出"
    more_exports: tuple[tuple[str, str], ...] = ()
    amend: tuple[str, str] = ("", "")
    """The button that changes rows in a workbook, for those who may begin a record: its label, and the key of the import."""
    popup: bool = False
    """Whether 编辑 opens over the list instead of a page of its own."""
    picks: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class Page:
    """What the template shows; `listing` has the columns that this actor sees."""

    listing: Listing
    rows: Sequence[Any]
    total: int
    number: int
    size: int
    tabs: Sequence[tuple[str, int]]
    starting: int = 0
    """Rows under the filters whose process an import is about to start: they have no status yet."""
    actions: Mapping[int, Sequence[Action]] = field(default_factory=dict)
    incidents: Mapping[int, str] = field(default_factory=dict)
    """Record → what failed in its process and waits for a person."""
    at_work: Mapping[int, str] = field(default_factory=dict)
    """Record → what the system is doing about it, where the status does not tell."""
    bulk: Sequence[Bulk] = ()
    definition: Definition | None = None

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def numbers(self) -> list[int | None]:
        """The page numbers to offer: the first, the last, those around this one; None where some are left out."""
        near = {1, self.last, *range(self.number - 2, self.number + 3)}
        shown = sorted(number for number in near if 1 <= number <= self.last)
        gaps = {shown[i] for i in range(1, len(shown)) if shown[i] - shown[i - 1] > 1}
        return [one for number in shown for one in ((None, number) if number in gaps else (number,))]


def render_list(screen: ListScreen, session: Session, actor: Actor, template: str = "list.html", **more: Any) -> str:
    """The list page for the filters in the request's address. The number of queries does not depend on the rows.

    A `template` that extends list.html may fill the block `above`; `more` is what it needs.
    """
    page = read_page(screen.listing, session, actor, request.args, runtime().engine.clock())
    row_buttons = {row.id: screen.row_buttons(actor, row) for row in page.rows}
    part = page.listing.part(request.args)

    def link(**changes: Any) -> str:
        """The present address with some parameters changed; None drops one."""
        kept = {k: v for k, v in request.args.items() if k not in changes and v}
        return "?" + urlencode({**kept, **{k: v for k, v in changes.items() if v is not None}})

    return render_template(
        template,
        screen=screen,
        popup=screen.popup,
        listing=page.listing,
        filters=page.listing.offered(actor),
        page=page,
        link=link,
        sizes=SIZES,
        choices=_choices(page.listing, session, actor),
        part=part,
        parts=next((one.options for one in page.listing.filters if one.name == page.listing.parts), ()),
        buttons=[*_new_button(screen, page.definition, actor, part), *screen.buttons(actor, part)],
        row_buttons=row_buttons,
        has_acts=screen.show is not None or any(page.actions.values()) or any(row_buttons.values()),
        may_begin=_may_begin(page.definition, actor),
        picks=[one for one in screen.picks if one.roles & actor.roles] if page.rows else [],
        here=request.full_path.rstrip("?"),
        **more,
    )


def _rows(listing: Listing, session: Session, query: Select[Any], number: int, size: int) -> Sequence[Any]:
    """One page. Behind the first one its ids are asked for before the rest: what rows count or compute is computed for them alone."""
    if number > 1:
        ids = query.with_only_columns(listing.record.id, maintain_column_froms=True).limit(size).offset((number - 1) * size)
        query = query.where(listing.record.id.in_(session.scalars(ids).all()))
    return session.scalars(query.limit(size)).all()


def read_page(listing: Listing, session: Session, actor: Actor, values: Mapping[str, str], now: datetime | None = None) -> Page:
    """Runs the queries: tabs with counts, one page of rows, and the rows' actions."""
    definition = definition_of(session, listing)
    listing = visible_with(definition, actor, listing if now is None else listing.asked_at(now))
    definition = definition if listing.key is not None else None
    counts = _counts(listing, session, actor, values)
    status = values.get("status", "") if listing.key is not None else ""
    total = counts.get(status, 0) if status else sum(counts.values())
    size = next((s for s in SIZES if str(s) == values.get("size")), SIZES[0])
    asked = values.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    number = min(max(number, 1), max(1, -(-total // size)))
    rows = _rows(listing, session, listing.narrowed(actor, values), number, size)
    ids = [row.id for row in rows]
    actions, incidents = actions_and_incidents(session, actor, listing.key, ids, now) if listing.key is not None else ({}, {})
    pressed = (ActionKind.TASK, ActionKind.MESSAGE)  # 编辑 stands at an element, too, whose button is another role's
    here = {action.element for found in actions.values() for action in found if action.kind in pressed}
    bulk = bulk_for(definition, actor, here) if definition is not None else ()
    starting = counts.get("", 0) if definition is not None else 0
    busy = at_work_on(session, definition, ids) if definition is not None else {}
    return Page(listing, rows, total, number, size, _tabs(definition, counts), starting, actions, incidents, busy, bulk, definition)


def _counts(listing: Listing, session: Session, actor: Actor, values: Mapping[str, str]) -> dict[str, int]:
    """Rows under the filters, by status; of a plain list all under the empty name."""
    inner = listing.filtered(actor, values).order_by(None).subquery()
    if listing.key is None:
        return {"": session.scalar(select(func.count()).select_from(inner)) or 0}
    counted = select(inner.c.status, func.count()).group_by(inner.c.status)
    return {status: count for status, count in session.execute(counted)}


def _tabs(definition: Definition | None, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    known = [s.label for s in definition.statuses] if definition is not None else []
    names = known + sorted(name for name in counts if name and name not in known)  # statuses of older versions come last
    return [(name, counts.get(name, 0)) for name in names]


def _choices(listing: Listing, session: Session, actor: Actor) -> dict[str, Sequence[str]]:
    """The choices of each filter that has any."""
    fixed = {one.name: one.options for one in listing.filters if one.options}
    return {**fixed, **{one.name: one.choices(session, actor) for one in listing.filters if one.choices is not None}}


def _new_button(screen: ListScreen, definition: Definition | None, actor: Actor, part: str) -> list[Button]:
    if screen.new is None or definition is None or not _may_begin(definition, actor):
        return []
    return [Button(definition.start.properties.get("button", definition.start.name), screen.new(part), primary=True)]


def _may_begin(definition: Definition | None, actor: Actor) -> bool:
    return definition is not None and definition.start.lane in actor.roles
