"""考证结果: whether somebody has passed a certificate, computed from the marks of its subjects (manual 5.2.10).

Who registered for the whole certificate passes with all subjects of that registration. Who registers subject by subject passes with all
subjects that the certificate asks of such a candidate, in whichever plans the school has registered them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, query_expression, relationship, with_expression

from domain.certificates.certificates import Certificate
from domain.exams.exam_subjects import EVERYBODY, ExamSubject, InForce
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, over
from domain.exams.registrations import Entry, Registration
from domain.exams.scores import DEFERRED, NORMAL, Score
from domain.exams.seats import ExamTicket
from domain.ground.base import Base
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

OPEN, PASSED, FAILED = "待定", "通过", "未通过"
STATUSES = {OPEN: Tone.WAITING, PASSED: Tone.DONE, FAILED: Tone.ATTENTION}
"""Result (manual 5.2.10) → the tone of its badge. No row holds it."""


class Outcome(Base):
    """A person's result for a certificate in a plan: a view of registrations, of the first of each where one registers by subject."""

    __table__ = Registration.__table__
    if TYPE_CHECKING:
        id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        certificate_id: Mapped[int] = mapped_column()
        party_id: Mapped[int] = mapped_column()
        subject_id: Mapped[int | None] = mapped_column()
        candidate_id: Mapped[int] = mapped_column()
        name: Mapped[str] = mapped_column()
        pinyin: Mapped[str] = mapped_column()
        document: Mapped[str] = mapped_column()
        id_number: Mapped[str] = mapped_column()
        mobile: Mapped[str] = mapped_column()
        major: Mapped[str | None] = mapped_column()
        level: Mapped[str | None] = mapped_column()
        audience: Mapped[str | None] = mapped_column()
        photo: Mapped[str | None] = mapped_column()

    status: Mapped[str | None] = query_expression()  # follows from marks and time: `with_result`
    ticket: Mapped[str | None] = query_expression()
    plan: Mapped[ExamPlan] = relationship(viewonly=True)
    certificate: Mapped[Certificate] = relationship(viewonly=True)
    party: Mapped[Party] = relationship(viewonly=True)

    @property
    def number(self) -> str:
        """报考编号."""
        return f"BK{self.id:08}"

    @property
    def tone(self) -> str:
        """That of the result."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    def title(self) -> str:
        """Who, and which certificate."""
        return f"{self.name} {self.certificate.label}"


_Other = aliased(Registration, name="other_registration")
_OtherPlan = aliased(ExamPlan, name="other_plan")


def _same_person() -> ColumnElement[bool]:
    """Registrations of the same person by the same school for the same certificate, beside an `Outcome`."""
    who = (_Other.party_id == Outcome.party_id, _Other.document == Outcome.document, _Other.id_number == Outcome.id_number)
    return and_(_Other.certificate_id == Outcome.certificate_id, *who)


def _passed_entries(now: datetime, locked: bool) -> Select[int]:
    """Subjects that the person of an `Outcome` has passed for its certificate, where marks are public, or `locked`."""
    settled = _OtherPlan.publicity_to <= now if locked else _OtherPlan.publicity_from <= now
    query = select(Entry.subject_id).join(_Other, _Other.id == Entry.registration_id).join(_OtherPlan, _OtherPlan.id == _Other.plan_id)
    query = query.join(Score, Score.entry_id == Entry.id).join(ExamSubject, ExamSubject.id == Entry.subject_id)
    return query.where(_same_person(), settled, Score.state == NORMAL, Score.mark >= ExamSubject.pass_mark)


def _own_entries() -> Select[int]:
    """Entries of an `Outcome`: those of its registration, or of all the person's in the plan who registers by subject."""
    here = and_(_same_person(), _Other.plan_id == Outcome.plan_id, _Other.subject_id.is_not(None))
    query = select(Entry.id).join(_Other, _Other.id == Entry.registration_id).outerjoin(Score, Score.entry_id == Entry.id)
    query = query.join(ExamSubject, ExamSubject.id == Entry.subject_id)
    return query.where(or_(_Other.id == Outcome.id, and_(Outcome.subject_id.is_not(None), here)))


