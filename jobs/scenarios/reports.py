"""What playing the scenarios of a diagram showed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """One scenario as it went: what each step did, and why it failed, if it did."""

    name: str
    told: tuple[str, ...]
    failure: str | None = None


@dataclass(frozen=True)
class Report:
    """What the scenarios of a diagram showed."""

    shown: tuple[Shown, ...]
    taken: frozenset[str]
    """Ids of the sequence flows that were taken."""

    flows_not_taken: tuple[str, ...]

    @property
    def passed(self) -> tuple[str, ...]:
        """Names of the scenarios that went as written."""
        return tuple(one.name for one in self.shown if one.failure is None)

    @property
    def failures(self) -> tuple[str, ...]:
        """Name and reason of those that did not."""
        return tuple(f"{one.name}：{one.failure}" for one in self.shown if one.failure is not None)
