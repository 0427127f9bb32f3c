"""How a record's history is told: in sentences, of which those that say the same one after another are one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from processes.rows import EventRow


def alike(events: Sequence[EventRow]) -> list[tuple[EventRow, int]]:
    """The first of each run of events that read alike, and how many there are: a plan sends 考证通过 for thousands of people.

    What somebody wrote or changed stands for itself.
    """
    told = []
    for _, run in groupby(events, key=lambda event: event.seq if event.comment or event.data else (event.actor, event.kind, event.name)):
        first, *others = run
        told.append((first, 1 + len(others)))
    return told
