"""What a kind of record with a process is: the description from which its list, its screens and its line of the menu come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.subject_record import SubjectRecord
from forms.adapting import Choices, adapt
from forms.fields import Tab
from forms.listing import Listing

SCHOOL, ORGANIZATION, OPERATOR = "试点院校", "培训评价组织", "系统管理"
PROVINCE = ("省级", "省级初审", "省级复审")

R = TypeVar("R", bound=SubjectRecord)


@dataclass(frozen=True)
class Opening:
    """An empty form about to be filled in.

    `token` says what it is opened for (a period, a plan, a part of the list): it is posted back, so that a form left open is not taken
    for another.
    `answers` are filled in beforehand.
    """

    title: str
    note: str = ""
    token: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MenuLine:
    """The line of the menu that leads to the list of a kind and is called as the list is."""

    roles: tuple[str, ...] = ()
    """Who sees it; empty: everyone."""
    under: str = ""
    """The heading it stands under; without one it is a line of its own, with an `icon`."""
    icon: str = ""


@dataclass(frozen=True)
class Link:
    """A button above a list that leads to another page: the page's endpoint with the values of its address, and a place on the page."""

    label: str
    endpoint: str
    roles: frozenset[str]
    """Who sees it."""
    values: Mapping[str, str] = field(default_factory=dict)
    anchor: str = ""
    primary: bool = False
    part: str = ""
    """The part of the list to which it belongs; empty: to all of it."""


@dataclass(frozen=True)
class RecordKind(Generic[R]):
    """One kind of record with a process, described once: its list, page, forms, address and line of the menu come from here.

    `address` is where its pages begin, such as `/sites`. `begin(session, actor, now, token)` opens an empty form and raises a
    DomainError where none may be begun now; `token` is empty at first, later the one posted back. `reopen` describes a form once
    opened, whatever the time. `create` makes the flushed record from what was posted, and what a scenario begins with; it too raises
    DomainErrors. Who may begin one, and what that button is called, the diagram's start event says.
    """

    noun: str
    listing: Listing
    help: str
    empty: str
    address: str
    menu: MenuLine | None = None
    begin: Callable[[Session, Actor, datetime, str], Opening] | None = None
    reopen: Callable[[Session, Actor, str], Opening] | None = None
    create: Callable[[Session, Actor, datetime, str, dict[str, Any]], R] | None = None
    note: Callable[[R], str] = lambda record: ""
    """A line above the edit form of a record, such as its deadline."""
    ways: tuple[Link, ...] = ()
    """The buttons that lead to a new record, where it is not one that is called as the diagram says."""
    sends: str = "保存"
    """What the button of a new record's form is called, where the record goes at once to somebody else or its making is the act."""
    made: Callable[[R], str] | None = None
    """What is told once a record has been made, where there is more to tell than that it was."""
    links: tuple[Link, ...] = ()
    """More buttons above the list."""
    export: str = "批量导出"
    form: str = ""
    """File of the form that the page shows, where the diagram names none."""
    template: str = "records/show.html"
    """The record's page; another one extends this."""
    choices: Callable[[Session, Actor, R | str], Mapping[str, Choices]] = lambda session, actor, about: {}
    """What the fields with `x-options` offer this actor; `about` is the record, or of a new one its token."""
    chosen_at: str = ""
    """Endpoint of a page that shows what a record may be begun for: the button leads there, and 取消 of a new one back."""
    facts: Callable[[Session, Actor, R, datetime], Sequence[Tab]] = lambda session, actor, record, now: ()
    """Tabs before those of the form, where the record is looked at: what is known of it besides at this moment."""
    reviews: str = "审核记录"
    """What the tab of the reviews is called."""
    more_exports: tuple[tuple[str, str], ...] = ()
    """More export buttons: label and name of a listing, whose rows belong to the rows of the list."""
    amend: tuple[str, str] = ("", "")
    """The button that changes the ticked records, or all under the filters, in a workbook: its label, and the key of the import."""
    picks: tuple[tuple[str, str], ...] = ()
    """Buttons over the ticked records, or all under the filters, for the roles in `picked_by`: label and endpoint."""
    picked_by: frozenset[str] = frozenset()
    popup: bool = False
    """Whether 编辑 opens over the list or the record's page (弹窗); on a phone and without scripts it is a page of its own."""

    @property
    def key(self) -> str:
        """The name of its diagram, of its list, and of the endpoints of its pages."""
        return self.listing.name

    def adapt(self, session: Session, actor: Actor, schema: Mapping[str, Any], about: R | str) -> dict[str, Any]:
        """The record's form as this actor fills it in, with the choices that they have."""
        return adapt(schema, actor.roles, self.choices(session, actor, about))

    def find(self, session: Session, actor: Actor, record_id: int) -> R | None:
        """A record that this actor may see: one of their list."""
        found: R | None = session.scalars(self.listing.query(actor).where(self.listing.record.id == record_id)).first()
        return found
