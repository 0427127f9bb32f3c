"""报考: a candidate registered for a certificate, or for one subject of it, in an exam plan (manual 5.2.6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Select,
    String,
    UniqueConstraint,
    case,
    column,
    delete,
    distinct,
    exists,
    func,
    select,
    table,
    update,
)
from sqlalchemy.orm import Mapped, Session, contains_eager, joinedload, mapped_column, query_expression, relationship, with_expression

from domain.certificates.certificates import Certificate
from domain.exams.candidates import Candidate
from domain.exams.exam_subjects import ExamSubject
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, Sitting, yuan
from domain.ground.base import Base, UtcDateTime, clock_minutes, utc_now
from domain.ground.errors import DomainError
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

UNPLACED, AHEAD, RUNNING, OVER = "未排考", "待考试", "考试中", "已结束"
STATUSES = {UNPLACED: Tone.DRAFT, AHEAD: Tone.WAITING, RUNNING: Tone.ATTENTION, OVER: Tone.DONE}
"""Status (manual 5.2.6) → the tone of its badge. It follows from the seats and the time; no row holds it."""
COPIED = ("name", "pinyin", "document", "id_number", "mobile", "major", "level", "photo")
"""What a registration keeps of the candidate as it was then (manual 5.2.3.8)."""
PAID, UNPAID = "已缴费", "未缴费"

_seat = table("exam_seat", column("entry_id"), column("registration_id"), column("sitting_id"), column("published"))
"""Of `domain.exams.seats`, which stands on this module."""
_line = table("payment_line", column("registration_id"))
"""Of `domain.exams.payment_slips`, which does too."""
_correction = table("registration_correction", column("registration_id"))
"""Of `domain.exams.registration_corrections`, as well."""
_ticket = table("exam_ticket", column("registration_id"))
"""Of `domain.exams.seats`."""
_seat_before, _unplaced = table("exam_seat_before", column("entry_id")), table("exam_unplaced", column("entry_id"))
"""Of `domain.exams.arrangings`: what an arranging knows of somebody who has no seat."""


class NotDeletable(DomainError):
    """只能删除未排考且未缴费的报考。"""


class Entry(Base):
    """报考科目: one subject of a registration, to be examined once."""

    __tablename__ = "exam_entry"
    __table_args__ = (
        UniqueConstraint("registration_id", "subject_id"),
        Index("ix_exam_entry_plan_id_subject_id", "plan_id", "subject_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("exam_subject.id"), index=True)

    subject: Mapped[ExamSubject] = relationship()


class Registration(Base):
    """One registration, with a copy of the candidate."""

    __tablename__ = "exam_registration"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "party_id"], ["exam_plan_school.plan_id", "exam_plan_school.party_id"]),
        ForeignKeyConstraint(["plan_id", "certificate_id"], ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"]),
        # once in a plan, over all schools (domain.md, Records)
        Index(
            "uq_exam_registration_certificate",
            *("plan_id", "certificate_id", "document", "id_number"),
            unique=True,
            sqlite_where=column("subject_id").is_(None),
            postgresql_where=column("subject_id").is_(None),
        ),
        Index(
            "uq_exam_registration_subject",
            *("plan_id", "certificate_id", "document", "id_number", "subject_id"),
            unique=True,
            sqlite_where=column("subject_id").is_not(None),
            postgresql_where=column("subject_id").is_not(None),
        ),
        Index("ix_exam_registration_party_id_id", "party_id", "id"),  # the pages of a school's list
        Index("ix_exam_registration_plan_id_id", "plan_id", "id"),
        {"sqlite_autoincrement": True},  # ids are never used again: slips, seats and scores name them
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), comment="the school")
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("exam_subject.id"), comment="null: for all subjects of the certificate")
    audience: Mapped[str | None] = mapped_column(String(10), comment="参考对象; null where no subject asks for it")
    name: Mapped[str] = mapped_column(String(100))
    pinyin: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(12))
    id_number: Mapped[str] = mapped_column(String(30), index=True)
    mobile: Mapped[str] = mapped_column(String(11))
    major: Mapped[str | None] = mapped_column(String(60))
    level: Mapped[str | None] = mapped_column(String(4))
    photo: Mapped[str | None] = mapped_column(String(64), index=True, comment="SHA-256 of the stored JPEG")
    fee: Mapped[Decimal] = mapped_column(Numeric(8, 2), comment="yuan, as the plan asked then")
    paid: Mapped[bool] = mapped_column(default=False, comment="已缴费: the slip was confirmed")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    status: Mapped[str | None] = query_expression()  # follows from seats and time: `with_status`
    plan: Mapped[ExamPlan] = relationship()
    certificate: Mapped[Certificate] = relationship()
    party: Mapped[Party] = relationship()
    subject: Mapped[ExamSubject | None] = relationship()
    entries: Mapped[list[Entry]] = relationship(order_by=Entry.id, viewonly=True)

    @property
    def number(self) -> str:
        """报考编号."""
        return f"BK{self.id:08}"

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    def answers(self) -> dict[str, Any]:
        """What its page shows."""
        copied = {name: value for name in COPIED if name != "photo" and (value := getattr(self, name)) is not None}
        return {
            **copied,
            "number": self.number,
            "plan": self.plan.title(),
            "school": self.party.name,
            "certificate": self.certificate.label,
            "subjects": "、".join(entry.subject.name for entry in self.entries),
            **({"audience": self.audience} if self.audience else {}),
            "fee": yuan(self.fee),
            "paid": PAID if self.paid else UNPAID,
            "created_at": clock_minutes(self.created_at),
        }

    def take(self, answers: dict[str, Any]) -> None:
        """No form changes a registration (manual 5.2.3.8)."""
        raise TypeError("no form changes a registration")

    def title(self) -> str:
        """Who, and for what."""
        return f"{self.name}（{masked(self.id_number)}） {self.certificate.label}"


def status_at(now: datetime) -> ColumnElement[str]:
    """The status of a registration at a moment (manual 5.2.6): 未排考 until each of its subjects has a published seat; 考试中 during one of
    their sittings; 待考试 while one is still to come; then 已结束."""
    seats = select(_seat.c.entry_id).where(_seat.c.registration_id == Registration.id, _seat.c.published)
    sitting = seats.join(Sitting, Sitting.id == _seat.c.sitting_id)
    unplaced = exists().where(Entry.registration_id == Registration.id, Entry.id.not_in(seats.correlate(Registration)))
    running = sitting.where(Sitting.starts_at <= now, now < Sitting.ends_at).correlate(Registration).exists()
    ahead = sitting.where(Sitting.starts_at > now).correlate(Registration).exists()
    return case((unplaced.correlate(Registration), UNPLACED), (running, RUNNING), (ahead, AHEAD), else_=OVER)


def with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of registrations that says the status of each."""
    return query.options(with_expression(Registration.status, status_at(now)))


