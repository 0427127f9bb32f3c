"""Why somebody has no seat, and what would help. In data: `words.py` makes sentences of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import mode

from jobs.arranging.duties import Watch
from jobs.arranging.given import Help, Missing, Reason, Registration, Remedy
from jobs.arranging.index import Index
from jobs.arranging.ledger import Ledger

USUAL = 30  # seats of a 标准考场, where a site has no room of the kind to go by


def reasons_of(index: Index, ledger: Ledger) -> tuple[Missing, ...]:
    """Everybody without a seat in a subject, by registration and subject."""
    found = []
    for registration in sorted(index.registrations.values(), key=lambda one: one.id):
        for subject in dict.fromkeys(registration.subjects):
            if (registration.id, subject) not in ledger.of:
                found.append(_reason(index, ledger, registration, subject))
    return tuple(found)


def _reason(index: Index, ledger: Ledger, one: Registration, subject: int) -> Missing:
    if not one.has_photo:
        return Missing(one.id, subject, Reason.NO_PHOTO)
    if one.site is None:
        return Missing(one.id, subject, Reason.NO_SITE)
    if not index.sittings_of(subject):
        return Missing(one.id, subject, Reason.NO_SITTING)
    rooms = index.at_site(one.site)
    if not rooms:
        return Missing(one.id, subject, Reason.NO_ROOM)
    if not any(index.subjects[subject].kind in room.kinds for room in rooms):
        return Missing(one.id, subject, Reason.NO_KIND)
    if not index.holding(one.site, subject):
        return Missing(one.id, subject, Reason.NOT_SET)
    options = index.options(one.site, subject)
    if not options:
        return Missing(one.id, subject, Reason.CLOSED)
    held = ledger.people.get(one.identity, [])
    if ledger.busy(one.identity).issuperset(index.sittings_of(subject)):
        clashing = sorted({other.sitting for other in held if not index.clash[other.sitting].isdisjoint(options)})
        return Missing(one.id, subject, Reason.OVERLAP, tuple(clashing))
    return Missing(one.id, subject, Reason.SEATS)


def remedies_of(index: Index, ledger: Ledger, missing: Sequence[Missing], watch: Watch, gains: Mapping[int, int]) -> tuple[Remedy, ...]:
    """What would help, by what it is and then by ids. Each is enough by itself for the people that it names.

    Args:
        gains: site → how many more would have a seat if others moved for them.
    """
    found: list[Remedy] = []
    by: dict[Reason, list[Missing]] = defaultdict(list)
    for one in missing:
        by[one.reason].append(one)
    of = index.registrations

    def each(help_: Help, reasons: Iterable[Reason], *fields: str) -> None:
        rows: Counter[tuple[int | None, ...]] = Counter()
        for one in (one for reason in reasons for one in by[reason]):
            about = of[one.registration]
            told = {"site": about.site, "school": about.school, "certificate": about.certificate, "subject": one.subject}
            rows[tuple(told[name] for name in fields)] += 1
        for key, people in sorted(rows.items(), key=lambda item: [part or 0 for part in item[0]]):
            found.append(Remedy(help_, people, **dict(zip(fields, key, strict=True))))  # type: ignore[arg-type]  # all fields are numbers

    each(Help.PHOTOS, [Reason.NO_PHOTO], "school")
    each(Help.SITES, [Reason.NO_SITE], "school", "certificate")
    each(Help.SITTINGS, [Reason.NO_SITTING], "subject")
    each(Help.SET_SUBJECT, [Reason.NOT_SET], "site", "subject")
    found += _rooms(index, ledger, [one for one in missing if one.reason in _LACK_ROOMS])
    found += [Remedy(Help.MOVING, people, site=site) for site, people in sorted(gains.items())]
    each(Help.APART, [Reason.OVERLAP], "site", "subject")
    found += _invigilators(index, watch)
    return tuple(found)


_LACK_ROOMS = (Reason.SEATS, Reason.NO_ROOM, Reason.NO_KIND, Reason.CLOSED)


def _rooms(index: Index, ledger: Ledger, missing: Sequence[Missing]) -> list[Remedy]:
    """How many rooms, of how many seats, would seat everybody who lacks one at a site for a kind of room.

    A room serves in each sitting that does not overlap another one in which it is used: so people are spread over the sittings in
    which they can come, and what is needed most at one moment is what must be there.
    """
    by_kind: dict[tuple[int, str], list[Missing]] = defaultdict(list)
    for one in missing:
        site = index.registrations[one.registration].site
        if site is not None:
            by_kind[site, index.subjects[one.subject].kind].append(one)
    found = []
    chosen: dict[str, set[int]] = defaultdict(set)
    for (site, kind), rows in sorted(by_kind.items()):
        usual = mode([room.capacity for room in index.at_site(site) if kind in room.kinds and room.capacity] or [USUAL])
        sent: Counter[tuple[int, int]] = Counter()
        people = 0
        for one in rows:
            identity = index.registrations[one.registration].identity
            busy = ledger.busy(identity).union(*(index.clash[sitting] for sitting in chosen[identity]))
            free = [sitting for sitting in index.sittings_of(one.subject) if sitting not in busy]
            if free:
                sitting = min(free, key=lambda sitting: (_at_once(index, sent, sitting), free.index(sitting)))
                sent[one.subject, sitting] += 1
                chosen[identity].add(sitting)
                people += 1
        if people:
            found.append(Remedy(Help.ROOMS, people, site=site, kind=kind, sizes=_sizes(index, sent, usual)))
    return found


def _at_once(index: Index, sent: Counter[tuple[int, int]], sitting: int) -> int:
    """How many are sent to sittings that overlap one."""
    return sum(number for (_, other), number in sent.items() if other in index.clash[sitting])


def _sizes(index: Index, sent: Counter[tuple[int, int]], usual: int) -> tuple[int, ...]:
    """Seats of the rooms that are enough, the largest first: a room has one subject at a time."""
    rooms: list[tuple[int, set[int]]] = []
    parts = [(min(usual, number - first), sitting) for (_, sitting), number in sent.items() for first in range(0, number, usual)]
    for seats, sitting in sorted(parts, key=lambda part: (-part[0], index.sittings[part[1]].start, part[1])):
        for at, (size, used) in enumerate(rooms):  # none is smaller
            if used.isdisjoint(index.clash[sitting]):
                rooms[at] = size, used | {sitting}
                break
        else:
            rooms.append((seats, {sitting}))
    return tuple(size for size, _ in rooms)


def _invigilators(index: Index, watch: Watch) -> list[Remedy]:
    """How many certified people more are needed, site by site, certificate by certificate: as many as lack at one moment."""
    lack: Counter[tuple[int, int, int]] = Counter()
    for one in watch.short():
        certificate = min(watch.certificates[one.room, one.sitting])
        lack[index.rooms[one.room].site, certificate, one.sitting] += one.needed - one.given
    most: dict[tuple[int, int], tuple[int, int]] = {}
    for (site, certificate, sitting), _ in sorted(lack.items()):
        crowds = [crowd for crowd in index.crowds if sitting in crowd]
        number = max(sum(lack[site, certificate, other] for other in crowd) for crowd in crowds)
        if number > most.get((site, certificate), (0, 0))[0]:
            most[site, certificate] = number, sitting
    return [
        Remedy(Help.INVIGILATORS, number, site=site, certificate=certificate, sitting=sitting)
        for (site, certificate), (number, sitting) in sorted(most.items())
    ]
