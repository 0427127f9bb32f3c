"""Records that have no process: their page, their form, and the history of what was changed in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.changes import Change, ChangedMeanwhile, Recorded, changes_of, last_change, note_change
from domain.platform.looks import looks_at
from forms import fields, read_forms
from forms.adapting import adapt
from forms.checking import check
from forms.listing import Listing
from processes.errors import FormInvalid, NotAllowed, NotFound, Refused
from webapp import steps
from webapp.context import actor, db, later, runtime
from webapp.listing import Button
from webapp.looks import note_look
from webapp.posted_data import posted_answers
from webapp.records.page import as_text

FORMS = read_forms()


@dataclass(frozen=True)
class Status:
    """A cell that shows a status as a badge."""

    status: str
    tone: str


Cell: TypeAlias = str | tuple[str, str] | Status
"""A text, a text with the address it leads to, or a status."""


@dataclass(frozen=True)
class Section:
    """A table on a record's page."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str
    note: str = ""
    warn: bool = False
    """Whether the note is a warning."""
    buttons: Sequence[Button] = ()


class PlainRecord(Recorded, Protocol):
    """A record that a form fills in."""

    def answers(self) -> dict[str, Any]:
        """What its form holds."""

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in."""


P = TypeVar("P", bound=PlainRecord)


@dataclass(frozen=True)
class PlainKind(Generic[P]):
    """One kind of record without a process. `form` is the file name of its form, `noun` names it in messages.

    `index` and `show` give the addresses of its list and of a record's page. `choices` reads what the fields with `x-options`
    offer; the record is None in the form of a new one. `make` stores a new one from its answers. `settle` takes the steps of processes
    that go with a record that was just stored, from its answers before and now, and returns their jobs' ids. `fixed` gives what may not
    be taken away from a field of several choices: field → choice → why, for people; whoever stores it refuses it too. `locked` names the
    fields that may not be changed as the record stands: its form only shows them, and whoever stores a change of them refuses it. `opening`
    is what the form of a new one shows.
    """

    noun: str
    form: str
    listing: Listing
    index: Callable[[], str]
    show: Callable[[P], str]
    name: Callable[[P], str]
    find: Callable[[Session, Actor, int], P | None]
    """A record that this actor may see."""
    choices: Callable[[Session, Actor, P | None], Mapping[str, Sequence[str]]] = lambda session, actor, record: {}
    fixed: Callable[[Session, P], Mapping[str, Mapping[str, str]]] = lambda session, record: {}
    locked: Callable[[P], Collection[str]] = lambda record: ()
    opening: Mapping[str, Any] = field(default_factory=dict)
    may_edit: Callable[[Actor, P], bool] = lambda actor, record: False
    keeps: Callable[[Actor, P], bool] = lambda actor, record: False
    """Who sees who has looked at it (证件号查看记录), besides those who may edit it: the party whose data it is."""
    may_add: Callable[[Actor], bool] = lambda actor: False
    make: Callable[[Session, dict[str, Any]], P] | None = None
    adding: str = "新增"
    """What making a new one is called."""
    settle: Callable[[P, dict[str, Any], dict[str, Any]], Sequence[str]] = lambda record, before, answers: ()
    hidden: frozenset[str] = frozenset()
    """Fields that a section of the page shows instead."""


@dataclass(frozen=True)
class PlainRoutes:
    """What the endpoints of a plain kind are called, and the parameter that holds a record's id."""

    parameter: str
    edit: str
    store: str
    new: str = ""
    create: str = ""


def plain_routes(blueprint: Blueprint, kind: PlainKind[Any], path: str, names: PlainRoutes) -> None:
    """编辑 and, where the kind makes new ones, 新增: pages and their 保存, below `path` of a blueprint."""

    @blueprint.get(f"{path}<int:{names.parameter}>/edit", endpoint=names.edit)
    def edit(**ids: int) -> str:
        return edit_page(kind, edited_record(kind, ids[names.parameter]))

    @blueprint.post(f"{path}<int:{names.parameter}>/edit", endpoint=names.store)
    def save(**ids: int) -> ResponseReturnValue:
        return store(kind, lambda: edited_record(kind, ids[names.parameter]))

    if kind.make is None:
        return

    @blueprint.get(f"{path}new", endpoint=names.new)
    def new() -> str:
        _must_add(kind)
        return new_page(kind)

    @blueprint.post(f"{path}new", endpoint=names.create)
    def add() -> ResponseReturnValue:
        _must_add(kind)
        return create(kind)


def seen_record(kind: PlainKind[P], record_id: int) -> P:
    """A record that the actor may see.

    Raises:
        NotFound
    """
    record = kind.find(db(), actor(), record_id)
    if record is None:
        raise NotFound
    return record


def edited_record(kind: PlainKind[P], record_id: int) -> P:
    """A record that the actor may edit.

    Raises:
        NotFound, NotAllowed
    """
    record = seen_record(kind, record_id)
    if not kind.may_edit(actor(), record):
        raise NotAllowed
    return record


def _must_add(kind: PlainKind[Any]) -> None:
    if not kind.may_add(actor()):
        raise NotAllowed


