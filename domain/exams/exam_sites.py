"""考核站点: where a school examines a certificate, once the certificate's organization has approved it (manual 5.2.4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import participating
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party, Person
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse


class AlreadyApplied(DomainError):
    """已申报过该证书的考核站点，不能再次申报；可在列表中查看或修改。"""


class NotPiloted(DomainError):
    """请选择本校已参与试点的考核证书。"""


class ExamSite(SubjectRecord):
    """A school's site for one certificate."""

    FACTS: ClassVar[Mapping[str, type]] = {}
    __tablename__ = "exam_site"
    # one application a site (manual 5.2.4.1); ids are never used again: a deleted site's history must not become another's
    __table_args__ = (UniqueConstraint("party_id", "certificate_id"), {"sqlite_autoincrement": True})

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))  # the school
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what the form holds but the certificate
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificate: Mapped[Certificate] = relationship()
    author: Mapped[Person] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Sites with school and certificate."""
        return select(cls).join(cls.certificate).join(cls.party).options(contains_eager(cls.certificate), contains_eager(cls.party))

    def title(self) -> str:
        """The site's name, made from school and certificate (manual 5.2.4.1)."""
        return f"{self.party.name}{self.certificate.label}考核站点"

    def party_for(self, lane: str) -> int | None:
        """The school applies, the certificate's organization answers."""
        return {"试点院校": self.party_id, "培训评价组织": self.certificate.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """Empty: expressions read nothing of the record."""
        return {}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return {"certificate": self.certificate.label, **(self.data or {})}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            NotPiloted: the form names a certificate that the school does not pilot.
            AlreadyApplied: the school has a site for this certificate.
        """
        session = object_session(self)
        if session is None:
            return
        label = answers.get("certificate", "")
        if label != self.certificate.label:
            self.certificate = _piloted(session, Actor(self.author_id, "", self.party_id, "", "school", None, frozenset()), label)
        self.data = {name: value for name, value in answers.items() if name != "certificate"}
        flush_or_refuse(session, AlreadyApplied)


def new_exam_site(session: Session, actor: Actor, now: datetime, answers: dict[str, Any]) -> ExamSite:
    """A new, flushed site of the actor's school.

    Raises:
        NotPiloted, AlreadyApplied
    """
    certificate = _piloted(session, actor, answers.get("certificate", ""))
    data = {name: value for name, value in answers.items() if name != "certificate"}
    site = ExamSite(party_id=actor.party_id, certificate_id=certificate.id, author_id=actor.person_id, data=data, created_at=now)
    session.add(site)
    flush_or_refuse(session, AlreadyApplied)
    session.refresh(site, ["party", "certificate"])
    return site


def exam_sites_query(actor: Actor) -> Select[ExamSite]:
    """The sites an actor may see, newest first: a school its own, an organization those of its certificates, operators all."""
    query = ExamSite.joined().order_by(ExamSite.id.desc())
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(ExamSite.party_id == actor.party_id)
    if actor.party_kind == "organization":
        return query.where(Certificate.party_id == actor.party_id)
    return query.where(false())


def exam_site_of(session: Session, actor: Actor, site_id: int) -> ExamSite | None:
    """One site, if this actor may see it."""
    return session.scalars(exam_sites_query(actor).where(ExamSite.id == site_id)).first()


def site_choices(session: Session, actor: Actor) -> list[str]:
    """Labels of the certificates that a school may apply for: those it pilots."""
    piloted = select(Certificate).where(Certificate.id.in_(participating(actor))).order_by(Certificate.code)
    return [certificate.label for certificate in session.scalars(piloted)]


def _piloted(session: Session, actor: Actor, label: str) -> Certificate:
    piloted = session.scalars(select(Certificate).where(Certificate.id.in_(participating(actor))))
    found = next((certificate for certificate in piloted if certificate.label == label), None)
    if found is None:
        raise NotPiloted
    return found
