"""考核站点编排: the subjects of published plans, how far each is arranged, and at which sites (manual 5.2.8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, exists, false, func, or_, select, true
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, query_expression, relationship, with_expression

from domain.exams import registrations
from domain.exams.allotments import Allotment
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan, Sitting, exam_plans_query, over, within
from domain.exams.registrations import UNPLACED, Entry, Registration, registrations_query
from domain.exams.rooms import Room
from domain.exams.seats import Seat
from domain.ground.base import Base
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

AHEAD, NONE, SOME, ALL, OVER = "未开始", "未排考", "排考中", "已排完", "已结束"
STATUSES = {AHEAD: Tone.DRAFT, NONE: Tone.WAITING, SOME: Tone.ATTENTION, ALL: Tone.DONE, OVER: Tone.DONE}
"""Status (manual 5.2.8.1) → the tone of its badge. It follows from the plan's 排考 window and the published seats; no row holds it."""


class PlannedSubject(Base):
    """A subject that a plan examines. Its id is the smallest of its sittings."""

    __table__ = Sitting.__table__
    if TYPE_CHECKING:
        id: Mapped[int] = mapped_column()
        plan_id: Mapped[int] = mapped_column()
        subject_id: Mapped[int] = mapped_column()

    status: Mapped[str | None] = query_expression()  # `with_status`
    people: Mapped[int | None] = query_expression()  # who is registered for it, as far as the actor may see them: `planned_subjects_query`
    seated: Mapped[int | None] = query_expression()  # of these, who has a published seat
    first: Mapped[datetime | None] = query_expression()  # when its first sitting begins
    sittings: Mapped[int | None] = query_expression()  # how many it has
    plan: Mapped[ExamPlan] = relationship(viewonly=True)
    subject: Mapped[ExamSubject] = relationship(viewonly=True)

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    @property
    def left(self) -> int:
        """未排人数: who is registered and has no published seat."""
        return (self.people or 0) - (self.seated or 0)

    def title(self) -> str:
        """Which subject, in which plan."""
        return f"{self.plan.title()}：{self.subject.title()}"


@dataclass(frozen=True)
class SiteOfSubject:
    """One line of 考点编排明细: a site at which the subject is examined; None: the site of those whose school has none yet."""

    site: ExamSite | None
    people: int
    seated: int
    rooms: int


_entries = (Entry.plan_id == PlannedSubject.plan_id, Entry.subject_id == PlannedSubject.subject_id)
_has_seat = exists().where(Seat.entry_id == Entry.id, Seat.published)


def is_smallest() -> ColumnElement[bool]:
    """Whether a sitting stands for its subject: of several it is the one with the smallest id."""
    other = aliased(Sitting)
    same = (other.plan_id == PlannedSubject.plan_id, other.subject_id == PlannedSubject.subject_id)
    return ~exists().where(*same, other.id < PlannedSubject.id).correlate(PlannedSubject)


def status_at(now: datetime) -> ColumnElement[str]:
    """The status of a subject at a moment (manual 5.2.8.1), in a query that joins plans: before, in and after the plan's 排考 window; in it
    by whether none, some or all of those registered for the subject have a published seat. A subject without anybody is 未排考."""
    some = exists().where(*_entries, Seat.entry_id == Entry.id, Seat.published).correlate(PlannedSubject)
    left = exists().where(*_entries, ~_has_seat.correlate(Entry)).correlate(PlannedSubject)
    ahead = ExamPlan.arranging_from > now
    return case((over("arranging", now), OVER), (ahead, AHEAD), (~some, NONE), (left, SOME), else_=ALL)


