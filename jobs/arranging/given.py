"""What is to be arranged, and what an arranging is: plain data, no records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Order(StrEnum):
    """In which order people are seated."""

    SCHOOL = "按学校"
    MIXED = "交叉"
    NUMBER = "按序号"


@dataclass(frozen=True, slots=True)
class Subject:
    id: int
    certificate: int
    """The certificate that it belongs to, for which invigilators must be certified."""
    kind: str
    """The 考场类型 that it needs (made from its 考试方式)."""


@dataclass(frozen=True, slots=True)
class Sitting:
    id: int
    subjects: frozenset[int]
    """Subjects examined in it. What begins and ends together is one sitting where a room may hold `several` of its subjects at once."""
    start: datetime
    end: datetime
    """The first moment at which it is over: another sitting may begin then."""


@dataclass(frozen=True, slots=True)
class Room:
    id: int
    site: int
    """Whose rooms they are. Where a 考核站点 is one for each school and certificate, this is the school: a certificate's subjects are
    set only for rooms of its own 考核站点, and a school's walls and invigilators are the same for all its certificates."""
    capacity: int
    """Seats, numbered from 1."""
    kinds: frozenset[str]
    """考场类型 that it can hold."""
    subjects: frozenset[int]
    """Subjects set for it."""
    invigilators: int = 0
    """How many it needs in each sitting in which it is used."""
    closed: frozenset[int] = frozenset()
    """Sittings in which it is not to be had."""
    several: bool = False
    """It may hold more than one subject in one sitting."""
    place: str = ""
    """Rooms of one site with the same place are the same four walls, set for several certificates: one at a time. Empty: its own."""


@dataclass(frozen=True, slots=True)
class Registration:
    id: int
    identity: str
    """Who it is; the same for the same person registered twice."""
    school: int
    certificate: int
    subjects: tuple[int, ...]
    """Subjects to be seated for."""
    site: int | None
    """The site allotted to the school for the certificate, named as those of `Room`; None: not yet."""
    number: int
    """What 按序号 goes by, and the order inside a school."""
    has_photo: bool


@dataclass(frozen=True, slots=True)
class Invigilator:
    id: int
    identity: str
    """Who it is: one person entered by two schools has one."""
    site: int
    """Named as those of `Room`."""
    certificates: frozenset[int]
    """Certificates for which the invigilator is certified."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One registration in one subject has a seat."""

    registration: int
    subject: int
    sitting: int
    room: int
    seat: int
    fixed: bool = False
    """Stays where it is as long as that is lawful, whatever it costs others."""


@dataclass(frozen=True, slots=True)
class Duty:
    """An invigilator is in a room in a sitting."""

    invigilator: int
    room: int
    sitting: int
    fixed: bool = False


@dataclass(frozen=True)
class Wanted:
    """Everything that an arranging depends on: the same one gives the same arranging."""

    subjects: tuple[Subject, ...]
    sittings: tuple[Sitting, ...]
    rooms: tuple[Room, ...]
    registrations: tuple[Registration, ...]
    invigilators: tuple[Invigilator, ...] = ()
    placed: tuple[Placed, ...] = ()
    """How things stand: kept where it is lawful, and moved as little as possible."""
    duties: tuple[Duty, ...] = ()
    order: Order = Order.SCHOOL
    making_room: bool = False
    """Whether people who sit lawfully may move where others find a seat only so, as few as can be. Else they stay, whoever lacks one."""


