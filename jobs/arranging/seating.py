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
    schools = {seat: registrations[one.registration].school for seat, one in ledger.seats.get((room, sitting), {}).items()}
    waiting = _by_school(people)
    for at, seat in enumerate(free):
        school = _unlike(waiting, schools.get(seat - 1), schools.get(seat + 1), len(free) - at)
        one = waiting[school].pop()
        if not waiting[school]:
            del waiting[school]
        schools[seat] = school
        ledger.add(Placed(one[0].id, one[1], sitting, room, seat))


def _unlike(waiting: Mapping[int, Sequence[Demand]], before: int | None, after: int | None, left: int) -> int:
    """The school that sits next: the largest one, unless one of it sits beside; but any that can be no later must be now."""
    by_size = sorted(waiting, key=lambda school: (-len(waiting[school]), school))
    if 2 * len(waiting[by_size[0]]) > left and by_size[0] != before:
        return by_size[0]
    for taken in ({before, after}, {before}, {after}):
        for school in by_size:
            if school not in taken:
                return school
    return by_size[0]


def _by_school(people: Iterable[Demand]) -> dict[int, list[Demand]]:
    """School → its people, the last first."""
    found: dict[int, list[Demand]] = defaultdict(list)
    for one in people:
        found[one[0].school].append(one)
    for row in found.values():
        row.reverse()
    return found
