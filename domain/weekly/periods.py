"""The periods that schools report on (manual 6; domain.md, Decisions)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, column, func, select, table
from sqlalchemy.orm import Mapped, Session, column_property, mapped_column

from domain.ground.base import SHANGHAI, UtcDateTime
from domain.ground.errors import DomainError
from domain.ground.parties import ONE_BY_ONE, PROVINCE_ROLES, Actor, Party
from domain.ground.subject_record import SubjectRecord

CYCLES = ("周", "半月")
MAX_PERIODS = 60  # one form sets at most about a year of weeks
_LATER = table("reporting_period", column("province_id"), column("starts_at", UtcDateTime()), column("ends_at", UtcDateTime())).alias(
    "later"
)


class NoPeriod(DomainError):
    """省级尚未设置当前的报送周期，暂不能填写周报，请联系省级管理员。"""


class BadPeriod(DomainError):
    """报送周期设置有误。"""


class ReportingPeriod(SubjectRecord):
    """One week or half-month of a province. Where the cycle changed, the first period of the new one is shorter."""

    FACTS: ClassVar[Mapping[str, type]] = {"period_start": datetime, "period_end": datetime, "reminder_at": datetime}
    __tablename__ = "reporting_period"
    __table_args__ = (UniqueConstraint("province_id", "starts_at"),)

    province_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    cycle: Mapped[str] = mapped_column(String(4))
    label: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the first moment of the next period, at which it is too late to hand in
    reminder_hours: Mapped[int]  # how long before `ends_at` people are reminded who have not handed in
    set_next_ends_at: Mapped[datetime | None] = column_property(  # end of the next period, by a subquery; None: it is not set yet
        select(func.min(_LATER.c.ends_at))
        .where(_LATER.c.province_id == province_id, _LATER.c.starts_at >= ends_at)
        .correlate_except(_LATER)
        .scalar_subquery()
    )

    @property
    def party_id(self) -> int:
        """The province."""
        return self.province_id

    def title(self) -> str:
        """What a report on the period is called: 2026年第48周周报."""
        return f"{self.label}{self.noun}"

    def party_for(self, lane: str) -> int | None:
        """The province; the system has timers and reminders."""
        if lane in PROVINCE_ROLES:
            return self.province_id
        return 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`period_start`, `period_end`, `reminder_at`: aware datetimes."""
        reminder = self.ends_at - timedelta(hours=self.reminder_hours)
        return {"period_start": self.starts_at, "period_end": self.ends_at, "reminder_at": reminder}

    def answers(self) -> dict[str, Any]:
        """Empty: a period has no form."""
        return {}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores nothing: a period has no form."""

    @property
    def noun(self) -> str:
        """What a report on it is called."""
        return "周报" if self.cycle == "周" else "半月报"

    @property
    def next_ends_at(self) -> datetime:
        """End of the period after this one: the one the province has set, or else one of the same cycle."""
        return self.set_next_ends_at or _next_end(self.cycle, self.ends_at)


def current_period(session: Session, province_id: int | None, now: datetime) -> ReportingPeriod | None:
    """The period of a province that `now` lies in."""
    table = ReportingPeriod
    query = select(table).where(table.province_id == province_id, table.starts_at <= now, table.ends_at > now)
    return session.scalars(query).first()


def period_of(session: Session, actor: Actor, period_id: int) -> ReportingPeriod | None:
    """One period of the actor's province."""
    return session.scalars(periods_query(actor).where(ReportingPeriod.id == period_id)).first()


