"""考核站点建设标准: what a certificate requires of the sites where it is examined (manual 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Select, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.certificates.certificates import Certificate, own_certificates
from domain.certificates.declarations import applied_for
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse

FIELDS = ("version", "space", "equipment", "staff", "network")


class VersionTaken(DomainError):
    """该证书已有同一版本的考核站点建设标准，请填写新的版本号。"""


class NoCertificate(DomainError):
    """本组织还没有证书，请先新增证书。"""


class SiteStandard(SubjectRecord):
    """One version of the standard of one certificate."""

    FACTS: ClassVar[Mapping[str, type]] = {"replaced": bool}
    __tablename__ = "site_standard"
    __table_args__ = (UniqueConstraint("certificate_id", "version"),)

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    version: Mapped[str] = mapped_column(String(20), default="")
    space: Mapped[str] = mapped_column(Text, default="")  # 场地要求
    equipment: Mapped[str] = mapped_column(Text, default="")  # 设备要求
    staff: Mapped[str] = mapped_column(Text, default="")  # 人员要求
    network: Mapped[str] = mapped_column(Text, default="")  # 网络与监控要求
    attachments: Mapped[list[int]] = mapped_column(JSON, default=list, comment="ids of stored files")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificate: Mapped[Certificate] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Standards with certificate and organization."""
        return select(cls).join(cls.certificate).join(cls.party).options(contains_eager(cls.certificate), contains_eager(cls.party))

    def title(self) -> str:
        """Certificate and version."""
        return f"{self.certificate.label}考核站点建设标准 {self.version}".strip()

    def party_for(self, lane: str) -> int | None:
        """The organization alone keeps its standards."""
        return self.party_id if lane == "培训评价组织" else 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`replaced`: whether another standard of the same certificate is in force."""
        session, table = object_session(self), SiteStandard
        if session is None:
            return {"replaced": False}
        others = select(table.id).where(table.certificate_id == self.certificate_id, table.id != self.id, table.status == "已启用")
        return {"replaced": session.scalar(others.limit(1)) is not None}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        kept = (*FIELDS, "attachments")
        return {"certificate": self.certificate.label, **{name: value for name in kept if (value := getattr(self, name))}}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            UnknownCertificate: the form names a certificate that this organization does not have.
            VersionTaken: the certificate has a standard of this version already.
        """
        session = object_session(self)
        if session is None:
            return
        (self.certificate,) = own_certificates(session, self.party_id, [answers.get("certificate", "")])
        for name in FIELDS:
            setattr(self, name, answers.get(name, ""))
        self.attachments = list(answers.get("attachments", ()))
        flush_or_refuse(session, VersionTaken)


def site_standards_query(actor: Actor) -> Select[SiteStandard]:
    """The standards an actor may see, by certificate, newest first: an organization its own, a school those of certificates it
    has applied for, a province those of certificates its schools have, operators all, others none (manual 3.2)."""
    query = SiteStandard.joined().order_by(Certificate.code, SiteStandard.id.desc())
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "organization":
        return query.where(SiteStandard.party_id == actor.party_id)
    if actor.party_kind in ("school", "province"):
        return query.where(SiteStandard.certificate_id.in_(applied_for(actor)))
    return query.where(false())


def site_standard_of(session: Session, actor: Actor, standard_id: int) -> SiteStandard | None:
    """One standard, if this actor may see it."""
    return session.scalars(site_standards_query(actor).where(SiteStandard.id == standard_id)).first()


def new_site_standard(session: Session, actor: Actor, now: datetime) -> SiteStandard:
    """A new, flushed, empty standard, for the organization's first certificate until the form names another.

    Raises:
        NoCertificate: the actor's party has none.
    """
    first = select(Certificate).where(Certificate.party_id == actor.party_id).order_by(Certificate.code).limit(1)
    certificate = session.scalars(first).first()
    if certificate is None:
        raise NoCertificate
    standard = SiteStandard(certificate_id=certificate.id, party_id=actor.party_id, created_at=now)
    session.add(standard)
    session.flush()
    return standard
