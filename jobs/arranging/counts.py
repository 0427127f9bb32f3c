"""What a search decides, in counts, whichever search it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from jobs.arranging.shape import Seat


@dataclass(slots=True)
class Counts:
    """How many, of what; whatever is not named is none."""

    patterns: dict[tuple[int, int], int]
    """Group and pattern, by their places in the shape → people."""
    opened: dict[tuple[int, int], int]
    """Class and slot, by their places in the shape → places."""
    mixed: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    """Class and slot of rooms that hold several subjects at once, and subject → seats of all these rooms together."""
    shared: Counter[Seat] = field(default_factory=Counter)
    """The same of rooms that are in use: room, subject and sitting → free seats."""
    stays: Counter[Seat] = field(default_factory=Counter)
    """Room, subject and sitting → how many of those who sit there stay."""
    unplaced: int = 0
    """Needs without a seat."""
    moves: int = 0
    """Seats that are held today and not kept."""
    proved: bool = True
    """Whether it is known that no counts leave fewer without a seat."""