def set_periods(session: Session, actor: Actor, cycle: str, first: date, last: date, reminder_hours: int) -> list[ReportingPeriod]:
    """Sets the periods of the actor's province that hold the days from `first` to `last`, and returns the new ones.

    Periods that are there already stay as they are. Where the cycle changes, the first period of the new cycle begins when the last
    period of the old one ends, so that no moment is in two periods or in none.

    Raises:
        DomainError: the actor is not of the province.
        BadPeriod: the cycle is unknown, the dates are in the wrong order or too far apart, periods overlap, or a change of cycle leaves
            a gap.
    """
    if "省级" not in actor.roles:
        raise DomainError("只有省级管理员可以设置报送周期")
    if cycle not in CYCLES:
        raise BadPeriod("请选择按周或按半月报送")
    if last < first:
        raise BadPeriod("结束日期不能早于开始日期")
    if first.year < 2000 or last.year > 2100:
        raise BadPeriod("请填写 2000–2100 年之间的日期")
    if not 1 <= reminder_hours <= 168:
        raise BadPeriod("提醒时间应在截止前 1–168 小时之间")
    session.get_one(Party, actor.party_id, with_for_update=ONE_BY_ONE)  # of two people of a province who set periods, one waits
    kept = session.scalars(select(ReportingPeriod).where(ReportingPeriod.province_id == actor.party_id)).all()
    made: list[ReportingPeriod] = []
    for start, end in _spans(cycle, _begin(cycle, first, last, kept), last):
        overlapping = [p for p in kept if p.starts_at < end and start < p.ends_at]
        if any((p.starts_at, p.ends_at) == (start, end) for p in overlapping):
            continue
        if overlapping:
            raise BadPeriod(f"{_label(cycle, start)}与已设置的“{overlapping[0].label}”重叠，请调整日期范围")
        if len(made) >= MAX_PERIODS:
            raise BadPeriod(f"一次最多设置 {MAX_PERIODS} 个周期，请缩短日期范围")
        made.append(
            ReportingPeriod(
                province_id=actor.party_id,
                cycle=cycle,
                label=_label(cycle, start),
                starts_at=start,
                ends_at=end,
                reminder_hours=reminder_hours,
            )
        )
    session.add_all(made)
    session.flush()
    for period in kept:
        session.expire(period, ["set_next_ends_at"])
    return made


def periods_query(actor: Actor) -> Select[ReportingPeriod]:
    """The periods of the actor's province, newest first."""
    province = actor.party_id if actor.party_kind == "province" else actor.province_id
    return select(ReportingPeriod).where(ReportingPeriod.province_id == province).order_by(ReportingPeriod.starts_at.desc())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _begin(cycle: str, first: date, last: date, kept: Sequence[ReportingPeriod]) -> datetime:
    """When the first new period begins: by the calendar, or where the cycles overlap, at the end of the old cycle's last period."""
    start = _first_start(cycle, first)
    old = max((p for p in kept if p.cycle != cycle), key=lambda p: p.ends_at, default=None)
    if old is None:
        return start
    day = old.ends_at.astimezone(SHANGHAI).date()
    if old.starts_at < _next_end(cycle, start) and start < old.ends_at:
        if day > last:
            raise BadPeriod(f"所选日期已属于“{old.label}”，结束日期不能早于 {day}")
        return old.ends_at
    # a gap shorter than a period is a mistake; a longer one is on purpose, such as holidays
    if start > old.ends_at > _first_start(cycle, start.date() - timedelta(days=1)) and not any(p.ends_at == start for p in kept):
        raise BadPeriod(f"与“{old.label}”之间有空档，请把开始日期改为 {day}")
    return start


def _spans(cycle: str, start: datetime, last: date) -> Iterator[tuple[datetime, datetime]]:
    while start.astimezone(SHANGHAI).date() <= last:
        end = _next_end(cycle, start)
        yield start, end
        start = end


def _first_start(cycle: str, day: date) -> datetime:
    if cycle == "周":
        return _midnight(day - timedelta(days=day.weekday()))
    return _midnight(day.replace(day=1 if day.day < 16 else 16))


def _next_end(cycle: str, start: datetime) -> datetime:
    day = start.astimezone(SHANGHAI).date()
    if cycle == "周":
        return _midnight(day + timedelta(days=7 - day.weekday()))
    return _midnight(day.replace(day=16) if day.day < 16 else (day.replace(day=1) + timedelta(days=32)).replace(day=1))


def _label(cycle: str, start: datetime) -> str:
    day = start.astimezone(SHANGHAI).date()
    if cycle == "周":
        year, week, _ = day.isocalendar()
        return f"{year}年第{week}周"
    return f"{day.year}年{day.month}月{'上' if day.day < 16 else '下'}"
