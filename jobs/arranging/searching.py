"""The counts by CP-SAT: as many seats as there can be, then the fewest moved, then few rooms and missing invigilators."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jobs.arranging.counts import Counts
from jobs.arranging.model import Model, solver_of, total
from jobs.arranging.shape import Group, Shape

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpSolver

GAP = 0.15  # rooms and invigilators need not be the very fewest: a search ends when nothing can be better by more
COST = 1 / 64  # the part of the effort for the searches for fewer rooms and invigilators; twice as much where invigilators are missing

USUAL = 1_500  # variables that this is enough for; more have more


def search(shape: Shape, effort: float, seconds: float) -> Counts | None:
    """The best counts that are found within bounds, where nobody moves.

    Args:
        effort: CP-SAT's deterministic time for the search for seats; what follows has a part of it.
        seconds: wall clock for each search.

    Returns: None where nothing was found in time.
    """
    built = Model(shape)
    model = built.model
    model.minimize(total(built.unplaced))
    solver = solver_of(effort, seconds)
    if not _solved(built, solver):
        return None
    found = _read(built, solver, _optimal(solver))
    model.add(total(built.unplaced) <= found.unplaced)
    model.minimize(built.cost())
    little = COST * effort * max(1.0, len(model.proto.variables) / USUAL)
    for one in built.patterns.values():
        model.add_hint(one, solver.value(one))
    solver = solver_of(little, seconds)  # rooms and invigilators for the people as they are: quick, and a good beginning
    solver.parameters.fix_variables_to_their_hinted_value = True
    if not _solved(built, solver):
        return found
    found = _read(built, solver, found.proved)
    _begin_at(built, solver)
    short = solver.value(total(built.short)) > 0
    solver = solver_of(little * (1 + short), seconds)
    solver.parameters.relative_gap_limit = GAP
    return _read(built, solver, found.proved) if _solved(built, solver) else found


def search_moving(shape: Shape, effort: float, seconds: float) -> Counts | None:
    """The counts that leave the fewest without a seat and, of these, move the fewest, as far as they are found within bounds.

    It begins where everybody stays: what is not found in time moves nobody. Returns: None where nothing was found in time.
    """
    built = Model(shape, guarded=False)
    built.model.minimize(built.lost())
    for at, group in enumerate(shape.groups):
        stays = next((number for number, one in enumerate(group.patterns) if _stays(group, number)), 0)
        for number in range(len(group.patterns)):
            built.model.add_hint(built.patterns[at, number], len(group.members) if number == stays else 0)
    solver = solver_of(effort, seconds)
    solver.parameters.fix_variables_to_their_hinted_value = True
    found = None
    if _solved(built, solver):
        found = _read(built, solver, False)
        _begin_at(built, solver)
    else:
        built.model.clear_hints()  # type: ignore[no-untyped-call]
    solver = solver_of(effort, seconds)
    return _read(built, solver, _optimal(solver)) if _solved(built, solver) else found


def fewest_without(shape: Shape, effort: float, seconds: float) -> tuple[int, bool]:
    """How many needs go without a seat at least, as far as it is known; and whether it is."""
    built = Model(shape, guarded=False)
    built.model.minimize(total(built.unplaced))
    solver = solver_of(effort, seconds)
    if not _solved(built, solver):
        return sum(len(group.needs) * len(group.members) for group in shape.groups), False
    found = _read(built, solver, _optimal(solver))
    return found.unplaced, found.proved


def _stays(group: Group, number: int) -> bool:
    return all(today is None or today[0] == sitting for today, sitting in zip(group.current, group.patterns[number], strict=True))


def _begin_at(built: Model, solver: CpSolver) -> None:
    """The next search begins where this one ended."""
    built.model.clear_hints()  # type: ignore[no-untyped-call]
    for number, value in enumerate(solver.response_proto.solution):
        built.model.add_hint(built.model.get_int_var_from_proto_index(number), value)


def _solved(built: Model, solver: CpSolver) -> bool:
    from ortools.sat.python import cp_model

    return solver.solve(built.model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def _optimal(solver: CpSolver) -> bool:
    from ortools.sat.python import cp_model

    return bool(solver.response_proto.status == cp_model.OPTIMAL)


def _read(built: Model, solver: CpSolver, proved: bool) -> Counts:
    value = solver.value
    unplaced = value(total(built.unplaced))
    stays = Counter({key: value(one) for key, one in built.stays.items()})
    whole = all(group.whole for group in built.shape.groups)
    return Counts(
        {key: number for key, one in built.patterns.items() if (number := value(one))},
        {key: number for key, one in built.opened.items() if (number := value(one))},
        Counter({key: number for key, one in built.mixed.items() if (number := value(one))}),
        Counter({key: number for key, one in built.shared.items() if (number := value(one))}),
        stays,
        unplaced,
        built.shape.held.total() - stays.total(),
        proved and (whole or not unplaced),
    )
