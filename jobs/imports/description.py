"""The description of an import. Another import is a module beside this one and a line in `IMPORTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.subjects import Subject
from forms.listing import Listing

Answers = Mapping[str, Any]
Known = Callable[[Session, Actor, Sequence[Answers]], Mapping[int, tuple[str, str]]]
Same = Callable[[Session, Actor, Sequence[Answers]], Mapping[int, int]]
Store = Callable[[Session, Actor, Sequence[Answers], datetime], Sequence[int]]


class ChangedMeanwhile(Exception):
    """What `known` has looked at is not so any more: the rows are looked at again, and those that are refused by now are told."""


@dataclass(frozen=True)
class Amends:
    """What an import needs whose rows change records that are there."""

    listing: Listing
    """The list of those that somebody may change."""
    same: Same
    """(session, actor, answers of some rows) → number in that sequence → id of the one record that the row means, for rows without the
    number of their record."""
    identity: tuple[str, ...]
    """Fields that tell who a record is: a row that agrees in none of them is not about the record whose number it has."""
    key: tuple[str, ...]
    """Fields in which no two records are alike; where they change, `known` of the import is asked."""


@dataclass(frozen=True)
class Import:
    """One kind of import."""

    key: str
    title: str
    """Label of the button, 批量导入教师信息."""
    noun: str
    """What a row is called, 教师; it is also in the name of the template."""
    role: str
    """Who may import."""
    back: str
    """Address of the list of what was imported."""
    unique: tuple[str, ...]
    """Fields in which no two rows of a file may be alike; see `within`."""
    known: Known
    """(session, actor, answers of some rows) → number in that sequence → (field, message) of each row that the stored records refuse:
    the record exists already, or something that the row names does not. A few queries for all rows together."""
    store: Store = lambda session, actor, rows, now: ()
    """(session, actor, answers of some rows, now) → ids of the records made, one a row, inside the caller's transaction. Fewer, or
    `ChangedMeanwhile`, where somebody has changed what they name since `known` looked."""
    closed: Callable[[Session, Actor, datetime], str | None] = lambda session, actor, now: None
    """(session, actor, now) → why nothing may be imported at this moment, in Chinese; None where it may. It is asked again with every
    chunk that is taken in: what depends on a window may close meanwhile."""
    offered: Callable[[Session, Actor], bool] = lambda session, actor: True
    """(session, actor) → whether there is such an import to this actor: no other learns whether the plan that its key names exists."""
    into: Callable[[Session, Actor], str] = lambda session, actor: ""
    """(session, actor) → what its rows come into, such as the exam plan that its key names: people have several of them open at once."""
    process: str | None = None
    """Key of the process that starts for each new record, after the rows are stored. Its form has the columns, where no `form` is named."""
    form: str = ""
    """File of the form whose fields are the columns, where it is not that of the process."""
    parts: Callable[[Session, Sequence[int]], Sequence[Subject]] | None = None
    """Ids of some new records → what belongs to them that the process is about, where it is not about the records themselves."""
    choices: Callable[[Session, Actor], Mapping[str, Sequence[str]]] = lambda session, actor: {}
    """(session, actor) → field → what the template's drop-down offers there, where that is read from the records."""
    given: Answers = field(default_factory=dict)
    """What all rows have in common, such as the part of the list that the import was opened from: no column asks for it."""
    within: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A field of `unique` → others: two rows are alike where all of them are, such as the number and the kind of a document."""
    says: tuple[str, Callable[[Answers], str]] | None = None
    """A field, and what a row's answers say in it as people read it, where rows that are alike may contradict each other (two marks of one
    candidate): then neither is taken in."""
    amends: Amends | None = None
    """Set where the rows change records that are there, each in a step of its `process`, instead of making some."""

    @property
    def verb(self) -> str:
        """What is done with its rows."""
        return "修改" if self.amends is not None else "导入"

    @property
    def records(self) -> str:
        """What the list of the past ones is called."""
        return "批量修改记录" if self.amends is not None else "导入记录"

    def same(self, name: str, answers: Answers) -> tuple[Any, ...]:
        """What no other row may have of a field of `unique`."""
        return name, answers[name], *(answers.get(other) for other in self.within.get(name, ()))
