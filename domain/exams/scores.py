"""科目成绩: the mark of one entry, entered within 成绩登记, corrected until 公示 ends, locked for ever after it (manual 5.2.9)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Numeric, Select, String, and_, case, func, insert, or_, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, query_expression, relationship, with_expression

from domain.exams.exam_subjects import ExamSubject
from domain.exams.locked_marks import marks_locked
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, Sitting, over, within
from domain.exams.registrations import Entry, Registration
from domain.exams.seats import ExamTicket, Seat
from domain.ground.base import Base, UtcDateTime
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party, Person
from domain.ground.tones import Tone

NORMAL, ABSENT, CHEATED, DEFERRED = "正常", "缺考", "违纪", "缓考"
STATES = (NORMAL, ABSENT, CHEATED, DEFERRED)
MISSING = "未登记"
SHOWN = {NORMAL: Tone.DONE, ABSENT: Tone.ATTENTION, CHEATED: Tone.FAILED, DEFERRED: Tone.WAITING, MISSING: Tone.DRAFT}
"""What a list says of a mark → the tone of its badge."""
_MARK = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
"""A mark as people write it: `Decimal` reads 1_0 and 1e1 as ten, too."""
HIDDEN, PUBLIC, LOCKED = "未公示", "公示中", "已锁定"


class NotScoring(DomainError):
    """不在成绩登记时间内，不能登记成绩。"""


class Locked(DomainError):
    """成绩只能在成绩登记和公示时间内更正；公示结束后成绩已永久锁定。"""


class BadMark(DomainError):
    """成绩填写有误，请核对。"""


class ScoredMeanwhile(DomainError):
    """其他人刚刚修改了该成绩，请刷新页面核对后重试。"""


class Score(Base):
    """The mark of one entry. The primary key is the entry: nobody is marked twice in one subject."""

    __tablename__ = "exam_score"
    __table_args__ = (
        CheckConstraint("(mark IS NULL) = (state <> '正常')", name="ck_exam_score_mark"),
        CheckConstraint("mark IS NULL OR mark >= 0", name="ck_exam_score_positive"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), primary_key=True, autoincrement=False)
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    mark: Mapped[Decimal | None] = mapped_column(Numeric(6, 2), comment="null unless 正常")
    state: Mapped[str] = mapped_column(String(4), comment="正常, 缺考, 违纪 or 缓考")
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class ScoreChange(Base):
    """A correction of a mark."""

    __tablename__ = "exam_score_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey(Score.entry_id), index=True)
    was: Mapped[str] = mapped_column(String(20), comment="the mark, or the state, before")
    now: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship()


def mark_text(mark: Decimal | None, state: str) -> str:
    """What people read: the mark without zeros behind the point, or why there is none."""
    if mark is None:
        return state
    return f"{mark.normalize():f}"


class Marked(Base):
    """A seat with the mark that was given there, if any: a view of seats for reading."""

    __table__ = Seat.__table__
    id = Seat.__table__.c.entry_id
    if TYPE_CHECKING:
        registration_id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        sitting_id: Mapped[int] = mapped_column()
        published: Mapped[bool] = mapped_column()

    mark: Mapped[Decimal | None] = query_expression()
    state: Mapped[str | None] = query_expression()
    ticket: Mapped[str | None] = query_expression()
    lock: Mapped[str | None] = query_expression()
    registration: Mapped[Registration] = relationship(viewonly=True)
    sitting: Mapped[Sitting] = relationship(viewonly=True)

    @property
    def status(self) -> str:
        """What the list says."""
        return self.state or MISSING

    @property
    def tone(self) -> str:
        """That of the status."""
        return SHOWN.get(self.status, Tone.DRAFT)

    @property
    def value(self) -> int | float | None:
        """The mark as lists and exports show it."""
        return None if self.mark is None else int(self.mark) if self.mark == int(self.mark) else float(self.mark)

    def title(self) -> str:
        """Who, and in what."""
        return f"{self.registration.name} {self.sitting.subject.name}"


def lock_at(now: datetime) -> ColumnElement[str]:
    """Whether marks of a plan are public, or locked, in a query that joins plans."""
    return case((over("publicity", now), LOCKED), (ExamPlan.publicity_from <= now, PUBLIC), else_=HIDDEN)


def with_lock(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of `Marked` that says of each whether it is public or locked."""
    return query.options(with_expression(Marked.lock, lock_at(now)))


