"""Who may read one record, beside those in whose list it is: whom it was copied to, and who stands in at a task of it."""

from __future__ import annotations

from typing import Any

from processes import copies, inbox
from processes.definitions import load
from processes.history import instance_of
from webapp.context import actor, db, runtime
from webapp.records.kinds import RecordKind


def readable(kind: RecordKind | None, record_id: int) -> Any | None:
    """The record, where the actor may read it: its page, its diagram and its files. None where they may not."""
    if kind is None:
        return None
    found = kind.find(db(), actor(), record_id)
    return found if found is not None else _lent(kind, record_id)


def _lent(kind: RecordKind, record_id: int) -> Any | None:
    instance = instance_of(db(), kind.key, record_id)
    if instance is None:
        return None
    if not copies.copied(db(), actor(), instance.id) and not inbox.stands_in(db(), actor(), instance.id, runtime().engine.clock()):
        return None
    return runtime().engine.subjects[load(db(), instance.definition_id).subject].load(db(), record_id)
