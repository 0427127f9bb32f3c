"""Parties (schools, organizations, provinces), the people in them, and the roles they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.proofs import proofs_of

# The lanes of the diagrams are the roles people hold (architecture §5), and the roles of features.md that no lane has.
ROLES = ("试点院校", "培训评价组织", "省级", "省级初审", "省级复审", "考核站点", "教师", "系统", "流程设计", "监控", "系统管理")
_PARTY, _PERSON, _PASSWORD = "party.proof", "person.proof", "person.password_proof"
NO_PASSWORD = "!"  # noqa: S105  # no password: instead of the hash, while a person has not chosen one
PROVINCE_ROLES = ("省级", "省级初审", "省级复审")
ROLES_IN: Mapping[str, tuple[str, ...]] = {  # kind of party → the roles that its people can hold
    "school": ("试点院校", "考核站点", "教师"),  # a site is its school's
    "organization": ("培训评价组织",),
    "province": PROVINCE_ROLES,
    "platform": ("系统", "流程设计", "监控", "系统管理"),
}
# How a party's row is locked by those who must come one after the other, such as two people who set a province's periods. Rows that
# refer to the party can be inserted meanwhile: for each of them PostgreSQL locks the party FOR KEY SHARE, which a plain FOR UPDATE
# would keep waiting – and then a batch and an approval could wait for each other.
ONE_BY_ONE: dict[str, bool] = {"key_share": True}
PROOF_HOLDS = timedelta(minutes=10)
"""How long after people have given their password they may sign without giving it again (row 4.2.1)."""


class Party(Base):
    """A school, an organization, a province, or the platform itself."""

    __tablename__ = "party"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    code: Mapped[str] = mapped_column(String(30), unique=True)
    province_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)  # null for provinces and the platform
    proof: Mapped[str | None] = mapped_column(String(32), comment="of all of it: `party_proof`")


class Person(Base):
    """Somebody who can log in."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    mobile: Mapped[str] = mapped_column(String(20))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    first_nonce: Mapped[str | None] = mapped_column(String(32))  # of the first password, while it must still be changed; else null
    stamp: Mapped[str] = mapped_column(String(32))  # changes with the password and at logout; a session with an older stamp ends
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    proof: Mapped[str | None] = mapped_column(String(32), comment="of who this is and of the roles: `person_proof`")
    password_proof: Mapped[str | None] = mapped_column(String(32), comment="of the password; null: none was chosen")


class PersonRole(Base):
    """One role that a person holds in their party."""

    __tablename__ = "person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


def party_proof(session: Session, party_id: int, kind: str, name: str, code: str, province_id: int | None) -> str:
    """The proof of a party's row: kind and province decide who sees what. Whoever writes one of them writes it (`domain.ground.proofs`)."""
    return proofs_of(session).make(_PARTY, [party_id, kind, name, code, province_id])


def party_proved(session: Session, party: Party) -> bool:
    """Whether a party is as the product wrote it down."""
    return proofs_of(session).holds(_PARTY, [party.id, party.kind, party.name, party.code, party.province_id], party.proof)


def prove_party(session: Session, party: Party) -> None:
    """Writes the proof of a flushed party that is new."""
    party.proof = party_proof(session, party.id, party.kind, party.name, party.code, party.province_id)


def rename_party(session: Session, party: Party, name: str) -> None:
    """Gives a party another name. What somebody changed of it by hand before stays without a proof."""
    proved = party_proved(session, party)
    party.name = name
    if proved:
        prove_party(session, party)


def password_proof(session: Session, person_id: int, password_hash: str) -> str | None:
    """The proof that a password was chosen in the product; None where none was chosen, as of an imported teacher."""
    return None if password_hash == NO_PASSWORD else proofs_of(session).make(_PASSWORD, [person_id, password_hash])


def password_proved(session: Session, person: Person) -> bool:
    """Whether a person's password was chosen in the product: whoever writes the hash of one that they know signs in as that person."""
    if person.password_hash == NO_PASSWORD:
        return person.password_proof is None
    return proofs_of(session).holds(_PASSWORD, [person.id, person.password_hash], person.password_proof)


def person_proof(session: Session, account: str, name: str, mobile: str, party_id: int, active: bool, roles: Iterable[str]) -> str:
    """The proof of a person's row and of the roles that the person holds; whoever writes one of them writes it (`domain.ground.proofs`)."""
    return proofs_of(session).make(_PERSON, [account, name, mobile, party_id, active, sorted(roles)])


