"""监考人员 of a school, and the certificates for whose exams each may invigilate once the organization has said so (manual 5.2.11)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, false, insert, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship, selectinload

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import participating
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse
from domain.ground.values import among

FIELDS = ("name", "id_number", "mobile", "unit", "rank")
IDENTITY = ("name", "id_number")


class InvigilatorTaken(DomainError):
    """本校已有使用该证件号的监考人员，请核对证件号。"""


class NotPiloted(DomainError):
    """所选证书不存在，或本校未参与试点，请重新选择。"""


class CertifiedPerson(DomainError):
    """该监考人员有已认证的证书，姓名和证件号不能修改；确需更正的，请联系培训评价组织取消认证后再修改。"""


class Invigilator(Base):
    """A person of a school who may be asked to invigilate."""

    __tablename__ = "invigilator"
    # ids are never used again: the history of edits must not become another's
    __table_args__ = (UniqueConstraint("party_id", "id_number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))  # the school
    name: Mapped[str] = mapped_column(String(30))
    id_number: Mapped[str] = mapped_column(String(18))
    mobile: Mapped[str] = mapped_column(String(11))
    unit: Mapped[str | None] = mapped_column(String(100), comment="where the person works")
    rank: Mapped[str | None] = mapped_column(String(30), comment="职称")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificates: Mapped[list[InvigilatorCertificate]] = relationship(order_by="InvigilatorCertificate.id", viewonly=True)

    def answers(self) -> dict[str, Any]:
        """What the form holds; certificates by their labels."""
        kept = {name: value for name in FIELDS if (value := getattr(self, name)) is not None}
        labels = [one.certificate.label for one in self.certificates]
        return {**kept, **({"certificates": labels} if labels else {})}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in but the certificates, and flushes it. Each certificate has a process: `jobs.invigilators`.

        Raises:
            InvigilatorTaken: the school has somebody with this id number.
        """
        for name in FIELDS:
            setattr(self, name, answers.get(name))
        session = object_session(self)
        if session is not None:
            flush_or_refuse(session, InvigilatorTaken)


