"""What is printed: values, in the order and the words of the documents, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.ground.base import SHANGHAI

Photo = bytes | Callable[[], bytes | None] | None
"""A JPEG of 295 × 413 pixels, or what reads it when it is drawn: of thousands not all are in memory."""
_DAYS = "一二三四五六日"


class Printed(Protocol):
    """Something that is printed."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts that people have written, each with whose it is: what fonts must have."""
        ...


@dataclass(frozen=True)
class Exam:
    """One subject of one candidate: when and where."""

    subject: str
    starts_at: datetime
    ends_at: datetime
    room: str
    seat: int
    site: str
    address: str
    place: str = ""
    """Building and door of the room."""


@dataclass(frozen=True)
class Ticket:
    """准考证: one page for one candidate."""

    plan: str
    name: str
    number: str
    document: str
    """证件类型."""
    id_number: str
    photo: Photo
    school: str
    certificate: str
    grade: str
    exams: tuple[Exam, ...]
    """In the order of time."""
    rules: tuple[str, ...]
    """考生须知, without numbers before them."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts, each with whose it is."""
        who = f"{self.name}（{self.number}）"
        own = (self.name, self.number, self.document, self.id_number)
        yield from ((who, text) for text in own)
        yield from ((f"考试计划“{self.plan}”", text) for text in (self.plan, *self.rules))
        yield from ((f"院校“{self.school}”", text) for text in (self.school,))
        yield from ((f"证书“{self.certificate}”", text) for text in (self.certificate, self.grade))
        for exam in self.exams:
            yield from ((f"考场“{exam.room}”", text) for text in (exam.subject, exam.room, exam.site, exam.address, exam.place))


@dataclass(frozen=True)
class Seat:
    """Somebody at a seat of a room."""

    seat: int
    name: str
    number: str
    """准考证号."""
    id_number: str
    photo: Photo = None


@dataclass(frozen=True)
class Sheet:
    """One room at one time: what its door, its desks and its list of people (签到表) say."""

    plan: str
    site: str
    address: str
    room: str
    room_type: str
    place: str
    """Building and door."""
    certificate: str
    """With its grade."""
    subject: str
    starts_at: datetime
    ends_at: datetime
    seats: tuple[Seat, ...]
    invigilators: tuple[str, ...] = ()
    partial: bool = False
    """Whether others may sit there too: the people are those of one school, in the room of another."""

    def in_order(self) -> tuple[Seat, ...]:
        """The people by seat."""
        return tuple(sorted(self.seats, key=lambda seat: seat.seat))

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts, each with whose it is."""
        room = f"考场“{self.room}”"
        own = (self.plan, self.site, self.address, self.room, self.room_type, self.place, self.certificate, self.subject)
        yield from ((room, text) for text in own)
        yield from ((f"监考人员 {name}", name) for name in self.invigilators)
        for seat in self.seats:
            yield from ((f"{seat.name}（{seat.number}）", text) for text in (seat.name, seat.number, seat.id_number))


@dataclass(frozen=True)
class SlipLine:
    """One registration on a 缴费申请单."""

    name: str
    id_number: str
    """As people may read it: masked where the caller says so."""
    subjects: str
    price: Decimal
    """Yuan."""


@dataclass(frozen=True)
class Slip:
    """缴费申请单: what a school owes an organization for registrations."""

    number: str
    plan: str
    organization: str
    school: str
    certificate: str
    """With its grade."""
    mode: str
    made_at: datetime
    made_by: str
    status: str
    lines: tuple[SlipLine, ...]
    confirmed_at: datetime | None = None
    confirmed_by: str = ""

    @property
    def total(self) -> Decimal:
        """Yuan."""
        return sum((line.price for line in self.lines), Decimal())

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts, each with whose it is."""
        own = (self.number, self.plan, self.organization, self.school, self.certificate, self.mode)
        yield from ((f"缴费申请单 {self.number}", text) for text in (*own, self.made_by, self.status, self.confirmed_by))
        for line in self.lines:
            yield from ((line.name, text) for text in (line.name, line.id_number, line.subjects))


def jpeg(photo: Photo) -> bytes | None:
    """The bytes of a photo, where there is one."""
    return photo() if callable(photo) else photo


def day_and_time(moment: datetime) -> str:
    """A moment as people in China write it: 2026年12月5日（星期六） 09:00."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日（星期{_DAYS[local.weekday()]}） {local:%H:%M}"


def span(starts_at: datetime, ends_at: datetime) -> str:
    """From when to when; the day is told once where both are on it."""
    first, last = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    end = f"{last:%H:%M}" if first.date() == last.date() else day_and_time(ends_at)
    return f"{day_and_time(starts_at)}–{end}"


def yuan(amount: Decimal) -> str:
    """An amount of money with its two decimals: ¥1,234.50."""
    return f"¥{amount:,.2f}"
