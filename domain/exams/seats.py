"""排考明细: who sits where in which sitting, who guards there, and 准考证号 (manual 5.2.8).

`domain.exams.arrangings` writes them; schools and candidates see what is published.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.exams.registrations import Entry
from domain.ground.base import Base


class RoomSitting(Base):
    """考场编排: a room that is used in a sitting. It is there as long as somebody sits in it."""

    __tablename__ = "exam_room_sitting"
    __table_args__ = (UniqueConstraint("room_id", "sitting_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("exam_room.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"), index=True)


class Seat(Base):
    """The seat of one entry. The primary key is the entry: nobody sits twice for one subject."""

    __tablename__ = "exam_seat"
    __table_args__ = (
        UniqueConstraint("room_id", "sitting_id", "number"),
        UniqueConstraint("registration_id", "sitting_id"),
        CheckConstraint("number >= 1", name="ck_exam_seat_number"),
        ForeignKeyConstraint(["room_id", "sitting_id"], ["exam_room_sitting.room_id", "exam_room_sitting.sitting_id"]),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), primary_key=True, autoincrement=False)
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"), index=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("exam_room.id"))
    number: Mapped[int] = mapped_column(comment="座位号, from 1")
    published: Mapped[bool] = mapped_column(default=False, comment="where it is now; a seat that moves is not, until the next time")


class Duty(Base):
    """监考: an invigilator in a room in a sitting."""

    __tablename__ = "exam_duty"
    __table_args__ = (
        ForeignKeyConstraint(["room_id", "sitting_id"], ["exam_room_sitting.room_id", "exam_room_sitting.sitting_id"]),
        Index("ix_exam_duty_plan_id_invigilator_id", "plan_id", "invigilator_id"),
    )

    room_id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(primary_key=True)
    invigilator_id: Mapped[int] = mapped_column(ForeignKey("invigilator.id"), primary_key=True, index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    published: Mapped[bool] = mapped_column(default=False)


class ExamTicket(Base):
    """准考证: the number of a registration, given when it is published first, and kept for ever."""

    __tablename__ = "exam_ticket"

    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"), primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(15), unique=True, comment="准考证号: year 2, plan 4, site 4, serial 5")
