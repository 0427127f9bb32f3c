"""Names that are read before anything has written them: on every way to where an expression reads a name, something must have given it.

What the record, the platform and user tasks give (`FACTS`, `now`, `title`, `<task>_outcome`) is always there. Data goes with a token: a
branch does not see what another one beside it writes, a join has what all its branches wrote, and an event on an activity has what was
there when the activity began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from domain.ground.handling import Handler
from processes.checks.texts import Found, Texts, asked_tables
from processes.diagrams.activities import call_of
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import ExpressionError, names_in
from processes.diagrams.quoting import quoted


def check(diagram: Diagram, texts: Texts, handlers: Mapping[str, Handler]) -> Iterator[str]:
    """Each name that an expression reads where it may not have been given."""
    expressions = [found for found in (*texts.expressions, *texts.cells) if found.fault is None]
    written = _written(diagram, texts, expressions, handlers)
    bits = {name: 1 << number for number, name in enumerate(sorted(set().union(*written.values())))}
    if not bits:
        return
    given = {id: sum(bits[name] for name in names) for id, names in written.items()}
    every = (1 << len(bits)) - 1
    surely, perhaps = _flow(diagram, given, every, and_, every), _flow(diagram, given, every, or_, 0)
    lines: dict[str, int] = {}  # element → what the lines of its script before this one have given
    for found in expressions:
        if found.at is None or found.at not in diagram.elements:
            continue
        there = surely.after(found.at) if found.after else surely.before[found.at] | lines.get(found.at, 0)
        for name in sorted(name for name in _read(found) if name in bits and not bits[name] & there):
            at_all = bits[name] & (perhaps.after(found.at) if found.after else perhaps.before[found.at])
            why = "有的路走到这里时还没有写入它，请在此前的每条路上都写入" if at_all else "走到这里之前没有任何环节写入它，请先写入"
            yield f"{found.where}{found.what}读取{quoted(name)}，但{why}，例如用脚本任务写 {name} = None"
        if found.name is not None:
            lines[found.at] = lines.get(found.at, 0) | bits.get(found.name, 0)


def _read(found: Found) -> frozenset[str]:
    try:
        return names_in(found.text) - found.reads
    except ExpressionError:
        return frozenset()  # the check of expressions reports it


def _written(diagram: Diagram, texts: Texts, expressions: Sequence[Found], handlers: Mapping[str, Handler]) -> dict[str, set[str]]:
    """Element → the names that it gives to what follows it."""
    found: dict[str, set[str]] = {id: set() for id in diagram.elements}
    sent: set[str] = set()
    for one in expressions:
        if one.name is None:
            continue
        if one.at is not None and diagram.elements[one.at].tag == "scriptTask":
            found[one.at].add(one.name)
        else:
            sent.add(one.name)
    for element, id in asked_tables(diagram):
        found[element.id] |= set(texts.tables[id].outputs) if id in texts.tables else set()
    for element in diagram.elements.values():
        found[element.id] |= _given_by(diagram, element, handlers)
        if element.event in ("message", "signal"):
            found[element.id] |= sent  # what the diagram sends may come back to itself
    return found


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
    """The names that are there before each element, and what each gives: a bit a name, as sets of thousands would take too long."""

    diagram: Diagram
    given: Mapping[str, int]
    every: int
    meet: Callable[[int, int], int]
    before: dict[str, int]

    def after(self, id: str) -> int:
        """The names that are there once an element has done its work."""
        inside = 0
        if self.diagram.elements[id].tag == "callActivity":
            return self.every  # what a called diagram gives is not written in this file
        if ends := [one for one in self.diagram.scopes.get(id, ()) if one.tag == "endEvent"]:
            inside = reduce(self.meet, (self.before[one.id] | self.given[one.id] for one in ends))
        return self.before[id] | self.given[id] | inside

    def enters(self, element: Element) -> int:
        """The names that are there when a token reaches an element."""
        around = self.diagram.parents[element.id]
        if element.attached_to in self.before:
            return self.before[element.attached_to]
        if element.tag == "startEvent":
            if around is None:
                return 0
            return self.every if self.diagram.elements[around].triggered else self.before[around]
        ways = [self.after(source) for source in self.diagram.sources[element.id]]
        if not ways:
            return self.every  # nothing leads here: another check says so
        return reduce(or_, ways) if element.tag == "parallelGateway" else reduce(self.meet, ways)


def _flow(diagram: Diagram, given: Mapping[str, int], every: int, meet: Callable[[int, int], int], beginning: int) -> _Flow:
    """The fixed point from `beginning` at every element."""
    flow = _Flow(diagram, given, every, meet, dict.fromkeys(diagram.elements, beginning))
    changed = True
    while changed:
        changed = False
        for element in diagram.elements.values():
            entering = flow.enters(element)
            if entering != flow.before[element.id]:
                flow.before[element.id], changed = entering, True
    return flow
