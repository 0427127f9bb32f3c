"""证书: name × grade, each with its own id and code (manual 4.1; domain.md, Decisions)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ForeignKey, Numeric, Select, String, Table, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, query_expression, relationship, selectinload

from domain.certificates.majors import IN_ORDER, Major, labelled
from domain.ground.base import Base
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.uniqueness import flush_or_refuse

GRADES = ("初级", "中级", "高级")


DEFAULT_GROUND = "红"  # of photos (manual 5.2.3.3; domain.md, Decisions)
FIELDS = ("name", "code", "grade", "ground", "description")


class UnknownCertificate(DomainError):
    """所选证书不存在或不属于本组织，请重新选择。"""


class UnknownChoice(DomainError):
    """所选的培训评价组织或专业不存在，请重新选择。"""


class CertificateTaken(DomainError):
    """已有编码相同，或名称与等级都相同的证书，请核对。"""


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
    ground: Mapped[str] = mapped_column(String(2), default=DEFAULT_GROUND)  # ground of the photo

    piloted: Mapped[bool | None] = query_expression()  # whether the actor takes part: set by `domain.certificates.pilots.marked`, no column
    party: Mapped[Party] = relationship()
    majors: Mapped[list[Major]] = relationship(secondary=certificate_major, order_by=IN_ORDER)

    @property
    def label(self) -> str:
        """Name and grade."""
        return f"{self.name}（{self.grade}）"

    def is_called(self, text: str, grade: str | None = None) -> bool:
        """Whether cells name this certificate: by its name with `grade` in a column of its own, or with the grade behind the name as well,
        as pages write it. Without `grade` only the latter; spaces and the width of brackets do not matter."""
        written, name = "".join(text.split()).replace("(", "（").replace(")", "）"), "".join(self.name.split())
        whole = written in (f"{name}（{self.grade}）", f"{name}{self.grade}")
        return whole if grade is None else grade == self.grade and (whole or written == name)

    @property
    def yuan(self) -> int | float | None:
        """The fee as forms, lists and exports show it: without zeros behind the point."""
        if self.fee is None:
            return None
        return int(self.fee) if self.fee == int(self.fee) else float(self.fee)

    def answers(self) -> dict[str, Any]:
        """What the form holds; organization and majors by name."""
        filled = {name: value for name in FIELDS if (value := getattr(self, name))}
        fee = {} if self.yuan is None else {"fee": self.yuan}
        majors = [{"major": major.label} for major in self.majors]
        return {**filled, **fee, "organization": self.party.name, **({"majors": majors} if majors else {})}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            UnknownChoice: the form names an organization or a major that does not exist.
            CertificateTaken: another certificate has this code, or this name and grade.
        """
        session = object_session(self)
        if session is None:
            return
        with session.no_autoflush:
            self.party = _organization(session, answers.get("organization", ""))
            self.majors = labelled(
                session.scalars(select(Major)), [line.get("major", "") for line in answers.get("majors", ())], UnknownChoice
            )
            for name in FIELDS:
                setattr(self, name, answers.get(name, ""))
            self.fee = None if answers.get("fee") is None else Decimal(str(answers["fee"]))
        flush_or_refuse(session, CertificateTaken)


LABEL = Certificate.name + "（" + Certificate.grade + "）"  # `label` in queries


def certificates_query(actor: Actor) -> Select[Certificate]:
    """The certificates that an actor may see, by code: an organization its own; schools, provinces and operators all; others none."""
    query = select(Certificate).join(Certificate.party).options(contains_eager(Certificate.party)).order_by(Certificate.code)
    if actor.party_kind in ("school", "province") or "系统管理" in actor.roles:
        return query
    return query.where(Certificate.party_id == actor.party_id if actor.party_kind == "organization" else false())


def certificate_of(session: Session, actor: Actor, certificate_id: int) -> Certificate | None:
    """One certificate with its majors, if this actor may see it."""
    query = certificates_query(actor).where(Certificate.id == certificate_id).options(selectinload(Certificate.majors))
    return session.scalars(query).first()


def own_certificates(session: Session, party_id: int, labels: Iterable[str]) -> list[Certificate]:
    """An organization's certificates with these labels, each once, in the order of the labels.

    Raises:
        UnknownCertificate: it has no certificate with one of the labels.
    """
    return labelled(session.scalars(select(Certificate).where(Certificate.party_id == party_id)), labels, UnknownCertificate)


def new_certificate(session: Session, answers: dict[str, Any]) -> Certificate:
    """A new, flushed certificate.

    Raises:
        UnknownChoice, CertificateTaken
    """
    certificate = Certificate()
    session.add(certificate)
    certificate.take(answers)
    return certificate


def _organization(session: Session, name: str) -> Party:
    party = session.scalars(select(Party).where(Party.kind == "organization", Party.name == name)).first()
    if party is None:
        raise UnknownChoice
    return party
