"""Descriptions of lists: columns, filters and the query behind them, known to pages, exports and batches alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false
from sqlalchemy.orm import Session

from domain.ground.base import utc_now
from domain.ground.parties import Actor


@dataclass(frozen=True)
class Column:
    """One column of a list and of its export.

    `kind` is text, number, date, moment (an aware datetime) or badge (the record's status in its tone). `sort` is the SQL
    expression that the column can be ordered by; None where it cannot. `field` names the field of the record's form that it shows:
    who does not see that field (`x-access`) does not see the column either. A `spare` one is shown once somebody chooses it (列设置);
    exports have it always.
    """

    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: Any = None
    field: str | None = None
    spare: bool = False


@dataclass(frozen=True)
class Filter:
    """One filter; `apply` narrows the query by what was typed or chosen, `for_actor` does where it matters who asks,
    `at` where it matters when.

    `options` are fixed choices; `choices` reads them for this actor. `default` holds while the address does not name the filter.
    `field` is as a column's. To those of the roles in `settled_for` all rows have one value here, that of their own party: the page
    does not offer them the filter.
    """

    name: str
    label: str
    apply: Callable[[Select[Any], str], Select[Any]] = lambda query, text: query
    options: tuple[str, ...] = ()
    choices: Callable[[Session, Actor], Sequence[str]] | None = None
    widget: str = "text"
    default: str = ""
    for_actor: Callable[[Actor, Select[Any], str], Select[Any]] = lambda actor, query, text: query
    field: str | None = None
    at: Callable[[datetime, Select[Any], str], Select[Any]] = lambda now, query, text: query
    settled_for: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Listing:
    """A list, described once. `query` gives the rows that an actor may see, in their usual order.

    `key` is the diagram of records that have a process (their `status` and `tone` are the engine's); None for plain lists.
    `ticked` is the column that ticked ids are those of, where they are not the rows' own: lines of the records of another list.
    `fields_of` is the diagram of whose forms the columns' and filters' fields are, where it is not `key`. `barred` names filters
    that this actor may not use. `now` is the moment for filters that compare with it; None: the real one.
    """

    name: str
    title: str
    record: type[Any]
    query: Callable[[Actor], Select[Any]]
    columns: Sequence[Column]
    filters: Sequence[Filter] = field(default=())
    key: str | None = None
    ticked: Any = None
    fields_of: str | None = None
    barred: frozenset[str] = frozenset()
    now: datetime | None = None

    def asked_at(self, now: datetime) -> Listing:
        """The list as of a moment: that of the engine's clock."""
        return replace(self, now=now)

    def without(self, hidden: Collection[str]) -> Listing:
        """The list without the columns and filters of these fields of the form; nor can it be ordered by them."""
        if not hidden:
            return self
        columns = tuple(column for column in self.columns if column.field not in hidden)
        kept = tuple(one for one in self.filters if one.field not in hidden)
        return replace(self, columns=columns, filters=kept, barred=frozenset(one.name for one in self.filters) - {one.name for one in kept})

    def offered(self, actor: Actor) -> Sequence[Filter]:
        """The filters that narrow something for this actor. The others still hold in an address."""
        return [one for one in self.filters if not one.settled_for & actor.roles]

    def filtered(self, actor: Actor, values: Mapping[str, str]) -> Select[Any]:
        """The rows under the filters in `values` (name → text), whatever their status.

        Under a filter that the actor may not use there are none: to leave it out would widen what a batch acts on.
        """
        query, now = self.query(actor), self.now or utc_now()
        if any(values.get(name, "").strip() for name in self.barred):
            return query.where(false())
        for one in self.filters:
            text = values.get(one.name, one.default).strip()
            if text:
                query = one.at(now, one.for_actor(actor, one.apply(query, text), text), text)
        return query

    def narrowed(self, actor: Actor, values: Mapping[str, str]) -> Select[Any]:
        """The rows under all that `values` say – filters, `status`, and `sort` (a column's label, with - before it for descending)."""
        query = self.filtered(actor, values)
        status = values.get("status", "")
        if status and self.key is not None:
            query = query.where(self.record.status == status)
        wanted = values.get("sort", "")
        column = next((c for c in self.columns if c.sort is not None and c.label == wanted.removeprefix("-")), None)
        if column is not None:
            order = column.sort.desc() if wanted.startswith("-") else column.sort.asc()
            query = query.order_by(None).order_by(order, self.record.id)
        return query

    def picked(self, actor: Actor, values: Mapping[str, str], ids: Sequence[int]) -> Select[Any]:
        """The ticked rows, or with none ticked all that `narrowed` gives (domain.md, Decisions: exports)."""
        query = self.narrowed(actor, values)
        column = self.record.id if self.ticked is None else self.ticked
        return query.where(column.in_(ids)) if ids else query
