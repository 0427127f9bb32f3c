"""考试科目: what is examined for a certificate, perhaps for one category of candidates alone (manual 5.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.certificates.certificates import Certificate, own_certificates
from domain.certificates.pilots import participating
from domain.exams.subject_needs import kept_from
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse

METHODS = ("理论", "实操", "综合")
EVERYBODY = "所有考生"
AUDIENCES = (EVERYBODY, "中职", "高职", "本科", "社会考生")
FIELDS = ("name", "method", "room_type", "audience", "full_mark", "pass_mark", "minutes")


class SubjectTaken(DomainError):
    """该证书已有名称和参考对象都相同的考试科目，请修改名称或参考对象。"""


class PassMarkTooHigh(DomainError):
    """“合格分”不能高于“满分”，请核对。"""


class SubjectInUse(DomainError):
    """该科目已在使用，不能这样修改。"""


class InForce(Base):
    """A time in which a subject is 已启用, as its diagram notes it: what a certificate asked for when marks became public stays what it
    asked for."""

    __tablename__ = "exam_subject_in_force"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("exam_subject.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="null: it is in force")


class ExamSubject(SubjectRecord):
    """A subject in which a certificate is examined."""

    FACTS: ClassVar[Mapping[str, type]] = {}
    __tablename__ = "exam_subject"
    # ids are never used again: a deleted subject's history must not become another's
    __table_args__ = (UniqueConstraint("certificate_id", "name", "audience"), {"sqlite_autoincrement": True})

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    name: Mapped[str] = mapped_column(String(60))
    method: Mapped[str] = mapped_column(String(10), comment="考试方式, one of METHODS")
    room_type: Mapped[str] = mapped_column(String(20), comment="考场类型: which rooms can hold it")
    audience: Mapped[str] = mapped_column(String(10), comment="参考对象, one of AUDIENCES")
    full_mark: Mapped[int]
    pass_mark: Mapped[int]
    minutes: Mapped[int | None] = mapped_column(comment="null: not set yet")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificate: Mapped[Certificate] = relationship()
    in_force: Mapped[list[InForce]] = relationship(cascade="all, delete-orphan", order_by="InForce.began_at")

    @classmethod
    def joined(cls) -> Select[Any]:
        """Subjects with certificate and organization."""
        return select(cls).join(cls.certificate).join(cls.party).options(contains_eager(cls.certificate), contains_eager(cls.party))

    def title(self) -> str:
        """Certificate, name, and for whom where it is not for all."""
        whom = "" if self.audience == EVERYBODY else f"（{self.audience}）"
        return f"{self.certificate.label} {self.name}{whom}"

    def is_called(self, text: str) -> bool:
        """Whether a cell names this subject: by its name, or as pages write it beside its certificate, however it is spaced."""
        written = "".join(text.split())
        return written == "".join(self.name.split()) or written in (
            "".join(one.split()) for one in (self.title(), f"{self.certificate.label}{self.name}")
        )

    def party_for(self, lane: str) -> int | None:
        """The organization alone keeps its subjects."""
        return self.party_id if lane == "培训评价组织" else 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """Empty: expressions read nothing of the record."""
        return {}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        kept = {name: value for name in FIELDS if (value := getattr(self, name)) is not None}
        return {"certificate": self.certificate.label, **kept}

    def enable(self, now: datetime) -> None:
        """Certificates ask for the subject from now on."""
        if all(one.ended_at is not None for one in self.in_force):
            self.in_force.append(InForce(began_at=now))

    def disable(self, now: datetime) -> None:
        """Certificates no longer ask for it in plans whose 公示 begins from now on."""
        for one in self.in_force:
            one.ended_at = one.ended_at or now

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            UnknownCertificate: the form names a certificate that this organization does not have.
            PassMarkTooHigh
            SubjectTaken: the certificate has a subject of this name for the same category.
            SubjectInUse: plans, rooms or marks need what is to be changed.
        """
        session = object_session(self)
        if session is None:
            return
        before = self.answers() if self.id is not None else None
        with session.no_autoflush:
            if before is not None and (why := next(kept_from(session, self.id, before, answers), None)) is not None:
                raise SubjectInUse(why)
            (self.certificate,) = own_certificates(session, self.party_id, [answers.get("certificate", "")])
        for name in FIELDS:
            setattr(self, name, answers.get(name))
        if self.pass_mark > self.full_mark:
            raise PassMarkTooHigh
        flush_or_refuse(session, SubjectTaken)


def exam_subjects_query(actor: Actor) -> Select[ExamSubject]:
    """The subjects an actor may see, by certificate: an organization its own, a school those of certificates it pilots, operators all,
    others none (manual 5.2.1)."""
    query = ExamSubject.joined().order_by(Certificate.code, ExamSubject.id)
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(ExamSubject.certificate_id.in_(participating(actor)))
    return query.where(ExamSubject.party_id == actor.party_id if "培训评价组织" in actor.roles else false())


def exam_subject_of(session: Session, actor: Actor, subject_id: int) -> ExamSubject | None:
    """One subject, if this actor may see it."""
    return session.scalars(exam_subjects_query(actor).where(ExamSubject.id == subject_id)).first()


def new_exam_subject(session: Session, actor: Actor, now: datetime, answers: dict[str, Any]) -> ExamSubject:
    """A new, flushed subject of one of the organization's certificates.

    Raises:
        UnknownCertificate, PassMarkTooHigh, SubjectTaken
    """
    subject = ExamSubject(party_id=actor.party_id, created_at=now, in_force=[InForce(began_at=now)])
    session.add(subject)
    subject.take(answers)
    session.refresh(subject, ["party", "certificate"])
    return subject
