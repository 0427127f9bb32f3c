"""周报 and the periods they report on (manual 6; domain.md, Decisions)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Self

from sqlalchemy import JSON, ForeignKey, Select, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.base import SHANGHAI, Base, UtcDateTime, utc_now
from domain.errors import DomainError
from domain.parties import Actor, Party, Person

CYCLES = ("周", "半月")
MAX_PERIODS = 60  # one form sets at most about a year of weeks


class AlreadyReported(DomainError):
    """本周周报已提交，请勿重复提交"""


class NoPeriod(DomainError):
    """省级尚未设置当前的报送周期，暂不能填写周报，请联系省级管理员。"""


class BadPeriod(DomainError):
    """报送周期设置有误。"""


class ReportingPeriod(Base):
    """One week or half-month of a province; consecutive periods touch."""

    __tablename__ = "reporting_period"
    __table_args__ = (UniqueConstraint("province_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    province_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    cycle: Mapped[str] = mapped_column(String(4))
    label: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # first moment of the next period: too late to hand in
    reminder_hours: Mapped[int]  # how long before `ends_at` unsent drafts are reminded

    @property
    def next_ends_at(self) -> datetime:
        """End of the period after this one, by the same cycle."""
        return _next_end(self.cycle, self.ends_at)


class WeeklyReport(Base):
    """A school's report on one period. `status` and `tone` are written by the engine alone."""

    __tablename__ = "weekly_report"
    __table_args__ = (UniqueConstraint("period_id", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("reporting_period.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    status: Mapped[str] = mapped_column(String(40), default="")
    tone: Mapped[str] = mapped_column(String(12), default="draft")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    period: Mapped[ReportingPeriod] = relationship()
    party: Mapped[Party] = relationship()
    author: Mapped[Person] = relationship()

    @classmethod
    def load(cls, session: Session, subject_id: int, lock: bool = False) -> Self | None:
        """The report with period, school and author, in one query."""
        query = _joined(cls).where(cls.id == subject_id)
        return session.scalars(query.with_for_update(of=cls) if lock else query).first()

    def title(self) -> str:
        """School and period."""
        return f"{self.party.name} {self.period.label}周报" if self.period.cycle == "周" else f"{self.party.name} {self.period.label}半月报"

    def party_for(self, lane: str) -> int | None:
        """The school itself, or the province it belongs to."""
        if lane == "试点院校":
            return self.party_id
        if lane in ("省级", "省级初审", "省级复审"):
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


def current_period(session: Session, province_id: int | None, now: datetime) -> ReportingPeriod | None:
    """The period of a province that `now` lies in."""
    table = ReportingPeriod
    query = select(table).where(table.province_id == province_id, table.starts_at <= now, table.ends_at > now)
    return session.scalars(query).first()


def new_report(session: Session, actor: Actor, now: datetime) -> WeeklyReport:
    """A new, flushed report of the actor's school on the current period.

    Raises:
        NoPeriod: the province has set none for now.
        AlreadyReported: the school has one already, also when two are sent at once (a unique constraint decides).
    """
    period = current_period(session, actor.province_id, now)
    if period is None:
        raise NoPeriod
    existing = select(WeeklyReport.id).where(WeeklyReport.period_id == period.id, WeeklyReport.party_id == actor.party_id)
    if session.scalar(existing) is not None:
        raise AlreadyReported
    report = WeeklyReport(period_id=period.id, party_id=actor.party_id, author_id=actor.person_id, data={}, created_at=now)
    try:
        with session.begin_nested():
            session.add(report)
            session.flush()
    except IntegrityError as error:
        raise AlreadyReported from error
    found = WeeklyReport.load(session, report.id)
    if found is None:
        raise AlreadyReported
    return found


def reports_query(actor: Actor) -> Select[WeeklyReport]:
    """The reports an actor may see: a school its own, a province those of its schools, others none. Newest period first."""
    query = _joined(WeeklyReport).order_by(ReportingPeriod.starts_at.desc(), WeeklyReport.id.desc())
    if "试点院校" in actor.roles:
        return query.where(WeeklyReport.party_id == actor.party_id)
    if actor.party_kind == "province":
        return query.where(Party.province_id == actor.party_id)
    return query.where(WeeklyReport.id.is_(None))


def report_of(session: Session, actor: Actor, report_id: int) -> WeeklyReport | None:
    """One report, if this actor may see it."""
    return session.scalars(reports_query(actor).where(WeeklyReport.id == report_id)).first()


def set_periods(session: Session, actor: Actor, cycle: str, first: date, last: date, reminder_hours: int) -> list[ReportingPeriod]:
    """Sets the periods of the actor's province that begin between two days; those already there stay as they are.

    Raises:
        BadPeriod: unknown cycle, dates in the wrong order, too many, or overlapping with periods of another cycle.
    """
    if cycle not in CYCLES:
        raise BadPeriod("请选择按周或按半月报送")
    if last < first:
        raise BadPeriod("结束日期不能早于开始日期")
    if not 1 <= reminder_hours <= 168:
        raise BadPeriod("提醒时间应在截止前 1–168 小时之间")
    table = ReportingPeriod
    kept = session.scalars(select(table).where(table.province_id == actor.party_id)).all()
    made: list[ReportingPeriod] = []
    start = _first_start(cycle, first)
    while start.astimezone(SHANGHAI).date() <= last:
        if len(made) >= MAX_PERIODS:
            raise BadPeriod(f"一次最多设置 {MAX_PERIODS} 个周期，请缩短日期范围")
        end = _next_end(cycle, start)
        if not any(p.starts_at < end and start < p.ends_at for p in kept):
            made.append(
                table(
                    province_id=actor.party_id,
                    cycle=cycle,
                    label=_label(cycle, start),
                    starts_at=start,
                    ends_at=end,
                    reminder_hours=reminder_hours,
                )
            )
        start = end
    session.add_all(made)
    session.flush()
    return made


def periods_query(actor: Actor) -> Select[ReportingPeriod]:
    """The periods of the actor's province, newest first."""
    province = actor.party_id if actor.party_kind == "province" else actor.province_id
    return select(ReportingPeriod).where(ReportingPeriod.province_id == province).order_by(ReportingPeriod.starts_at.desc())


def _joined(cls: type[WeeklyReport]) -> Select[Any]:
    return (
        select(cls)
        .join(cls.period)
        .join(cls.party)
        .join(cls.author)
        .options(contains_eager(cls.period), contains_eager(cls.party), contains_eager(cls.author))
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _first_start(cycle: str, day: date) -> datetime:
    if cycle == "周":
        return _midnight(day - timedelta(days=day.weekday()))
    return _midnight(day.replace(day=1 if day.day < 16 else 16))


def _next_end(cycle: str, start: datetime) -> datetime:
    day = start.astimezone(SHANGHAI).date()
    if cycle == "周":
        return _midnight(day + timedelta(days=7))
    return _midnight(day.replace(day=16) if day.day < 16 else (day.replace(day=1) + timedelta(days=32)).replace(day=1))


def _label(cycle: str, start: datetime) -> str:
    day = start.astimezone(SHANGHAI).date()
    if cycle == "周":
        year, week, _ = day.isocalendar()
        return f"{year}年第{week}周"
    return f"{day.year}年{day.month}月{'上' if day.day < 16 else '下'}"
