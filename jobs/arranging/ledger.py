"""Who sits where: what is lawful by itself, and beside what stands in the ledger already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from jobs.arranging.given import Placed, Rule
from jobs.arranging.index import Index, Place, place_of

Lost = dict[tuple[int, int], tuple[Placed, tuple[Rule, ...]]]
"""Registration and subject → a seat that is given up, and what it is against."""


def own_faults(index: Index, one: Placed) -> list[Rule]:
    """What a seat is against, whoever else sits anywhere."""
    registration = index.registrations.get(one.registration)
    if registration is None or one.subject not in registration.subjects or one.subject not in index.subjects:
        return [Rule.NOT_REGISTERED]
    found: list[Rule] = []
    if not registration.has_photo:
        found.append(Rule.NO_PHOTO)
    sitting = index.sittings.get(one.sitting)
    if sitting is None or one.subject not in sitting.subjects:
        found.append(Rule.SITTING)
    if registration.site is None:
        found.append(Rule.NO_SITE)
    room = index.rooms.get(one.room)
    if room is None:
        return [*found, Rule.ROOM]
    if registration.site is not None and room.site != registration.site:
        found.append(Rule.SITE)
    if index.subjects[one.subject].kind not in room.kinds:
        found.append(Rule.KIND)
    if one.subject not in room.subjects:
        found.append(Rule.SUBJECT)
    if one.sitting in room.closed:
        found.append(Rule.CLOSED)
    if not 1 <= one.seat <= room.capacity:
        found.append(Rule.SEAT)
    return found


class Ledger:
    """Seats that are taken."""

    def __init__(self, index: Index, placed: Iterable[Placed] = ()) -> None:
        self.index = index
        self.seats: dict[tuple[int, int], dict[int, Placed]] = defaultdict(dict)
        """Room and sitting → seat → who has it."""
        self.subjects: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
        """Room and sitting → subject → how many."""
        self.places: dict[Place, dict[int, int]] = defaultdict(dict)
        """Four walls → sitting → the room as which they are used."""
        self.people: dict[str, list[Placed]] = defaultdict(list)
        """Identity → where that person sits."""
        self.of: dict[tuple[int, int], Placed] = {}
        """Registration and subject → the seat."""
        for one in placed:
            self.add(one)

    def faults(self, one: Placed) -> list[Rule]:
        """What a seat is against, as things stand in the ledger. The seat must be lawful by itself, but for its number."""
        found: list[Rule] = []
        index, clash = self.index, self.index.clash[one.sitting]
        room = index.rooms[one.room]
        if one.seat in self.seats.get((one.room, one.sitting), ()):
            found.append(Rule.SEAT_TAKEN)
        examined = self.subjects.get((one.room, one.sitting), Counter())
        if not room.several and any(subject != one.subject for subject in examined):
            found.append(Rule.OTHER_SUBJECT)
        used = self.places.get(place_of(room), {})
        if any(sitting in clash and (sitting, other) != (one.sitting, one.room) for sitting, other in used.items()):
            found.append(Rule.ROOM_IN_USE)
        identity = index.registrations[one.registration].identity
        if any(other.sitting in clash for other in self.people.get(identity, ())):
            found.append(Rule.TWO_PLACES)
        return found

    def add(self, one: Placed) -> None:
        """Enters a seat."""
        key = one.room, one.sitting
        self.seats[key][one.seat] = one
        self.subjects[key][one.subject] += 1
        self.places[place_of(self.index.rooms[one.room])][one.sitting] = one.room
        self.people[self.index.registrations[one.registration].identity].append(one)
        self.of[one.registration, one.subject] = one

    def remove(self, one: Placed) -> None:
        """Strikes a seat out, which must be in the ledger."""
        key = one.room, one.sitting
        del self.seats[key][one.seat]
        self.subjects[key][one.subject] -= 1
        if not self.subjects[key][one.subject]:
            del self.subjects[key][one.subject]
        if not self.seats[key]:
            del self.places[place_of(self.index.rooms[one.room])][one.sitting]
        self.people[self.index.registrations[one.registration].identity].remove(one)
        del self.of[one.registration, one.subject]

    def free(self, room: int, sitting: int) -> list[int]:
        """Seats of a room that are free in a sitting, in order."""
        taken = self.seats.get((room, sitting), {})
        return [seat for seat in range(1, self.index.rooms[room].capacity + 1) if seat not in taken]

    def left(self, room: int, sitting: int) -> int:
        """How many seats of a room are free in a sitting."""
        return self.index.rooms[room].capacity - len(self.seats.get((room, sitting), {}))

    def busy(self, identity: str) -> frozenset[int]:
        """Sittings in which a person cannot sit any more."""
        clash = self.index.clash
        return frozenset().union(*(clash[one.sitting] for one in self.people.get(identity, ())))

    def placed(self) -> list[Placed]:
        """All seats, by sitting, room and seat."""
        return sorted(self.of.values(), key=lambda one: (one.sitting, one.room, one.seat))


def settle(index: Index) -> tuple[Ledger, Lost, dict[tuple[int, int], Placed]]:
    """Enters what is placed already and still lawful; whoever lost only the number of a seat gets another one of the same room.

    Returns: the ledger; registration and subject → the old seat that is given up, and what it is against; of these the seats that are
        only against others, which might be kept in their stead.
    """
    lost: Lost = {}
    rivals: dict[tuple[int, int], Placed] = {}
    sound: dict[tuple[int, int], Placed] = {}
    reseat: list[tuple[Placed, tuple[Rule, ...]]] = []
    for one in sorted(index.wanted.placed, key=lambda one: (not one.fixed, one.registration, one.subject)):
        rules = tuple(own_faults(index, one))
        if Rule.NOT_REGISTERED in rules or (one.registration, one.subject) in sound:
            continue  # withdrawn, or there twice: nobody to tell of it
        if not rules:
            sound[one.registration, one.subject] = one
        elif rules == (Rule.SEAT,):
            reseat.append((one, rules))
        else:
            lost[one.registration, one.subject] = one, rules
    ledger = Ledger(index)
    for one in _by_weight(index, list(sound.values())):
        rules = tuple(ledger.faults(one))
        if not rules:
            ledger.add(one)
        elif rules == (Rule.SEAT_TAKEN,):
            reseat.append((one, rules))
        else:
            rivals[one.registration, one.subject] = one
            lost[one.registration, one.subject] = one, rules
    for one, rules in reseat:
        lost[one.registration, one.subject] = one, rules
        others = [rule for rule in ledger.faults(one) if rule is not Rule.SEAT_TAKEN]
        if not others and (free := ledger.free(one.room, one.sitting)):
            ledger.add(Placed(one.registration, one.subject, one.sitting, one.room, free[0], one.fixed))
    return ledger, lost, rivals


def _by_weight(index: Index, sound: Sequence[Placed]) -> list[Placed]:
    """Fixed seats first, then people with the fewest clashes among their own, then rooms by how many sit there for the subject."""
    together = Counter((one.room, one.sitting, one.subject) for one in sound)
    own: dict[str, list[int]] = defaultdict(list)
    for one in sound:
        own[index.registrations[one.registration].identity].append(one.sitting)

    def weight(one: Placed) -> tuple[bool, int, int, int, int, int, int]:
        others = own[index.registrations[one.registration].identity]
        clashes = sum(other in index.clash[one.sitting] for other in others) if len(others) > 1 else 1
        many = together[one.room, one.sitting, one.subject]
        return not one.fixed, clashes, -many, one.sitting, one.room, one.seat, one.registration

    return sorted(sound, key=weight)
