"""What is to be decided, in counts: groups of people who need the same, and rooms that are alike.

Nobody is named here: of 300 people who take the same two subjects at the same site it is decided how many sit in which sittings, and
of eight rooms of 40 how many are opened for which subject. Who it is comes later (`dealing.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from jobs.arranging.given import Placed, Registration, Room
from jobs.arranging.index import Index, Place, place_of
from jobs.arranging.ledger import Ledger

Demand = tuple[Registration, int]
"""A registration and one of its subjects: what needs a seat."""
Seat = tuple[int, int, int]
"""Site, subject and sitting: what seats are asked and offered for. Where people are today: room, subject and sitting."""
Pattern = tuple[int | None, ...]
"""Need by need the sitting; None: none is left for it."""

PATTERNS = 300  # a group whose ways are more has the first of them, begun at each sitting in turn


@dataclass(slots=True)
class Group:
    """People with the same needs, the same sittings for each, and the same seats' rooms today."""

    needs: tuple[tuple[int, int], ...]
    """Site and subject of each need."""
    current: tuple[tuple[int, int] | None, ...]
    """Sitting and room of each need as things stand, where that may change."""
    patterns: list[Pattern]
    whole: bool
    """Whether the patterns are all there are."""
    members: list[list[Demand]] = field(default_factory=list)
    """People, each by what they need."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A room of a class may be opened in a sitting, for a subject."""

    variant: int
    """Which of a place's rooms."""
    sitting: int
    subjects: tuple[int, ...]
    """One subject, or all that may sit there at once."""


