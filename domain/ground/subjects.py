"""What the engine and the handlers ask of a record that a process is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy.orm import Session


class Subject(Protocol):
    """A record with a status that only the engine writes."""

    FACTS: ClassVar[Mapping[str, type]]
    """The names `facts` gives, with their types: what the checks let expressions of diagrams read."""

    status: str
    tone: str

    @property
    def id(self) -> int:
        """Its number among the records of its type."""

    @property
    def party_id(self) -> int:
        """Whose record it is."""

    @classmethod
    def load(cls, session: Session, subject_id: int, lock: bool = False) -> Self | None:
        """The record with what `facts` needs, in one query. `lock`: no other transaction may change it."""

    @classmethod
    def load_all(cls, session: Session, subject_ids: Sequence[int]) -> Sequence[Self]:
        """The records of these ids that are there, in the order of the ids, as `load` reads them; in one query."""

    def title(self) -> str:
        """One line that names the record in inboxes."""

    def party_for(self, lane: str) -> int | None:
        """Which party fills a lane of the diagram; None: nobody does."""

    def facts(self) -> dict[str, Any]:
        """Names that expressions of the diagram may use."""

    def content(self) -> dict[str, object]:
        """What the record says, by name: whatever nobody may change but in a step."""

    def answers(self) -> dict[str, Any]:
        """What was filled into the record's form."""

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled into the record's form."""
