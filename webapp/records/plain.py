"""Records that have no process: their page, their form, and the history of what was changed in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.changes import Change, ChangedMeanwhile, changes_of, last_change, note_change
from forms import fields, read_forms
from forms.adapting import adapt
from forms.checking import check
from forms.listing import Listing
from processes.errors import FormInvalid, NotAllowed, NotFound
from webapp import acting
from webapp.context import actor, db, runtime
from webapp.listing import Button
from webapp.records.page import plain

FORMS = read_forms()


@dataclass(frozen=True)
class Section:
    """A table on a record's page; each cell is a text, or a text with the address it leads to."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | tuple[str, str]]]
    empty: str
    note: str = ""
    warn: bool = False
    """Whether the note is a warning."""
    buttons: Sequence[Button] = ()


@dataclass(frozen=True)
class PlainKind:
    """One kind of record without a process. `form` is the file name of its form, `noun` names it in messages.

    `index` and `show` give the addresses of its list and of a record's page. `choices` reads what the fields with `x-options`
    offer; the record is None in the form of a new one. `make` stores a new one from its answers.
    """

    noun: str
    form: str
    listing: Listing
    index: Callable[[], str]
    show: Callable[[Any], str]
    name: Callable[[Any], str]
    choices: Callable[[Session, Actor, Any], Mapping[str, Sequence[str]]] = lambda session, actor, record: {}
    find: Callable[[Session, Actor, int], Any] = lambda session, actor, record_id: None
    """A record that this actor may see."""
    may_edit: Callable[[Actor, Any], bool] = lambda actor, record: False
    may_add: Callable[[Actor], bool] = lambda actor: False
    make: Callable[[Session, dict[str, Any]], Any] | None = None
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


def plain_routes(blueprint: Blueprint, kind: PlainKind, path: str, names: PlainRoutes) -> None:
    """编辑 and, where the kind makes new ones, 新增: pages and their 保存, below `path` of a blueprint."""

    @blueprint.get(f"{path}<int:{names.parameter}>/edit", endpoint=names.edit)
    def edit(**ids: int) -> str:
        return edit_page(kind, own(kind, ids[names.parameter]))

    @blueprint.post(f"{path}<int:{names.parameter}>/edit", endpoint=names.store)
    def save(**ids: int) -> Any:
        return store(kind, lambda: own(kind, ids[names.parameter]))

    if kind.make is None:
        return

    @blueprint.get(f"{path}new", endpoint=names.new)
    def new() -> str:
        _must_add(kind)
        return new_page(kind)

    @blueprint.post(f"{path}new", endpoint=names.create)
    def add() -> Any:
        _must_add(kind)
        return create(kind)


def found(kind: PlainKind, record_id: int) -> Any:
    """A record that the actor may see.

    Raises:
        NotFound
    """
    record = kind.find(db(), actor(), record_id)
    if record is None:
        raise NotFound
    return record


def own(kind: PlainKind, record_id: int) -> Any:
    """A record that the actor may edit.

    Raises:
        NotFound, NotAllowed
    """
    record = found(kind, record_id)
    if not kind.may_edit(actor(), record):
        raise NotAllowed
    return record


def _must_add(kind: PlainKind) -> None:
    if not kind.may_add(actor()):
        raise NotAllowed


def plain_page(kind: PlainKind, record: Any, sections: Sequence[Section] = (), buttons: Sequence[Button] = ()) -> str:
    """The page of a record that the caller has already let the actor see."""
    schema = FORMS[kind.form]
    shown = {**schema, "properties": {k: v for k, v in schema["properties"].items() if k not in kind.hidden}}
    return render_template(
        "records/plain.html",
        kind=kind,
        title=kind.name(record),
        tabs=fields.describe(shown, record.answers()),
        sections=sections,
        buttons=buttons,
        changes=[(change, _told(schema, change)) for change in changes_of(db(), record)],
    )


def edit_page(kind: PlainKind, record: Any) -> str:
    """The form, filled with what the record holds."""
    return _form_page(kind, record, record.answers(), [])


def store(kind: PlainKind, find: Callable[[], Any]) -> Any:
    """Checks and stores an edit, and notes what it changed. What cannot be stored comes back with everything typed kept."""
    record = find()
    schema = _form_of(kind, record)
    typed, before = acting.typed(schema), record.answers()
    try:
        _must_pass(schema, typed)
        _must_be_fresh(record)
        record.take({**{name: value for name, value in before.items() if name not in schema["properties"]}, **typed})
    except (DomainError, FormInvalid) as error:
        db().rollback()
        return _form_page(kind, find(), typed, acting.problems_of(error)), acting.code_of(error)
    note_change(db(), actor(), record, before, record.answers(), runtime().engine.clock())
    flash(f"{kind.noun}已保存。", "success")
    return redirect(kind.show(record))


def new_page(kind: PlainKind) -> str:
    """The empty form."""
    return _form_page(kind, None, {}, [])


def create(kind: PlainKind) -> Any:
    """Checks and stores a new record."""
    if kind.make is None:
        raise NotFound
    schema = _form_of(kind, None)
    typed = acting.typed(schema)
    try:
        _must_pass(schema, typed)
        record = kind.make(db(), typed)
    except (DomainError, FormInvalid) as error:
        db().rollback()
        return _form_page(kind, None, typed, acting.problems_of(error)), acting.code_of(error)
    note_change(db(), actor(), record, {}, typed, runtime().engine.clock())
    flash(f"{kind.noun}已新增。", "success")
    return redirect(kind.show(record))


def _form_of(kind: PlainKind, record: Any) -> dict[str, Any]:
    return adapt(FORMS[kind.form], actor().roles, kind.choices(db(), actor(), record))


def _must_pass(schema: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    problems = check(schema, typed)
    if problems:
        raise FormInvalid(problems)


def _must_be_fresh(record: Any) -> None:
    # the row's lock makes two people who save at once come one after the other; the second then sees the first one's change
    table = type(record)
    db().execute(select(table.id).where(table.id == record.id).with_for_update())
    if str(last_change(db(), record)) != request.form.get("seen", "0"):
        raise ChangedMeanwhile


def _form_page(kind: PlainKind, record: Any, answers: dict[str, Any], problems: list[tuple[str, str]]) -> str:
    return render_template(
        "records/plain_form.html",
        kind=kind,
        title=f"编辑：{kind.name(record)}" if record is not None else f"新增{kind.noun}",
        tabs=fields.describe(_form_of(kind, record), answers),
        problems=problems,
        seen=last_change(db(), record) if record is not None else 0,
        back=kind.show(record) if record is not None else kind.index(),
    )


def _told(schema: Mapping[str, Any], change: Change) -> list[tuple[str, str]]:
    known = schema["properties"]
    return [
        (known.get(name, {}).get("title", name), " → ".join(plain(known.get(name, {}), side) for side in sides))
        for name, sides in change.data.items()
    ]
