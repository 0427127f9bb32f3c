"""What came of the scenarios of a diagram."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """One scenario that was played: a line a step, and why it failed; None where it went as written."""

    name: str
    lines: tuple[str, ...]
    failure: str | None = None


@dataclass(frozen=True)
class Report:
    """All scenarios of a diagram that were played."""

    shown: tuple[Shown, ...]
    taken: frozenset[str]
    """Ids of the sequence flows that some scenario takes."""

    flows_not_taken: tuple[str, ...]
    """Ids of the others."""

    @property
    def passed(self) -> tuple[str, ...]:
        """Names of the scenarios that went as written."""
        return tuple(one.name for one in self.shown if one.failure is None)

    @property
    def failures(self) -> tuple[str, ...]:
        """Name and reason of the scenarios that failed."""
        return tuple(f"{one.name}：{one.failure}" for one in self.shown if one.failure is not None)
