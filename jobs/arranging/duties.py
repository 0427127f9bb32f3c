"""Invigilators for the rooms that are used: certified for the certificate, of the site, and nowhere else at that time.

Site by site. What is given and lawful stays first; only where rooms lack somebody then, those who may move are looked at again, and the
fewest of them move. CP-SAT decides in counts: how many of those who are alike guard which certificates in which sitting.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from jobs.arranging.given import Duty, Invigilator, Rule, Short
from jobs.arranging.index import Index
from jobs.arranging.ledger import Ledger
from jobs.arranging.model import solver_of, total

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

Post = tuple[int, int]
"""A room in a sitting."""
Kind = tuple[int, frozenset[int]]
"""A sitting, and the certificates that are examined in a room."""


class Watch:
    """Who guards what. Posts are the rooms in use that need invigilators."""

    def __init__(self, index: Index, ledger: Ledger) -> None:
        self.index = index
        self.needed: dict[Post, int] = {}
        self.certificates: dict[Post, frozenset[int]] = {}
        for post, subjects in ledger.subjects.items():
            if subjects:
                self.certificates[post] = frozenset(index.subjects[one].certificate for one in subjects)
                if index.rooms[post[0]].invigilators:
                    self.needed[post] = index.rooms[post[0]].invigilators
        self.duties: dict[Post, list[Duty]] = defaultdict(list)
        self.busy: dict[str, list[Duty]] = defaultdict(list)

    def faults(self, one: Duty) -> list[Rule]:
        """What a duty is against, as things stand."""
        index, post = self.index, (one.room, one.sitting)
        person, room = index.invigilators.get(one.invigilator), index.rooms.get(one.room)
        if person is None:
            return [Rule.NO_INVIGILATOR]
        if room is None:
            return [Rule.ROOM]
        if post not in self.certificates:
            return [Rule.DUTY_IDLE]
        found: list[Rule] = []
        if person.site != room.site:
            found.append(Rule.DUTY_SITE)
        if not self.certificates[post] <= person.certificates:
            found.append(Rule.INVIGILATOR)
        if any(other.sitting in index.clash[one.sitting] for other in self.busy.get(person.identity, ())):
            found.append(Rule.DUTY_TWICE)
        return found

    def add(self, one: Duty) -> None:
        """Enters a duty."""
        self.duties[one.room, one.sitting].append(one)
        self.busy[self.index.invigilators[one.invigilator].identity].append(one)

    def remove(self, one: Duty) -> None:
        """Strikes a duty out, which must have been entered."""
        self.duties[one.room, one.sitting].remove(one)
        self.busy[self.index.invigilators[one.invigilator].identity].remove(one)

    def lacking(self, post: Post) -> int:
        """How many more a room needs."""
        return self.needed.get(post, 0) - len(self.duties.get(post, ()))

    def short(self) -> tuple[Short, ...]:
        """Rooms with fewer invigilators than they need, by sitting and room."""
        posts = sorted(self.needed, key=lambda post: (post[1], post[0]))
        return tuple(Short(*post, self.needed[post], len(self.duties.get(post, ()))) for post in posts if self.lacking(post) > 0)

    def all(self) -> tuple[Duty, ...]:
        """All duties by sitting, room and person."""
        found = [one for row in self.duties.values() for one in row]
        return tuple(sorted(found, key=lambda one: (one.sitting, one.room, one.invigilator)))


def guard(index: Index, ledger: Ledger, effort: float, until: float, told: Callable[[], object]) -> Watch:
    """Gives invigilators to the rooms in use, keeping the given duties that are lawful.

    Args:
        effort: deterministic time for each site.
        until: the moment of `time.monotonic` from which on people are given plainly: to each room whoever is free and has done least.
        told: called before each site.
    """
    watch = Watch(index, ledger)
    for one in sorted(index.wanted.duties, key=lambda one: (not one.fixed, one.sitting, one.room, one.invigilator)):
        if not watch.faults(one) and watch.lacking((one.room, one.sitting)) > 0:
            watch.add(one)
    posts: dict[int, list[Post]] = defaultdict(list)
    for post in sorted(watch.needed):
        posts[index.rooms[post[0]].site].append(post)
    people: dict[int, list[Invigilator]] = defaultdict(list)
    for person in sorted(index.wanted.invigilators, key=lambda one: one.id):
        people[person.site].append(person)
    before = frozenset(index.wanted.duties)
    for site in sorted(posts):
        told()
        left = until - monotonic()
        if left > 0:
            _guard_site(watch, posts[site], people[site], (effort, left))
        _plainly(watch, posts[site], people[site])
        movable = [one for post in posts[site] for one in watch.duties[post] if not one.fixed and one in before]
        if movable and (left := until - monotonic()) > 0 and any(watch.lacking(post) > 0 for post in posts[site]):
            _again(watch, posts[site], people[site], movable, (effort, left))
    return watch


@dataclass(slots=True)
class _Alike:
    """Invigilators that may guard the same."""

    people: list[Invigilator]
    certificates: frozenset[int]
    busy: frozenset[int]
    today: frozenset[Duty]
    """What they do now and may be taken off."""


def _guard_site(watch: Watch, posts: Sequence[Post], people: Sequence[Invigilator], bounds: tuple[float, float]) -> None:
    lacking = {post: number for post in posts if (number := watch.lacking(post)) > 0}
    if lacking and people:
        _deal(watch, lacking, *_search(watch, lacking, _alike(watch, people, ()), bounds))


def _plainly(watch: Watch, posts: Sequence[Post], people: Sequence[Invigilator]) -> None:
    """What still lacks somebody gets whoever is certified, free and has done least: all there is where the time is over."""
    for post in posts:
        able = [one for one in people if watch.certificates[post] <= one.certificates] if watch.lacking(post) > 0 else []
        for _ in range(watch.lacking(post)):
            free = [one for one in able if not watch.faults(Duty(one.id, *post))]
            if not free:
                break
            person = min(free, key=lambda one: (len(watch.busy.get(one.identity, ())), one.id))
            watch.add(Duty(person.id, *post))


def _again(
    watch: Watch, posts: Sequence[Post], people: Sequence[Invigilator], movable: Sequence[Duty], bounds: tuple[float, float]
) -> None:
    """All that may move is put up again; what comes out counts only where fewer are missing."""
    before = [one for post in posts for one in watch.duties[post]]
    missing = sum(max(watch.lacking(post), 0) for post in posts)
    for one in before:
        if not one.fixed:
            watch.remove(one)
    lacking = {post: number for post in posts if (number := watch.lacking(post)) > 0}
    _deal(watch, lacking, *_search(watch, lacking, _alike(watch, people, movable), bounds))
    if sum(max(watch.lacking(post), 0) for post in posts) >= missing:
        for post in posts:
            for one in list(watch.duties[post]):
                watch.remove(one)
        for one in before:
            watch.add(one)


def _alike(watch: Watch, people: Sequence[Invigilator], movable: Sequence[Duty]) -> list[_Alike]:
    clash, found = watch.index.clash, dict[object, _Alike]()
    twice = Counter(person.identity for person in people)
    for person in people:
        busy = frozenset().union(*(clash[one.sitting] for one in watch.busy.get(person.identity, ())))
        today = frozenset(one for one in movable if one.invigilator == person.id)
        # one person entered twice at a site is never two of a count
        key = (person.certificates, busy, today, person.id if twice[person.identity] > 1 else None)
        found.setdefault(key, _Alike([], person.certificates, busy, today)).people.append(person)
    return list(found.values())


def _search(
    watch: Watch, lacking: Mapping[Post, int], classes: Sequence[_Alike], bounds: tuple[float, float]
) -> tuple[Sequence[_Alike], Mapping[tuple[int, Kind], int], frozenset[Duty]]:
    """How many of each class guard which certificates in which sitting, and who stays."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    kinds: Counter[Kind] = Counter()
    for post, number in lacking.items():
        kinds[post[1], watch.certificates[post]] += number
    given: dict[tuple[int, Kind], IntVar] = {}
    stays: dict[Duty, IntVar] = {}
    for kind, number in sorted(kinds.items(), key=lambda item: (item[0][0], sorted(item[0][1]))):
        row = []
        for at, one in enumerate(classes):
            if kind[1] <= one.certificates and kind[0] not in one.busy:
                given[at, kind] = model.new_int_var(0, min(number, len(one.people)), "")
                row.append(given[at, kind])
        model.add(total(row) <= number)
    for at, one in enumerate(classes):
        for duty in sorted(one.today, key=lambda duty: (duty.sitting, duty.room)):
            kind = duty.sitting, watch.certificates[duty.room, duty.sitting]
            if (at, kind) in given:
                stays[duty] = model.new_bool_var("")
                model.add(stays[duty] <= given[at, kind])
        for crowd in watch.index.crowds:
            at_once = [variable for (which, kind), variable in given.items() if which == at and kind[0] in crowd]
            if len(at_once) > 1:
                model.add(total(at_once) <= len(one.people))
    _once(model, watch.index, classes, given)
    many = 1 + len(stays)
    model.maximize(many * total([*given.values()]) + total([*stays.values()]))
    solver = solver_of(*bounds)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return classes, {}, frozenset()
    kept = frozenset(duty for duty, one in stays.items() if solver.value(one))
    return classes, {key: number for key, one in given.items() if (number := solver.value(one))}, kept