def plain_page(kind: PlainKind[P], record: P, sections: Sequence[Section] = (), buttons: Sequence[Button] = ()) -> str:
    """The page of a record. The caller has checked that the actor may see it."""
    note_look(kind, record.id, "查看")
    schema = FORMS[kind.form]
    shown = {**schema, "properties": {k: v for k, v in schema["properties"].items() if k not in kind.hidden}}
    return render_template(
        "records/plain.html",
        kind=kind,
        title=kind.name(record),
        tabs=fields.describe(shown, record.answers()),
        sections=sections,
        buttons=buttons,
        changes=[(change, _texts_of(schema, change)) for change in changes_of(db(), record)],
        looks=looks_at(db(), kind.listing.name, record.id)
        if kind.listing.masked and (kind.may_edit(actor(), record) or kind.keeps(actor(), record))
        else None,
    )


def edit_page(kind: PlainKind[P], record: P) -> str:
    """The form, filled with what the record holds."""
    note_look(kind, record.id, "编辑")
    return _form_page(kind, record, record.answers(), [])


def store(kind: PlainKind[P], find: Callable[[], P]) -> ResponseReturnValue:
    """Checks and stores an edit, and writes down what it changed. Where that fails, the page says why and keeps everything typed."""
    record = find()
    schema, before = _form_of(kind, record), record.answers()
    # a field that was open when the form was, and is locked by now, was posted: whoever stores the record refuses its change in words
    kept = {name: before[name] for name in kind.locked(record) if name in before and name not in request.form}
    typed = {**posted_answers(schema), **kept}
    try:
        _must_pass(schema, typed)
        _must_be_fresh(record)
        record.take({**{name: value for name, value in before.items() if name not in schema["properties"]}, **typed})
        later(kind.settle(record, before, typed))
    except (DomainError, FormInvalid, Refused) as error:
        db().rollback()
        return _form_page(kind, find(), typed, steps.problems_of(error)), steps.code_of(error)
    note_change(db(), actor(), record, before, record.answers(), runtime().engine.clock())
    flash(f"{kind.noun}已保存。", "success")
    return redirect(kind.show(record))


def new_page(kind: PlainKind[Any]) -> str:
    """The empty form."""
    return _form_page(kind, None, dict(kind.opening), [])


def create(kind: PlainKind[Any]) -> ResponseReturnValue:
    """Checks and stores a new record."""
    if kind.make is None:
        raise NotFound
    schema = _form_of(kind, None)
    typed = posted_answers(schema)
    try:
        _must_pass(schema, typed)
        record = kind.make(db(), typed)
        later(kind.settle(record, {}, typed))
    except (DomainError, FormInvalid, Refused) as error:
        db().rollback()
        return _form_page(kind, None, {**kind.opening, **typed}, steps.problems_of(error)), steps.code_of(error)
    note_change(db(), actor(), record, {}, typed, runtime().engine.clock())
    flash(f"{kind.noun}已新增。", "success")
    return redirect(kind.show(record))


def _form_of(kind: PlainKind[P], record: P | None) -> dict[str, Any]:
    schema = adapt(FORMS[kind.form], actor().roles, kind.choices(db(), actor(), record))
    fixed = {} if record is None else kind.fixed(db(), record)
    held = {name: {**sub, "fixed": fixed[name]} if name in fixed else sub for name, sub in schema["properties"].items()}
    return {**schema, "properties": held}


def _shown_form(kind: PlainKind[P], record: P | None) -> dict[str, Any]:
    schema, locked = _form_of(kind, record), () if record is None else kind.locked(record)
    return {
        **schema,
        "properties": {
            name: {**sub, "readOnly": name in locked or sub.get("readOnly", False)} for name, sub in schema["properties"].items()
        },
    }


def _must_pass(schema: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    problems = check(schema, typed)
    if problems:
        raise FormInvalid(problems)


def _must_be_fresh(record: PlainRecord) -> None:
    # the lock of the row lets one of two people who save at once wait for the other, and see their change
    table: type[Any] = type(record)
    db().execute(select(table.id).where(table.id == record.id).with_for_update())
    if str(last_change(db(), record)) != request.form.get("seen", "0"):
        raise ChangedMeanwhile


def _form_page(kind: PlainKind[P], record: P | None, answers: dict[str, Any], problems: list[tuple[str, str]]) -> str:
    return render_template(
        "records/plain_form.html",
        kind=kind,
        title=f"编辑：{kind.name(record)}" if record is not None else f"{kind.adding}{kind.noun}",
        tabs=fields.describe(_shown_form(kind, record), answers if record is None else {**_read_only(kind, record), **answers}),
        problems=problems,
        seen=last_change(db(), record) if record is not None else 0,
        back=kind.show(record) if record is not None else kind.index(),
    )


def _read_only(kind: PlainKind[P], record: P) -> dict[str, Any]:
    """What the record holds in fields that its form only shows: none of them was typed."""
    shown = {name for name, sub in FORMS[kind.form]["properties"].items() if sub.get("readOnly")} | set(kind.locked(record))
    return {name: value for name, value in record.answers().items() if name in shown}


def _texts_of(schema: Mapping[str, Any], change: Change) -> list[tuple[str, str]]:
    known = schema["properties"]
    return [
        (known.get(name, {}).get("title", name), " → ".join(as_text(known.get(name, {}), side) for side in sides))
        for name, sides in change.data.items()
    ]
