"""排考明细: who sits where in which sitting (manual 5.2.8). The arranging writes them; schools see those that are published."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.exams.registrations import Entry
from domain.ground.base import Base


class Seat(Base):
    """The seat of one entry. The primary key is the entry: nobody sits twice for one subject."""

    __tablename__ = "exam_seat"
    __table_args__ = (
        UniqueConstraint("room_id", "sitting_id", "number"),
        UniqueConstraint("registration_id", "sitting_id"),
        CheckConstraint("number >= 1", name="ck_exam_seat_number"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), primary_key=True, autoincrement=False)
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"), index=True)
    room_id: Mapped[int]
    number: Mapped[int] = mapped_column(comment="座位号, from 1")
    ticket: Mapped[str | None] = mapped_column(String(20), comment="准考证号; null: not published yet")
    published: Mapped[bool] = mapped_column(default=False)
