"""The declarative base of all records, and the column types they share."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Dialect, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

SHANGHAI = ZoneInfo("Asia/Shanghai")  # the zone of all windows and deadlines (domain.md, Decisions)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC in Python, stored in UTC. SQLite stores no zone; a moment that is loaded has it again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: moments carry a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(states: type[StrEnum], length: int) -> Enum:
    """The type of a column that holds the value of one member of `states` as text, of at most `length` characters."""
    return Enum(states, native_enum=False, length=length, values_callable=lambda members: [member.value for member in members])


class Base(DeclarativeBase):
    """Base of every record."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


LAST = datetime(9999, 12, 31, 15, 59, 59, tzinfo=UTC)
YEARS = range(2000, 2101)
"""Of moments that people write."""


def utc_now() -> datetime:
    """The moment now, aware, in UTC."""
    return datetime.now(UTC)


def in_shanghai(moment: datetime) -> datetime:
    """A moment by the clock of Asia/Shanghai. The last hours of the calendar, which stand for “never” in certificates (RFC 5280, 4.1.2.5),
    end with the year there too: it has no next one."""
    return min(moment, LAST).astimezone(SHANGHAI)


def clock_minutes(moment: datetime) -> str:
    """A moment as people read it, in Asia/Shanghai: 2026-11-23 14:05."""
    return in_shanghai(moment).strftime("%Y-%m-%d %H:%M")


def read_minutes(text: str) -> datetime | None:
    """Reads a moment that is written as `clock_minutes` shows it, or with a T as browsers send it; None where the text is no moment, or one
    of a year that nobody means: near the ends of the calendar it could not be turned into UTC, or reckoned with."""
    try:
        moment = datetime.strptime(text.replace("T", " "), "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    return moment if moment.year in YEARS else None


def minutes_problem(text: str) -> str | None:
    """What is wrong with a moment as people write it, in Chinese; None when nothing is."""
    return None if read_minutes(text) is not None else "应为日期和时间，例如 2026-11-23 09:00"
