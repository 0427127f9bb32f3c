"""证书撤销: an organization asks to withdraw a certificate that was issued in error, the school's province decides.

The certificate's own process hears of it by a message and ends; whoever checks the certificate reads why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, column, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse
from domain.issuing.issuances import ORGANIZATION, SCHOOL, Issuance

PROVINCES = frozenset({"省级", "省级初审", "省级复审"})


class NoCertificate(DomainError):
    """证书不存在、尚未发放，或不是本组织签发的，请从证书发放管理中选择。"""


class AlreadyAsked(DomainError):
    """该证书已申请撤销，请先查看该申请。"""


class CertificateWithdrawal(SubjectRecord):
    """One request."""

    FACTS: ClassVar[Mapping[str, type]] = {"issuance_number": str, "reason": str}
    __tablename__ = "certificate_withdrawal"
    __table_args__ = (
        # one at a time
        Index(
            "uq_certificate_withdrawal_open",
            "issuance_id",
            unique=True,
            sqlite_where=column("open").is_(True),
            postgresql_where=column("open").is_(True),
        ),
        {"sqlite_autoincrement": True},  # ids are never used again: a history must not become another's
    )

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    issuance_id: Mapped[int] = mapped_column(ForeignKey("certificate_issuance.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    open: Mapped[bool] = mapped_column(default=True, comment="false: the province did not agree; another may be asked for")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    issuance: Mapped[Issuance] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Requests with issuance, its certificate, organization and school."""
        query = select(cls).join(cls.issuance).join(Issuance.certificate)
        query = query.join(ORGANIZATION, ORGANIZATION.id == Issuance.party_id).join(SCHOOL, SCHOOL.id == Issuance.school_id)
        issuance = contains_eager(cls.issuance)
        return query.options(
            issuance.contains_eager(Issuance.certificate),
            issuance.contains_eager(Issuance.party.of_type(ORGANIZATION)),
            issuance.contains_eager(Issuance.school.of_type(SCHOOL)),
        )

    def title(self) -> str:
        """Whose certificate, and which."""
        return f"{self.issuance.name} {self.issuance.certificate_number}"

    def party_for(self, lane: str) -> int | None:
        """The organization asks, the province of the candidate's school decides."""
        return {"培训评价组织": self.party_id, "省级": self.issuance.school.province_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`issuance_number`, by which the certificate's process is found, and the `reason`."""
        return {"issuance_number": self.issuance.number, "reason": self.reason or ""}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return {"reason": self.reason}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in."""
        self.reason = str(answers.get("reason", ""))

    def refuse(self) -> None:
        """The province did not agree: the certificate stays, and another request may be made."""
        self.open = False


def own_certificate(session: Session, actor: Actor, issuance_id: int) -> Issuance:
    """A certificate that the actor's organization has issued, and that is valid.

    Raises:
        NoCertificate
    """
    mine = Issuance.joined().where(Issuance.id == issuance_id, Issuance.party_id == actor.party_id)
    valid = mine.where(Issuance.file_id.is_not(None), Issuance.withdrawn_at.is_(None))
    found: Issuance | None = session.scalars(valid).first() if "培训评价组织" in actor.roles else None
    if found is None:
        raise NoCertificate
    return found


def new_withdrawal(session: Session, actor: Actor, now: datetime, issuance_id: int, answers: dict[str, Any]) -> CertificateWithdrawal:
    """A new, flushed request about a certificate of the actor's organization.

    Raises:
        NoCertificate
        AlreadyAsked: there is an open one, or one that was agreed to (a unique index decides).
    """
    issuance = own_certificate(session, actor, issuance_id)
    one = CertificateWithdrawal(party_id=actor.party_id, issuance=issuance, open=True, created_at=now)
    with session.no_autoflush:
        one.take(answers)
    session.add(one)
    flush_or_refuse(session, AlreadyAsked)
    return one


def withdrawals_query(actor: Actor) -> Select[CertificateWithdrawal]:
    """The requests an actor may see, newest first: an organization its own, a province those about its schools' candidates, operators all,
    others none."""
    query = CertificateWithdrawal.joined().order_by(CertificateWithdrawal.id.desc())
    if "系统管理" in actor.roles:
        return query
    if actor.roles & PROVINCES:
        return query.where(SCHOOL.province_id == actor.party_id)
    return query.where(CertificateWithdrawal.party_id == actor.party_id if "培训评价组织" in actor.roles else false())
