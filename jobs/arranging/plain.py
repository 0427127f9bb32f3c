"""The counts by a plain greedy: what is left of the time decides for it, and what CP-SAT is measured against.

Groups with the fewest ways first; a group takes the way with the most seats left, opening the largest room that can hold what lacks
seats. Nothing that was decided is decided again, so it may leave people without a seat whom another arranging would seat.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from jobs.arranging.counts import Counts
from jobs.arranging.shape import Group, Pattern, Seat, Shape


class _Taking:
    """How many seats are left, and what is open."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.left: Counter[Seat] = Counter()
        self.opened: Counter[tuple[int, int]] = Counter()
        self.mixed: Counter[tuple[int, int, int]] = Counter()
        self.shared: Counter[Seat] = Counter()
        self.use: Counter[tuple[int, int]] = Counter()
        """Class and crowd → places in use at that moment."""
        self.of_seat: dict[Seat, list[tuple[int, int]]] = defaultdict(list)
        for one in shape.opened:
            subject = one.subjects[0]  # where several may sit, the first has them all: plain
            self.left[one.room.site, subject, one.sitting] += one.left
            if len(one.subjects) > 1:
                self.shared[one.room.id, subject, one.sitting] += one.left
        for at, alike in enumerate(shape.alike):
            for which, slot in enumerate(alike.slots):
                for subject in slot.subjects:
                    self.of_seat[alike.places[0][slot.variant].site, subject, slot.sitting].append((at, which))
        for row in self.of_seat.values():
            row.sort(key=lambda key: -shape.alike[key[0]].places[0][shape.alike[key[0]].slots[key[1]].variant].capacity)

    def room_for(self, seat: Seat) -> tuple[int, int] | None:
        """The largest place that can still be opened for a seat."""
        crowds = [at for at, crowd in enumerate(self.shape.index.crowds) if seat[2] in crowd]
        for key in self.of_seat[seat]:
            number = len(self.shape.alike[key[0]].places)
            if all(self.use[key[0], at] < number for at in crowds):
                return key
        return None

    def open(self, key: tuple[int, int], seat: Seat) -> None:
        alike = self.shape.alike[key[0]]
        slot = alike.slots[key[1]]
        room = alike.places[0][slot.variant]
        self.opened[key] += 1
        self.left[seat] += room.capacity
        if room.several:
            self.mixed[*key, seat[1]] += room.capacity
        for at, crowd in enumerate(self.shape.index.crowds):
            self.use[key[0], at] += slot.sitting in crowd

    def within_reach(self, seat: Seat) -> int:
        """Seats that are left, or that opening one place more would give."""
        if self.left[seat]:
            return self.left[seat]
        key = self.room_for(seat)
        return self.shape.alike[key[0]].places[0][self.shape.alike[key[0]].slots[key[1]].variant].capacity if key else 0


def plain_counts(shape: Shape) -> Counts:
    """Counts that are lawful and found at once; nobody who has a seat today is considered to keep it."""
    taking, patterns, unplaced = _Taking(shape), Counter[tuple[int, int]](), 0
    order = sorted(range(len(shape.groups)), key=lambda at: (len(shape.groups[at].patterns), -len(shape.groups[at].needs), at))
    for at in order:
        group, people = shape.groups[at], len(shape.groups[at].members)
        while people:
            number, together, seated = _best(taking, group)
            together = min(people, together)
            for seat in seated:
                if not taking.left[seat] and (key := taking.room_for(seat)):
                    taking.open(key, seat)
                together = min(together, taking.left[seat])
            together = max(together, 1)
            for seat in seated:
                taking.left[seat] = max(taking.left[seat] - together, 0)
            patterns[at, number] += together
            unplaced += together * (len(group.needs) - len(seated))
            people -= together
    counts = Counts(dict(patterns), dict(taking.opened), taking.mixed, taking.shared)
    counts.unplaced, counts.moves, counts.proved = unplaced, shape.held.total(), not unplaced
    return counts


def _best(taking: _Taking, group: Group) -> tuple[int, int, list[Seat]]:
    """A pattern, for how many people at once, and the seats that they get of it."""
    best: tuple[tuple[int, int], int, list[Seat]] | None = None
    for number, pattern in enumerate(group.patterns):
        seats = _seats(group, pattern)
        reach = {seat: taking.within_reach(seat) for seat in seats}
        seated = [seat for seat in seats if reach[seat]]
        worth = len(seated), min((reach[seat] for seat in seated), default=0)
        if best is None or worth > best[0]:
            best = worth, number, seated
    if best is None:
        return 0, len(group.members), []
    return best[1], best[0][1] if best[2] else len(group.members), best[2]


def _seats(group: Group, pattern: Pattern) -> list[Seat]:
    return [(site, subject, sitting) for (site, subject), sitting in zip(group.needs, pattern, strict=True) if sitting is not None]
