"""职业技能等级标准: one standard covers several certificates (manual 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, ForeignKey, Select, String, Table, Text, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship, selectinload

from domain.certificates.certificates import Certificate, own_certificates
from domain.certificates.declarations import applied_for
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord

FIELDS = ("code", "name", "scope", "requirements")

skill_standard_certificate = Table(
    "skill_standard_certificate",
    Base.metadata,
    Column("standard_id", ForeignKey("skill_standard.id"), primary_key=True),
    Column("certificate_id", ForeignKey("certificate.id"), primary_key=True, index=True),
)


class SkillStandard(SubjectRecord):
    """A standard of an organization."""

    FACTS: ClassVar[Mapping[str, type]] = {"in_use": bool}
    __tablename__ = "skill_standard"

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    code: Mapped[str] = mapped_column(String(30), default="")
    name: Mapped[str] = mapped_column(String(100), default="")
    scope: Mapped[str] = mapped_column(Text, default="")  # 适用范围
    requirements: Mapped[str] = mapped_column(Text, default="")  # 职业技能要求, grade by grade
    attachments: Mapped[list[int]] = mapped_column(JSON, default=list, comment="ids of stored files")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificates: Mapped[list[Certificate]] = relationship(secondary=skill_standard_certificate, order_by=Certificate.code)

    @classmethod
    def joined(cls) -> Select[Any]:
        """Standards with their organization."""
        return select(cls).join(cls.party).options(contains_eager(cls.party))

    def title(self) -> str:
        """Name and code."""
        return f"{self.name}（{self.code}）"

    def party_for(self, lane: str) -> int | None:
        """The organization alone keeps its standards."""
        return self.party_id if lane == "培训评价组织" else 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`in_use`: whether a certificate is taught and examined by this standard."""
        return {"in_use": bool(self.certificates)}

    def answers(self) -> dict[str, Any]:
        """What the form holds; certificates by their labels."""
        filled = {name: value for name in (*FIELDS, "attachments") if (value := getattr(self, name))}
        lines = [{"certificate": certificate.label} for certificate in self.certificates]
        return {**filled, **({"certificates": lines} if lines else {})}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in.

        Raises:
            UnknownCertificate: a line names a certificate that this organization does not have.
        """
        for name in FIELDS:
            setattr(self, name, answers.get(name, ""))
        self.attachments = list(answers.get("attachments", ()))
        session = object_session(self)
        if session is not None:
            labels = [line.get("certificate", "") for line in answers.get("certificates", ())]
            self.certificates = own_certificates(session, self.party_id, labels)


def skill_standards_query(actor: Actor) -> Select[SkillStandard]:
    """The standards an actor may see, by code: an organization its own, a school those of certificates it has applied for, a
    province those of certificates its schools have, operators all, others none (manual 3.1)."""
    query = (
        select(SkillStandard)
        .join(SkillStandard.party)
        .options(contains_eager(SkillStandard.party), selectinload(SkillStandard.certificates))
        .order_by(SkillStandard.code, SkillStandard.id)
    )
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "organization":
        return query.where(SkillStandard.party_id == actor.party_id)
    if actor.party_kind in ("school", "province"):
        link = skill_standard_certificate.c
        return query.where(SkillStandard.id.in_(select(link.standard_id).where(link.certificate_id.in_(applied_for(actor)))))
    return query.where(false())


def skill_standard_of(session: Session, actor: Actor, standard_id: int) -> SkillStandard | None:
    """One standard, if this actor may see it."""
    return session.scalars(skill_standards_query(actor).where(SkillStandard.id == standard_id)).first()


def new_skill_standard(session: Session, actor: Actor, now: datetime) -> SkillStandard:
    """A new, flushed, empty standard of the actor's organization."""
    standard = SkillStandard(party_id=actor.party_id, created_at=now)
    session.add(standard)
    session.flush()
    return standard
