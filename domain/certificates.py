"""证书: name × grade, each with its own id and code (manual 4.1; domain.md, Decisions)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import Column, ForeignKey, Numeric, Select, String, Table, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.base import Base
from domain.errors import DomainError
from domain.majors import Major
from domain.parties import Actor, Party

GRADES = ("初级", "中级", "高级")
GROUNDS = ("红", "白", "蓝")  # of the candidate's photo; red is the manual's (5.2.3), the others a setting of the certificate


class UnknownCertificate(DomainError):
    """所选证书不存在或不属于本组织，请重新选择。"""


certificate_major = Table(
    "certificate_major",
    Base.metadata,
    Column("certificate_id", ForeignKey("certificate.id"), primary_key=True),
    Column("major_id", ForeignKey("major.id"), primary_key=True, index=True),
)


class Certificate(Base):
    """A certificate of an organization at one grade."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("name", "grade"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    grade: Mapped[str] = mapped_column(String(4))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization that issues it
    description: Mapped[str] = mapped_column(Text, default="")
    fee: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))  # yuan a candidate; null: not set yet
    ground: Mapped[str] = mapped_column(String(2), default="红")  # ground of the photo

    party: Mapped[Party] = relationship()
    majors: Mapped[list[Major]] = relationship(secondary=certificate_major, order_by=(Major.level, Major.code))

    @property
    def label(self) -> str:
        """Name and grade."""
        return f"{self.name}（{self.grade}）"


def certificates_query(actor: Actor) -> Select[Certificate]:
    """The certificates an actor may see: an organization its own, schools, provinces and operators all; others none. By code."""
    query = select(Certificate).join(Certificate.party).options(contains_eager(Certificate.party)).order_by(Certificate.code)
    if actor.party_kind in ("school", "province") or "系统管理" in actor.roles:
        return query
    return query.where(Certificate.party_id == actor.party_id if actor.party_kind == "organization" else false())


def certificate_of(session: Session, actor: Actor, certificate_id: int) -> Certificate | None:
    """One certificate, if this actor may see it."""
    return session.scalars(certificates_query(actor).where(Certificate.id == certificate_id)).first()


def own_certificates(session: Session, party_id: int, labels: Iterable[str]) -> list[Certificate]:
    """An organization's certificates by their labels, each once, in the order asked for.

    Raises:
        UnknownCertificate: it has none of such a label.
    """
    found = {c.label: c for c in session.scalars(select(Certificate).where(Certificate.party_id == party_id))}
    wanted = list(dict.fromkeys(labels))
    if not found.keys() >= set(wanted):
        raise UnknownCertificate
    return [found[label] for label in wanted]
