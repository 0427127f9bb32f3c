"""签发: what somebody puts their name to when they sign, and that they did (manual 4.2; rows 4.2.2, 4.2.4, 4.2.6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.issuing.issuances import Issuance

SIDES = ("培训评价组织", "考核站点")
"""Who signs, in this order."""


class NotAsSigned(DomainError):
    """证书信息与签发时不一致，不能生成证书，请联系系统管理员核查。"""


class IssuanceSignature(Base):
    """One side has signed. A later one of the same side replaces it for what is made, and stays beside it."""

    __tablename__ = "issuance_signature"

    id: Mapped[int] = mapped_column(primary_key=True)
    issuance_id: Mapped[int] = mapped_column(ForeignKey("certificate_issuance.id"), index=True)
    side: Mapped[str] = mapped_column(String(10), comment="one of SIDES")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person: Mapped[str] = mapped_column(String(160), comment="name and party as they were then")
    digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 of `statement` as it was signed")
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


def statement(issuance: Issuance) -> str:
    """What is signed: who gets which certificate, of whom, where it was examined. Canonical JSON (RFC 8785) of texts alone."""
    signed = {
        "number": issuance.number,
        "name": issuance.name,
        "pinyin": issuance.pinyin,
        "document": issuance.document,
        "id_number": issuance.id_number,
        "photo": issuance.registration.photo or "",
        "certificate": issuance.certificate.code,
        "title": issuance.certificate.label,
        "organization": issuance.party.name,
        "site": issuance.site_name,
        "plan": issuance.plan.number or "",
    }
    return json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(issuance: Issuance) -> str:
    """SHA-256 of its `statement`, hexadecimal."""
    return sha256(statement(issuance).encode()).hexdigest()


def sign(session: Session, issuance: Issuance, side: str, actor: Actor, now: datetime) -> None:
    """Notes that a side has signed what the issuance says now."""
    who = f"{actor.name}（{actor.party_name}）"
    made = IssuanceSignature(issuance_id=issuance.id, side=side, person_id=actor.person_id, person=who[:160], digest=digest_of(issuance))
    made.signed_at = now
    session.add(made)
    session.flush()


def signatures_of(session: Session, issuance_id: int) -> Sequence[IssuanceSignature]:
    """All signatures, the first first."""
    mine = select(IssuanceSignature).where(IssuanceSignature.issuance_id == issuance_id)
    return session.scalars(mine.order_by(IssuanceSignature.id)).all()


def check_signed(session: Session, issuance: Issuance) -> None:
    """That both sides have signed what the issuance still says.

    Raises:
        NotAsSigned
    """
    last = {one.side: one.digest for one in signatures_of(session, issuance.id)}
    if set(last) != set(SIDES) or set(last.values()) != {digest_of(issuance)}:
        raise NotAsSigned
