"""考场编排明细: of each subject of a plan and each school with candidates in it, its site, how many there are, and how many have seats
(manual 5.2.8.1)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, distinct, false, func, or_, select
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, query_expression, relationship, with_expression

from domain.certificates.certificates import Certificate
from domain.exams.allotments import LENDER, Allotment
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.planned_subjects import STATUSES, PlannedSubject, is_smallest, status_at
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Entry, Registration
from domain.exams.seats import Seat
from domain.ground.base import Base
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

_rows = (
    select(func.min(Entry.id).label("id"), Entry.plan_id, Entry.subject_id, Registration.party_id)
    .join(Registration, Registration.id == Entry.registration_id)
    .group_by(Entry.plan_id, Entry.subject_id, Registration.party_id)
    .subquery("subject_of_school")
)


class SubjectOfSchool(Base):
    """A school's candidates in one subject of a plan."""

    __table__ = _rows
    __mapper_args__ = {"primary_key": [_rows.c.id]}  # noqa: RUF012  # as SQLAlchemy reads it
    if TYPE_CHECKING:
        id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        subject_id: Mapped[int] = mapped_column()
        party_id: Mapped[int] = mapped_column()

    status: Mapped[str | None] = query_expression()  # that of the subject: `with_status`
    people: Mapped[int | None] = query_expression()  # registered for it
    seated: Mapped[int | None] = query_expression()  # of these, with a published seat
    rooms: Mapped[int | None] = query_expression()  # in how many rooms these sit
    lender: Mapped[str | None] = query_expression()  # the school of the allotted site; None: there is none
    plan: Mapped[ExamPlan] = relationship(viewonly=True, primaryjoin=lambda: ExamPlan.id == _rows.c.plan_id, foreign_keys=_rows.c.plan_id)
    party: Mapped[Party] = relationship(viewonly=True, primaryjoin=lambda: Party.id == _rows.c.party_id, foreign_keys=_rows.c.party_id)
    subject: Mapped[ExamSubject] = relationship(
        viewonly=True, primaryjoin=lambda: ExamSubject.id == _rows.c.subject_id, foreign_keys=_rows.c.subject_id
    )

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    @property
    def site(self) -> str:
        """The site's name, made as `ExamSite.title` makes it."""
        return f"{self.lender}{self.subject.certificate.label}考核站点" if self.lender else "未分配考核站点"


def with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of these rows that says the status of each one's subject."""
    return query.options(with_expression(SubjectOfSchool.status, status_at(now)))


def _of_row(column: ColumnElement[int]) -> Select[int]:
    mine = (Entry.plan_id == SubjectOfSchool.plan_id, Entry.subject_id == SubjectOfSchool.subject_id)
    query = select(column).select_from(Entry).join(Registration, Registration.id == Entry.registration_id)
    return query.where(*mine, Registration.party_id == SubjectOfSchool.party_id).correlate(SubjectOfSchool)


def _seated(column: ColumnElement[int]) -> ColumnElement[int]:
    return _of_row(column).join(Seat, Seat.entry_id == Entry.id).where(Seat.published).scalar_subquery()


def subjects_of_schools_query(actor: Actor) -> Select[SubjectOfSchool]:
    """The rows an actor may see, newest plans first: a school its own, and those that are examined at its sites; an organization those of
    its plans, operators all, others none."""
    query = (
        select(SubjectOfSchool)
        .join(SubjectOfSchool.plan)
        .join(SubjectOfSchool.party)
        .join(SubjectOfSchool.subject)
        .join(ExamSubject.certificate)
        .join(
            PlannedSubject,
            and_(PlannedSubject.plan_id == SubjectOfSchool.plan_id, PlannedSubject.subject_id == SubjectOfSchool.subject_id, is_smallest()),
        )
        .outerjoin(
            Allotment,
            and_(
                Allotment.plan_id == SubjectOfSchool.plan_id,
                Allotment.party_id == SubjectOfSchool.party_id,
                Allotment.certificate_id == ExamSubject.certificate_id,
            ),
        )
        .outerjoin(ExamSite, ExamSite.id == Allotment.site_id)
        .outerjoin(LENDER, LENDER.id == ExamSite.party_id)
        .where(ExamPlan.published)
        .options(
            contains_eager(SubjectOfSchool.plan),
            contains_eager(SubjectOfSchool.party),
            contains_eager(SubjectOfSchool.subject).contains_eager(ExamSubject.certificate),
            with_expression(SubjectOfSchool.people, _of_row(func.count(Entry.id)).scalar_subquery()),
            with_expression(SubjectOfSchool.seated, _seated(func.count(Seat.entry_id))),
            with_expression(SubjectOfSchool.rooms, _seated(func.count(distinct(Seat.room_id)))),
            with_expression(SubjectOfSchool.lender, LENDER.name),
        )
        .order_by(ExamPlan.id.desc(), Certificate.code, ExamSubject.id, Party.name)
    )
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(or_(SubjectOfSchool.party_id == actor.party_id, LENDER.id == actor.party_id))
    return query.where(ExamPlan.party_id == actor.party_id if "培训评价组织" in actor.roles else false())
