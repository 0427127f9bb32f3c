"""What is asked again and again of what is given: by id, what overlaps, which room can hold what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from jobs.arranging.given import Registration, Room, Sitting, Wanted

Place = tuple[int, str]
"""Four walls: a site, and the name of the place or a mark of the room itself."""


class Index:
    """What is given, by id. Built once for an arranging.

    Raises:
        ValueError: an id occurs twice, a sitting ends before it begins, or a room has seats below none.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.subjects = _by_id("subject", wanted.subjects)
        self.sittings = _by_id("sitting", wanted.sittings)
        self.rooms = _by_id("room", wanted.rooms)
        self.registrations = _by_id("registration", wanted.registrations)
        self.invigilators = _by_id("invigilator", wanted.invigilators)
        for sitting in wanted.sittings:
            if sitting.end <= sitting.start:
                raise ValueError(f"sitting {sitting.id} ends before it begins")
        for room in wanted.rooms:
            if room.capacity < 0:
                raise ValueError(f"room {room.id} has {room.capacity} seats")
        self.clash = _clashes(wanted.sittings)
        """Sitting → those that overlap it in time, itself among them."""
        self.crowds = _crowds(wanted.sittings)
        """Largest sets of sittings that are all under way at one moment."""
        self._holding: dict[tuple[int, int], tuple[Room, ...]] = {}
        self._at_site: dict[int, list[Room]] = defaultdict(list)
        for room in sorted(wanted.rooms, key=lambda room: room.id):
            self._at_site[room.site].append(room)
        self._sittings_of: dict[int, list[int]] = defaultdict(list)
        for sitting in sorted(wanted.sittings, key=lambda sitting: (sitting.start, sitting.id)):
            for subject in sitting.subjects:
                self._sittings_of[subject].append(sitting.id)

    def at_site(self, site: int) -> Sequence[Room]:
        """Rooms of a site by id."""
        return self._at_site.get(site, ())

    def sittings_of(self, subject: int) -> Sequence[int]:
        """Sittings in which a subject is examined, by time."""
        return self._sittings_of.get(subject, ())

    def holding(self, site: int, subject: int) -> tuple[Room, ...]:
        """Rooms of a site that can hold a subject, in one sitting or another."""
        found = self._holding.get((site, subject))
        if found is None:
            found = self._holding[site, subject] = tuple(one for one in self.at_site(site) if self.holds(one, subject))
        return found

    def holds(self, room: Room, subject: int) -> bool:
        """Whether a room can hold a subject, where it is not closed."""
        return subject in room.subjects and self.subjects[subject].kind in room.kinds and room.capacity > 0

    def options(self, site: int, subject: int) -> tuple[int, ...]:
        """Sittings in which a site has some room for a subject, by time."""
        rooms = self.holding(site, subject)
        return tuple(one for one in self.sittings_of(subject) if any(one not in room.closed for room in rooms))

    def demands(self) -> list[tuple[Registration, int]]:
        """What needs a seat and may have one: registrations with a photo and a site, subject by subject, by id."""
        ready = (one for one in self.registrations.values() if one.has_photo and one.site is not None)
        return [(one, subject) for one in sorted(ready, key=lambda one: one.id) for subject in dict.fromkeys(one.subjects)]


def place_of(room: Room) -> Place:
    """The four walls that a room is."""
    return room.site, f"={room.place}" if room.place else f"#{room.id}"


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


_N = TypeVar("_N", bound=_Numbered)


def _by_id(what: str, given: Iterable[_N]) -> Mapping[int, _N]:
    found: dict[int, _N] = {}
    for one in given:
        if one.id in found:
            raise ValueError(f"{what} {one.id} occurs twice")
        found[one.id] = one
    return found


def _clashes(sittings: Sequence[Sitting]) -> Mapping[int, frozenset[int]]:
    return {one.id: frozenset(other.id for other in sittings if other.start < one.end and one.start < other.end) for one in sittings}


def _crowds(sittings: Sequence[Sitting]) -> tuple[tuple[int, ...], ...]:
    """Sittings are intervals: whatever overlaps two by two has a moment in common, at which one of them begins."""
    found = {frozenset(other.id for other in sittings if other.start <= one.start < other.end) for one in sittings}
    return tuple(sorted(tuple(sorted(one)) for one in found if not any(one < other for other in found)))
