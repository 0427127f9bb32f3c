"""教师 and their accounts (manual 7; rows 7.1, 7.2): the mobile number is the account, unique over all parties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import ColumnElement, ForeignKey, Select, String, Table, UniqueConstraint, insert, literal, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import NO_PASSWORD, Actor, Party, Person, PersonRole, change_person, person_proof
from domain.ground.subject_record import SubjectRecord
from domain.ground.tones import Tone
from domain.ground.uniqueness import flush_or_refuse, refusal
from domain.ground.values import AT, among, values_table
from domain.platform.passwords import new_nonce, new_stamp

ROLE = "教师"
DETAILS = (
    "id_number",
    "sex",
    "major",
    "rank",
    "email",
    "trained",
)  # fields of the form; name and mobile are the person's


class MobileTaken(DomainError):
    """该手机号已有账号，请核对手机号。"""


class IdNumberTaken(DomainError):
    """本校已有使用该证件号的教师，请核对证件号。"""


_BY_COLUMN: dict[str, type[DomainError]] = {"id_number": IdNumberTaken}


class Teacher(SubjectRecord):
    """A teacher of a school. Name and mobile number are the person's."""

    __tablename__ = "teacher"
    # ids are never used again: a history must not become another's
    __table_args__ = (UniqueConstraint("party_id", "id_number"), {"sqlite_autoincrement": True})

    FACTS: ClassVar[Mapping[str, type]] = {"name": str, "mobile": str, "school": str}

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    id_number: Mapped[str | None] = mapped_column(String(18))
    sex: Mapped[str | None] = mapped_column(String(2))
    major: Mapped[str | None] = mapped_column(String(60))
    rank: Mapped[str | None] = mapped_column(String(30), comment="职称")
    email: Mapped[str | None] = mapped_column(String(100))
    trained: Mapped[str | None] = mapped_column(String(500), comment="certificates trained for, as the school wrote them")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    person: Mapped[Person] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Teachers with person and school."""
        query = select(cls).join(cls.person).join(Party, Party.id == cls.party_id)
        return query.options(contains_eager(cls.person), contains_eager(cls.party))

    def title(self) -> str:
        """Name and school."""
        return f"{self.person.name}（{self.party.name}）"

    def party_for(self, lane: str) -> int | None:
        """The school itself."""
        return 0 if lane == "系统" else self.party_id if lane in ("试点院校", ROLE) else None

    def facts(self) -> dict[str, Any]:
        """`name`, `mobile`, `school`: texts."""
        return {"name": self.person.name, "mobile": self.person.account, "school": self.party.name}

    def answers(self) -> dict[str, Any]:
        """What was filled in."""
        kept = {name: getattr(self, name) for name in DETAILS}
        return {"name": self.person.name, "mobile": self.person.account, **{k: v for k, v in kept.items() if v is not None}}

    def content(self) -> dict[str, object]:
        """What the record says, name and mobile number among it."""
        return {**super().content(), "name": self.person.name, "mobile": self.person.account}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in; the account moves with the mobile number.

        Raises:
            MobileTaken, IdNumberTaken
        """
        for name in DETAILS:
            setattr(self, name, answers.get(name))
        name, mobile = answers.get("name", self.person.name), answers.get("mobile", self.person.account)
        session = object_session(self)
        if session is not None:
            if (name, mobile) != (self.person.name, self.person.account):
                with session.no_autoflush:
                    change_person(session, self.person, name, mobile)
            _refuse_taken(session, self)
            flush_or_refuse(session, MobileTaken, _BY_COLUMN)  # where somebody else was first at the same moment


def _refuse_taken(session: Session, teacher: Teacher) -> None:
    with session.no_autoflush:
        others = select(Person.id).where(Person.account == teacher.person.account, Person.id != teacher.person_id)
        if session.scalar(others) is not None:
            raise MobileTaken
        same = select(Teacher.id).where(Teacher.party_id == teacher.party_id, Teacher.id_number == teacher.id_number)
        if teacher.id_number is not None and session.scalar(same.where(Teacher.id != teacher.id)) is not None:
            raise IdNumberTaken


def teachers_query(actor: Actor) -> Select[Teacher]:
    """The teachers an actor may see: a school its own, a teacher themselves, others none. Newest first."""
    query = Teacher.joined().order_by(Teacher.id.desc())
    if "试点院校" in actor.roles:
        return query.where(Teacher.party_id == actor.party_id)
    return query.where(Teacher.person_id == actor.person_id)


def teacher_of(session: Session, actor: Actor, teacher_id: int) -> Teacher | None:
    """One teacher, if this actor may see them."""
    return session.scalars(teachers_query(actor).where(Teacher.id == teacher_id)).first()