def person_proved(session: Session, person: Person, roles: Iterable[str]) -> bool:
    """Whether a person is who the product wrote down, with these roles."""
    values = [person.account, person.name, person.mobile, person.party_id, person.active, sorted(roles)]
    return proofs_of(session).holds(_PERSON, values, person.proof)


def change_person(session: Session, person: Person, name: str, mobile: str) -> None:
    """Gives a person another name, and a mobile number, which is their account too. What somebody changed of them by hand before stays
    without a proof."""
    roles = _roles(session, person)
    proved = person_proved(session, person, roles)
    person.name, person.account, person.mobile = name, mobile, mobile
    if proved:
        person.proof = person_proof(session, mobile, name, mobile, person.party_id, person.active, roles)


def _roles(session: Session, person: Person) -> Sequence[str]:
    return session.scalars(select(PersonRole.role).where(PersonRole.person_id == person.id)).all()


def prove_person(session: Session, person: Person) -> None:
    """Writes the proof of a person who is new, or whose roles were changed."""
    roles = _roles(session, person)
    person.proof = person_proof(session, person.account, person.name, person.mobile, person.party_id, person.active, roles)


@dataclass(frozen=True)
class Actor:
    """Who acts: every query and every step takes one."""

    person_id: int
    name: str
    party_id: int
    party_name: str
    party_kind: str
    province_id: int | None
    roles: frozenset[str]
    stamp: str = ""
    must_change: bool = False
    """The actor has logged in with a first password, and may do nothing but choose a password."""
    proved_at: datetime | None = None
    """When this person last gave their password in the session in which they act; None: never, or nobody knows."""
    began_at: datetime | None = None
    """When they began what they do now, where that takes long, such as a batch; None: at this moment."""

    def has_proved(self, now: datetime) -> bool:
        """Whether this person gave their password at most `PROOF_HOLDS` before they began what they do at the moment `now`.

        A moment that lies ahead proves nothing: a clock was wrong when it was written down, and may have been so by any length.
        """
        began = self.began_at or now
        return self.proved_at is not None and timedelta() <= began - self.proved_at <= PROOF_HOLDS


SYSTEM = Actor(0, "系统", 0, "", "platform", None, frozenset({"系统"}))  # in whose name timers and jobs act


_ACTOR = (  # built once: every request runs it
    select(
        Person.name,
        Person.party_id,
        Person.stamp,
        Person.first_nonce,
        Party.name.label("party_name"),
        Party.kind,
        Party.province_id,
        PersonRole.role,
    )
    .join(Party, Party.id == Person.party_id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .where(Person.id == bindparam("person_id"), Person.active)
)


def actor_of(session: Session, person_id: int) -> Actor | None:
    """The person as an actor, in one query; None when unknown or switched off."""
    rows = session.execute(_ACTOR, {"person_id": person_id}).all()
    if not rows:
        return None
    first = rows[0]
    roles = frozenset(row.role for row in rows if row.role)
    return Actor(
        person_id,
        first.name,
        first.party_id,
        first.party_name,
        first.kind,
        first.province_id,
        roles,
        first.stamp,
        first.first_nonce is not None,
    )


def actor_named(session: Session, account: str) -> Actor | None:
    """The person with this account as an actor; None when unknown or switched off."""
    person_id = session.scalar(select(Person.id).where(Person.account == account))
    return actor_of(session, person_id) if person_id is not None else None


def people_of(session: Session, party_id: int, role: str) -> Sequence[Person]:
    """The active people who hold `role` in a party, in the order in which they were added."""
    query = (
        select(Person)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.party_id == party_id, PersonRole.role == role, Person.active)
        .order_by(Person.id)
    )
    return session.scalars(query).all()


def actors_in(session: Session, party_id: int) -> list[Actor]:
    """The active people of a party with their roles, by name, in one query."""
    query = (
        select(Person.id, Person.name, Party.name.label("party_name"), Party.kind, Party.province_id, PersonRole.role)
        .join(Party, Party.id == Person.party_id)
        .outerjoin(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.party_id == party_id, Person.active)
        .order_by(Person.name, Person.id)
    )
    found: dict[int, Actor] = {}
    for row in session.execute(query):
        known = found.get(row.id)
        roles = (known.roles if known else frozenset()) | ({row.role} if row.role else set())
        found[row.id] = Actor(row.id, row.name, party_id, row.party_name, row.kind, row.province_id, roles)
    return list(found.values())
