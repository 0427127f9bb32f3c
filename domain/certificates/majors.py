"""专业: the majors of the vocational catalogues that certificates name (domain.md, 对应专业)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from sqlalchemy import Select, String, UniqueConstraint, case, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.ground.base import Base
from domain.ground.errors import DomainError

LEVELS = ("中职", "高职", "本科")


class Major(Base):
    """One major of one edition of the catalogue. The catalogue states the level; it is never derived from the code."""

    __tablename__ = "major"
    __table_args__ = (UniqueConstraint("edition", "level", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(4))
    edition: Mapped[str] = mapped_column(String(10))  # year of the catalogue, such as 2021

    @property
    def label(self) -> str:
        """How a form names the major."""
        return f"{self.code} {self.name}（{self.level}，{self.edition} 版）"


IN_ORDER = (  # the order in which people read a catalogue: the newest edition first, then the levels upwards
    Major.edition.desc(),
    case({level: number for number, level in enumerate(LEVELS)}, value=Major.level),
    Major.code,
)


class Labelled(Protocol):
    """A record that forms name by its label."""

    @property
    def label(self) -> str:
        """How a form names the record."""


Record = TypeVar("Record", bound=Labelled)


def labelled(records: Iterable[Record], labels: Iterable[str], unknown: type[DomainError]) -> list[Record]:
    """The records with these labels, each once, in the order of the labels.

    Raises:
        DomainError: `unknown`, where no record has one of the labels.
    """
    found = {record.label: record for record in records}
    wanted = list(dict.fromkeys(labels))
    if not found.keys() >= set(wanted):
        raise unknown
    return [found[label] for label in wanted]


def majors_query() -> Select[Major]:
    """The whole catalogue: public, the same for everybody."""
    return select(Major).order_by(*IN_ORDER)
