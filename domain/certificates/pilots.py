"""已参与试点: which school pilots which certificate, once its 试点申报 with a line on it has been approved (manual 2.1, 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, false, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column, with_expression

from domain.certificates.certificates import DEFAULT_GROUND, Certificate
from domain.ground.base import Base, UtcDateTime
from domain.ground.parties import ONE_BY_ONE, Actor, Party


class PilotCertificate(Base):
    """A school pilots a certificate."""

    __tablename__ = "pilot_certificate"

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)  # the school
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


def pilots_query(actor: Actor) -> Select[PilotCertificate]:
    """The pilots an actor may see: a school its own, a province its schools', an organization those of its certificates, operators all."""
    query = select(PilotCertificate)
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "school":
        return query.where(PilotCertificate.party_id == actor.party_id)
    if actor.party_kind == "province":
        return query.where(PilotCertificate.party_id.in_(select(Party.id).where(Party.province_id == actor.party_id)))
    if actor.party_kind == "organization":
        return query.where(PilotCertificate.certificate_id.in_(select(Certificate.id).where(Certificate.party_id == actor.party_id)))
    return query.where(false())


def participating(actor: Actor) -> Select[int]:
    """Ids of the certificates that somebody pilots, as far as the actor may see."""
    return pilots_query(actor).with_only_columns(PilotCertificate.certificate_id)


def grounds_asked(session: Session, actor: Actor) -> Sequence[str]:
    """The grounds of photos that the certificates ask for which somebody pilots, as far as the actor may see; 红, which most do, first."""
    asked = set(session.scalars(select(Certificate.ground).where(Certificate.id.in_(participating(actor)))))
    return [DEFAULT_GROUND, *sorted(asked - {DEFAULT_GROUND})]


def marked(query: Select[Any], actor: Actor) -> Select[Any]:
    """A query of certificates that sets `piloted` of each: whether the actor takes part."""
    return query.options(with_expression(Certificate.piloted, Certificate.id.in_(participating(actor))))


def begin_pilots(session: Session, school_id: int, certificate_ids: Sequence[int], now: datetime) -> None:
    """Writes down that the school pilots these certificates from now on, but for those that it pilots already."""
    table = PilotCertificate
    session.get_one(Party, school_id, with_for_update=ONE_BY_ONE)  # of two approvals of one school, one waits
    known = set(session.scalars(select(table.certificate_id).where(table.party_id == school_id, table.certificate_id.in_(certificate_ids))))
    new = [{"party_id": school_id, "certificate_id": id, "since": now} for id in certificate_ids if id not in known]
    if new:
        session.execute(insert(table), new)
