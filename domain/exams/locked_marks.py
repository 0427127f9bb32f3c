"""Plans whose marks are locked for ever, because what follows from them has begun (manual 5.2.9).

That 公示 is over follows from its window. Whoever pressed 更正 at the last moment compares it with a moment before the end, though, and may
have to wait for those who read the marks: a row of this table is what they then find.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, exists, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.exams.plans import ExamPlan, over
from domain.ground.base import Base, UtcDateTime


class MarksLock(Base):
    """The marks of a plan change no more. Written while the plan's row is held for update; whoever changes marks holds it too."""

    __tablename__ = "exam_marks_lock"

    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), primary_key=True, autoincrement=False)
    locked_at: Mapped[datetime] = mapped_column(UtcDateTime)


def lock_marks(session: Session, plan_id: int, now: datetime) -> bool:
    """Locks the marks of a published plan whose 公示 is over, and of the organization's others of which that is true: a certificate may
    need marks of several. Waits for whoever is changing one of them.

    Returns: whether the plan's marks are locked; False while its 公示 runs.
    """
    party = select(ExamPlan.party_id).where(ExamPlan.id == plan_id).scalar_subquery()
    ended = select(ExamPlan.id).where(ExamPlan.party_id == party, ExamPlan.published, over("publicity", now))
    unlocked = ~exists().where(MarksLock.plan_id == ExamPlan.id)
    # in one order: two plans that end at one moment never wait for each other
    held = session.scalars(ended.where((ExamPlan.id == plan_id) | unlocked).order_by(ExamPlan.id).with_for_update()).all()
    there = set(session.scalars(select(MarksLock.plan_id).where(MarksLock.plan_id.in_(held))))
    rows = [{"plan_id": one, "locked_at": now} for one in held if one not in there]
    if rows:
        session.execute(insert(MarksLock), rows)
    return plan_id in held


def marks_locked(session: Session, plan_id: int) -> bool:
    """Whether they are. Asked once the plan's row is held: a lock that was waited for is seen."""
    return bool(session.scalar(select(exists().where(MarksLock.plan_id == plan_id))))
