"""电子签章 of a school: picture and key, in versions (manual 2.2; row 2.2.1). A school without a valid seal signs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cryptography import x509
from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from sqlalchemy import ForeignKey, LargeBinary, Select, String, UniqueConstraint, false, func, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.ground.base import SHANGHAI, UtcDateTime, in_shanghai
from domain.ground.errors import DomainError
from domain.ground.parties import ONE_BY_ONE, Actor, Party, Person
from domain.ground.subject_record import SubjectRecord
from domain.institutions.seal_keys import SealKey, load_pem

ROLE = "试点院校"
WARNING = timedelta(days=30)  # how long before its end the school is warned
IN_FORCE = ("生效", "即将到期")  # statuses of bpmn/seal.bpmn in which a seal may sign


class NotInTime(DomainError):
    """签章证书不在有效期内，请上传有效的签章证书。"""


class Seal(SubjectRecord):
    """One version of a school's seal."""

    __tablename__ = "seal"
    # ids are never used again: a history must not become another's
    __table_args__ = (UniqueConstraint("party_id", "version"), {"sqlite_autoincrement": True})

    FACTS: ClassVar[Mapping[str, type]] = {"valid_to": datetime, "warn_at": datetime}

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(comment="1, 2, … of its school")
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

    party: Mapped[Party] = relationship()
    author: Mapped[Person] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Seals with their school and who uploaded them."""
        query = select(cls).join(cls.party).join(Person, Person.id == cls.author_id)
        return query.options(contains_eager(cls.party), contains_eager(cls.author))

    def title(self) -> str:
        """School and version."""
        return f"{self.party.name}电子签章（第 {self.version} 版）"

    def party_for(self, lane: str) -> int | None:
        """The school itself."""
        return {ROLE: self.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`valid_to`: when the seal ends; `warn_at`: when its school is warned."""
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


def seals_query(actor: Actor) -> Select[Seal]:
    """The seals that an actor may see, newest first: people of a school those of the school, others none."""
    query = Seal.joined().order_by(Seal.id.desc())
    return query.where(Seal.party_id == actor.party_id) if ROLE in actor.roles else query.where(false())


def seal_of(session: Session, actor: Actor, seal_id: int) -> Seal | None:
    """One seal, if this actor may see it."""
    return session.scalars(seals_query(actor).where(Seal.id == seal_id)).first()


def new_seal(session: Session, actor: Actor, now: datetime, picture: bytes, key: SealKey, vault: MultiFernet) -> Seal:
    """A new, flushed version of the actor's school, from a checked picture and an opened key.

    Raises:
        NotInTime: the certificate has ended, or is not valid yet.
    """
    _must_be_in_time(key, now)
    # the lock: of two people who upload at once, the second gets the next version
    session.get_one(Party, actor.party_id, with_for_update=ONE_BY_ONE)
    last = session.scalar(select(func.max(Seal.version)).where(Seal.party_id == actor.party_id)) or 0
    seal = Seal(
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


def valid_seal(session: Session, school_id: int, now: datetime) -> Seal | None:
    """The seal with which a school signs at a moment: the newest version in force. None where it may not sign.

    The dates decide to the second, whether or not the diagram's timer has fired yet.
    """
    table = Seal
    current = (table.party_id == school_id, table.status.in_(IN_FORCE), table.valid_from <= now, table.valid_to > now)
    return session.scalars(Seal.joined().where(*current).order_by(table.version.desc()).limit(1)).first()


def signing_key(seal: Seal, vault: MultiFernet) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    """The private key and the certificates, the seal's own first.

    Raises:
        cryptography.fernet.InvalidToken: none of the vault's keys opens it.
    """
    return load_pem(vault.decrypt(seal.key))


def rotate_keys(session: Session, vault: MultiFernet) -> int:
    """Encrypts every key anew with the vault's newest. Returns how many."""
    seals = session.scalars(select(Seal).order_by(Seal.id).with_for_update()).all()
    for seal in seals:
        seal.key = vault.rotate(seal.key)
    session.flush()
    return len(seals)


def _must_be_in_time(key: SealKey, now: datetime) -> None:
    if key.valid_to <= now:
        raise NotInTime(f"签章证书已于 {in_shanghai(key.valid_to):%Y-%m-%d} 到期，请上传有效的签章证书")
    if key.valid_from > now:
        raise NotInTime(f"签章证书从 {in_shanghai(key.valid_from):%Y-%m-%d} 起才有效，请在生效后上传")
