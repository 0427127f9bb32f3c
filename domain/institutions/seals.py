"""电子签章 of schools and of organizations: picture and key, in versions (manual 2.2; rows 2.2.1, 4.2.7).

Who has no valid seal signs nothing. Both kinds have a table and a diagram of their own: `pilot verify` looks for the process of each row
of a table among those about one type of record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from cryptography import x509
from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from sqlalchemy import ForeignKey, LargeBinary, Select, String, UniqueConstraint, false, func, select
from sqlalchemy.orm import Mapped, Session, contains_eager, declared_attr, mapped_column, relationship

from domain.ground.base import SHANGHAI, UtcDateTime, in_shanghai
from domain.ground.errors import DomainError
from domain.ground.parties import ONE_BY_ONE, Actor, Party, Person
from domain.ground.subject_record import SubjectRecord
from domain.institutions.seal_keys import SealKey, load_pem

WARNING = timedelta(days=30)  # how long before its end its party is warned
IN_FORCE = ("生效", "即将到期")  # statuses of bpmn/seal.bpmn and bpmn/organization_seal.bpmn in which a seal may sign


class NotInTime(DomainError):
    """签章证书不在有效期内，请上传有效的签章证书。"""


class Seal(SubjectRecord):
    """One version of a party's seal."""

    __abstract__ = True

    ROLE: ClassVar[str]
    """Whose people upload and see such seals."""
    FACTS: ClassVar[Mapping[str, type]] = {"valid_to": datetime, "warn_at": datetime}

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(comment="1, 2, … of its party")
    subject: Mapped[str] = mapped_column(String(200), comment="whom the certificate names")
    issuer: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str] = mapped_column(String(64), comment="the certificate's number, hexadecimal")
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime] = mapped_column(UtcDateTime)
    picture: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, comment="a PNG of at most 2 MB")
    key: Mapped[bytes] = mapped_column(
        LargeBinary, deferred=True, comment="SealKey.pem, encrypted by domain.ground.vault; no page shows it"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @declared_attr
    def party(cls) -> Mapped[Party]:
        """Whose seal it is."""
        return relationship()

    @declared_attr
    def author(cls) -> Mapped[Person]:
        """Who uploaded it."""
        return relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Seals with their party and who uploaded them."""
        query = select(cls).join(cls.party).join(Person, Person.id == cls.author_id)
        return query.options(contains_eager(cls.party), contains_eager(cls.author))

    def title(self) -> str:
        """Party and version."""
        return f"{self.party.name}电子签章（第 {self.version} 版）"

    def party_for(self, lane: str) -> int | None:
        """The party itself."""
        return {self.ROLE: self.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`valid_to`: when the seal ends; `warn_at`: when its party is warned."""
        return {"valid_to": self.valid_to, "warn_at": self.valid_to - WARNING}

    def answers(self) -> dict[str, Any]:
        """What its page shows, without the key."""
        return {
            "version": self.version,
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "validity": self.validity(),
            "author": self.author.name,
            "uploaded": f"{self.created_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        }

    def validity(self) -> str:
        """From when to when it is valid, as people read it."""
        first, last = (in_shanghai(moment) for moment in (self.valid_from, self.valid_to))
        return f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}"


class SchoolSeal(Seal):
    """A seal of a school: of the site at which a candidate was examined."""

    __tablename__ = "seal"
    # ids are never used again: a history must not become another's
    __table_args__ = (UniqueConstraint("party_id", "version"), {"sqlite_autoincrement": True})

    ROLE = "试点院校"


class OrganizationSeal(Seal):
    """A seal of an organization, which issues the certificate."""

    __tablename__ = "organization_seal"
    __table_args__ = (UniqueConstraint("party_id", "version"), {"sqlite_autoincrement": True})

    ROLE = "培训评价组织"


SEAL_OF: Mapping[str, type[Seal]] = {"school": SchoolSeal, "organization": OrganizationSeal}
"""`Party.kind` → the seals of such parties. Other parties have none."""
S = TypeVar("S", bound=Seal)


def seals_query(kind: type[S], actor: Actor) -> Select[S]:
    """The seals of one kind that an actor may see, newest first: their own party's where they have the role, others none."""
    query = kind.joined().order_by(kind.id.desc())
    return query.where(kind.party_id == actor.party_id) if kind.ROLE in actor.roles else query.where(false())


def new_seal(session: Session, kind: type[S], actor: Actor, now: datetime, picture: bytes, key: SealKey, vault: MultiFernet) -> S:
    """A new, flushed version of the seal of the actor's party, from a checked picture and an opened key.

    Raises:
        NotInTime: the certificate has ended, or is not valid yet.
    """
    _must_be_in_time(key, now)
    # the lock: of two people who upload at once, the second gets the next version
    session.get_one(Party, actor.party_id, with_for_update=ONE_BY_ONE)
    last = session.scalar(select(func.max(kind.version)).where(kind.party_id == actor.party_id)) or 0
    seal = kind(
        party_id=actor.party_id,
        author_id=actor.person_id,
        version=last + 1,
        subject=key.subject,
        issuer=key.issuer,
        serial=key.serial,
        valid_from=key.valid_from,
        valid_to=key.valid_to,
        picture=picture,
        key=vault.encrypt(key.pem),
        created_at=now,
    )
    session.add(seal)
    session.flush()
    return seal


def valid_seal(session: Session, party_id: int, now: datetime) -> Seal | None:
    """The seal with which a school or an organization signs at a moment. None where it may not sign; other parties never may."""
    party = session.get(Party, party_id)
    kind = SEAL_OF.get(party.kind) if party is not None else None
    return valid_seal_of(session, kind, party_id, now) if kind is not None else None


def valid_seal_of(session: Session, kind: type[S], party_id: int, now: datetime) -> S | None:
    """`valid_seal` where the kind is known, in one query: the newest version in force.

    The dates decide to the second, whether or not the diagram's timer has fired yet.
    """
    current = (kind.party_id == party_id, kind.status.in_(IN_FORCE), kind.valid_from <= now, kind.valid_to > now)
    return session.scalars(kind.joined().where(*current).order_by(kind.version.desc()).limit(1)).first()


def signing_key(seal: Seal, vault: MultiFernet) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    """The private key and the certificates, the seal's own first.

    Raises:
        cryptography.fernet.InvalidToken: none of the vault's keys opens it.
    """
    return load_pem(vault.decrypt(seal.key))


def rotate_keys(session: Session, vault: MultiFernet) -> int:
    """Encrypts every key anew with the vault's newest, of schools and of organizations. Returns how many."""
    seals = [seal for kind in SEAL_OF.values() for seal in session.scalars(select(kind).order_by(kind.id).with_for_update())]
    for seal in seals:
        seal.key = vault.rotate(seal.key)
    session.flush()
    return len(seals)


def _must_be_in_time(key: SealKey, now: datetime) -> None:
    if key.valid_to <= now:
        raise NotInTime(f"签章证书已于 {in_shanghai(key.valid_to):%Y-%m-%d} 到期，请上传有效的签章证书")
    if key.valid_from > now:
        raise NotInTime(f"签章证书从 {in_shanghai(key.valid_from):%Y-%m-%d} 起才有效，请在生效后上传")
