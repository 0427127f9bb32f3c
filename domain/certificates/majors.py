"""专业: the majors of the vocational catalogues that certificates name (domain.md, 对应专业)."""

from __future__ import annotations

from sqlalchemy import Select, String, UniqueConstraint, case, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.ground.base import Base

LEVELS = ("中职", "高职", "本科")


class Major(Base):
    """One major of one edition of the catalogue. The level is stated, never derived from the code."""

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


IN_ORDER = (  # as people read a catalogue: newest edition, then the levels upwards
    Major.edition.desc(),
    case({level: number for number, level in enumerate(LEVELS)}, value=Major.level),
    Major.code,
)


def majors_query() -> Select[Major]:
    """The whole catalogue: public, the same for everybody."""
    return select(Major).order_by(*IN_ORDER)
