"""What a kind of record with a process is: the description from which its screens come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from forms.fields import Tab
from forms.listing import Listing
from webapp.listing import Button


@dataclass(frozen=True)
class Opening:
    """An empty form about to be filled in.

    `token` says what it is opened for (a period, a plan): it is posted back, so that a form left open is not taken for another.
    `answers` are filled in beforehand.
    """

    title: str
    note: str = ""
    token: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordKind:
    """One kind of record with a process. `key` is its diagram's, the name of its blueprint and of its listing.

    `begin(session, actor, now, token)` opens an empty form and raises a DomainError where none may be begun now; `token` is
    empty at first, later the one posted back. `reopen` describes a form once opened, whatever the time. `create` makes the
    flushed record from what was posted; it too raises DomainErrors. `find` gives a record that this actor may see. Who may begin
    one, and what that button is called, the diagram's start event says.
    """

    key: str
    noun: str
    listing: Listing
    help: str
    empty: str
    find: Callable[[Session, Actor, int], Any]
    begin: Callable[[Session, Actor, datetime, str], Opening] | None = None
    reopen: Callable[[Session, Actor, str], Opening] | None = None
    create: Callable[[Session, Actor, datetime, str, dict[str, Any]], Any] | None = None
    note: Callable[[Any], str] = lambda record: ""
    """A line above the edit form of a record, such as its deadline."""
    buttons: Callable[[Actor], Sequence[Button]] = lambda actor: ()
    """More buttons above the list."""
    export: str = "批量导出"
    form: str = ""
    """File of the form that the page shows, where the diagram names none."""
    template: str = "records/show.html"
    """The record's page; another one extends this."""
    adapt: Callable[[Session, Actor, dict[str, Any], Any], dict[str, Any]] = lambda session, actor, schema, about: schema
    """The form as this actor fills it in, such as with the choices that they have; `about` is the record, or of a new one its token."""
    chosen_at: str = ""
    """Endpoint of a page that shows what a record may be begun for: the button leads there, and 取消 of a new one back."""
    facts: Callable[[Session, Actor, Any], Sequence[Tab]] = lambda session, actor, record: ()
    """Tabs before those of the form, where the record is looked at: what is known of it besides."""
    reviews: str = "审核记录"
    """What the tab of the reviews is called."""
    more_exports: tuple[tuple[str, str], ...] = ()
    """More export buttons: label and name of a listing, whose rows belong to the rows of the list."""
    popup: bool = False
    """Whether 编辑 opens over the list or the record's page (弹窗); on a phone and without scripts it is a page of its own."""
