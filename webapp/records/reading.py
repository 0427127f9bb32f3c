"""Who may read one record, beside those in whose list it is: whom it was copied to, and who stands in at a task of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from forms.kinds import RecordKind
from processes.definitions.store import load
from processes.history import instance_of
from processes.notices import copies
from processes.tasks import inbox
from processes.tasks.actions import actions_for
from webapp.context import actor, db, runtime


def readable(kind: RecordKind[Any] | None, record_id: int) -> Any | None:
    """The record, where the actor may read it: its page, its diagram and its files. None where they may not."""
    found = at_hand(kind, record_id)
    if found is None and kind is not None:
        instance = instance_of(db(), kind.key, record_id)
        if instance is not None and copies.copied(db(), actor(), instance.id):
            found = _record(instance)
    return found


def at_hand(kind: RecordKind[Any] | None, record_id: int) -> Any | None:
    """The record, where it is in the actor's list, or something of it is theirs to do in an absent person's place."""
    found = kind.find(db(), actor(), record_id) if kind is not None else None
    if found is not None or kind is None:
        return found
    instance = instance_of(db(), kind.key, record_id)
    return _record(instance) if instance is not None and _stands_in(instance) else None


def _stands_in(instance: Any) -> bool:
    """Whether anything may be done to the record in an absent person's place: a task, an opinion, or a button."""
    now = runtime().engine.clock()
    if inbox.stands_in(db(), actor(), instance.id, now):
        return True
    lent = replace(actor(), roles=frozenset())  # without roles of their own: what is left is what others' roles allow
    return bool(actions_for(db(), lent, instance.key, [instance.subject_id], now)[instance.subject_id])


def _record(instance: Any) -> Any | None:
    return runtime().engine.subjects[load(db(), instance.definition_id).subject].load(db(), instance.subject_id)
