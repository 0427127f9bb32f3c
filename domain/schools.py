"""试点院校 and the person in charge of each certificate it pilots (manual 2.2). The details hang on the school's party."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.base import Base
from domain.certificates import Certificate
from domain.parties import Actor, Party
from domain.pilots import PilotCertificate, participating


class School(Base):
    """A school's details; its id is its party's, its name and the province that governs it are there too."""

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


def schools_query(actor: Actor) -> Select[School]:
    """The schools an actor may see, by code: a school itself, a province its own, an organization those that pilot its
    certificates, operators all, others none."""
    query = select(School).join(School.party).options(contains_eager(School.party)).order_by(School.code)
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "school":
        return query.where(School.id == actor.party_id)
    if actor.party_kind == "province":
        return query.where(Party.province_id == actor.party_id)
    if actor.party_kind == "organization":
        piloting = select(PilotCertificate.party_id).where(PilotCertificate.certificate_id.in_(participating(actor)))
        return query.where(School.id.in_(piloting))
    return query.where(false())


def school_of(session: Session, actor: Actor, school_id: int) -> School | None:
    """One school, if this actor may see it."""
    return session.scalars(schools_query(actor).where(School.id == school_id)).first()