class Rule(StrEnum):
    """What a seat, or a duty, can be against; `words.py` tells it with names."""

    NOT_REGISTERED = "没有报考这个科目"
    NO_PHOTO = "没有照片"
    NO_SITE = "未分配考核站点"
    SITE = "考场不在分配的考核站点"
    SITTING = "场次不考这个科目"
    ROOM = "没有这个考场"
    KIND = "考场不支持考试方式"
    SUBJECT = "考场未设这个科目"
    CLOSED = "考场在这一场停用"
    SEAT = "没有这个座位"
    SEAT_TAKEN = "座位已有人"
    OTHER_SUBJECT = "考场这一场考别的科目"
    ROOM_IN_USE = "考场同一时间另有安排"
    TWO_PLACES = "考生同一时间另有考试"
    INVIGILATOR = "监考人员未获证书认证"
    DUTY_SITE = "监考人员不属于这个考核站点"
    DUTY_TWICE = "监考人员同一时间另有监考"
    DUTY_IDLE = "考场这一场没有考试"
    NO_INVIGILATOR = "没有这个监考人员"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a seat would break."""

    rule: Rule
    move: Placed
    other: Placed | None = None
    """Whose seat stands against it."""
    invigilator: int | None = None
    """Who is not certified for it."""


@dataclass(frozen=True, slots=True)
class BrokenDuty:
    """A rule that a duty would break."""

    rule: Rule
    duty: Duty
    other: Duty | None = None
    """The duty of the same person that stands against it."""


class Reason(StrEnum):
    """Why a registration has no seat in a subject."""

    NO_PHOTO = "没有照片"
    NO_SITE = "未分配考核站点"
    NO_SITTING = "没有场次"
    NO_ROOM = "站点没有考场"
    NO_KIND = "站点没有支持考试方式的考场"
    NOT_SET = "考场未设科目"
    CLOSED = "考场都停用"
    OVERLAP = "只剩时间重叠的场次"
    SEATS = "考位不足"


@dataclass(frozen=True, slots=True)
class Missing:
    """Nobody's seat: a registration that has none in a subject, and why."""

    registration: int
    subject: int
    reason: Reason
    clashing: tuple[int, ...] = ()
    """With `OVERLAP`: the sittings in which the person sits already, and which overlap all that are left."""


@dataclass(frozen=True, slots=True)
class Short:
    """A room that is used in a sitting with fewer invigilators than it needs."""

    room: int
    sitting: int
    needed: int
    given: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A seat that was held and is held no longer."""

    was: Placed
    now: Placed | None
    rules: tuple[Rule, ...]
    """What the old seat was against; none: it made room for others."""


class Help(StrEnum):
    """What would help people who have no seat, or rooms without invigilators."""

    PHOTOS = "补照片"
    SITES = "分配考核站点"
    SITTINGS = "设场次"
    SET_SUBJECT = "为考场设科目"
    ROOMS = "设考场"
    APART = "另设不重叠的场次"
    MOVING = "移动已排的考生"
    INVIGILATORS = "增加监考人员"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would help; which fields say something depends on `help`."""

    help: Help
    people: int
    """How many seats that are missing now it would give; with `INVIGILATORS`: how many more are needed."""
    site: int | None = None
    school: int | None = None
    certificate: int | None = None
    subject: int | None = None
    sitting: int | None = None
    kind: str = ""
    sizes: tuple[int, ...] = ()
    """With `ROOMS`: seats of each further room that is enough."""


@dataclass(frozen=True)
class Arranging:
    """What came out. Seats by sitting, room and seat; everything else in the order of its ids."""

    wanted: Wanted
    placed: tuple[Placed, ...]
    duties: tuple[Duty, ...]
    missing: tuple[Missing, ...]
    short: tuple[Short, ...]
    moved: tuple[Moved, ...]
    remedies: tuple[Remedy, ...]
    proved: bool
    """Whether it is known that no arranging seats more; else the bound of time or of effort was reached somewhere."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be spent."""

    seconds: float = 120.0
    """Wall clock: what is not solved by then is arranged plainly. Only where it is reached does an arranging depend on the machine."""
    breath: float = 15.0
    """Wall clock of one search at most, so that progress is told and somebody who cancels is heard; reached as seldom as `seconds`."""
    effort: float = 4.0
    """CP-SAT's deterministic time for each search, about seconds of a quick machine: the same on each machine."""
