"""报考信息更正: a school asks the organization to correct what a registration keeps of its candidate (manual 5.2.3; row 5.2.3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, column, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.exams.plan_rights import seen_by
from domain.exams.registrations import Registration
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse
from domain.platform.changes import note_change

FIELDS = ("pinyin", "mobile")
"""What may be corrected in a registration; all else is as it was when the candidate was registered."""


class NothingCorrected(DomainError):
    """姓名拼音和手机号都没有变化，请填写要更正的内容。"""


class NoRegistration(DomainError):
    """报考不存在或不属于本校，请从报考管理中选择要更正的报考。"""


class AlreadyAsked(DomainError):
    """该报考已有一份更正申请在办理，请先查看该申请。"""


class RegistrationCorrection(SubjectRecord):
    """One request."""

    FACTS: ClassVar[Mapping[str, type]] = {"number": str, "name": str}
    __tablename__ = "registration_correction"
    __table_args__ = (
        # one at a time
        Index(
            "uq_registration_correction_open",
            "registration_id",
            unique=True,
            sqlite_where=column("open").is_(True),
            postgresql_where=column("open").is_(True),
        ),
        {"sqlite_autoincrement": True},  # ids are never used again: a history must not become another's
    )

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the school
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"), index=True)
    pinyin: Mapped[str] = mapped_column(String(200))
    mobile: Mapped[str] = mapped_column(String(11))
    reason: Mapped[str] = mapped_column(String(200))
    open: Mapped[bool] = mapped_column(default=True, comment="false: it was carried out")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    registration: Mapped[Registration] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Requests with school, registration and its plan."""
        query = select(cls).join(cls.registration).join(Registration.plan).join(Party, Party.id == cls.party_id)
        registration = contains_eager(cls.registration)
        return query.options(contains_eager(cls.party), registration, registration.contains_eager(Registration.plan))

    def title(self) -> str:
        """Whose, and which registration."""
        return f"{self.registration.name} {self.registration.number}"

    def party_for(self, lane: str) -> int | None:
        """The school asks, the plan's organization answers."""
        return {"试点院校": self.party_id, "培训评价组织": self.registration.plan.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`number` of the registration and `name` of the candidate, texts."""
        return {"number": self.registration.number, "name": self.registration.name}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return {"pinyin": self.pinyin, "mobile": self.mobile, "reason": self.reason}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in.

        Raises:
            NothingCorrected: it is what the registration says already.
        """
        self.pinyin, self.mobile = str(answers.get("pinyin", "")), str(answers.get("mobile", ""))
        self.reason = str(answers.get("reason", ""))
        if all(getattr(self, name) == getattr(self.registration, name) for name in FIELDS):
            raise NothingCorrected

    def carry_out(self, session: Session, actor: Actor, now: datetime) -> None:
        """Writes it into the registration, with what it said before."""
        registration = session.get_one(Registration, self.registration_id, with_for_update=True, populate_existing=True)
        before = {name: getattr(registration, name) for name in FIELDS}
        registration.pinyin, registration.mobile = self.pinyin, self.mobile
        note_change(session, actor, registration, before, {name: getattr(self, name) for name in FIELDS}, now)
        self.open = False


def own_registration(session: Session, actor: Actor, registration_id: int) -> Registration:
    """A registration of the actor's school.

    Raises:
        NoRegistration
    """
    mine = select(Registration).where(Registration.id == registration_id, Registration.party_id == actor.party_id)
    found = session.scalars(mine).first() if "试点院校" in actor.roles else None
    if found is None:
        raise NoRegistration
    return found


def new_correction(session: Session, actor: Actor, now: datetime, registration_id: int, answers: dict[str, Any]) -> RegistrationCorrection:
    """A new, flushed request about a registration of the actor's school.

    Raises:
        NoRegistration, NothingCorrected
        AlreadyAsked: there is an open one (a unique index decides).
    """
    registration = own_registration(session, actor, registration_id)
    one = RegistrationCorrection(party_id=actor.party_id, registration=registration, open=True, created_at=now)
    with session.no_autoflush:
        one.take(answers)
    session.add(one)
    flush_or_refuse(session, AlreadyAsked)
    session.refresh(one, ["party"])
    return one


def corrections_query(actor: Actor) -> Select[RegistrationCorrection]:
    """The requests an actor may see, newest first: a school its own, an organization those about its plans, operators all, others none."""
    query = RegistrationCorrection.joined().order_by(RegistrationCorrection.id.desc())
    return seen_by(query, actor, RegistrationCorrection.party_id == actor.party_id)
