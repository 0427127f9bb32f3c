"""What of a structured diagram is still to happen: one thing that happens turns a run into the run that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.processes.bpmn.structured import Guard


@dataclass
class Happening:
    """What is left of a run after something happened; tokens it sent off beside it; an error or escalation on its way out."""

    rest: Run | None
    beside: list[Run] = field(default_factory=list)
    raised: str | None = None


class Run:
    """What of a block is still to happen."""

    def awaits(self) -> Iterator[str]:
        """Names of the tasks and messages that it waits for now, each as often as it waits for it."""
        raise AssertionError

    def dues(self) -> Iterator[tuple[datetime, str]]:
        """Its running timers."""
        return iter(())

    def after(self, name: str, answer: str) -> Happening:
        """What follows once this task, message or timer happened, which it waits for."""
        raise AssertionError

    def waits_for(self, name: str) -> bool:
        return name in self.awaits() or any(name == timer for _, timer in self.dues())


@dataclass
class Standing(Run):
    """A token in a task or at an event; `then` says what follows an answer."""

    name: str
    then: Callable[[str], Happening]

    def awaits(self) -> Iterator[str]:
        yield self.name

    def after(self, name: str, answer: str) -> Happening:
        return self.then(answer)


@dataclass
class Together(Run):
    """Runs beside each other; over when all are."""

    runs: list[Run]

    def awaits(self) -> Iterator[str]:
        for run in self.runs:
            yield from run.awaits()

    def dues(self) -> Iterator[tuple[datetime, str]]:
        for run in self.runs:
            yield from run.dues()

    def after(self, name: str, answer: str) -> Happening:
        number = next(n for n, run in enumerate(self.runs) if run.waits_for(name))
        found = self.runs[number].after(name, answer)
        left = [*self.runs[:number], *([found.rest] if found.rest else []), *self.runs[number + 1 :]]
        return Happening(Together(left) if left else None, found.beside, found.raised)


@dataclass
class Followed(Run):
    """A run, and what follows it."""

    run: Run
    then: Callable[[], Happening]

    def awaits(self) -> Iterator[str]:
        return self.run.awaits()

    def dues(self) -> Iterator[tuple[datetime, str]]:
        return self.run.dues()

    def after(self, name: str, answer: str) -> Happening:
        return followed(self.run.after(name, answer), self.then)


def followed(found: Happening, then: Callable[[], Happening]) -> Happening:
    if found.rest is not None or found.raised == "error":
        return Happening(Followed(found.rest, then) if found.rest else None, found.beside, found.raised)
    more = then()
    return Happening(more.rest, found.beside + more.beside, found.raised or more.raised)


@dataclass
class Guarded(Run):
    """A scope with a boundary event: over when no token is left in it. Its event is caught once at most."""

    runs: list[Run]
    guard: Guard | None
    due: datetime | None
    armed: bool = True

    def awaits(self) -> Iterator[str]:
        for run in self.runs:
            yield from run.awaits()
        if self.guard is not None and self.guard.event == "message" and self.armed:
            yield self.guard.name

    def dues(self) -> Iterator[tuple[datetime, str]]:
        for run in self.runs:
            yield from run.dues()
        if self.guard is not None and self.due is not None and self.armed:
            yield self.due, self.guard.name

    def after(self, name: str, answer: str) -> Happening:
        if self.guard is not None and name == self.guard.name:
            return self._caught()
        number = next(n for n, run in enumerate(self.runs) if run.waits_for(name))
        found = self.runs[number].after(name, answer)
        self.runs[number : number + 1] = [*([found.rest] if found.rest else []), *found.beside]
        return self.left(found.raised)

    def left(self, raised: str | None) -> Happening:
        """What is left once something happened inside."""
        if raised is not None and self.guard is not None and raised == self.guard.event and (self.armed or raised == "error"):
            return self._caught()
        if raised == "error":
            return Happening(None, raised=raised)
        return Happening(self if self.runs else None, raised=raised)

    def _caught(self) -> Happening:
        assert self.guard is not None
        self.armed = False
        other = self.guard.other.begin()
        if self.guard.interrupting:
            return other
        beside = [*([other.rest] if other.rest else []), *other.beside]
        return Happening(self if self.runs else None, beside)
