"""Whether an arranging breaks a rule: looked at seat by seat, with nothing of what arranges but its plain data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from jobs.arranging.given import Arranging, Reason, Sitting, Wanted


def broken_rules(arranging: Arranging) -> list[str]:
    """What is wrong, a line each; nothing where all is lawful."""
    wanted = arranging.wanted
    return [*broken_places(arranging), *_everybody(wanted, arranging)]


def broken_places(arranging: Arranging) -> list[str]:
    """What is wrong with seats and duties, whoever has none, a line each."""
    return [*_seats(arranging), *_rooms(arranging), *_people(arranging), *_guards(arranging)]


def _overlap(one: Sitting, other: Sitting) -> bool:
    return max(one.start, other.start) < min(one.end, other.end)


def _seats(arranging: Arranging) -> Iterator[str]:
    """Each seat by itself."""
    wanted = arranging.wanted
    registrations = {one.id: one for one in wanted.registrations}
    rooms = {one.id: one for one in wanted.rooms}
    sittings = {one.id: one for one in wanted.sittings}
    kinds = {one.id: one.kind for one in wanted.subjects}
    for one in arranging.placed:
        person, room = registrations[one.registration], rooms[one.room]
        if not person.has_photo:
            yield f"no photo: {one}"
        if person.site is None or person.site != room.site:
            yield f"another site: {one}"
        if one.subject not in person.subjects:
            yield f"not registered: {one}"
        if one.subject not in sittings[one.sitting].subjects:
            yield f"not examined: {one}"
        if one.subject not in room.subjects or kinds[one.subject] not in room.kinds:
            yield f"room cannot hold it: {one}"
        if one.sitting in room.closed:
            yield f"closed: {one}"
        if one.seat < 1 or one.seat > room.capacity:
            yield f"no such seat: {one}"


def _rooms(arranging: Arranging) -> Iterator[str]:
    """Seats of one room, and rooms of one place."""
    rooms = {one.id: one for one in arranging.wanted.rooms}
    sittings = {one.id: one for one in arranging.wanted.sittings}
    subjects: dict[tuple[int, int], set[int]] = defaultdict(set)
    taken: set[tuple[int, int, int]] = set()
    for one in arranging.placed:
        if (one.room, one.sitting, one.seat) in taken:
            yield f"two on one seat: {one}"
        taken.add((one.room, one.sitting, one.seat))
        subjects[one.room, one.sitting].add(one.subject)
    places: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for (room, sitting), examined in subjects.items():
        if len(examined) > 1 and not rooms[room].several:
            yield f"room {room} has {len(examined)} subjects in sitting {sitting}"
        places[rooms[room].site, rooms[room].place or str(room)].append((room, sitting))
    for uses in places.values():
        for (room, sitting), (other, later) in combinations(uses, 2):
            if _overlap(sittings[sitting], sittings[later]):
                yield f"room {room} in sitting {sitting} while room {other} in sitting {later}"


def _people(arranging: Arranging) -> Iterator[str]:
    """Nobody in two places at once."""
    identities = {one.id: one.identity for one in arranging.wanted.registrations}
    yield from _at_once(arranging.wanted, ((identities[one.registration], one.sitting) for one in arranging.placed), "sits twice at once")


def _guards(arranging: Arranging) -> Iterator[str]:
    """Invigilators: certified, of the site, once at a time, no more than needed; and whoever lacks is told."""
    wanted = arranging.wanted
    people = {one.id: one for one in wanted.invigilators}
    rooms = {one.id: one for one in wanted.rooms}
    certificates = {one.id: one.certificate for one in wanted.subjects}
    examined: dict[tuple[int, int], set[int]] = defaultdict(set)
    for seat in arranging.placed:
        examined[seat.room, seat.sitting].add(certificates[seat.subject])
    given: dict[tuple[int, int], int] = defaultdict(int)
    for one in arranging.duties:
        person = people[one.invigilator]
        given[one.room, one.sitting] += 1
        if not examined[one.room, one.sitting]:
            yield f"nobody to guard: {one}"
        if not examined[one.room, one.sitting] <= person.certificates:
            yield f"not certified: {one}"
        if person.site != rooms[one.room].site:
            yield f"of another site: {one}"
    yield from _at_once(wanted, ((people[one.invigilator].identity, one.sitting) for one in arranging.duties), "guards twice at once")
    short = {(one.room, one.sitting): (one.needed, one.given) for one in arranging.short}
    for (room, sitting), some in examined.items():
        told = short.get((room, sitting), (rooms[room].invigilators, rooms[room].invigilators))
        if some and told != (rooms[room].invigilators, given[room, sitting]):
            yield f"room {room} in sitting {sitting} has {given[room, sitting]} invigilators, told: {told}"


def _at_once(wanted: Wanted, pairs: Iterable[tuple[str, int]], what: str) -> Iterator[str]:
    sittings = {one.id: one for one in wanted.sittings}
    rows: dict[str, list[int]] = defaultdict(list)
    for identity, sitting in pairs:
        rows[identity].append(sitting)
    for identity, row in rows.items():
        for one, other in combinations(row, 2):
            if _overlap(sittings[one], sittings[other]):
                yield f"{identity} {what}: {one} and {other}"


def _everybody(wanted: Wanted, arranging: Arranging) -> Iterator[str]:
    """Each registration has one seat in each of its subjects, or a reason that is true."""
    registrations = {one.id: one for one in wanted.registrations}
    asked = [(one.id, subject) for one in wanted.registrations for subject in one.subjects]
    told = [(one.registration, one.subject) for one in arranging.placed] + [(one.registration, one.subject) for one in arranging.missing]
    if sorted(asked) != sorted(told):
        yield f"{len(asked)} seats are wanted, {len(told)} are told of"
    for one in arranging.missing:
        person = registrations[one.registration]
        if (one.reason is Reason.NO_PHOTO) is person.has_photo:
            yield f"photo: {one}"
        if one.reason is not Reason.NO_PHOTO and (one.reason is Reason.NO_SITE) is not (person.site is None):
            yield f"site: {one}"
