"""Descriptions of lists: columns, filters and the query behind them, known to pages, exports and batches alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, false
from sqlalchemy.orm import Session

from domain.ground.base import utc_now
from domain.ground.parties import Actor
from forms.years import year_of

YEAR_DIGITS = 4
Narrow = Callable[[Select[Any], str], Select[Any]]
"""Narrows a query by what was typed or chosen."""


@dataclass(frozen=True)
class Badge:
    """Something that belongs to a record and has a status of its own."""

    text: str
    status: str
    tone: str

    def __str__(self) -> str:
        return f"{self.text}[{self.status}]"


@dataclass(frozen=True)
class Column:
    """One column of a list and of its export.

    `kind` is text, number, date, moment (an aware datetime), badge (the record's status in its tone) or badges (a list of `Badge`).
    `sort` is the SQL expression that rows are ordered by; None: the list cannot be ordered by this column. `field` names the field of
    the record's form that the column shows: who does not see that field (`x-access`) does not see the column either. A page shows a
    `spare` column only to people who chose it (列设置); an export always has it. `shown` is what a page shows of a value that it masks;
    the whole stands on the record's page and in exports, and who looks is written down (`domain.platform.looks`).
    """

    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: SQLColumnExpression[Any] | None = None
    field: str | None = None
    spare: bool = False
    shown: Callable[[Any], Any] | None = None
    sort_at: Callable[[datetime], SQLColumnExpression[Any]] | None = None
    """The same as `sort` where the order depends on the moment."""
    of_filter: str = ""
    """A filter while which is in force a page shows the column, although it is `spare`."""

    @property
    def sortable(self) -> bool:
        """Whether rows can be ordered by it."""
        return self.sort is not None or self.sort_at is not None

    def order(self, now: datetime) -> SQLColumnExpression[Any] | None:
        """What rows are ordered by at a moment; None: the list cannot be ordered by it."""
        return self.sort if self.sort_at is None else self.sort_at(now)


@dataclass(frozen=True)
class Filter:
    """One filter. `apply` narrows the query by what was typed or chosen; `for_actor` is used where it matters who asks, `at` where
    it matters when.

    `options` are fixed choices; `choices` reads them for an actor. `default` is used while the address does not name the filter.
    `field` is that of a `Column`. People of the roles in `fixed_for` see only rows with one value here, that of their own party:
    the page does not offer them the filter.
    """

    name: str
    label: str
    apply: Narrow = lambda query, text: query
    options: tuple[str, ...] = ()
    choices: Callable[[Session, Actor], Sequence[str]] | None = None
    widget: str = "text"
    default: str = ""
    for_actor: Callable[[Actor, Select[Any], str], Select[Any]] = lambda actor, query, text: query
    field: str | None = None
    at: Callable[[datetime, Select[Any], str], Select[Any]] = lambda now, query, text: query
    fixed_for: frozenset[str] = frozenset()


def contains(column: SQLColumnExpression[str] | SQLColumnExpression[str | None], tidy: Callable[[str], str] = str) -> Narrow:
    """For a filter: the rows in which a column holds what was typed, written as `tidy` has it stored (`TIDY` of
    `domain/ground/identity.py`), or as it was typed where that is nothing."""
    return lambda query, text: query.where(column.contains(tidy(text) or text, autoescape=True))


def equals(column: SQLColumnExpression[str], tidy: Callable[[str], str] = str) -> Narrow:
    """For a filter with fixed choices, or of a whole number: the rows in which a column is what was chosen, or typed, as `tidy` has it
    stored."""
    return lambda query, text: query.where(column == tidy(text))


def of_year(column: SQLColumnExpression[int] | SQLColumnExpression[int | None]) -> Narrow:
    """For a filter: the rows in which a column holds the year that was typed, as forms and imports read it; none for anything else."""

    def narrow(query: Select[Any], text: str) -> Select[Any]:
        year = year_of(text)
        return query.where(column == int(year) if year.isdecimal() and len(year) == YEAR_DIGITS else false())

    return narrow


@dataclass(frozen=True)
class Listing:
    """A list, described once. `query` gives the rows that an actor may see, in their usual order.

    `key` is the process of the records, which then have a `status` and a `tone`; None for records without a process.
    `ticked` is the column that holds the ticked ids where they are not the ids of the rows: an export has a row for each line of
    the ticked records. `fields_of` is the process whose forms have the fields that columns and filters name, where it is not `key`.
    `parts` names a filter with fixed choices and a default, which the page shows as parts of the list (栏目) in place of a filter:
    one of them is always in force, and a new record is opened for it. `barred` names filters that the actor may not use.
    `now` is the moment for filters that compare with it; None: the real one. `timed` gives rows what follows from it, such as a status
    that depends on a window.
    """

    name: str
    title: str
    record: type[Any]
    query: Callable[[Actor], Select[Any]]
    columns: Sequence[Column]
    filters: Sequence[Filter] = field(default=())
    key: str | None = None
    ticked: SQLColumnExpression[Any] | None = None
    fields_of: str | None = None
    parts: str = ""
    barred: frozenset[str] = frozenset()
    now: datetime | None = None
    timed: Callable[[datetime, Select[Any]], Select[Any]] = lambda now, query: query
    opened: Callable[[Actor, datetime, Select[Any]], Select[Any]] = lambda actor, now, query: query
    """Which of the rows the actor sees at a moment, where that depends on a window: marks, from the beginning of 公示 on."""
    looked_at: tuple[str, SQLColumnExpression[int]] | None = None
    """Where what it masks is another record's: the name of that record's list, and the column with its ids. Looks are written down
    there."""

    @property
    def masked(self) -> bool:
        """Whether pages mask something of its rows."""
        return any(column.shown is not None for column in self.columns)

    def asked_at(self, now: datetime) -> Listing:
        """The list as it is at a moment of the engine's clock."""
        return replace(self, now=now)

    def without(self, hidden: Collection[str]) -> Listing:
        """The list without the columns and filters of these fields of the form; nor can it be ordered by them."""
        if not hidden:
            return self
        columns = tuple(column for column in self.columns if column.field not in hidden)
        kept = tuple(one for one in self.filters if one.field not in hidden)
        return replace(self, columns=columns, filters=kept, barred=frozenset(one.name for one in self.filters) - {one.name for one in kept})

    def offered(self, actor: Actor) -> Sequence[Filter]:
        """The filters that narrow something for this actor. The others still count where an address names them."""
        return [one for one in self.filters if not one.fixed_for & actor.roles and one.name != self.parts]

    def part(self, values: Mapping[str, str]) -> str:
        """Which of its `parts` an address asks for; empty for a list without parts."""
        chosen = next((one for one in self.filters if one.name == self.parts), None)
        if chosen is None:
            return ""
        asked = values.get(self.parts, "")
        return asked if asked in chosen.options else chosen.default

    def filtered(self, actor: Actor, values: Mapping[str, str]) -> Select[Any]:
        """The rows under the filters in `values` (name → text), whatever their status.

        A filter that the actor may not use gives no rows at all: without it, a batch would act on more than the address names.
        """
        now = self.now or utc_now()
        query = self.opened(actor, now, self.timed(now, self.query(actor)))
        if any(values.get(name, "").strip() for name in self.barred):
            return query.where(false())
        for one in self.filters:
            text = self.part(values) if one.name == self.parts else values.get(one.name, one.default).strip()
            if text:
                query = one.at(now, one.for_actor(actor, one.apply(query, text), text), text)
        return query

    def narrowed(self, actor: Actor, values: Mapping[str, str]) -> Select[Any]:
        """The rows under all `values` – filters, `status`, and `sort` (a column's label, with - before it for descending)."""
        query = self.filtered(actor, values)
        status = values.get("status", "")
        if status and self.key is not None:
            query = query.where(self.record.status == status)
        wanted = values.get("sort", "")
        chosen = next((column for column in self.columns if column.label == wanted.removeprefix("-")), None)
        sort = None if chosen is None else chosen.order(self.now or utc_now())
        if sort is not None:
            query = query.order_by(None).order_by(sort.desc() if wanted.startswith("-") else sort.asc(), self.record.id)
        return query

    def picked(self, actor: Actor, values: Mapping[str, str], ids: Sequence[int]) -> Select[Any]:
        """The ticked rows, or with none ticked all that `narrowed` gives (domain.md, Decisions: exports)."""
        query = self.narrowed(actor, values)
        column = self.record.id if self.ticked is None else self.ticked
        return query.where(column.in_(ids)) if ids else query