def registrations_query(actor: Actor) -> Select[Registration]:
    """The registrations an actor may see, newest first: a school its own, an organization those of its plans, operators all, others
    none."""
    query = (
        select(Registration)
        .join(Registration.plan)
        .join(Registration.certificate)
        .join(Party, Party.id == Registration.party_id)
        .options(
            contains_eager(Registration.plan),
            contains_eager(Registration.certificate),
            contains_eager(Registration.party),
            joinedload(Registration.subject),
        )
        .order_by(Registration.id.desc())
    )
    return seen_by(query, actor, Registration.party_id == actor.party_id)


def registration_of(session: Session, actor: Actor, registration_id: int, now: datetime) -> Registration | None:
    """One registration with its status, if this actor may see it."""
    return session.scalars(with_status(now, registrations_query(actor).where(Registration.id == registration_id))).first()


def delete_registrations(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    """Deletes those of the actor's school that may be deleted: neither arranged, published or not, nor paid, and without 准考证号
    (manual 5.2.6).

    Returns: id of each that stays → why, in Chinese.
    """
    mine = select(Registration).where(Registration.id.in_(ids), Registration.party_id == actor.party_id).order_by(Registration.id)
    rows = session.scalars(mine.with_for_update(of=Registration)).all()
    seated = set(session.scalars(select(_seat.c.registration_id).where(_seat.c.registration_id.in_([row.id for row in rows]))))
    of_rows = _correction.c.registration_id.in_([row.id for row in rows])
    corrected = set(session.scalars(select(_correction.c.registration_id).where(of_rows)))
    on_slips = set(session.scalars(select(_line.c.registration_id).where(_line.c.registration_id.in_([row.id for row in rows]))))
    numbered = set(session.scalars(select(_ticket.c.registration_id).where(_ticket.c.registration_id.in_([row.id for row in rows]))))
    refused = {id: "没有找到，可能已被删除" for id in ids if id not in {row.id for row in rows}}
    for row in rows:
        if row.id in seated:
            refused[row.id] = "已排考，不能删除"
        elif row.id in numbered:  # the number is theirs for ever
            refused[row.id] = "排考发布过、已有准考证号，不能删除"
        elif row.paid:
            refused[row.id] = "已缴费，不能删除；如需退考请联系培训评价组织"
        elif row.id in on_slips:
            refused[row.id] = "已列入缴费申请单，请先删除缴费申请单"
        elif row.id in corrected:
            refused[row.id] = "有更正申请，不能删除；申请还在办理的，请先撤销更正申请"
    gone = [row for row in rows if row.id not in refused]
    entries = select(Entry.id).where(Entry.registration_id.in_([row.id for row in gone]))
    for noted in (_seat_before, _unplaced):
        session.execute(delete(noted).where(noted.c.entry_id.in_(entries)))
    session.execute(delete(Entry).where(Entry.registration_id.in_([row.id for row in gone])))
    session.execute(delete(Registration).where(Registration.id.in_([row.id for row in gone])))
    count_registered(session, {row.candidate_id for row in gone})
    return refused


def count_registered(session: Session, candidate_ids: Collection[int]) -> None:
    """Keeps 已报考证书 of these candidates: how many certificates each is registered for."""
    number = select(func.count(distinct(Registration.certificate_id))).where(Registration.candidate_id == Candidate.id).scalar_subquery()
    session.execute(
        update(Candidate).where(Candidate.id.in_(candidate_ids)).values(registered=number), execution_options={"synchronize_session": False}
    )
