"""All imports: one visible registry. The next one is a description in a module of its own, and a line here."""

from __future__ import annotations

from jobs.imports.candidate_changes import CANDIDATE_CHANGES
from jobs.imports.candidates import OUTSIDERS, PUPILS
from jobs.imports.description import Import
from jobs.imports.invigilators import INVIGILATORS
from jobs.imports.payments import PAYMENTS
from jobs.imports.registrations import import_of_plan
from jobs.imports.rooms import import_of_rooms
from jobs.imports.scores import import_of_scores
from jobs.imports.teachers import TEACHERS

IMPORTS: dict[str, Import] = {one.key: one for one in (PUPILS, OUTSIDERS, CANDIDATE_CHANGES, TEACHERS, INVIGILATORS, PAYMENTS)}


def import_named(key: str) -> Import | None:
    """The import of a key: one of `IMPORTS`, or into an exam plan that the key names; None where there is none."""
    return IMPORTS.get(key) or import_of_plan(key) or import_of_rooms(key) or import_of_scores(key)


def import_kept(key: str) -> Import:
    """The import of a key that a record holds.

    Raises:
        KeyError: there is none.
    """
    found = import_named(key)
    if found is None:
        raise KeyError(key)
    return found