def with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of subjects that says the status of each."""
    return query.options(with_expression(PlannedSubject.status, status_at(now)))


def planned_subjects_query(actor: Actor) -> Select[PlannedSubject]:
    """The subjects of the published plans that an actor may see, newest plans first. `people` and `seated` count a school's own candidates;
    the status is that of all."""
    other = aliased(Sitting)
    same = (other.plan_id == PlannedSubject.plan_id, other.subject_id == PlannedSubject.subject_id)
    mine = exam_plans_query(actor).where(ExamPlan.published).order_by(None).with_only_columns(ExamPlan.id)
    sittings = select(other.id).where(*same)
    number = sittings.with_only_columns(func.count()).correlate(PlannedSubject).scalar_subquery()
    first = sittings.with_only_columns(func.min(other.starts_at)).correlate(PlannedSubject).scalar_subquery()
    return (
        select(PlannedSubject)
        .join(PlannedSubject.plan)
        .join(PlannedSubject.subject)
        .join(ExamSubject.certificate)
        .join(Party, Party.id == ExamPlan.party_id)
        .where(is_smallest(), ExamPlan.id.in_(mine))
        .options(
            contains_eager(PlannedSubject.plan).contains_eager(ExamPlan.party),
            contains_eager(PlannedSubject.subject).contains_eager(ExamSubject.certificate),
            with_expression(PlannedSubject.people, _counted(actor, true())),
            with_expression(PlannedSubject.seated, _counted(actor, _has_seat.correlate(Entry))),
            with_expression(PlannedSubject.first, first),
            with_expression(PlannedSubject.sittings, number),
        )
        .order_by(ExamPlan.id.desc(), PlannedSubject.id)
    )


def _counted(actor: Actor, which: ColumnElement[bool]) -> ColumnElement[int]:
    query = select(func.count(Entry.id)).where(*_entries, which)
    if "试点院校" in actor.roles:
        query = query.join(Registration, Registration.id == Entry.registration_id).where(Registration.party_id == actor.party_id)
    return query.correlate(PlannedSubject).scalar_subquery()


def planned_subject_of(session: Session, actor: Actor, planned_id: int, now: datetime) -> PlannedSubject | None:
    """One subject of a plan, if this actor may see it."""
    query = planned_subjects_query(actor).where(PlannedSubject.id == planned_id)
    return session.scalars(with_status(now, query)).first()


def sites_of(session: Session, actor: Actor, planned: PlannedSubject) -> Sequence[SiteOfSubject]:
    """考点编排明细: the sites that are allotted for a subject of a plan, with those who are to be examined there and the rooms in which
    they sit. Of another school's site a school counts its own candidates alone; of sites that are not for it, it sees nothing."""
    registered = select(Entry.id, Registration.party_id).join(Registration, Registration.id == Entry.registration_id)
    registered = registered.where(Entry.plan_id == planned.plan_id, Entry.subject_id == planned.subject_id)
    people = registered.subquery()
    allotted = and_(
        Allotment.plan_id == planned.plan_id,
        Allotment.certificate_id == planned.subject.certificate_id,
        Allotment.party_id == people.c.party_id,
    )
    seat = and_(Seat.entry_id == people.c.id, Seat.published)
    where = func.coalesce(Room.site_id, Allotment.site_id)
    query = (
        select(where, func.count(people.c.id), func.count(Seat.entry_id), func.count(distinct(Seat.room_id)))
        .select_from(people)
        .outerjoin(Allotment, allotted)
        .outerjoin(Seat, seat)
        .outerjoin(Room, Room.id == Seat.room_id)
        .group_by(where)
    )
    if "试点院校" in actor.roles:
        own_sites = select(ExamSite.id).where(ExamSite.party_id == actor.party_id)
        query = query.where(or_(people.c.party_id == actor.party_id, where.in_(own_sites)))
    elif not actor.roles & {"培训评价组织", "系统管理"}:
        query = query.where(false())
    counted = session.execute(query).all()
    known = ExamSite.joined().where(ExamSite.id.in_([site_id for site_id, *_ in counted if site_id is not None]))
    sites = {site.id: site for site in session.scalars(known)}
    found = [SiteOfSubject(sites.get(site_id), *numbers) for site_id, *numbers in counted]
    return sorted(found, key=lambda one: (one.site is None, one.site.title() if one.site is not None else ""))


def unplaced_plans(session: Session, actor: Actor, now: datetime, going: bool = False) -> Sequence[tuple[ExamPlan, int]]:
    """The plans of an actor whose 排考 is over – or, `going`, goes on – and whose exam is not over, with how many registrations are still
    未排考, those whose exam comes first before the others (domain.md, Decisions)."""
    arranging = within("arranging", now) if going else over("arranging", now)
    query = exam_plans_query(actor).where(ExamPlan.published, arranging, ExamPlan.exam_to > now)
    plans = {plan.id: plan for plan in session.scalars(query.order_by(None).order_by(ExamPlan.exam_from, ExamPlan.id))}
    if not plans:
        return []
    left = registrations_query(actor).where(ExamPlan.id.in_(plans), registrations.status_at(now) == UNPLACED).order_by(None)
    counted = left.with_only_columns(ExamPlan.id, func.count(), maintain_column_froms=True).group_by(ExamPlan.id)
    numbers = {plan_id: number for plan_id, number in session.execute(counted)}
    return [(plan, numbers[plan_id]) for plan_id, plan in plans.items() if plan_id in numbers]