def result_at(now: datetime, locked: bool = False) -> ColumnElement[str]:
    """The result at a moment, in a query of `Outcome` that joins plans: 待定 before 公示, while a mark is lacking that may still come, and
    with 缓考; 未通过 with a mark below the pass mark, 缺考 or 违纪, and without a mark once 公示 is over; 通过 with everything passed.

    `locked`: of other plans only marks whose 公示 is over count.
    """
    is_pass = and_(Score.state == NORMAL, Score.mark >= ExamSubject.pass_mark)
    is_open = or_(Score.entry_id.is_(None), Score.state == DEFERRED)
    own = _own_entries()
    failed_here = own.where(~is_open, ~is_pass)
    passed = _passed_entries(now, locked)
    failed_by_subject = failed_here.where(Entry.subject_id.not_in(passed.correlate(Outcome)))
    needed = select(ExamSubject.id).where(ExamSubject.certificate_id == Outcome.certificate_id)
    whom = func.coalesce(Outcome.audience, Outcome.level, "社会考生")
    needed = needed.where(or_(ExamSubject.audience == EVERYBODY, ExamSubject.audience == whom))
    # what is asked from later on takes nobody's result away, and what is no longer asked gives none
    then = and_(InForce.began_at < ExamPlan.publicity_from, or_(InForce.ended_at.is_(None), InForce.ended_at > ExamPlan.publicity_from))
    needed = needed.where(exists().where(InForce.subject_id == ExamSubject.id, then).correlate(ExamSubject, ExamPlan))
    lacking = needed.where(ExamSubject.id.not_in(passed.correlate(Outcome)))
    whole = Outcome.subject_id.is_(None)

    def any_of(query: Select[int]) -> ColumnElement[bool]:
        return query.correlate(Outcome, ExamPlan).exists()

    return case(
        (ExamPlan.publicity_from > now, OPEN),
        (and_(whole, any_of(failed_here)), FAILED),
        (and_(whole, over("publicity", now), any_of(own.where(Score.entry_id.is_(None)))), FAILED),
        (and_(whole, any_of(own.where(is_open))), OPEN),
        (whole, PASSED),
        (any_of(failed_by_subject), FAILED),
        (any_of(own.where(Entry.subject_id.not_in(passed.correlate(Outcome)))), OPEN),
        (any_of(lacking), OPEN),
        else_=PASSED,
    )


def first_of_person() -> ColumnElement[bool]:
    """Whether an `Outcome` is a row of the list: of somebody who registered subject by subject the first one in the plan is."""
    earlier = exists().where(_Other.plan_id == Outcome.plan_id, _same_person(), _Other.subject_id.is_not(None), _Other.id < Outcome.id)
    return or_(Outcome.subject_id.is_(None), ~earlier.correlate(Outcome))


def with_result(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of `Outcome` that says the result of each."""
    return query.options(with_expression(Outcome.status, result_at(now)))


def outcomes_query(actor: Actor) -> Select[Outcome]:
    """The results that an actor may see, newest registrations first: a school its own, an organization those of its plans, operators all,
    others none."""
    ticket = select(ExamTicket.number).where(ExamTicket.registration_id == Outcome.id).correlate(Outcome).scalar_subquery()
    query = (
        select(Outcome)
        .join(Outcome.plan)
        .join(Outcome.certificate)
        .join(Party, Party.id == Outcome.party_id)
        .where(first_of_person())
        .options(
            contains_eager(Outcome.plan),
            contains_eager(Outcome.certificate),
            contains_eager(Outcome.party),
            with_expression(Outcome.ticket, ticket),
        )
        .order_by(Outcome.id.desc())
    )
    return seen_by(query, actor, Outcome.party_id == actor.party_id)


def outcome_of(session: Session, actor: Actor, outcome_id: int, now: datetime) -> Outcome | None:
    """One result, if this actor may see it."""
    return session.scalars(with_result(now, outcomes_query(actor).where(Outcome.id == outcome_id))).first()


@dataclass(frozen=True)
class Part:
    """One subject of a result: the mark, where it is public, and what is needed."""

    subject: str
    plan: str
    full_mark: int
    pass_mark: int
    mark: Decimal | None
    state: str | None

    @property
    def passed(self) -> bool:
        """Whether the mark is enough."""
        return self.mark is not None and self.mark >= self.pass_mark


def parts_of(session: Session, outcome: Outcome, now: datetime, early: bool = False) -> Sequence[Part]:
    """The subjects of a result with their marks as far as they are public, or also before (`early`), in the order of their names.

    Where one registers by subject these are all that the person ever registered for of the certificate.
    """
    query = select(ExamSubject, ExamPlan.name, ExamPlan.publicity_from, Score.mark, Score.state).select_from(Entry)
    query = query.join(Registration, Registration.id == Entry.registration_id).join(ExamPlan, ExamPlan.id == Registration.plan_id)
    query = query.join(ExamSubject, ExamSubject.id == Entry.subject_id).outerjoin(Score, Score.entry_id == Entry.id)
    if outcome.subject_id is None:
        query = query.where(Registration.id == outcome.id)
    else:
        who = (Registration.document == outcome.document, Registration.id_number == outcome.id_number)
        same = (Registration.party_id == outcome.party_id, *who)
        query = query.where(Registration.certificate_id == outcome.certificate_id, *same)
    found = []
    for subject, plan, begins, mark, state in session.execute(query.order_by(ExamSubject.name, Registration.id)):
        shown = early or (begins is not None and begins <= now)
        about = (subject.name, plan, subject.full_mark, subject.pass_mark)
        found.append(Part(*about, mark if shown else None, state if shown else None))
    return found
