"""Small plans: made by hand, made at random, and solved by trying everything."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from jobs.arranging import Invigilator, Order, Placed, Registration, Room, Sitting, Subject, Wanted

DAY = datetime(2026, 11, 28, tzinfo=UTC)
DESK, LAB = "标准考场", "计算机机房"


def sitting(number: int, hour: float, subjects: set[int], hours: float = 2) -> Sitting:
    return Sitting(number, frozenset(subjects), DAY + timedelta(hours=hour), DAY + timedelta(hours=hour + hours))


def room(number: int, capacity: int, subjects: set[int], site: int = 1, kind: str = DESK, **more: object) -> Room:
    return Room(number, site, capacity, frozenset([kind]), frozenset(subjects), **more)  # type: ignore[arg-type]


def person(
    number: int, subjects: tuple[int, ...], *, site: int | None = 1, school: int = 1, who: str = "", photo: bool = True
) -> Registration:
    return Registration(number, who or f"人{number}", school, 1, subjects, site, number, photo)


def at_random(random: Random, placed: bool = False) -> Wanted:
    """A plan that can be tried out: six seats or fewer are wanted; sittings overlap, rooms are too small, closed, shared and mixed."""
    subjects = tuple(Subject(at, at % 2, random.choice([DESK, DESK, LAB])) for at in range(random.randint(1, 3)))
    ids = [one.id for one in subjects]
    sittings = tuple(
        sitting(at, random.randint(0, 4), set(random.sample(ids, random.randint(1, len(ids)))), random.choice([1, 2]))
        for at in range(random.randint(1, 3))
    )
    rooms = tuple(
        Room(
            at,
            random.choice([1, 1, 2]),
            random.randint(1, 3),
            frozenset(random.sample([DESK, LAB], random.randint(1, 2))),
            frozenset(random.sample(ids, random.randint(1, len(ids)))),
            random.randint(0, 1),
            frozenset([random.randrange(3)] if random.random() < 0.15 else []),
            random.random() < 0.2,
            random.choice(["", "", "", "楼"]),
        )
        for at in range(random.randint(1, 3))
    )
    left = random.randint(1, 6)
    registrations: list[Registration] = []
    while left > 0:
        some = tuple(random.sample(ids, random.randint(1, min(len(ids), left))))
        left -= len(some)
        number = len(registrations)
        who = random.choice(registrations).identity if registrations and random.random() < 0.3 else f"人{number}"
        site = random.choice([1, 1, 1, 2, None]) if random.random() < 0.5 else 1
        registrations.append(Registration(number, who, random.randint(1, 2), 1, some, site, -number, random.random() < 0.95))
    guards = tuple(
        Invigilator(at, f"监{random.randint(0, at)}", random.choice([1, 2]), frozenset(random.sample([0, 1], random.randint(1, 2))))
        for at in range(random.randint(0, 3))
    )
    wanted = Wanted(subjects, sittings, rooms, tuple(registrations), guards, order=random.choice(list(Order)))
    if not placed:
        return wanted
    there = tuple(
        Placed(one.id, subject, random.choice(sittings).id, random.choice(rooms).id, random.randint(1, 3))
        for one in registrations
        for subject in one.subjects
        if random.random() < 0.8
    )
    return Wanted(subjects, sittings, rooms, tuple(registrations), guards, there, order=wanted.order)


@dataclass
class Tried:
    """Everything tried: the most seats that can be given, and the fewest held ones that are lost then."""

    wanted: Wanted
    stays: frozenset[tuple[int, int]] = frozenset()
    """Registration and subject of those who sit lawfully and may not move."""
    best: tuple[int, int] = (-1, 0)
    _seats: dict[tuple[int, int], list[int | None]] = field(default_factory=lambda: defaultdict(list))
    _subjects: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    _people: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._demands = [
            (one, subject) for one in self.wanted.registrations for subject in one.subjects if one.has_photo and one.site is not None
        ]
        self._held = {(one.registration, one.subject): one for one in reversed(self.wanted.placed)}
        self._kinds = {one.id: one.kind for one in self.wanted.subjects}
        self._try(0, 0, 0)

    def _try(self, at: int, given: int, kept: int) -> None:
        if (given + len(self._demands) - at, kept + len(self._demands) - at) <= self.best:
            return
        if at == len(self._demands):
            self.best = max(self.best, (given, kept))
            return
        one, subject = self._demands[at]
        held = self._held.get((one.id, subject))
        stays = (one.id, subject) in self.stays
        for sitting in self.wanted.sittings:
            if subject not in sitting.subjects or any(self._overlap(sitting.id, other) for other in self._people[one.identity]):
                continue
            for room in self.wanted.rooms:
                if not self._may(room, sitting, subject) or room.site != one.site:
                    continue
                key = room.id, sitting.id
                seats: list[int | None] = [None]
                if held and (held.room, held.sitting) == key and held.seat <= room.capacity and held.seat not in self._seats[key]:
                    seats = [held.seat, None]
                for seat in seats[:1] if stays else seats:
                    if stays and seat is None:
                        continue
                    self._seats[key].append(seat)
                    self._subjects[key].append(subject)
                    self._people[one.identity].append(sitting.id)
                    self._try(at + 1, given + 1, kept + (seat is not None))
                    self._seats[key].pop()
                    self._subjects[key].pop()
                    self._people[one.identity].pop()
        if not stays:
            self._try(at + 1, given, kept)

    def _may(self, room: Room, sitting: Sitting, subject: int) -> bool:
        if subject not in room.subjects or self._kinds[subject] not in room.kinds or sitting.id in room.closed:
            return False
        key = room.id, sitting.id
        if len(self._seats[key]) >= room.capacity or (not room.several and set(self._subjects[key]) - {subject}):
            return False
        rooms = {one.id: one for one in self.wanted.rooms}
        for (other, later), row in self._seats.items():
            same = other == room.id or (room.place and rooms[other].place == room.place and rooms[other].site == room.site)
            if row and same and (other, later) != key and self._overlap(sitting.id, later):
                return False
        return True

    def _overlap(self, one: int, other: int) -> bool:
        by = {each.id: each for each in self.wanted.sittings}
        return by[one].start < by[other].end and by[other].start < by[one].end
