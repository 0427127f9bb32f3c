"""试点院校 and the person in charge of each certificate that it pilots (manual 2.2). Each is a party; its other details are here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship, selectinload

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate, participating
from domain.ground.base import Base
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party, rename_party
from domain.ground.uniqueness import flush_or_refuse

FIELDS = ("code", "level", "province", "city", "address", "contact", "mobile")
LEAD_FIELDS = ("name", "mobile", "email", "post")


class SchoolTaken(DomainError):
    """已有代码相同的院校，请核对院校代码。"""


class NotPiloted(DomainError):
    """试点证书负责人只能填写本校已参与试点的证书，且每个证书只填一位，请核对。"""


class School(Base):
    """A school's details. Its id is that of its party, which has its name and the province that governs it."""

    __tablename__ = "school"

    id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(10), unique=True)  # 学校标识码, 10 digits
    level: Mapped[str] = mapped_column(String(4))  # 中职, 高职 or 本科
    province: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(30), default="")
    mobile: Mapped[str] = mapped_column(String(11), default="")

    party: Mapped[Party] = relationship()
    leads: Mapped[list[CertificateLead]] = relationship(order_by="CertificateLead.certificate_id", cascade="all, delete-orphan")

    @property
    def name(self) -> str:
        """The party's name."""
        return self.party.name

    def answers(self) -> dict[str, Any]:
        """What the form holds; leads as lines, with their certificates by label."""
        filled = {name: value for name in FIELDS if (value := getattr(self, name))}
        leads = [
            {"certificate": lead.certificate.label, **{name: value for name in LEAD_FIELDS if (value := getattr(lead, name))}}
            for lead in self.leads
        ]
        return {"name": self.name, **filled, **({"leads": leads} if leads else {})}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            NotPiloted: a lead is for a certificate that the school does not pilot, or that has another lead.
            SchoolTaken: another school has this code.
        """
        session = object_session(self)
        if session is None:
            return
        piloted = {certificate.label: certificate.id for certificate in session.scalars(piloted_by(self.id))}
        lines = answers.get("leads", [])
        labels = [line.get("certificate", "") for line in lines]
        if len(set(labels)) < len(labels) or not piloted.keys() >= set(labels):
            raise NotPiloted
        rename_party(session, self.party, answers["name"])
        for name in FIELDS:
            setattr(self, name, answers.get(name, ""))
        kept = {lead.certificate_id: lead for lead in self.leads}
        self.leads = [_lead(kept.get(piloted[line["certificate"]]), piloted[line["certificate"]], line) for line in lines]
        flush_or_refuse(session, SchoolTaken)


class CertificateLead(Base):
    """试点证书负责人: who answers for one certificate at one school."""

    __tablename__ = "certificate_lead"
    __table_args__ = (UniqueConstraint("school_id", "certificate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    name: Mapped[str] = mapped_column(String(30))
    mobile: Mapped[str] = mapped_column(String(11))
    email: Mapped[str] = mapped_column(String(100), default="")
    post: Mapped[str] = mapped_column(String(50), default="")

    certificate: Mapped[Certificate] = relationship()


def piloted_by(school_id: int) -> Select[Certificate]:
    """The certificates that a school pilots, by code."""
    ids = select(PilotCertificate.certificate_id).where(PilotCertificate.party_id == school_id)
    return select(Certificate).where(Certificate.id.in_(ids)).order_by(Certificate.code)


def schools_query(actor: Actor) -> Select[School]:
    """The schools an actor may see, by code: a school itself, a province its own, an organization those that pilot its
    certificates, operators all, others none."""
    query = select(School).join(School.party).options(contains_eager(School.party)).order_by(School.code)
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(School.id == actor.party_id)
    if actor.party_kind == "province":
        return query.where(Party.province_id == actor.party_id)
    if actor.party_kind == "organization":
        piloting = select(PilotCertificate.party_id).where(PilotCertificate.certificate_id.in_(participating(actor)))
        return query.where(School.id.in_(piloting))
    return query.where(false())


def school_of(session: Session, actor: Actor, school_id: int) -> School | None:
    """One school with its leads, if this actor may see it."""
    leads = selectinload(School.leads).joinedload(CertificateLead.certificate)
    return session.scalars(schools_query(actor).where(School.id == school_id).options(leads)).first()


def _lead(kept: CertificateLead | None, certificate_id: int, line: dict[str, Any]) -> CertificateLead:
    lead = kept or CertificateLead(certificate_id=certificate_id)
    for name in LEAD_FIELDS:
        setattr(lead, name, line.get(name, ""))
    return lead