@dataclass(slots=True)
class Alike:
    """Places that are alike, none of them in use in these sittings."""

    places: list[tuple[Room, ...]]
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A room that is in use in a sitting, and has seats left."""

    room: Room
    sitting: int
    subjects: tuple[int, ...]
    left: int


@dataclass(slots=True)
class Shape:
    """What is to be decided for some sites."""

    index: Index
    groups: list[Group]
    alike: list[Alike]
    opened: list[Opened]
    held: Counter[Seat]
    """Room, subject and sitting → how many sit there who may move."""
    used: Counter[Seat]
    """Site, certificate and sitting → invigilators for rooms that are in use and stay so."""


def shape_of(index: Index, ledger: Ledger, demands: Iterable[Demand], movable: Mapping[tuple[int, int], Placed]) -> Shape:
    """What is to be decided about demands, beside what stands in the ledger.

    Args:
        movable: registration and subject → a seat, not in the ledger, that its owner keeps if that costs nobody else a seat.
    """
    groups = _groups(index, ledger, demands, movable)
    asked: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for group in groups:
        for pattern in group.patterns:
            for (site, subject), sitting in zip(group.needs, pattern, strict=True):
                if sitting is not None:
                    asked[site][sitting].add(subject)
    held = Counter((one.room, one.subject, one.sitting) for one in movable.values())
    alike, opened = _rooms(index, ledger, asked, {room for room, _, _ in held})
    return Shape(index, groups, alike, opened, held, _used(index, ledger, asked))


def least_without(index: Index, demands: Iterable[Demand]) -> int:
    """How many needs go without a seat at least, were there seats without end: sittings overlap."""
    groups = _groups(index, Ledger(index), demands, {})
    return sum(len(one.members) * min(pattern.count(None) for pattern in one.patterns) for one in groups if one.whole)


def _groups(index: Index, ledger: Ledger, demands: Iterable[Demand], movable: Mapping[tuple[int, int], Placed]) -> list[Group]:
    people: dict[str, list[Demand]] = defaultdict(list)
    for demand in demands:
        people[demand[0].identity].append(demand)
    found: dict[tuple[tuple[object, ...], ...], Group] = {}
    options: dict[tuple[int, int], tuple[int, ...]] = {}
    for identity, wanted in people.items():
        busy = ledger.busy(identity) if identity in ledger.people else frozenset()
        rows = []
        for demand in wanted:
            need = _site(demand), demand[1]
            left = options.get(need)
            if left is None:
                left = options[need] = index.options(*need)
            if busy:
                left = tuple(sitting for sitting in left if sitting not in busy)
            seat = movable.get((demand[0].id, demand[1]))
            rows.append((need, left, (seat.sitting, seat.room) if seat else None, demand))
        if len(rows) > 1:
            rows.sort(key=lambda row: (row[0], row[1], row[2] or (0, 0), row[3][0].id))
        key = tuple(row[:3] for row in rows)
        group = found.get(key)
        if group is None:
            current = tuple(row[2] for row in rows)
            patterns, whole = _patterns(index, [row[1] for row in rows], current)
            group = found[key] = Group(tuple(row[0] for row in rows), current, patterns, whole)
        group.members.append([row[3] for row in rows])
    return list(found.values())


def _site(demand: Demand) -> int:
    site = demand[0].site
    if site is None:  # `Index.demands` leaves these out
        raise ValueError(f"registration {demand[0].id} has no site")
    return site


def _patterns(index: Index, options: Sequence[tuple[int, ...]], current: Sequence[tuple[int, int] | None]) -> tuple[list[Pattern], bool]:
    """Ways to give each need a sitting, no two overlapping, in which no need goes without one that it could have."""
    found: dict[Pattern, None] = {}
    turns = max((len(one) for one in options), default=1) or 1
    today = tuple(one[0] for one in current if one is not None)
    apart = all(one not in index.clash[other] for at, one in enumerate(today) for other in today[:at])
    if len(today) == len(current) and apart and all(one in options[at] for at, one in enumerate(today)):
        found[today] = None
    whole = _ways(index, options, PATTERNS, found)
    if not whole:
        for turn in range(1, turns):
            _ways(index, [one[turn % len(one) :] + one[: turn % len(one)] if one else one for one in options], PATTERNS // turns, found)
    return list(found), whole


def _ways(index: Index, options: Sequence[tuple[int, ...]], most: int, found: dict[Pattern, None]) -> bool:
    """Adds up to so many patterns. Returns: whether there are no more."""
    clash, begun = index.clash, len(found)
    steps = 40 * most
    stack: list[tuple[Pattern, frozenset[int]]] = [((), frozenset())]
    while stack:
        chosen, busy = stack.pop()
        steps -= 1
        if len(chosen) < len(options):
            free = [one for one in options[len(chosen)] if one not in busy]
            stack.append(((*chosen, None), busy))
            stack += [((*chosen, one), busy | clash[one]) for one in reversed(free)]
        elif all(one is not None or busy.issuperset(options[at]) for at, one in enumerate(chosen)):
            found[chosen] = None
        if len(found) - begun >= most or steps <= 0:
            return not stack
    return True


def _rooms(index: Index, ledger: Ledger, asked: Mapping[int, Mapping[int, set[int]]], apart: set[int]) -> tuple[list[Alike], list[Opened]]:
    """Places by what they can be opened for, and rooms in use with seats left. Those `apart` are like no other."""
    classes: dict[object, Alike] = {}
    opened: list[Opened] = []
    for site in sorted(asked):
        places: dict[Place, list[Room]] = defaultdict(list)
        for room in index.at_site(site):
            places[place_of(room)].append(room)
        for place, rooms in places.items():
            used = ledger.places.get(place, {})
            blocked = frozenset().union(*(index.clash[sitting] for sitting in used))
            slots: list[Slot] = []
            for (at, room), sitting in product(enumerate(rooms), sorted(asked[site])):
                subjects = tuple(one for one in sorted(asked[site][sitting]) if index.holds(room, one))
                if not subjects or sitting in room.closed:
                    continue
                if sitting not in blocked:
                    slots += [Slot(at, sitting, some) for some in ([subjects] if room.several else [(one,) for one in subjects])]
                elif used.get(sitting) == room.id and (left := ledger.left(room.id, sitting)) > 0:
                    there = ledger.subjects[room.id, sitting]
                    some = subjects if room.several else tuple(one for one in subjects if one in there)
                    if some:
                        opened.append(Opened(room, sitting, some, left))
            if slots:
                key: object = (site, tuple((room.capacity, room.several, room.invigilators) for room in rooms), tuple(slots))
                if any(room.id in apart for room in rooms):
                    key = place
                classes.setdefault(key, Alike([], tuple(slots))).places.append(tuple(rooms))
    return list(classes.values()), opened


def _used(index: Index, ledger: Ledger, asked: Mapping[int, Mapping[int, set[int]]]) -> Counter[Seat]:
    found: Counter[Seat] = Counter()
    for (room, sitting), subjects in ledger.subjects.items():
        one = index.rooms[room]
        if one.site in asked and one.invigilators and subjects:
            found[one.site, index.subjects[min(subjects)].certificate, sitting] += one.invigilators
    return found