def unscored_plans(session: Session, actor: Actor, now: datetime) -> Sequence[tuple[ExamPlan, int]]:
    """The plans of an actor whose 成绩登记 is open, with how many marks are missing: whoever has none fails once 公示 is over."""
    missing = marks_query(actor).where(within("scoring", now), Score.entry_id.is_(None)).order_by(None)
    counted = missing.with_only_columns(ExamPlan.id, func.count(), maintain_column_froms=True).group_by(ExamPlan.id)
    numbers = {plan_id: number for plan_id, number in session.execute(counted)}
    plans = session.scalars(select(ExamPlan).where(ExamPlan.id.in_(numbers)).order_by(ExamPlan.id)).all() if numbers else ()
    return [(plan, numbers[plan.id]) for plan in plans]


def marks_query(actor: Actor) -> Select[Marked]:
    """The published seats of an actor's candidates with their marks, newest registrations first: a school its own, an organization those
    of its plans, operators all, others none. `opened` says which of them may be seen."""
    ticket = select(ExamTicket.number).where(ExamTicket.registration_id == Marked.registration_id).correlate(Marked).scalar_subquery()
    query = (
        select(Marked)
        .join(Marked.registration)
        .join(Registration.plan)
        .join(Registration.certificate)
        .join(Party, Party.id == Registration.party_id)
        .join(Marked.sitting)
        .join(Sitting.subject)
        .outerjoin(Score, Score.entry_id == Marked.id)
        .where(Marked.published)
        .options(
            contains_eager(Marked.registration).options(
                contains_eager(Registration.plan), contains_eager(Registration.certificate), contains_eager(Registration.party)
            ),
            contains_eager(Marked.sitting).contains_eager(Sitting.subject),
            with_expression(Marked.mark, Score.mark),
            with_expression(Marked.state, Score.state),
            with_expression(Marked.ticket, ticket),
        )
        .order_by(Registration.id.desc(), Marked.id)
    )
    return seen_by(query, actor, Registration.party_id == actor.party_id)


def opened(actor: Actor, now: datetime, query: Select[Any]) -> Select[Any]:
    """What of such a query the actor may see at a moment: an organization from the beginning of the exam on, others from that of 公示."""
    begins = ExamPlan.exam_from if "培训评价组织" in actor.roles else ExamPlan.publicity_from
    return query.where(begins <= now)


def marked_of(session: Session, actor: Actor, entry_id: int, now: datetime) -> Marked | None:
    """One entry with its mark, if the actor may see it now."""
    query = opened(actor, now, with_lock(now, marks_query(actor)))
    return session.scalars(query.where(Marked.id == entry_id).execution_options(populate_existing=True)).first()


def entered_by(session: Session, entry_id: int) -> tuple[str, datetime] | None:
    """Who registered a mark first, by name, and when; None where there is none."""
    query = select(Person.name, Score.entered_at).join(Person, Person.id == Score.entered_by).where(Score.entry_id == entry_id)
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def changes_of_score(session: Session, entry_id: int) -> Sequence[ScoreChange]:
    """The corrections of a mark, newest first. The caller has checked that the actor may see it."""
    query = select(ScoreChange).join(ScoreChange.person).options(contains_eager(ScoreChange.person))
    return session.scalars(query.where(ScoreChange.entry_id == entry_id).order_by(ScoreChange.id.desc())).all()


