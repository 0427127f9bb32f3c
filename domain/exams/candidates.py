"""考生 (manual 5.2.3): those whom a school enters for certificates, its own pupils and others. The same person may be both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    UniqueConstraint,
    exists,
    false,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.tones import Tone
from domain.ground.uniqueness import flush_or_refuse
from domain.ground.values import AT, values_table

KINDS = PUPIL, OUTSIDER = "院校考生", "社会考生"
FIELDS = ("kind", "name", "pinyin", "document", "id_number", "mobile", "major", "level", "entry_year", "photo")
IDENTITY = ("name", "document", "id_number", "photo")
"""What the public-security system compares: whoever changes one of them is to be compared again."""


class CandidateExists(DomainError):
    """本校已有使用该证件的考生，请核对证件类型和证件号。"""


class Candidate(SubjectRecord):
    """Somebody whom a school may enter for certificates."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("party_id", "kind", "document", "id_number"),
        Index("ix_candidate_party_id_kind_id", "party_id", "kind", "id"),  # the pages of the list
        Index("ix_candidate_photo", "photo"),  # whether a stored photo is still somebody's
        Index("ix_candidate_party_id_kind_status", "party_id", "kind", "status"),  # the counts of its tabs, without its rows
        {"sqlite_autoincrement": True},  # ids are never used again: a history must not become another's
    )

    FACTS: ClassVar[Mapping[str, type]] = {"name": str, "school": str, "has_photo": bool, "identity": str, "registered": int}

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))  # the school
    kind: Mapped[str] = mapped_column(String(4), comment="院校考生 or 社会考生")
    name: Mapped[str] = mapped_column(String(100))
    pinyin: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(12), comment="kind of identity document")
    id_number: Mapped[str] = mapped_column(String(30))
    mobile: Mapped[str] = mapped_column(String(11))
    major: Mapped[str | None] = mapped_column(String(60), comment="null: not known, as of old candidates and those of the public")
    level: Mapped[str | None] = mapped_column(String(4), comment="专业层次: 中职, 高职 or 本科; null as of major")
    entry_year: Mapped[int | None] = mapped_column(comment="null as of major")
    photo: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of the stored JPEG, hexadecimal; null: no photo yet")
    registered: Mapped[int] = mapped_column(default=0, comment="已报考证书: certificates registered for; the registrations keep it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Candidates with their school."""
        return select(cls).join(cls.party).options(contains_eager(cls.party))

    def title(self) -> str:
        """Name and masked number: two pupils of a school may have one name."""
        return f"{self.name}（{masked(self.id_number)}）"

    def party_for(self, lane: str) -> int | None:
        """The school itself."""
        return {"试点院校": self.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`name` and `school`: texts; `has_photo`; `identity`: what a comparison is about, as a hash; `registered`: a number."""
        said = "\n".join(str(getattr(self, name) or "") for name in IDENTITY)
        return {
            "name": self.name,
            "school": self.party.name,
            "has_photo": self.photo is not None,
            "identity": hashlib.sha256(said.encode()).hexdigest()[:32],
            "registered": self.registered,
        }

    def content(self) -> dict[str, object]:
        """All but how many certificates were registered for, which the steps of registrations change."""
        return {name: value for name, value in super().content().items() if name != "registered"}

    def answers(self) -> dict[str, Any]:
        """What was filled in."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) is not None}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it.

        Raises:
            CandidateExists: the school has another candidate of this kind with the document.
        """
        for name in FIELDS:
            if name in answers or _may_be_null(name):
                setattr(self, name, answers.get(name))
        session = object_session(self)
        if session is not None:
            _refuse_known(session, self)
            flush_or_refuse(session, CandidateExists)  # where somebody else was first at the same moment


def candidates_query(actor: Actor) -> Select[Candidate]:
    """The candidates an actor may see, newest first: a school its own, everybody else none."""
    query = Candidate.joined().order_by(Candidate.id.desc())
    return query.where(Candidate.party_id == actor.party_id if "试点院校" in actor.roles else false())


def candidate_of(session: Session, actor: Actor, candidate_id: int) -> Candidate | None:
    """One candidate, if this actor may see them."""
    return session.scalars(candidates_query(actor).where(Candidate.id == candidate_id)).first()


def new_candidate(session: Session, actor: Actor, now: datetime, answers: Mapping[str, Any]) -> Candidate:
    """A new, flushed candidate of the actor's school; the photo is given later.

    Raises:
        CandidateExists: also when two are sent at once (a unique constraint decides).
    """
    kept = {name: answers.get(name) for name in FIELDS if name != "photo"}
    candidate = Candidate(party_id=actor.party_id, created_at=now, registered=0, **kept)
    _refuse_known(session, candidate, actor.party_id)
    session.add(candidate)
    flush_or_refuse(session, CandidateExists)
    session.refresh(candidate, ["party"])
    return candidate


def known_candidates(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """The rows that the stored candidates refuse: number of the row → (field, reason). One query for all rows."""
    if not rows:
        return {}
    table = values_table(session, rows, dict.fromkeys(("kind", "document", "id_number"), String))
    same = (Candidate.kind == table.c.kind) & (Candidate.document == table.c.document) & (Candidate.id_number == table.c.id_number)
    # not a join, which SQLite may begin with all candidates of the school: it would read the rows anew for each
    found = session.scalars(select(table.c[AT]).where(exists().where(same, Candidate.party_id == actor.party_id)))
    return {at: ("id_number", f"本校已有使用该证件的{rows[at]['kind']}") for at in found}


def candidates_meant(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The candidates that some rows mean by the number of their document, and by its kind and theirs where a row says so.

    Returns: number of the row → id of the one candidate; a row that means none or several is left out.
    """
    table = values_table(session, rows, dict.fromkeys(("kind", "document", "id_number"), String))
    same = Candidate.id_number == table.c.id_number
    same &= (table.c.kind.is_(None) | (Candidate.kind == table.c.kind)) & (
        table.c.document.is_(None) | (Candidate.document == table.c.document)
    )
    query = select(table.c[AT], func.min(Candidate.id)).join(Candidate, same).where(Candidate.party_id == actor.party_id)
    return {at: found for at, found in session.execute(query.group_by(table.c[AT]).having(func.count() == 1))}


def store_candidates(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[int]:
    """Adds candidates of some rows, in two statements however many rows there are.

    Returns: their ids, one a row.
    Raises:
        IntegrityError: somebody else has added one of them meanwhile.
    """
    if not rows:
        return []
    texts: dict[str, Any] = {name: _table().c[name].type for name in FIELDS if name != "photo"}
    rows_in = values_table(session, rows, texts)
    table = _table()
    values: dict[str, ColumnElement[Any]] = {
        "party_id": literal(actor.party_id),
        "status": literal(""),
        "tone": literal(Tone.DRAFT),
        "registered": literal(0),
        "created_at": literal(now, UtcDateTime),
        **{name: rows_in.c[name] for name in texts},
    }
    # in the order of numbers, not of the file: two imports of the same people never wait for each other
    ordered = select(rows_in).order_by(rows_in.c.kind, rows_in.c.document, rows_in.c.id_number)
    session.execute(insert(table).from_select(list(values), ordered.with_only_columns(*values.values()), include_defaults=False))
    same = (table.c.kind == rows_in.c.kind) & (table.c.document == rows_in.c.document) & (table.c.id_number == rows_in.c.id_number)
    there = rows_in.outerjoin(table, same & (table.c.party_id == actor.party_id))  # outer, so that each row is looked up: see above
    ids = select(table.c.id).select_from(there).order_by(rows_in.c[AT])
    return list(session.scalars(ids))


def _refuse_known(session: Session, candidate: Candidate, party_id: int | None = None) -> None:
    same = select(Candidate.id).where(
        Candidate.party_id == (party_id or candidate.party_id),
        Candidate.kind == candidate.kind,
        Candidate.document == candidate.document,
        Candidate.id_number == candidate.id_number,
    )
    with session.no_autoflush:
        if session.scalar(same.where(Candidate.id != (candidate.id or 0))) is not None:
            raise CandidateExists


def _may_be_null(name: str) -> bool:
    column: Column[Any] = _table().c[name]
    return bool(column.nullable)


def _table() -> Table:
    return cast(Table, cast(type[Base], Candidate).__table__)
