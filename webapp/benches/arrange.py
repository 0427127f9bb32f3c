"""`arrange`: 30,000 registrations in 900 rooms and 6 sittings, a registration, over 3,000 registrations in 90 rooms.

A registration has two subjects, a theory and a practice, so that 60,000 seats are wanted. The sittings overlap by halves. Each site has
15 rooms and 25 invigilators for a school of its own and two that borrow it; one person in twenty is registered for a second
certificate, a few of them at another site, and one in a hundred has no photo. Rooms differ in size and in the subjects set for
them, so that a plain greedy leaves people without a seat for whom there is one.

Beside the ratio: how long the 30,000 take and the most memory that the process had; how many seats lack, by the search and by the
plain greedy of the product, which is the floor of `over_plain`: what the search and everything around it cost over it; and
`task_seconds`, what the whole task takes with reading and storing the records of as many registrations. Before each time counts,
everything that an arranging gives is checked by `seats.py`, which shares none of its code.
"""

from __future__ import annotations

import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

from domain.platform.background import begin
from jobs import background
from jobs.arrangements.reading import read
from jobs.arrangements.working import ARRANGE
from jobs.arranging import Arranging, Bounds, Invigilator, Order, Registration, Room, Sitting, Subject, Wanted, arrange
from jobs.runtime import Runtime
from webapp.benches.arranging_rows import add_plan
from webapp.benches.measuring import actor, product, timed
from webapp.benches.seats import broken_places, broken_rules

MANY, FEW = 30_000, 3_000
AT_A_SITE = 500  # registrations; MANY make 60 sites
ROOMS, PEOPLE = 15, 25  # of a site: rooms, invigilators
ROUNDS = 3
CERTIFICATES = 10
THEORY, PRACTICE = "标准考场", "计算机机房"


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds a registration – of many, of few – and what else there is to say.

    Raises:
        ValueError: an arranging breaks a rule.
    """
    many, few = problem(MANY), problem(FEW)
    _arranged(problem(AT_A_SITE))  # the solver is loaded
    times: dict[int, list[float]] = {MANY: [], FEW: []}
    found: Arranging | None = None
    for _ in range(ROUNDS):
        for number, wanted in ((FEW, few), (MANY, many)):
            kept: list[Arranging] = []
            times[number].append(timed(lambda wanted=wanted, kept=kept: kept.append(arrange(wanted))))  # type: ignore[misc]  # mypy does not see the defaults
            _checked(kept[0])
            found = kept[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the plain ones, which are not the product's
    plain: list[Arranging] = []
    floor = timed(lambda: plain.append(arrange(many, Bounds(seconds=0))))
    _checked(plain[0])
    records = _of_records()
    took, lacking = median(times[MANY]), len(found.missing) if found else 0
    told = {
        "seconds": round(took, 1),
        "peak_mb": round(peak),
        "registrations": MANY,
        "rooms": len(many.rooms),
        "seats_wanted": sum(len(one.subjects) for one in many.registrations),
        "missing": lacking,
        "missing_plain": len(plain[0].missing),
        "proved": found.proved if found else False,
        "over_plain": round(took / floor, 2),
        "task_seconds": round(records, 1),
    }
    return took / MANY, median(times[FEW]) / FEW, told


def _of_records() -> float:
    """Seconds that 自动编排 of as many registrations takes from records to records, in a plan whose rooms have one certificate each.

    Raises:
        ValueError: what it has stored breaks a rule.
    """
    with product() as runtime:
        organization, now = actor(runtime, "organization1"), runtime.engine.clock()
        with runtime.database.writing() as session:
            plan = add_plan(session, organization, MANY, now)
            params = {"plan": plan, "order": str(Order.SCHOOL), "making_room": False}
            task = begin(session, organization, ARRANGE, "自动编排", params, now).id
        took = timed(lambda: _run(runtime, task))
        with runtime.database.reading() as session:
            wanted = read(session, plan).wanted
    if not wanted.placed or not wanted.duties:
        raise ValueError("nothing was arranged")
    if faults := broken_places(Arranging(wanted, wanted.placed, wanted.duties, (), (), (), (), True)):
        raise ValueError(f"{len(faults)} rules are broken: {faults[:5]}")
    return took


def _run(runtime: Runtime, task: int) -> None:
    background.run_task(runtime, task)


def _arranged(wanted: Wanted) -> Arranging:
    return _checked(arrange(wanted))


def _checked(arranging: Arranging) -> Arranging:
    if faults := broken_rules(arranging):
        raise ValueError(f"{len(faults)} rules are broken: {faults[:5]}")
    return arranging


def problem(number: int, seed: int = 1) -> Wanted:
    """So many registrations, with a site and its rooms and invigilators for each 500."""
    random = Random(seed)  # noqa: S311  # a made-up plan, the same each time
    sites = max(1, number // AT_A_SITE)
    subjects = tuple(Subject(2 * one + part, one, kind) for one in range(CERTIFICATES) for part, kind in enumerate((THEORY, PRACTICE)))
    rooms = tuple(room for site in range(sites) for room in _rooms(random, site))
    people = tuple(
        Invigilator(site * PEOPLE + at, f"监{site}-{at}", site, frozenset(random.sample(range(CERTIFICATES), 6)))
        for site in range(sites)
        for at in range(PEOPLE)
    )
    return Wanted(subjects, _sittings(subjects), rooms, _registrations(random, number, sites), people, order=Order.MIXED)


def _sittings(subjects: tuple[Subject, ...]) -> tuple[Sitting, ...]:
    """Six in two days; the second begins in the first, the fourth in the third. Theories are in all but two, practices in all but two."""
    theory = frozenset(one.id for one in subjects if one.kind == THEORY)
    practice = frozenset(one.id for one in subjects if one.kind == PRACTICE)
    day = datetime(2026, 11, 28, tzinfo=UTC)
    plan = [
        (1, 120, theory),
        (2, 150, practice),
        (5, 120, theory | practice),
        (6, 120, practice),
        (25, 120, theory),
        (28, 150, theory | practice),
    ]
    return tuple(
        Sitting(at, examined, day + timedelta(hours=hour), day + timedelta(hours=hour, minutes=length))
        for at, (hour, length, examined) in enumerate(plan)
    )


def _rooms(random: Random, site: int) -> list[Room]:
    found = []
    for at in range(ROOMS):
        practice = 2 * at > ROOMS
        kinds = frozenset([PRACTICE if practice else THEORY])
        held = frozenset(2 * one + practice for one in random.sample(range(CERTIFICATES), 8))
        closed = frozenset([random.randrange(6)]) if random.random() < 0.1 else frozenset()
        found.append(Room(site * ROOMS + at, site, random.choice([24, 30, 36, 40]), kinds, held, 2, closed))
    return found


def _registrations(random: Random, number: int, sites: int) -> tuple[Registration, ...]:
    found: list[Registration] = []
    for at in range(number):
        site = at * sites // number
        certificate = random.choice(range(site % CERTIFICATES, site % CERTIFICATES + 5)) % CERTIFICATES
        school = 3 * site + random.choice([0, 0, 0, 1, 2])
        identity = f"考{at}"
        if found and random.random() < 0.05:  # the same person again, nearly always from the same school
            other = found[-1]
            if other.certificate != certificate:
                identity, school = other.identity, other.school
                site = random.randrange(sites) if random.random() < 0.1 else site
        one = Registration(at, identity, school, certificate, (2 * certificate, 2 * certificate + 1), site, at, True)
        found.append(replace(one, has_photo=False) if random.random() < 0.01 else one)
    return tuple(found)
