"""The arranging: what stays, who is seated where, who guards, and who has no seat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic

from jobs.arranging.counts import Counts
from jobs.arranging.dealing import deal
from jobs.arranging.duties import guard
from jobs.arranging.given import Arranging, Bounds, Moved, Placed, Wanted
from jobs.arranging.index import Index, place_of
from jobs.arranging.ledger import Lost, settle
from jobs.arranging.plain import plain_counts
from jobs.arranging.reasons import reasons_of, remedies_of
from jobs.arranging.searching import fewest_without, search, search_moving
from jobs.arranging.shape import Demand, Shape, least_without, shape_of

Told = Callable[[int, int], None]
"""Hears how many of how many demands are decided; what it raises ends the arranging."""
Held = Mapping[tuple[int, int], Placed]
"""Registration and subject → the seat."""

TOGETHER = 150  # rooms times sittings of sites that are decided in one search, where people sit at several of them
AGAIN = 3  # how much longer a search may take that weighs who moves
GUARDING = 1 / 8  # the part of the effort that the invigilators of one site may take
TIMELY = 0.8  # the share of the time after which what is left is arranged plainly: guarding and seating take some, too


def arrange(wanted: Wanted, bounds: Bounds | None = None, told: Told | None = None) -> Arranging:
    """Gives everybody a seat who can have one, keeping what is placed where it is lawful, and says who has none and why.

    Args:
        told: called before each search, and at the end, with how many demands of how many are decided; raises to cancel.

    Raises:
        ValueError: what is given contradicts itself (`Index`).
    """
    began = monotonic()
    index = Index(wanted)
    bounds = bounds or Bounds()
    demands = index.demands()
    planning = _Planning(index, bounds, lambda done: told(done, len(demands)) if told else None)
    parts, proved = _parts(index, demands)
    for part in parts:
        proved &= planning.part(part)
        planning.done += len(part)
    ledger = planning.ledger
    watch = guard(index, ledger, GUARDING * bounds.effort, began + bounds.seconds, planning.next)
    planning.next()
    placed = ledger.placed()
    missing = reasons_of(index, ledger)
    remedies = remedies_of(index, ledger, missing, watch, planning.gains)
    proved = proved or len(demands) - len(placed) == least_without(index, demands)
    moved = _moved(wanted, placed, planning.lost)
    return Arranging(wanted, tuple(placed), watch.all(), missing, watch.short(), moved, remedies, proved)


class _Planning:
    """One arranging under way."""

    def __init__(self, index: Index, bounds: Bounds, told: Callable[[int], None]) -> None:
        self.index = index
        self.effort, self.breath = bounds.effort, bounds.breath
        self.told, self.done = told, 0
        self.until = monotonic() + TIMELY * bounds.seconds
        self.ledger, self.lost, self.rivals = settle(index)
        self.gains: dict[int, int] = {}
        """Site → how many more would have a seat there, and at the sites decided with it, if people moved for them."""

    def part(self, part: Sequence[Demand]) -> bool:
        """Seats those of a part who have no seat. Returns: whether no more can have one, as far as this part goes."""
        ledger = self.ledger
        waiting = [one for one in part if _key(one) not in ledger.of]
        if not waiting:
            return True
        shape = shape_of(self.index, ledger, waiting, {})
        counts = self._counts(shape)
        proved = counts.proved
        held = {_key(one): seat for one in part if (seat := ledger.of.get(_key(one))) and not seat.fixed}
        rivalling = {_key(one): self.rivals[_key(one)] for one in waiting if _key(one) in self.rivals}
        if self.left() > 0 and self.index.wanted.making_room and (rivalling or (held and counts.unplaced)):
            freed, proved = self._freed(part, held, rivalling, counts.unplaced)
        elif self.left() > 0 and rivalling:
            freed, proved = self._freed(part, _beside(self.index, held, rivalling), rivalling, counts.unplaced)
        else:
            freed = False
            if self.left() > 0 and held and counts.unplaced:
                self._gain(part, held, counts.unplaced)
        if not freed:
            deal(shape, counts, ledger, {})
        return proved

    def _counts(self, shape: Shape) -> Counts:
        """The counts of the search, or of the plain greedy where the search had no time, or not enough of it to be better."""
        found = search(shape, self.effort, self.next()) if self.left() > 0 else None
        if found is not None and found.proved:
            return found
        plain = plain_counts(shape)
        return plain if found is None or plain.unplaced < found.unplaced else found

    def left(self) -> float:
        """Seconds of wall clock, none after the end."""
        return max(self.until - monotonic(), 0)

    def next(self) -> float:
        """Before each search: progress is told, and how many seconds the search may take at most."""
        self.told(self.done)
        return min(self.left(), self.breath)

    def _freed(self, part: Sequence[Demand], free: Held, rivalling: Held, unplaced: int) -> tuple[bool, bool]:
        """Seats a part with some seats given up, where that leaves fewer without one than `unplaced`, or gives up fewer.

        Returns: whether it does; whether it is known that no fewer can be without a seat.
        """
        ledger, known = self.ledger, (unplaced, len(rivalling))
        for one in free.values():
            ledger.remove(one)
        waiting = [one for one in part if _key(one) not in ledger.of]
        fewest, proved = fewest_without(shape_of(self.index, ledger, waiting, {}), self.effort, self.next())
        if fewest < unplaced or rivalling:
            # who got another seat of the same room has moved already, and does not hold it
            movable = {key: seat for key, seat in free.items() if key not in self.lost} | dict(rivalling)
            shape = shape_of(self.index, ledger, waiting, movable)
            counts = search_moving(shape, AGAIN * self.effort, self.next())
            if counts is not None and (counts.unplaced, counts.moves) < known:
                deal(shape, counts, ledger, movable)
                return True, counts.proved or (proved and counts.unplaced <= fewest)
            proved &= fewest >= unplaced
        for one in free.values():
            ledger.add(one)
        return False, proved

    def _gain(self, part: Sequence[Demand], held: Held, unplaced: int) -> None:
        """Notes whether more would have a seat if people moved for them, who do not."""
        for one in held.values():
            self.ledger.remove(one)
        waiting = [one for one in part if _key(one) not in self.ledger.of]
        fewest, _ = fewest_without(shape_of(self.index, self.ledger, waiting, {}), self.effort, self.next())
        for one in held.values():
            self.ledger.add(one)
        sites = [demand[0].site for demand in part if demand[0].site is not None]
        if fewest < unplaced:
            self.gains[min(sites)] = unplaced - fewest


def _beside(index: Index, held: Held, rivals: Held) -> Held:
    """Of the seats that are held those that may be against rivals: in the same four walls, or of the same people."""
    places = {place_of(index.rooms[one.room]) for one in rivals.values()}
    people = {index.registrations[one.registration].identity for one in rivals.values()}
    return {
        key: one
        for key, one in held.items()
        if place_of(index.rooms[one.room]) in places or index.registrations[one.registration].identity in people
    }


def _key(demand: Demand) -> tuple[int, int]:
    return demand[0].id, demand[1]


def _parts(index: Index, demands: Sequence[Demand]) -> tuple[list[list[Demand]], bool]:
    """Demands by sites that must be decided together, because people sit at several of them; and whether they all are.

    Sites that would be too many are decided one after the other: the later ones work around what the earlier ones have decided.
    """
    sites: dict[str, set[int]] = defaultdict(set)
    for registration, _ in demands:
        if registration.site is not None:
            sites[registration.identity].add(registration.site)
    shared: Counter[tuple[int, int]] = Counter()
    for row in sites.values():
        several = sorted(row)
        shared.update((one, other) for at, one in enumerate(several) for other in several[at + 1 :])
    size = {site: len(index.at_site(site)) * len(index.sittings) for site in set().union(*sites.values())}
    together = {site: [site] for site in size}
    whole = True
    for (one, other), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        a, b = together[one], together[other]
        if a is b:
            continue
        if sum(size[site] for site in (*a, *b)) > TOGETHER:
            whole = False
            continue
        a += b
        for site in b:
            together[site] = a
    parts: dict[int, list[Demand]] = defaultdict(list)
    for demand in demands:
        if demand[0].site is not None:
            parts[min(together[demand[0].site])].append(demand)
    return [parts[site] for site in sorted(parts)], whole


def _moved(wanted: Wanted, placed: Iterable[Placed], lost: Lost) -> tuple[Moved, ...]:
    """Old seats that are held no longer, of those who still want one."""
    now = {(one.registration, one.subject): one for one in placed}
    registered = {(one.id, subject) for one in wanted.registrations for subject in one.subjects}
    found = []
    for one in sorted(set(wanted.placed), key=lambda one: (one.registration, one.subject, one.sitting)):
        key = one.registration, one.subject
        new = now.get(key)
        if key in registered and (new is None or (new.sitting, new.room, new.seat) != (one.sitting, one.room, one.seat)):
            found.append(Moved(one, new, lost[key][1] if key in lost and lost[key][0] == one else ()))
    return tuple(found)
