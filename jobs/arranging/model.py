"""The counts as a model of CP-SAT: a flow with choices.

Whole numbers: people of a group in a pattern, places of a class opened in a slot, invigilators of a kind who guard a certificate. At
no moment are more places of a class in use than there are, nor more invigilators of a site: sittings are intervals, so wherever a
count says so at each moment, single rooms and people can be found for it (an interval graph needs as many colours as overlap at most
at one moment).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.arranging.shape import Seat, Shape

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar, LinearExpr

ROOMS_AN_INVIGILATOR = 20  # how many rooms more are worth one invigilator who is not missing


def total(parts: Sequence[LinearExpr | int]) -> LinearExpr:
    """The sum of expressions and numbers, of none too: Python's own `sum` is a number then, and slow of many."""
    from ortools.sat.python import cp_model

    return cp_model.LinearExpr.weighted_sum(parts, [1] * len(parts))


def solver_of(effort: float, seconds: float) -> CpSolver:
    """A solver that finds the same on each machine, as long as `effort` (deterministic time) ends it and not the clock."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # several would race one another: which of equal answers comes first were chance
    solver.parameters.max_deterministic_time = effort
    solver.parameters.max_time_in_seconds = max(seconds, 0.01)
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2  # flows: what their relaxation says is nearly all there is to know
    solver.parameters.symmetry_level = 0  # what is alike is counted already, and looking for more costs as much as solving
    solver.parameters.cp_model_probing_level = 0
    return solver


class Model:
    """Variables of a shape, and what must hold of them."""

    def __init__(self, shape: Shape, guarded: bool = True) -> None:
        from ortools.sat.python import cp_model  # 0.3 s and 60 MB: only where something is arranged

        self.shape = shape
        self.model: CpModel = cp_model.CpModel()
        self.patterns: dict[tuple[int, int], IntVar] = {}
        self.opened: dict[tuple[int, int], IntVar] = {}
        self.mixed: dict[tuple[int, int, int], IntVar] = {}
        self.shared: dict[Seat, IntVar] = {}
        self.stays: dict[Seat, IntVar] = {}
        self.unplaced: list[LinearExpr | int] = []
        self.short: list[IntVar] = []
        self._asked: dict[Seat, list[IntVar]] = defaultdict(list)
        self._offered: dict[Seat, list[LinearExpr | int]] = defaultdict(list)
        self._room: dict[Seat, LinearExpr | int] = {}
        self._guarded: dict[Seat, tuple[list[LinearExpr | int], int]] = {}
        self._people()
        self._places()
        self._used()
        self._seats()
        self._staying()
        if guarded:
            self._invigilators()

    def _people(self) -> None:
        for at, group in enumerate(self.shape.groups):
            size = len(group.members)
            row = []
            for number, pattern in enumerate(group.patterns):
                one = self.patterns[at, number] = self.model.new_int_var(0, size, "")
                row.append(one)
                for (site, subject), sitting in zip(group.needs, pattern, strict=True):
                    if sitting is not None:
                        self._asked[site, subject, sitting].append(one)
                if without := pattern.count(None):
                    self.unplaced.append(without * one)
            self.model.add(total(row) == size)

    def _places(self) -> None:
        certificate = {one.id: one.certificate for one in self.shape.index.subjects.values()}
        for at, alike in enumerate(self.shape.alike):
            number = len(alike.places)
            at_once: dict[int, list[IntVar]] = defaultdict(list)
            for which, slot in enumerate(alike.slots):
                room = alike.places[0][slot.variant]
                one = self.opened[at, which] = self.model.new_int_var(0, number, "")
                at_once[slot.sitting].append(one)
                key = room.site, certificate[slot.subjects[0]], slot.sitting
                guarded, most = self._guarded.get(key, ([], 0))
                self._guarded[key] = [*guarded, room.invigilators * one], most + room.invigilators * number
                if not room.several:
                    self._offer(room.site, slot.subjects[0], slot.sitting, room.id, room.capacity * one)
                    continue
                parts = []
                for subject in slot.subjects:
                    part = self.mixed[at, which, subject] = self.model.new_int_var(0, number * room.capacity, "")
                    self._offer(room.site, subject, slot.sitting, room.id, part)
                    parts.append(part)
                self.model.add(total(parts) <= room.capacity * one)
            for crowd in self.shape.index.crowds:
                row = [one for sitting in crowd for one in at_once.get(sitting, ())]
                if len(row) > 1:
                    self.model.add(total(row) <= number)

    def _used(self) -> None:
        for one in self.shape.opened:
            if len(one.subjects) == 1:
                self._offer(one.room.site, one.subjects[0], one.sitting, one.room.id, one.left)
                continue
            parts = []
            for subject in one.subjects:
                part = self.shared[one.room.id, subject, one.sitting] = self.model.new_int_var(0, one.left, "")
                self._offer(one.room.site, subject, one.sitting, one.room.id, part)
                parts.append(part)
            self.model.add(total(parts) <= one.left)

    def _offer(self, site: int, subject: int, sitting: int, room: int, seats: LinearExpr | int) -> None:
        self._offered[site, subject, sitting].append(seats)
        self._room[room, subject, sitting] = seats

    def _seats(self) -> None:
        most = {key: 0 for key in self._asked}
        for group in self.shape.groups:
            for key in {
                (site, subject, sitting)
                for pattern in group.patterns
                for (site, subject), sitting in zip(group.needs, pattern, strict=True)
                if sitting is not None
            }:
                most[key] += len(group.members) * sum(need == key[:2] for need in group.needs)
        for key, asking in self._asked.items():
            lacking = self.model.new_int_var(0, most[key], "")
            self.unplaced.append(lacking)
            self.model.add(total(asking) <= total(self._offered.get(key, [])) + lacking)

    def _staying(self) -> None:
        if not self.shape.held:
            return
        keeping: dict[Seat, list[IntVar]] = defaultdict(list)
        for at, group in enumerate(self.shape.groups):
            for number, pattern in enumerate(group.patterns):
                for need, today, sitting in zip(group.needs, group.current, pattern, strict=True):
                    if today and today[0] == sitting:
                        keeping[today[1], need[1], sitting].append(self.patterns[at, number])
        for key, most in self.shape.held.items():
            if key in self._room and key in keeping:
                one = self.stays[key] = self.model.new_int_var(0, most, "")
                self.model.add(one <= total(keeping[key]))
                self.model.add(one <= self._room[key])

    def _invigilators(self) -> None:
        """Who may guard which certificate: kinds of invigilators in numbers, as for rooms."""
        index = self.shape.index
        sites = {site for site, _, _ in self._guarded}
        kinds: dict[int, Counter[frozenset[int]]] = {site: Counter() for site in sites}
        for person in index.wanted.invigilators:
            if person.site in sites:
                kinds[person.site][person.certificates] += 1
        able: dict[tuple[int, frozenset[int]], dict[int, list[IntVar]]] = defaultdict(lambda: defaultdict(list))
        for (site, certificate, sitting), (rooms, most) in sorted(self._guarded.items(), key=lambda item: item[0]):
            guards = [(kind, number) for kind, number in kinds[site].items() if certificate in kind]
            if not guards:
                continue
            given = []
            for kind, number in guards:
                given.append(self.model.new_int_var(0, number, ""))
                able[site, kind][sitting].append(given[-1])
            used = self.shape.used[site, certificate, sitting]
            lacking = self.model.new_int_var(0, most + used, "")
            self.short.append(lacking)
            self.model.add(total(given) + lacking >= total(rooms) + used)
        for (site, kind), by_sitting in able.items():
            for crowd in index.crowds:
                row = [one for sitting in crowd for one in by_sitting.get(sitting, ())]
                if row:
                    self.model.add(total(row) <= kinds[site][kind])

    def cost(self) -> LinearExpr:
        """What the seats cost: rooms, and above all invigilators who are missing."""
        return total([*self.opened.values()]) + ROOMS_AN_INVIGILATOR * total(self.short)

    def lost(self) -> LinearExpr:
        """How many held seats are not kept; a need without a seat counts as more than all of them."""
        held = self.shape.held.total()
        return held - total([*self.stays.values()]) + (held + 1) * total(self.unplaced)
