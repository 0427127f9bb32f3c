"""Which page of a list the address asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SIZE = 20


@dataclass(frozen=True)
class Paged:
    """One page of `total` rows. `number` is from 1."""

    number: int
    total: int
    size: int = SIZE

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def page_of(values: Mapping[str, str], total: int, size: int = SIZE) -> Paged:
    """The page that `page` names; the nearest there is where it names none."""
    asked = values.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    return Paged(min(max(number, 1), Paged(1, total, size).last), total, size)
