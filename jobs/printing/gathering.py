"""What a printing is about once it was gathered from the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from jobs.documents.bundles import Kind, Part


@dataclass(frozen=True)
class Order:
    """Who prints what: `document` is the label of a kind of `jobs.documents.bundles`, `ids` are the ticked rows, `values` the filters in
    force: without ids all under them are meant."""

    actor: Actor
    document: str
    ids: Sequence[int]
    values: Mapping[str, str]
    home: Path
    """The folder of the product's data, where photos are."""
    now: datetime


@dataclass(frozen=True)
class Gathered:
    """What is to be drawn."""

    kind: Kind[Any]
    parts: Sequence[Part[Any]]
    name: str
    """Of the file, without its ending."""
    told: Sequence[str] = ()
    """What people should know of it, such as who is left out."""
    seen: tuple[str, Select[int]] | None = None
    """The list and the ids of the records whose masked values are printed whole: who looks is written down."""


Gather = Callable[[Session, Order], Gathered]