class InvigilatorCertificate(SubjectRecord):
    """One certificate of an invigilator, on its way to 已认证."""

    FACTS: ClassVar[Mapping[str, type]] = {}
    __tablename__ = "invigilator_certificate"
    # ids are never used again: a deleted one's history must not become another's
    __table_args__ = (UniqueConstraint("invigilator_id", "certificate_id"), {"sqlite_autoincrement": True})

    invigilator_id: Mapped[int] = mapped_column(ForeignKey("invigilator.id"))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the school
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    invigilator: Mapped[Invigilator] = relationship()
    certificate: Mapped[Certificate] = relationship()
    party: Mapped[Party] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """With invigilator, certificate and school."""
        query = select(cls).join(cls.invigilator).join(cls.certificate).join(Party, Party.id == cls.party_id)
        return query.options(contains_eager(cls.invigilator), contains_eager(cls.certificate), contains_eager(cls.party))

    def title(self) -> str:
        """Who, and for which certificate."""
        return f"{self.invigilator.name}（{self.party.name}） {self.certificate.label}"

    def party_for(self, lane: str) -> int | None:
        """The school applies, the certificate's organization certifies."""
        return {"试点院校": self.party_id, "培训评价组织": self.certificate.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """Empty: expressions read nothing of the record."""
        return {}

    def answers(self) -> dict[str, Any]:
        """Empty: it has no form of its own, the invigilator has."""
        return {}


def invigilators_query(actor: Actor) -> Select[Invigilator]:
    """The invigilators an actor may see, newest first, with their certificates: a school its own, others none."""
    loaded = selectinload(Invigilator.certificates).joinedload(InvigilatorCertificate.certificate).joinedload(Certificate.party)
    query = select(Invigilator).options(loaded).order_by(Invigilator.id.desc())
    return query.where(Invigilator.party_id == actor.party_id if "试点院校" in actor.roles else false())


def invigilator_of(session: Session, actor: Actor, invigilator_id: int) -> Invigilator | None:
    """One invigilator, if this actor may see them."""
    return session.scalars(invigilators_query(actor).where(Invigilator.id == invigilator_id)).first()


def invigilator_certificates_query(actor: Actor) -> Select[InvigilatorCertificate]:
    """The certificates of invigilators that an actor may see, newest first: a school its own, an organization those for its
    certificates, others none."""
    query = InvigilatorCertificate.joined().order_by(InvigilatorCertificate.id.desc())
    if "试点院校" in actor.roles:
        return query.where(InvigilatorCertificate.party_id == actor.party_id)
    return query.where(Certificate.party_id == actor.party_id if "培训评价组织" in actor.roles else false())


def statuses_of_certificates(session: Session, actor: Actor) -> list[str]:
    """The statuses that certificates have, of those the actor may see: for filters, as the diagram names them."""
    seen = invigilator_certificates_query(actor).order_by(None).with_only_columns(InvigilatorCertificate.status).distinct()
    return sorted(session.scalars(seen))


def new_invigilator(session: Session, actor: Actor, now: datetime, answers: Mapping[str, Any]) -> Invigilator:
    """A new, flushed invigilator of the actor's school, without certificates yet.

    Raises:
        InvigilatorTaken: also where two are sent at once (a unique constraint decides).
    """
    one = Invigilator(party_id=actor.party_id, created_at=now, **{name: answers.get(name) for name in FIELDS})
    session.add(one)
    flush_or_refuse(session, InvigilatorTaken)
    return one


def add_certificates(
    session: Session, actor: Actor, invigilator: Invigilator, labels: Sequence[str], now: datetime
) -> list[InvigilatorCertificate]:
    """New, flushed certificates of an invigilator, with these labels.

    Raises:
        NotPiloted: the actor's school does not pilot one of them.
    """
    if not labels:
        return []
    known = piloted_labels(session, actor)
    missing = next((label for label in labels if plain(label) not in known), None)
    if missing is not None:
        raise NotPiloted(f"证书“{missing}”不存在，或本校未参与试点，请重新选择")
    ids = dict.fromkeys(known[plain(label)] for label in labels)
    added = [
        InvigilatorCertificate(invigilator_id=invigilator.id, certificate_id=id, party_id=invigilator.party_id, created_at=now)
        for id in ids
    ]
    session.add_all(added)
    session.flush()
    return added


def piloted_labels(session: Session, actor: Actor) -> dict[str, int]:
    """Label of each certificate that the actor's school pilots, made `plain`, → its id."""
    return {plain(certificate.label): certificate.id for certificate in _piloted(session, actor)}


def _piloted(session: Session, actor: Actor) -> Sequence[Certificate]:
    return session.scalars(select(Certificate).where(Certificate.id.in_(participating(actor))).order_by(Certificate.code)).all()


def certificate_choices(session: Session, actor: Actor, invigilator: Invigilator | None) -> list[str]:
    """What an invigilator's form offers: the certificates that the school pilots, and those that they have."""
    held = [one.certificate.label for one in invigilator.certificates] if invigilator is not None else []
    return list(dict.fromkeys([*held, *(certificate.label for certificate in _piloted(session, actor))]))


def plain(label: str) -> str:
    """A certificate's label as labels are compared: people write its brackets and blanks in several ways."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", label)).casefold()


def known_invigilators(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """The rows of an import that the stored records refuse: number of the row → (field, reason). Two queries for all rows."""
    table, numbers = Invigilator, {row["id_number"] for row in rows}
    mine = select(table.id_number).where(table.party_id == actor.party_id, among(session, table.id_number, numbers))
    ours, certificates = set(session.scalars(mine)), _piloted(session, actor)
    piloted = {plain(certificate.label) for certificate in certificates}
    found: dict[int, tuple[str, str]] = {}
    for at, row in enumerate(rows):
        missing = next((label for label in row.get("certificates", ()) if plain(label) not in piloted), None)
        if row["id_number"] in ours:
            found[at] = ("id_number", "本校已有使用该证件号的监考人员，要增加证书请在列表中编辑")
        elif missing is not None:
            found[at] = ("certificates", _unknown(missing, certificates))
    return found


def _unknown(label: str, piloted: Sequence[Certificate]) -> str:
    """Why a text is none of the certificates that a school pilots: its grade is missing, it is several, or there is no such one."""
    text = plain(label)
    if grades := [one.label for one in piloted if plain(one.name) == text]:
        return f"证书“{label}”没有写等级，应填写{'或'.join(f'“{one}”' for one in grades)}"
    if sum(plain(one.label) in text for one in piloted) > 1:
        return f"“{label}”中有不止一个证书，请用“、”分隔"
    return f"证书“{label}”不存在，或本校未参与试点"


def store_invigilators(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[int]:
    """Adds the invigilators of some rows with their certificates, in a few statements however many rows there are.

    Returns: ids of the invigilators, one a row.
    Raises:
        IntegrityError: somebody else has used an id number meanwhile.
    """
    if not rows:
        return []
    piloted = piloted_labels(session, actor)
    # in the order of numbers, not of the file: two imports of the same people never wait for each other
    order = sorted(range(len(rows)), key=lambda at: rows[at]["id_number"])
    people = [{"party_id": actor.party_id, "created_at": now, **{name: rows[at].get(name) for name in FIELDS}} for at in order]
    made = session.scalars(insert(Invigilator).returning(Invigilator.id, sort_by_parameter_order=True), people).all()
    ids = dict(zip(order, made, strict=True))
    held = [
        {"invigilator_id": ids[at], "certificate_id": certificate, "party_id": actor.party_id, "created_at": now}
        for at, row in enumerate(rows)
        for certificate in dict.fromkeys(piloted[plain(label)] for label in row.get("certificates", ()))
    ]
    if held:
        session.execute(insert(InvigilatorCertificate), held)
    return [ids[at] for at in range(len(rows))]


def certificates_of(session: Session, invigilator_ids: Iterable[int]) -> Sequence[InvigilatorCertificate]:
    """The certificates of some invigilators, as their process reads them."""
    query = InvigilatorCertificate.joined().where(InvigilatorCertificate.invigilator_id.in_(list(invigilator_ids)))
    return session.scalars(query.order_by(InvigilatorCertificate.id)).all()
