"""Writes down who opened a page that shows whole what lists show masked."""

from __future__ import annotations

from typing import Protocol

from flask import g
from sqlalchemy import select

from domain.platform.looks import looked_lately, note_looks
from forms.listing import Listing
from webapp.context import actor, db, runtime
from webapp.database import writes


class Listed(Protocol):
    """A kind of record, with a process or without one."""

    @property
    def listing(self) -> Listing:
        """Its list."""


def note_look(kind: Listed, record_id: int, why: str) -> bool:
    """Writes it down before the page is shown, in a short transaction of its own: a request that only reads holds no write lock. Where a
    form comes back with a problem, what was tried has been taken back by now, and the request's own transaction keeps the look. Returns
    False where it is no new look."""
    now, record = runtime().engine.clock(), kind.listing.record
    if not kind.listing.masked or looked_lately(db(), actor(), kind.listing.name, record_id, why, now):
        return False
    seen = select(record.id).where(record.id == record_id)
    if writes():
        note_looks(db(), actor(), kind.listing.name, seen, why, now)
        g.commit = True
        return True
    with runtime().database.writing() as session:
        note_looks(session, actor(), kind.listing.name, seen, why, now)
    return True
