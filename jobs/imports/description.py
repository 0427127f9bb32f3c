"""What an import is: a description. The next one is a module beside this one and a line in `IMPORTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import Actor

Answers = Mapping[str, Any]
Known = Callable[[Session, Actor, Sequence[Answers]], Mapping[int, tuple[str, str]]]
Store = Callable[[Session, Actor, Sequence[Answers], datetime], Sequence[int]]


@dataclass(frozen=True)
class Import:
    """One kind of import."""

    key: str
    title: str
    """What the button says, 批量导入教师信息."""
    noun: str
    """What a row is, 教师; and in the name of the template."""
    role: str
    """Who may import."""
    back: str
    """Address of the list of what was imported."""
    unique: tuple[str, ...]
    """Fields that no two rows of a file may share."""
    known: Known
    """(session, actor, answers of some rows) → number in that sequence → (field, message) where the records refuse a row:
    it is there already, or what it names is not. Set-based: a few queries for all the rows given."""
    store: Store
    """(session, actor, answers of some rows, now) → ids of the records made, one a row, inside the caller's transaction."""
    process: str | None = None
    """Key of the process that each new record is the subject of; started after the rows are stored. Its form gives the columns."""
    form: str = ""
    """File of the form whose fields are the columns, where there is no process."""
