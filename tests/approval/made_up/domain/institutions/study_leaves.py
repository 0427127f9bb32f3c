"""教师进修: a school sends a teacher on a course, and its province agrees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Select, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.ground.base import UtcDateTime
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord


class StudyLeave(SubjectRecord):
    """A school's application for one teacher."""

    FACTS: ClassVar[Mapping[str, type]] = {"days": int}
    __tablename__ = "study_leave"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a deleted one's history must not become another's

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the school
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    party: Mapped[Party] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Applications with their school."""
        return select(cls).join(cls.party).options(contains_eager(cls.party))

    def title(self) -> str:
        """School and teacher."""
        return f"{self.party.name}{self.data.get('teacher', '')}进修"

    def party_for(self, lane: str) -> int | None:
        """The school applies, its province answers."""
        return {"试点院校": self.party_id, "省级": self.party.province_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`days`: how long the course takes."""
        return {"days": self.data.get("days", 0)}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return dict(self.data)

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in."""
        self.data = dict(answers)


def new_study_leave(session: Session, actor: Actor, now: datetime, answers: dict[str, Any]) -> StudyLeave:
    """A new, flushed application of the actor's school."""
    leave = StudyLeave(party_id=actor.party_id, author_id=actor.person_id, data=answers, created_at=now)
    session.add(leave)
    session.flush()
    return leave


def study_leaves_query(actor: Actor) -> Select[StudyLeave]:
    """The applications an actor may see, newest first: a school its own, a province those of its schools."""
    query = StudyLeave.joined().order_by(StudyLeave.id.desc())
    if "试点院校" in actor.roles:
        return query.where(StudyLeave.party_id == actor.party_id)
    return query.where(Party.province_id == actor.party_id) if actor.party_kind == "province" else query.where(false())