def read_mark(given: Any, state: str, subject: ExamSubject) -> Decimal | None:
    """The mark of a subject that somebody has entered; None for a state without one.

    Raises:
        BadMark: in words.
    """
    text = "" if given is None else normalize("NFKC", str(given)).strip()
    if state not in STATES:
        raise BadMark(f"状态应为{'、'.join(STATES)}之一")
    if state != NORMAL:
        if text:
            raise BadMark(f"状态为“{state}”时不填成绩")
        return None
    if _MARK.fullmatch(text) is None:
        raise BadMark("请填写成绩" if not text else f"成绩“{text}”不是数字")
    mark = Decimal(text) + 0  # -0 is 0
    if not 0 <= mark <= subject.full_mark:
        raise BadMark(f"成绩应为 0 到 {subject.full_mark} 分（科目满分 {subject.full_mark}）")
    if mark != mark.quantize(Decimal("0.01")):
        raise BadMark("成绩最多两位小数")
    return mark


@dataclass(frozen=True)
class Given:
    """A mark to be entered."""

    entry_id: int
    mark: Decimal | None
    state: str


def enter(session: Session, actor: Actor, plan_id: int, marks: Sequence[Given], now: datetime) -> None:
    """Enters marks of entries that have none yet, within 成绩登记.

    Raises:
        NotScoring: the plan's 成绩登记 is closed, or it is not the actor's.
        IntegrityError: somebody else has entered one of them.
    """
    _hold(session, actor, plan_id, within("scoring", now), NotScoring)
    registrations = dict(
        session.execute(
            select(Entry.id, Entry.registration_id).where(Entry.id.in_([one.entry_id for one in marks]), Entry.plan_id == plan_id)
        ).all()
    )
    rows = [
        {
            "entry_id": one.entry_id,
            "registration_id": registrations[one.entry_id],
            "plan_id": plan_id,
            "mark": one.mark,
            "state": one.state,
            "entered_at": now,
            "entered_by": actor.person_id,
        }
        for one in marks
    ]
    if rows:
        session.execute(insert(Score), rows)


def correct(
    session: Session, actor: Actor, marked: Marked, mark: Decimal | None, state: str, reason: str, seen: str, now: datetime
) -> bool:
    """Changes a mark, or enters one that was forgotten, until 公示 is over; who, when, from what and why are kept (manual 5.2.9).

    Args:
        seen: what whoever asks takes for the present mark, as `mark_text` tells it.
    Returns: whether that is another mark.
    Raises:
        Locked, ScoredMeanwhile
    """
    _hold(session, actor, marked.plan_id, or_(within("scoring", now), within("publicity", now)), Locked)
    stored = session.scalars(
        select(Score).where(Score.entry_id == marked.id).with_for_update().execution_options(populate_existing=True)
    ).first()
    was = MISSING if stored is None else mark_text(stored.mark, stored.state)
    if was != seen:
        raise ScoredMeanwhile
    told = mark_text(mark, state)
    if was == told:
        return False
    if stored is None:
        about = {"registration_id": marked.registration_id, "plan_id": marked.plan_id, "entered_at": now, "entered_by": actor.person_id}
        session.add(Score(entry_id=marked.id, mark=mark, state=state, **about))
        session.flush()
    else:
        stored.mark, stored.state = mark, state
    change = {"was": was, "now": told, "reason": reason, "made_at": now, "person_id": actor.person_id}
    session.add(ScoreChange(entry_id=marked.id, **change))
    session.flush()
    return True


def _hold(session: Session, actor: Actor, plan_id: int, allowed: ColumnElement[bool], error: type[DomainError]) -> None:
    """Holds the windows of the actor's plan until the transaction ends. Whoever had to wait may come too late: then marks are locked."""
    mine = and_(ExamPlan.id == plan_id, ExamPlan.party_id == actor.party_id, allowed)
    held = session.scalars(select(ExamPlan.id).where(mine).with_for_update(read=True)).first()
    if held is None or "培训评价组织" not in actor.roles or marks_locked(session, plan_id):
        raise error


def scored_numbers(session: Session, plan_ids: Sequence[int]) -> Mapping[int, int]:
    """How many marks are entered in each plan."""
    query = select(Score.plan_id, func.count()).where(Score.plan_id.in_(plan_ids)).group_by(Score.plan_id)
    return dict(session.execute(query).all())
