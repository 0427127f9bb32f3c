"""Names that are read before anything has written them: on every way to where an expression reads a name, something must have given it.

What the record, the platform and user tasks give (`FACTS`, `now`, `title`, `<task>_outcome`) is always there. Data goes with a token: a
branch does not see what another one beside it writes, a join has what all its branches wrote, and an event on an activity has what was
there when the activity began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from domain.ground.handling import Handler
from processes.checks.texts import Found, all_expressions, asked_tables, cells, tables_of
from processes.checks.wording import short
from processes.diagrams.activities import call_of
from processes.diagrams.decisions import Table
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import ExpressionError, names_in

Names = frozenset[str]
_NONE: Names = frozenset()


def check(diagram: Diagram, handlers: Mapping[str, Handler], decisions: Mapping[str, str]) -> Iterator[str]:
    """Each name that an expression reads where it may not have been given; `decisions` holds DMN files by id."""
    tables = tables_of(diagram, decisions)
    expressions = [found for found in (*all_expressions(diagram), *cells(diagram, tables)) if found.fault is None]
    given = _written(diagram, expressions, handlers, tables)
    every = frozenset().union(*given.values()) if given else _NONE
    if not every:
        return
    surely = _flow(diagram, given, every, lambda one, other: one & other, every)
    perhaps = _flow(diagram, given, every, lambda one, other: one | other, _NONE)
    lines: dict[str, set[str]] = {}  # element → what the lines of its script before this one have given
    for found in expressions:
        if found.at is None or found.at not in diagram.elements:
            continue
        there = surely.after(found.at) if found.after else surely.before[found.at] | lines.get(found.at, set())
        for name in sorted((_read(found) & every) - there):
            at_all = name in (perhaps.after(found.at) if found.after else perhaps.before[found.at])
            why = "有的路走到这里时还没有写入它，请在此前的每条路上都写入" if at_all else "走到这里之前没有任何环节写入它，请先写入"
            yield f"{found.where}{found.what}读取“{short(name)}”，但{why}，例如用脚本任务写 {name} = None"
        if found.name is not None:
            lines.setdefault(found.at, set()).add(found.name)


def _read(found: Found) -> Names:
    try:
        return names_in(found.text) - found.reads
    except ExpressionError:
        return _NONE  # the check of expressions reports it


def _written(diagram: Diagram, expressions: list[Found], handlers: Mapping[str, Handler], tables: Mapping[str, Table]) -> dict[str, Names]:
    """Element → the names that it gives to what follows it."""
    found: dict[str, set[str]] = {id: set() for id in diagram.elements}
    sent = {one.name for one in expressions if one.name is not None and (one.at is None or diagram.elements[one.at].tag != "scriptTask")}
    for one in expressions:
        if one.name is not None and one.at is not None and diagram.elements[one.at].tag == "scriptTask":
            found[one.at].add(one.name)
    for element, id in asked_tables(diagram):
        found[element.id] |= set(tables[id].outputs) if id in tables else set()
    for element in diagram.elements.values():
        found[element.id] |= _given_by(diagram, element, handlers)
        if element.event in ("message", "signal"):
            found[element.id] |= sent  # what the diagram sends may come back to itself
    return {id: frozenset(names) for id, names in found.items()}


def _given_by(diagram: Diagram, element: Element, handlers: Mapping[str, Handler]) -> set[str]:
    found = set(listed(element.properties.get("messageGives", "")))
    if element.by_person or element.multiple:
        found.add(f"{element.id}_by")
    if element.event == "error" and element.tag in ("boundaryEvent", "startEvent"):
        found |= {"error_code", "error_message"}
    if (call := call_of(diagram.nodes[element.id])) is not None and call.handler in handlers:
        found |= set(handlers[call.handler].gives)
    return found


@dataclass
class _Flow:
    """The names that are there before each element, and what each gives."""

    diagram: Diagram
    given: Mapping[str, Names]
    every: Names
    meet: Callable[[Names, Names], Names]
    before: dict[str, Names]

    def after(self, id: str) -> Names:
        """The names that are there once an element has done its work."""
        element, inside = self.diagram.elements[id], _NONE
        if element.tag == "callActivity":
            return self.every  # what a called diagram gives is not written in this file
        if ends := [one for one in self.diagram.scopes.get(id, ()) if one.tag == "endEvent"]:
            inside = reduce(self.meet, (self.before[one.id] | self.given[one.id] for one in ends))
        return self.before[id] | self.given[id] | inside

    def enters(self, element: Element) -> Names:
        """The names that are there when a token reaches an element."""
        around = self.diagram.parents[element.id]
        if element.attached_to in self.before:
            return self.before[element.attached_to]
        if element.tag == "startEvent":
            if around is None:
                return _NONE
            return self.every if self.diagram.elements[around].triggered else self.before[around]
        ways = [self.after(source) for source in self.diagram.sources[element.id]]
        if not ways:
            return self.every  # nothing leads here: another check says so
        return reduce(frozenset.union, ways) if element.tag == "parallelGateway" else reduce(self.meet, ways)


def _flow(diagram: Diagram, given: Mapping[str, Names], every: Names, meet: Callable[[Names, Names], Names], beginning: Names) -> _Flow:
    """The fixed point from `beginning` at every element."""
    flow = _Flow(diagram, given, every, meet, dict.fromkeys(diagram.elements, beginning))
    todo = list(diagram.elements)
    while todo:
        changed = []
        for id in todo:
            entering = flow.enters(diagram.elements[id])
            if entering != flow.before[id]:
                flow.before[id] = entering
                changed.append(id)
        todo = list(diagram.elements) if changed else []
    return flow
