"""Small plans made at random: as many invigilators are given as trying everything shows that can be, and few change."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest

from jobs.arranging import Arranging, Duty, Invigilator, Room, Sitting, Subject, Wanted, arrange
from tests.jobs.arranging.plans import DESK, person, sitting
from webapp.benches.seats import broken_rules

pytestmark = pytest.mark.row("5.2.8.1")


def at_random(random: Random) -> Wanted:
    """Up to four rooms in up to three sittings that overlap at random, each with one person in it; few invigilators, some entered twice."""
    subjects = tuple(Subject(at, at, DESK) for at in range(3))
    sittings = tuple(sitting(at, random.randint(0, 3), {0, 1, 2}) for at in range(random.randint(1, 3)))
    rooms = tuple(Room(at, 1, 1, frozenset([DESK]), frozenset([random.randrange(3)]), random.randint(1, 2)) for at in range(3))
    people = tuple(person(at, (random.randrange(3),)) for at in range(random.randint(1, 4)))
    guards = tuple(
        Invigilator(at, f"监{random.randint(0, at)}", random.choice([1, 1, 1, 2]), frozenset(random.sample(range(3), random.randint(1, 2))))
        for at in range(random.randint(1, 4))
    )
    held = tuple(
        Duty(random.randint(0, 4), random.randint(0, 3), random.randint(0, 2), random.random() < 0.2) for _ in range(random.randint(0, 3))
    )
    return Wanted(subjects, sittings, rooms, people, guards, duties=tuple(dict.fromkeys(held)))


def most(found: Arranging) -> int:
    """How many duties can be given at most beside the fixed ones that were: each room's places are filled in every way."""
    wanted = found.wanted
    certificates = {(one.room, one.sitting): {one.subject} for one in found.placed}
    places = [post for post in certificates for _ in range(next(one.invigilators for one in wanted.rooms if one.id == post[0]))]
    fixed = {one for one in found.duties if one.fixed}
    best = 0
    for chosen in product([None, *wanted.invigilators], repeat=len(places)):
        duties = {Duty(one.id, *post) for post, one in zip(places, chosen, strict=True) if one}
        given = [(post, one) for post, one in zip(places, chosen, strict=True) if one]
        if len(given) <= best or not {replace(one, fixed=False) for one in fixed} <= duties:
            continue
        if all(certificates[post] <= one.certificates and one.site == 1 for post, one in given) and _apart(wanted, given):
            best = len(given)
    return best


def _apart(wanted: Wanted, given: list[tuple[tuple[int, int], Invigilator]]) -> bool:
    by = {one.id: one for one in wanted.sittings}
    return not any(
        one.identity == other.identity and _overlap(by[post[1]], by[later[1]])
        for at, (post, one) in enumerate(given)
        for later, other in given[:at]
    )


def _overlap(one: Sitting, other: Sitting) -> bool:
    return one.start < other.end and other.start < one.end


def test_as_many_guard_as_can() -> None:
    scarce = 0
    for seed in range(150):
        found = arrange(at_random(Random(seed)))
        assert broken_rules(found) == [], seed
        assert len(found.duties) == most(found), seed
        scarce += bool(found.short)
    assert scarce > 20


def test_whoever_guards_lawfully_stays_where_nobody_lacks() -> None:
    kept = 0
    for seed in range(150):
        before = arrange(replace(at_random(Random(seed)), duties=()))
        again = arrange(replace(before.wanted, placed=before.placed, duties=before.duties))
        assert again.duties == before.duties, seed
        kept += len(before.duties)
    assert kept > 100
