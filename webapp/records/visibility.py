"""Who may read one record: people in whose list it is, people it was copied to, and substitutes of those who have to do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.ground.subjects import Subject
from forms.kinds import RecordKind
from processes.definitions.store import load
from processes.history import instance_of
from processes.notices import copies
from processes.rows import InstanceRow
from processes.tasks import inbox
from processes.tasks.actions import actions_for
from webapp.context import actor, db, runtime


def readable(kind: RecordKind[Any] | None, record_id: int) -> Subject | None:
    """A record whose page, diagram and files the actor may read; None where there is none that they may."""
    found = at_hand(kind, record_id)
    if found is None and kind is not None:
        instance = instance_of(db(), kind.key, record_id)
        if instance is not None and copies.copied(db(), actor(), instance.id):
            found = _record(instance)
    return found


def at_hand(kind: RecordKind[Any] | None, record_id: int) -> Subject | None:
    """A record of the actor's list, or one of which they may do something in an absent person's place; else None."""
    if kind is None:
        return None
    found: Subject | None = kind.find(db(), actor(), record_id)
    if found is not None:
        return found
    instance = instance_of(db(), kind.key, record_id)
    return _record(instance) if instance is not None and _stands_in(instance) else None


def _stands_in(instance: InstanceRow) -> bool:
    """Whether the actor may do anything in an absent person's place: a task, an opinion, or a button of the record."""
    now = runtime().engine.clock()
    if inbox.stands_in(db(), actor(), instance.id, now):
        return True
    lent = replace(actor(), roles=frozenset())  # without their own roles only the buttons are left that absent people's roles give
    return bool(actions_for(db(), lent, instance.key, [instance.subject_id], now)[instance.subject_id])


def _record(instance: InstanceRow) -> Subject | None:
    return runtime().engine.subjects[load(db(), instance.definition_id).subject].load(db(), instance.subject_id)