def _once(model: CpModel, index: Index, classes: Sequence[_Alike], given: Mapping[tuple[int, Kind], IntVar]) -> None:
    """A person entered twice at a site is in one place at a time."""
    same: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(classes):
        if len(one.people) == 1:
            same[one.people[0].identity].append(at)
    for row in same.values():
        for crowd in index.crowds if len(row) > 1 else ():
            at_once = [variable for (which, kind), variable in given.items() if which in row and kind[0] in crowd]
            if len(at_once) > 1:
                model.add(total(at_once) <= 1)


def _deal(
    watch: Watch, lacking: Mapping[Post, int], classes: Sequence[_Alike], counts: Mapping[tuple[int, Kind], int], kept: frozenset[Duty]
) -> None:
    """Names people for the counts: sitting by sitting in time those who are free and have done least."""
    left = dict(lacking)
    taken: Counter[tuple[int, Kind]] = Counter()
    for at, one in enumerate(classes):
        for duty in sorted(one.today & kept, key=lambda duty: (duty.sitting, duty.room)):
            watch.add(duty)
            left[duty.room, duty.sitting] -= 1
            taken[at, (duty.sitting, watch.certificates[duty.room, duty.sitting])] += 1
    sittings, clash = watch.index.sittings, watch.index.clash
    for at, kind in sorted(counts, key=lambda key: (sittings[key[1][0]].start, key[1][0], sorted(key[1][1]), key[0])):
        for _ in range(counts[at, kind] - taken[at, kind]):
            post = next(post for post in left if left[post] > 0 and (post[1], watch.certificates[post]) == kind)
            busy = watch.busy
            free = [one for one in classes[at].people if all(duty.sitting not in clash[kind[0]] for duty in busy.get(one.identity, ()))]
            person = min(free, key=lambda one: (len(busy.get(one.identity, ())), one.id))
            watch.add(Duty(person.id, *post))
            left[post] -= 1
