"""How an arranging (排考) of a plan came about: its versions, what each change took away, and who could not be placed (manual 5.2.8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.exams.plans import ExamPlan, exam_plans_query, within
from domain.exams.registrations import Entry
from domain.ground.base import Base, UtcDateTime
from domain.ground.errors import DomainError
from domain.ground.parties import Actor

TOLD = 300  # characters of what a change, or a reason, says


class NotArranging(DomainError):
    """不在排考时间内，不能排考。成绩登记开始前如需调整，请先修改考试计划的排考时间。"""


class Arrangement(Base):
    """Where the arranging of a plan stands. Its row is held by whoever changes seats or duties."""

    __tablename__ = "exam_arranging"

    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=0, comment="one more with each change of seats or duties")
    arranged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="the last 自动编排")
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, comment="what the last 自动编排 told: sentences")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Change(Base):
    """One change of an arranging, by hand or 自动编排."""

    __tablename__ = "exam_arranging_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    told: Mapped[str] = mapped_column(String(TOLD), comment="what was changed, in Chinese")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kept: Mapped[bool] = mapped_column(default=False, comment="it can no longer be undone: published since, or itself undone")


class SeatBefore(Base):
    """The seat that an entry had before a change."""

    __tablename__ = "exam_seat_before"

    change_id: Mapped[int] = mapped_column(ForeignKey(Change.id), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), primary_key=True, index=True)
    sitting_id: Mapped[int | None] = mapped_column(comment="null: had no seat")
    room_id: Mapped[int | None]
    number: Mapped[int | None]
    published: Mapped[bool]


class DutyBefore(Base):
    """A duty that a change gave or took away."""

    __tablename__ = "exam_duty_before"

    change_id: Mapped[int] = mapped_column(ForeignKey(Change.id), primary_key=True)
    room_id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(primary_key=True)
    invigilator_id: Mapped[int] = mapped_column(primary_key=True)
    held: Mapped[bool] = mapped_column(comment="whether the duty was there before")
    published: Mapped[bool]


class Unplaced(Base):
    """An entry for which the last 自动编排 found no seat."""

    __tablename__ = "exam_unplaced"

    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), primary_key=True, autoincrement=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    reason: Mapped[str] = mapped_column(String(20))
    told: Mapped[str] = mapped_column(String(TOLD), comment="why, in Chinese, as the last 自动编排 found")


def arranged_plan(session: Session, actor: Actor, plan_id: int) -> ExamPlan | None:
    """A published plan of the actor's organization, whose seats they may see while nobody else does."""
    query = exam_plans_query(actor).where(ExamPlan.id == plan_id, ExamPlan.published, ExamPlan.party_id == actor.party_id)
    return session.scalars(query).first() if "培训评价组织" in actor.roles else None


def hold(session: Session, plan_id: int, now: datetime) -> Arrangement:
    """Holds a plan and its arranging until the transaction ends: rooms, sites and seats stay as they are meanwhile.

    Raises:
        NotArranging: the plan's 排考 window is not open.
    """
    still = select(ExamPlan.id).where(ExamPlan.id == plan_id, ExamPlan.published, within("arranging", now))
    if session.scalars(still.with_for_update()).first() is None:
        raise NotArranging
    found = session.scalars(select(Arrangement).where(Arrangement.plan_id == plan_id).with_for_update()).first()
    if found is None:
        found = Arrangement(plan_id=plan_id, version=0, report={})
        session.add(found)
        session.flush()
    return found


def state_of(session: Session, plan_id: int) -> Arrangement | None:
    """Where the arranging of a plan stands; None before its first change."""
    return session.get(Arrangement, plan_id)


def last_change(session: Session, plan_id: int) -> Change | None:
    """The change that 撤销 would take back."""
    newest = select(Change).where(Change.plan_id == plan_id, Change.kept.is_(False)).order_by(Change.id.desc()).limit(1)
    return session.scalars(newest).first()


def note_report(
    session: Session, state: Arrangement, report: Mapping[str, Any], unplaced: Mapping[int, tuple[str, str]], now: datetime
) -> None:
    """Keeps what an automatic arranging told: sentences, and entry → reason and sentence of each that has no seat."""
    state.arranged_at, state.report = now, dict(report)
    session.execute(delete(Unplaced).where(Unplaced.plan_id == state.plan_id), execution_options={"synchronize_session": False})
    rows = [
        {"entry_id": entry, "plan_id": state.plan_id, "reason": reason, "told": told[:TOLD]}
        for entry, (reason, told) in sorted(unplaced.items())
    ]
    if rows:
        session.execute(insert(Unplaced), rows)
