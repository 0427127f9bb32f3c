"""Structured diagrams made at random, and what BPMN says they do: an oracle that knows neither the engine nor its library.

A block is drawn as a piece of a diagram, and begun as a `Run`: what of it is still to happen. One thing that happens turns a run into
the run that is left, so that the oracle is the definition of each block and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.processes.bpmn.play import boundary, catch, diagram, end, flows, gateway, message, start, subprocess, throw, timer, user
from tests.processes.bpmn.runs import Guarded, Happening, Standing, Together, followed

LANE = "省级"
ERROR = '<errorEventDefinition errorRef="e_one"/>'
ESCALATION = '<escalationEventDefinition escalationRef="x_up"/>'


class Block:
    """A piece of a diagram with one way in and one way out."""

    name: str

    def draw(self) -> str:
        """Its elements and flows; the way in is `<name>in`, the way out `<name>out`."""
        raise AssertionError

    def begin(self) -> Happening:
        """A token comes in."""
        raise AssertionError


def _ends(name: str) -> str:
    return gateway("exclusive", f"{name}in") + gateway("exclusive", f"{name}out")


@dataclass
class Task(Block):
    """A task, or an event that waits for a message."""

    name: str
    event: bool = False

    def draw(self) -> str:
        drawn = catch(self.name, message(), LANE) if self.event else user(self.name, LANE)
        return _ends(self.name) + drawn + flows(f"{self.name}in>{self.name} {self.name}>{self.name}out")

    def begin(self) -> Happening:
        return Happening(Standing(self.name, lambda _: Happening(None)))


@dataclass
class Sequence(Block):
    """One after the other."""

    name: str
    parts: list[Block]

    def draw(self) -> str:
        ways = [f"{self.name}in", *(end for part in self.parts for end in (f"{part.name}in", f"{part.name}out")), f"{self.name}out"]
        lines = " ".join(f"{ways[n]}>{ways[n + 1]}" for n in range(0, len(ways), 2))
        return _ends(self.name) + "".join(part.draw() for part in self.parts) + flows(lines)

    def begin(self) -> Happening:
        return self._from(0)

    def _from(self, number: int) -> Happening:
        if number == len(self.parts):
            return Happening(None)
        return followed(self.parts[number].begin(), lambda: self._from(number + 1))


@dataclass
class Ways(Block):
    """A gateway that parts and one that joins; before a choosing one stands a task whose answer names the ways."""

    name: str
    kind: str  # parallel, exclusive, inclusive
    parts: list[Block]

    @property
    def answers(self) -> list[str]:
        numbers = [str(n) for n in range(len(self.parts))]
        return {"parallel": [], "exclusive": numbers, "inclusive": [*numbers, "".join(numbers)]}[self.kind]

    def draw(self) -> str:
        n, asked = self.name, self.answers
        task = user(n, LANE, outcomes=",".join(asked)) if asked else gateway("exclusive", n)
        lines = f"{n}in>{n} {n}>{n}s {n}j>{n}out"
        for number, part in enumerate(self.parts):
            condition = f":('{number}')in({n}_outcome)" if asked else ""
            lines += f" {n}s>{part.name}in{condition} {part.name}out>{n}j"
        inner = "".join(part.draw() for part in self.parts)
        return _ends(n) + task + gateway(self.kind, f"{n}s") + gateway(self.kind, f"{n}j") + inner + flows(lines)

    def begin(self) -> Happening:
        return Happening(Standing(self.name, self._go)) if self.answers else self._go("".join(str(n) for n in range(len(self.parts))))

    def _go(self, answer: str) -> Happening:
        begun = [self.parts[int(number)].begin() for number in answer]
        left = [one.rest for one in begun if one.rest is not None]
        return Happening(Together(left) if left else None, [run for one in begun for run in one.beside])


@dataclass
class Loop(Block):
    """Again, until a task says that it is enough."""

    name: str
    body: Block

    def draw(self) -> str:
        n, b = self.name, self.body.name
        lines = f"{n}in>{b}in {b}out>{n} {n}>{n}g {n}g>{n}out:{n}_outcome=='完' {n}g>{n}in"
        return _ends(n) + user(n, LANE, outcomes="完,再") + gateway("exclusive", f"{n}g", f"{n}g_{n}in") + self.body.draw() + flows(lines)

    def begin(self) -> Happening:
        asked = Standing(self.name, lambda answer: self.begin() if answer == "再" else Happening(None))
        return followed(self.body.begin(), lambda: Happening(asked))


@dataclass
class Thrower(Block):
    """A task whose answer may throw an error, which ends its scope, or an escalation, which does not."""

    name: str
    event: str

    def draw(self) -> str:
        n = self.name
        nodes = _ends(n) + user(n, LANE, outcomes="好,抛") + gateway("exclusive", f"{n}g", f"{n}g_{n}out")
        if self.event == "error":
            return nodes + end(f"{n}e", ERROR) + flows(f"{n}in>{n} {n}>{n}g {n}g>{n}e:{n}_outcome=='抛' {n}g>{n}out")
        lines = f"{n}in>{n} {n}>{n}g {n}g>{n}t:{n}_outcome=='抛' {n}t>{n}out {n}g>{n}out"
        return nodes + throw(f"{n}t", ESCALATION) + flows(lines)

    def begin(self) -> Happening:
        return Happening(Standing(self.name, lambda answer: Happening(None, raised=self.event if answer == "抛" else None)))


@dataclass
class Guard:
    """A boundary event, and what follows it."""

    name: str
    event: str  # timer, message, error, escalation
    interrupting: bool
    other: Block
    length: timedelta
    now: Callable[[], datetime]


@dataclass
class Scope(Block):
    """A subprocess, with a boundary event or without."""

    name: str
    body: Block
    guard: Guard | None = None

    def draw(self) -> str:
        n, b = self.name, self.body.name
        inner = start(f"{n}b") + self.body.draw() + end(f"{n}f") + flows(f"{n}b>{b}in {b}out>{n}f")
        drawn = _ends(n) + subprocess(n, inner, lane=LANE) + flows(f"{n}in>{n} {n}>{n}out")
        return drawn + (self._guard(self.guard) if self.guard else "")

    def _guard(self, guard: Guard) -> str:
        minutes = int(guard.length.total_seconds() / 60)
        event = {
            "timer": timer(timeDuration=f"minutes({minutes})"), "message": message("m_stop"), "error": ERROR, "escalation": ESCALATION,
        }[guard.event]  # fmt: skip
        drawn = (
            boundary(guard.name, self.name, event, guard.interrupting, LANE)
            + guard.other.draw()
            + flows(f"{guard.name}>{guard.other.name}in")
        )
        if guard.interrupting:
            return drawn + flows(f"{guard.other.name}out>{self.name}out")
        return drawn + end(f"{guard.name}f") + flows(f"{guard.other.name}out>{guard.name}f")

    def begin(self) -> Happening:
        guard, begun = self.guard, self.body.begin()
        due = guard.now() + guard.length if guard is not None and guard.event == "timer" else None
        run = Guarded([*([begun.rest] if begun.rest else []), *begun.beside], guard, due)
        return run.left(begun.raised)


@dataclass
class Many(Block):
    """A subprocess as many times as it says, at once or one after the other."""

    name: str
    body: Block
    count: int
    sequential: bool

    def draw(self) -> str:
        n, b = self.name, self.body.name
        attribute = ' isSequential="true"' if self.sequential else ""
        loop = f"<loopCardinality>{self.count}</loopCardinality>"
        loop = f"<multiInstanceLoopCharacteristics{attribute}>{loop}</multiInstanceLoopCharacteristics>"
        inner = start(f"{n}b") + self.body.draw() + end(f"{n}f") + flows(f"{n}b>{b}in {b}out>{n}f")
        return _ends(n) + subprocess(n, inner + loop, lane=LANE) + flows(f"{n}in>{n} {n}>{n}out")

    def begin(self) -> Happening:
        if self.sequential:
            return Sequence(self.name, [self.body] * self.count).begin()
        return Ways(self.name, "parallel", [self.body] * self.count).begin()


@dataclass
class Called(Block):
    """A call activity; what it calls is a diagram of its own."""

    name: str
    body: Block

    def draw(self) -> str:
        n = self.name
        return _ends(n) + f'<callActivity id="{n}" name="调{n}" calledElement="called_{n}" lane="{LANE}"/>' + flows(f"{n}in>{n} {n}>{n}out")

    def begin(self) -> Happening:
        return Scope(self.name, self.body).begin()


@dataclass
class Maker:
    """Makes blocks at random; `now` is read when a timer begins to run."""

    random: Random
    now: Callable[[], datetime]
    called: list[tuple[str, Block]] = field(default_factory=list)
    """Diagrams that what was made calls, in the order in which they are to be deployed."""
    answers: dict[str, list[str]] = field(default_factory=dict)
    """Of the tasks that ask something: what can be answered, first what goes on."""
    count: int = 0

    def name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def block(self, depth: int, throws: str | None = None) -> Block:
        """A block; one that `throws` has a task inside that can throw."""
        if throws is not None and (depth <= 0 or self.random.random() < 0.3):
            return self._asking(Thrower(self.name(), throws), ["好", "抛"])
        if depth <= 0:
            return Task(self.name(), self.random.random() < 0.2)
        kinds = [self.sequence, self.sequence, self.ways, self.ways, self.loop, self.scope]
        return self.random.choice(kinds if throws else [*kinds, self.many, self.call, self.plain])(depth - 1, throws)

    def plain(self, depth: int, throws: str | None = None) -> Block:
        return self.block(0)

    def sequence(self, depth: int, throws: str | None) -> Block:
        parts = [self.block(depth, throws), *(self.block(depth) for _ in range(self.random.randint(1, 2)))]
        self.random.shuffle(parts)
        return Sequence(self.name(), parts)

    def ways(self, depth: int, throws: str | None) -> Block:
        parts = [self.block(depth, throws), *(self.block(depth) for _ in range(self.random.randint(1, 2)))]
        made = Ways(self.name(), self.random.choice(["parallel", "parallel", "exclusive", "inclusive"]), parts)
        return self._asking(made, made.answers)

    def loop(self, depth: int, throws: str | None) -> Block:
        return self._asking(Loop(self.name(), self.block(depth, throws)), ["完", "再"])

    def _asking(self, block: Block, answers: list[str]) -> Block:
        self.answers[block.name] = answers
        return block

    def scope(self, depth: int, throws: str | None) -> Block:
        event = self.random.choice(["timer", "message", "error", "escalation"]) if throws is None else "timer"
        inner = event if event in ("error", "escalation") else throws
        guard = Guard(
            self.name(), event, event == "error" or self.random.random() < 0.5, self.block(0), self._length(), self.now
        )  # what follows is one task, so that two that run at once are alike
        return Scope(self.name(), self.block(depth, inner), guard)

    def _length(self) -> timedelta:
        return timedelta(minutes=self.random.randint(1, 10_000))

    def many(self, depth: int, throws: str | None = None) -> Block:
        body = Sequence(self.name(), [self.block(0), self.block(0)])  # no branches: instances at one task are alike
        return Many(self.name(), body, self.random.randint(2, 3), self.random.random() < 0.5)

    def call(self, depth: int, throws: str | None = None) -> Block:
        found = Called(self.name(), self.block(depth))
        self.called.append((f"called_{found.name}", found.body))
        return found


def whole(block: Block, key: str) -> bytes:
    """A diagram of one block."""
    inside = start() + block.draw() + end() + flows(f"start>{block.name}in {block.name}out>end")
    return diagram(inside, key)
