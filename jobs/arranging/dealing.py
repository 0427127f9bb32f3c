"""From counts to people: who sits in which sitting, and in which room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from jobs.arranging.counts import Counts
from jobs.arranging.given import Order, Placed, Room
from jobs.arranging.ledger import Ledger
from jobs.arranging.seating import in_order, take_seats
from jobs.arranging.shape import Demand, Group, Seat, Shape

Offer = dict[Seat, list[tuple[int, int]]]
"""Site, subject and sitting → rooms with as many seats as they have for it, in the order in which they are filled."""


def deal(shape: Shape, counts: Counts, ledger: Ledger, movable: Mapping[tuple[int, int], Placed]) -> None:
    """Enters a seat for everybody for whom the counts have one; those who come last in the order have none."""
    order = shape.index.wanted.order
    offered = _offered(shape, counts)
    newcomers: dict[tuple[int, int], list[Demand]] = defaultdict(list)
    for seat, people in sorted(_sent(shape, counts).items()):
        rooms = offered.get(seat, [])
        staying = _stay(counts, ledger, movable, seat, in_order(order, people))
        left = in_order(order, [one for one in people if (one[0].id, one[1]) not in staying])
        at = 0
        for room, seats in rooms:
            seats -= sum(kept == room for kept in staying.values())
            newcomers[room, seat[2]] += left[at : at + max(seats, 0)]
            at += max(seats, 0)
    for (room, sitting), row in sorted(newcomers.items()):
        take_seats(ledger, order, room, sitting, row)


def _sent(shape: Shape, counts: Counts) -> dict[Seat, list[Demand]]:
    """Who is sent to a site for a subject in a sitting."""
    found: dict[Seat, list[Demand]] = defaultdict(list)
    order = shape.index.wanted.order
    for at, group in enumerate(shape.groups):
        members = _members(order, group)
        first = 0
        for number, pattern in enumerate(group.patterns):
            some = members[first : first + counts.patterns.get((at, number), 0)]
            first += len(some)
            for which, ((site, subject), sitting) in enumerate(zip(group.needs, pattern, strict=True)):
                if sitting is not None:
                    found[site, subject, sitting] += [one[which] for one in some]
    return found


def _members(order: Order, group: Group) -> list[list[Demand]]:
    """A group's people in order, by what each needs first."""
    whose = {(one[0][0].id, one[0][1]): one for one in group.members}
    return [whose[first[0].id, first[1]] for first in in_order(order, [one[0] for one in group.members])]


def _stay(
    counts: Counts, ledger: Ledger, movable: Mapping[tuple[int, int], Placed], seat: Seat, people: list[Demand]
) -> dict[tuple[int, int], int]:
    """Enters those who keep the seat that they have. Returns: registration and subject → the room."""
    left: dict[int, int] = {}
    staying: dict[tuple[int, int], int] = {}
    for one in people:
        today = movable.get((one[0].id, one[1]))
        if today is None or today.sitting != seat[2]:
            continue
        room = today.room
        left.setdefault(room, counts.stays[room, one[1], seat[2]])
        if left[room] > 0 and today.seat not in ledger.seats.get((room, seat[2]), ()):
            left[room] -= 1
            staying[one[0].id, one[1]] = room
            ledger.add(today)
    return staying


def _offered(shape: Shape, counts: Counts) -> Offer:
    """The rooms that are open for a subject in a sitting, those in use already first."""
    found: Offer = defaultdict(list)
    for one in sorted(shape.opened, key=lambda one: (one.room.id, one.sitting)):
        for subject in one.subjects:
            seats = one.left if len(one.subjects) == 1 else counts.shared[one.room.id, subject, one.sitting]
            found[one.room.site, subject, one.sitting].append((one.room.id, seats))
    for (at, which), rooms in sorted(_places(shape, counts).items(), key=lambda item: item[1][0].id):
        slot = shape.alike[at].slots[which]
        if not rooms[0].several:
            found[rooms[0].site, slot.subjects[0], slot.sitting] += [(room.id, room.capacity) for room in rooms]
            continue
        left = [room.capacity for room in rooms]
        for subject in slot.subjects:
            wanted = counts.mixed[at, which, subject]
            for number, room in enumerate(rooms):
                seats = min(wanted, left[number])
                left[number] -= seats
                wanted -= seats
                if seats:
                    found[room.site, subject, slot.sitting].append((room.id, seats))
    return found


def _places(shape: Shape, counts: Counts) -> dict[tuple[int, int], list[Room]]:
    """Class and slot → the rooms that are opened: sitting by sitting in time the first places that are free by then."""
    found: dict[tuple[int, int], list[Room]] = {}
    sittings = shape.index.sittings
    by_time = sorted(counts.opened, key=lambda key: (sittings[shape.alike[key[0]].slots[key[1]].sitting].start, key))
    in_use: dict[tuple[int, int], list[int]] = defaultdict(list)
    """Class and place → sittings."""
    for at, which in by_time:
        alike, slot = shape.alike[at], shape.alike[at].slots[which]
        clash = shape.index.clash[slot.sitting]
        free = [number for number in range(len(alike.places)) if clash.isdisjoint(in_use[at, number])]
        chosen = free[: counts.opened[at, which]]
        for number in chosen:
            in_use[at, number].append(slot.sitting)
        found[at, which] = [alike.places[number][slot.variant] for number in chosen]
    return {key: rooms for key, rooms in found.items() if rooms}
