"""In which order people come, and which seat of a room each takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from jobs.arranging.given import Order, Placed
from jobs.arranging.ledger import Ledger
from jobs.arranging.shape import Demand


def in_order(order: Order, people: Iterable[Demand]) -> list[Demand]:
    """People as they are taken: what is full by then is full for those who come last."""
    if order is Order.SCHOOL:
        return sorted(people, key=lambda one: (one[0].school, one[0].number, one[0].id, one[1]))
    by_number = sorted(people, key=lambda one: (one[0].number, one[0].id, one[1]))
    return by_number if order is Order.NUMBER else mixed(by_number)


def mixed(people: Sequence[Demand]) -> list[Demand]:
    """People so that neighbours are of different schools: the largest school that is left first, but not twice in a row.

    Two of a school meet only where it has more people than all others and one.
    """
    waiting = _by_school(people)
    heap = [(-len(row), school) for school, row in waiting.items()]
    heapify(heap)
    found: list[Demand] = []
    held: list[tuple[int, int]] = []
    """The school of the last one, while it has more."""
    while heap or held:
        number, school = heappop(heap) if heap else held.pop()
        found.append(waiting[school].pop())
        while held:
            heappush(heap, held.pop())
        if number < -1:
            held.append((number + 1, school))
    return found


def take_seats(ledger: Ledger, order: Order, room: int, sitting: int, people: Sequence[Demand]) -> None:
    """Gives people the lowest free seats of a room in their order, or, mixed, so that no neighbour is of their school if that can be."""
    free = ledger.free(room, sitting)[: len(people)]
    if order is not Order.MIXED:
        for seat, one in zip(free, people, strict=True):
            ledger.add(Placed(one[0].id, one[1], sitting, room, seat))
        return
    registrations = ledger.index.registrations
    there = {seat: registrations[one.registration].school for seat, one in ledger.seats.get((room, sitting), {}).items()}
    waiting = _by_school(people)
    chosen = _schools(there, free, {school: len(row) for school, row in waiting.items()})
    for seat in free:
        one = waiting[chosen[seat]].pop()
        ledger.add(Placed(one[0].id, one[1], sitting, room, seat))


def _schools(there: Mapping[int, int], free: Sequence[int], waiting: dict[int, int]) -> dict[int, int]:
    """Which school each free seat gets: of those that sit not beside it the one with the most people left; then by exchanges."""
    schools = dict(there)
    for seat in free:
        before, after = schools.get(seat - 1), schools.get(seat + 1)
        by_size = sorted((school for school, number in waiting.items() if number), key=lambda school: (-waiting[school], school))
        tries = (school for beside in ((before, after), (before,), (after,), ()) for school in by_size if school not in beside)
        schools[seat] = next(tries)
        waiting[schools[seat]] -= 1
    if there:  # in a room that was empty the largest first is the best there is
        while any([_exchanged(schools, one, other) for one in free if _beside(schools, one) for other in free]):
            pass
    return schools


def _exchanged(schools: dict[int, int], one: int, other: int) -> bool:
    """Exchanges two seats where fewer neighbours are of one school then. Returns: whether it did."""
    if schools[one] == schools[other]:
        return False
    before = _beside(schools, one) + _beside(schools, other)
    schools[one], schools[other] = schools[other], schools[one]
    if _beside(schools, one) + _beside(schools, other) < before:
        return True
    schools[one], schools[other] = schools[other], schools[one]
    return False


def _beside(schools: Mapping[int, int], seat: int) -> int:
    """How many neighbours of a seat are of its school."""
    return sum(schools.get(other) == schools[seat] for other in (seat - 1, seat + 1))


def _by_school(people: Iterable[Demand]) -> dict[int, list[Demand]]:
    """School → its people, the last first."""
    found: dict[int, list[Demand]] = defaultdict(list)
    for one in people:
        found[one[0].school].append(one)
    for row in found.values():
        row.reverse()
    return found