def new_teacher(session: Session, actor: Actor, now: datetime, answers: Mapping[str, Any]) -> Teacher:
    """A new, flushed teacher of the actor's school, with an account that no password opens yet.

    Raises:
        MobileTaken, IdNumberTaken: also when two are sent at once (unique constraints decide).
    """
    for _, (_, message) in known_teachers(session, actor, [answers]).items():
        raise DomainError(f"{message}，请核对后重新填写")
    try:
        with session.begin_nested():
            (teacher_id,) = store_teachers(session, actor, [answers], now)
    except IntegrityError as error:
        raise refusal(error, MobileTaken, _BY_COLUMN) from error
    found = Teacher.load(session, teacher_id)
    if found is None:
        raise MobileTaken
    return found


def known_teachers(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """The rows that the stored teachers and accounts refuse: number of the row → (field, reason). Two queries for all rows."""
    mobiles = {row["mobile"] for row in rows if "mobile" in row}
    numbers = {row["id_number"] for row in rows if "id_number" in row}
    person, teacher = Person, Teacher
    accounts = select(person.account, person.party_id).where(among(session, person.account, mobiles))
    owners: dict[str, int] = {account: party_id for account, party_id in session.execute(accounts)}
    mine = select(teacher.id_number).where(teacher.party_id == actor.party_id, among(session, teacher.id_number, numbers))
    ours = set(session.scalars(mine)) if numbers else set()
    found: dict[int, tuple[str, str]] = {}
    for at, row in enumerate(rows):
        party = owners.get(row.get("mobile", ""))
        if party is not None:
            found[at] = ("mobile", "本校已有使用该手机号的账号" if party == actor.party_id else "该手机号已有账号")
        elif row.get("id_number") in ours:
            found[at] = ("id_number", "本校已有使用该证件号的教师")
    return found


def store_teachers(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[int]:
    """Adds accounts, roles and teachers of some rows, in four statements however many rows there are.

    Returns: ids of the teachers, one a row.
    Raises:
        IntegrityError: somebody else has used a mobile or id number meanwhile.
    """
    if not rows:
        return []
    # one table of rows for all three statements: twenty thousand need no objects
    texts = ("name", "mobile", *DETAILS, "stamp", "proof")
    made_rows = []
    for row in rows:
        proof = person_proof(session, row["mobile"], row["name"], row["mobile"], actor.party_id, True, [ROLE])
        made_rows.append({**row, "stamp": new_stamp(), "proof": proof})
    rows_in = values_table(session, made_rows, dict.fromkeys(texts, String))
    person, teacher = _table(Person), _table(Teacher)
    made = select(person.c.id).join(rows_in, rows_in.c.mobile == person.c.account)
    accounts = {
        "account": rows_in.c.mobile,
        "name": rows_in.c.name,
        "mobile": rows_in.c.mobile,
        "party_id": literal(actor.party_id),
        "password_hash": literal(NO_PASSWORD),
        "stamp": rows_in.c.stamp,
        "proof": rows_in.c.proof,
        "active": true(),
        "created_at": literal(now, UtcDateTime),
    }
    # in the order of mobiles, not of the file: two imports of the same people never wait for each other
    _copy(session, person, accounts, select(rows_in).order_by(rows_in.c.mobile))
    _copy(session, _table(PersonRole), {"person_id": person.c.id, "role": literal(ROLE)}, made)
    kept: dict[str, ColumnElement[Any]] = {
        "party_id": literal(actor.party_id),
        "status": literal(""),
        "tone": literal(Tone.DRAFT),
        "created_at": literal(now, UtcDateTime),
    }
    details: dict[str, ColumnElement[Any]] = {name: rows_in.c[name] for name in DETAILS}
    _copy(session, teacher, {**kept, "person_id": person.c.id, **details}, made.order_by(rows_in.c[AT]))
    ids = select(teacher.c.id).join(person, person.c.id == teacher.c.person_id).join(rows_in, rows_in.c.mobile == person.c.account)
    return list(session.scalars(ids.order_by(rows_in.c[AT])))


def _copy(session: Session, table: Table, values: Mapping[str, ColumnElement[Any]], rows: Select[Any]) -> None:
    """Inserts a row of these values for each row of a query."""
    session.execute(insert(table).from_select(list(values), rows.with_only_columns(*values.values()), include_defaults=False))


def _table(record: type[Base]) -> Table:
    return cast(Table, record.__table__)


def give_nonce(teacher: Teacher) -> str:
    """Gives the teacher a new first password, and returns its nonce; the earlier one ends."""
    teacher.person.first_nonce = new_nonce()
    return teacher.person.first_nonce
