"""How an arranging (排考) of a plan came about: its versions, what each change took away, and who could not be placed (manual 5.2.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.exams.registrations import Entry
from domain.ground.base import Base, UtcDateTime


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
    told: Mapped[str] = mapped_column(String(300), comment="what was changed, in Chinese")
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
    told: Mapped[str] = mapped_column(String(300), comment="why, in Chinese, as the last 自动编排 found")
