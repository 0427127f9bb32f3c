"""培训评价组织: who issues certificates (manual 2.1). Each is a party; its other details are here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Select, String, Text, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import participating
from domain.ground.base import Base
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party, prove_party, rename_party
from domain.ground.uniqueness import flush_or_refuse

FIELDS = ("code", "credit_code", "nature", "province", "city", "contact", "phone", "email", "introduction")
NATURES = ("企业", "行业协会", "研究机构", "事业单位", "民办非企业")


class OrganizationTaken(DomainError):
    """已有代码相同的培训评价组织，请核对组织代码。"""


class Organization(Base):
    """An organization's details. Its id is that of its party, which has its name."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(9), unique=True)
    credit_code: Mapped[str] = mapped_column(String(18), default="")  # GB 32100; empty: not given
    nature: Mapped[str] = mapped_column(String(10), default="")
    province: Mapped[str] = mapped_column(String(20), default="")  # where it is seated; no province governs it
    city: Mapped[str] = mapped_column(String(20), default="")
    contact: Mapped[str] = mapped_column(String(30), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(100), default="")
    introduction: Mapped[str] = mapped_column(Text, default="")

    party: Mapped[Party] = relationship()

    @property
    def name(self) -> str:
        """The party's name."""
        return self.party.name

    @property
    def place(self) -> str:
        """Province and city; a municipality is named once."""
        return self.province if self.province == self.city else self.province + self.city

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return {"name": self.name, **{name: value for name in FIELDS if (value := getattr(self, name))}}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            OrganizationTaken: another organization has this code.
        """
        session = object_session(self)
        if session is not None:
            rename_party(session, self.party, answers["name"])
        for name in FIELDS:
            setattr(self, name, answers.get(name, ""))
        if session is not None:
            flush_or_refuse(session, OrganizationTaken)


def new_organization(session: Session, answers: dict[str, Any]) -> Organization:
    """A new, flushed organization with its party.

    Raises:
        OrganizationTaken
    """
    party = Party(kind="organization", name=answers["name"], code=answers["code"])
    session.add(party)
    flush_or_refuse(session, OrganizationTaken)
    prove_party(session, party)
    organization = Organization(id=party.id, party=party)
    session.add(organization)
    organization.take(answers)
    return organization


def organizations_query(actor: Actor) -> Select[Organization]:
    """The organizations an actor may see, by code: a school those whose certificates it pilots, a province those whose
    certificates its schools pilot, an organization itself, operators all, others none (manual 2.1)."""
    query = select(Organization).join(Organization.party).options(contains_eager(Organization.party)).order_by(Organization.code)
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "organization":
        return query.where(Organization.id == actor.party_id)
    if actor.party_kind in ("school", "province"):
        return query.where(Organization.id.in_(select(Certificate.party_id).where(Certificate.id.in_(participating(actor)))))
    return query.where(false())


def organization_of(session: Session, actor: Actor, organization_id: int) -> Organization | None:
    """One organization, if this actor may see it."""
    return session.scalars(organizations_query(actor).where(Organization.id == organization_id)).first()
