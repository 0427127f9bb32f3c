"""周报: what schools report on each period (manual 6; domain.md, Decisions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import participating
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError, TooLate
from domain.ground.parties import PROVINCE_ROLES, Actor, Party, Person, PersonRole
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse
from domain.weekly.periods import NoPeriod, ReportingPeriod, current_period


class AlreadyReported(DomainError):
    """本周周报已提交，请勿重复提交"""


class WeeklyReport(SubjectRecord):
    """A school's report on one period."""

    FACTS: ClassVar[Mapping[str, type]] = {"period_end": datetime, "next_period_end": datetime, "reminder_at": datetime}
    __tablename__ = "weekly_report"
    # ids are never used again: a deleted report's history must not become another's
    __table_args__ = (UniqueConstraint("period_id", "party_id"), {"sqlite_autoincrement": True})

    period_id: Mapped[int] = mapped_column(ForeignKey("reporting_period.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    period: Mapped[ReportingPeriod] = relationship()
    party: Mapped[Party] = relationship()
    author: Mapped[Person] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Reports with period, school and author."""
        return (
            select(cls)
            .join(cls.period)
            .join(cls.party)
            .join(cls.author)
            .options(contains_eager(cls.period), contains_eager(cls.party), contains_eager(cls.author))
        )

    def title(self) -> str:
        """School and period."""
        return f"{self.party.name} {self.period.label}{self.period.noun}"

    def party_for(self, lane: str) -> int | None:
        """The school itself, or the province it belongs to."""
        if lane == "试点院校":
            return self.party_id
        if lane in PROVINCE_ROLES:
            return self.party.province_id
        return 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`period_end`, `next_period_end`, `reminder_at`: aware datetimes."""
        period = self.period
        return {
            "period_end": period.ends_at,
            "next_period_end": period.next_ends_at,
            "reminder_at": period.ends_at - timedelta(hours=period.reminder_hours),
        }

    def answers(self) -> dict[str, Any]:
        """What was filled in."""
        return dict(self.data or {})

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in."""
        self.data = dict(answers)


def open_period(session: Session, actor: Actor, now: datetime) -> ReportingPeriod:
    """The current period, on which the actor's school has no report yet.

    Raises:
        NoPeriod: the province has set none for now.
        AlreadyReported: the school has a report on it.
    """
    period = current_period(session, actor.province_id, now)
    if period is None:
        raise NoPeriod
    existing = select(WeeklyReport.id).where(WeeklyReport.period_id == period.id, WeeklyReport.party_id == actor.party_id)
    if session.scalar(existing) is not None:
        raise AlreadyReported
    return period


def known_beforehand(session: Session, actor: Actor) -> dict[str, Any]:
    """What the system fills into a new report: its contact is whoever begins it, and each certificate that the school pilots has a line."""
    mobile = session.scalar(select(Person.mobile).where(Person.id == actor.person_id))
    piloted = select(Certificate).where(Certificate.id.in_(participating(actor))).order_by(Certificate.code)
    lines = [{"certificate": certificate.label} for certificate in session.scalars(piloted)]
    return {"contact": actor.name, "mobile": mobile or "", **({"lines": lines} if lines else {})}


def new_report(
    session: Session, actor: Actor, now: datetime, answers: dict[str, Any] | None = None, opened_for: int | None = None
) -> WeeklyReport:
    """A new, flushed report of the actor's school on the current period.

    `opened_for` is the id of the period for which the form was opened: a form that stays open over a deadline does not become the
    report of the next period.

    Raises:
        NoPeriod: the province has set none for now.
        TooLate: the period of the form is over.
        AlreadyReported: the school has one already, also where two are sent at once (a unique constraint decides).
    """
    table = ReportingPeriod
    both = select(table, Party).join(Party, Party.province_id == table.province_id).where(Party.id == actor.party_id)
    found = session.execute(both.where(table.starts_at <= now, table.ends_at > now)).first()
    if opened_for is not None and (found is None or found[0].id != opened_for):
        raise TooLate
    if found is None:
        raise NoPeriod
    period, school = found
    report = WeeklyReport(period=period, party=school, author_id=actor.person_id, data=answers or {}, created_at=now)
    session.add(report)
    flush_or_refuse(session, AlreadyReported)
    return report


def reports_query(actor: Actor) -> Select[WeeklyReport]:
    """The reports an actor may see: a school its own, a province those of its schools, others none. Newest period first."""
    query = WeeklyReport.joined().order_by(ReportingPeriod.starts_at.desc(), WeeklyReport.id.desc())
    if "试点院校" in actor.roles:
        return query.where(WeeklyReport.party_id == actor.party_id)
    if actor.party_kind == "province":
        return query.where(Party.province_id == actor.party_id)
    return query.where(WeeklyReport.id.is_(None))


def report_of(session: Session, actor: Actor, report_id: int) -> WeeklyReport | None:
    """One report, if this actor may see it."""
    return session.scalars(reports_query(actor).where(WeeklyReport.id == report_id)).first()


def people_yet_to_report(session: Session, period: ReportingPeriod) -> Sequence[Person]:
    """The people to remind: those of the province's schools that have begun no report on a period."""
    reported = select(WeeklyReport.party_id).where(WeeklyReport.period_id == period.id)
    query = (
        select(Person)
        .join(Party, Party.id == Person.party_id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Party.province_id == period.province_id, Party.id.not_in(reported), Person.active, PersonRole.role == "试点院校")
    )
    return session.scalars(query.order_by(Person.id)).all()
