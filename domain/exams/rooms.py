"""考场 of an exam plan: a room at a site, the subjects that it is set up for, and its places (manual 5.2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    String,
    Table,
    UniqueConstraint,
    case,
    delete,
    func,
    select,
)
from sqlalchemy.orm import (
    Mapped,
    Session,
    contains_eager,
    mapped_column,
    object_session,
    query_expression,
    relationship,
    selectinload,
    with_expression,
)

from domain.certificates.certificates import Certificate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import EVERYBODY, ExamSubject
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, Sitting, over, within
from domain.exams.seats import Seat
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone
from domain.ground.uniqueness import flush_or_refuse

BEFORE, RUNNING, OVER = "未排考", "排考中", "已结束"
STATUSES = {BEFORE: Tone.DRAFT, RUNNING: Tone.ATTENTION, OVER: Tone.DONE}
"""Status (manual 5.2.5) → the tone of its badge. It follows from the plan's 排考 window; no row holds it."""
INVIGILATORS = 2  # that a room needs where nobody says otherwise
FIELDS = ("name", "places", "building", "door", "invigilators")
LATER_FIXED = ("subjects", "name", "building", "door", "invigilators")
"""Fields of the form that stay as they are from the beginning of 排考 on (manual 5.2.5)."""

PLACE = ("name", "building", "door")
"""Fields that tell people where the room is: 准考证, 门贴 and 签到表 name them."""


class RoomTaken(DomainError):
    """该考试计划、考核站点和证书下已有同名考场，请修改考场名称。"""


class MixedSubjects(DomainError):
    """所选科目的考场类型或考试方式不同，该考场不能同时支持，请分科目创建不同的考场。"""


class UnknownSubject(DomainError):
    """所选科目不在该考试计划的场次内，请刷新页面后重新选择。"""


class RoomFixed(DomainError):
    """排考已开始，考场只能增加考位数，其他内容不能修改。"""


class FewerPlaces(DomainError):
    """排考已开始，考位数只能增加，不能减少。"""


class RoomKnown(DomainError):
    """该考场已有发布的座位，名称、地点和门牌号不能修改，否则已打印的准考证、门贴等与实际不符；确需换地方的，请另设考场，由培训评价组织在“排考”中调整座位。"""


class RoomOver(DomainError):
    """该考试计划的排考已结束，考场不能再修改。"""


room_subject = Table(
    "exam_room_subject",
    Base.metadata,
    Column("room_id", ForeignKey("exam_room.id"), primary_key=True),
    Column("subject_id", ForeignKey("exam_subject.id"), primary_key=True, index=True),
)


class Room(Base):
    """A room of a school's site, for its own candidates and for those whose schools borrow the site."""

    __tablename__ = "exam_room"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "certificate_id"], ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"]),
        UniqueConstraint("plan_id", "site_id", "certificate_id", "name"),
        CheckConstraint("places >= 1", name="ck_exam_room_places"),
        Index("ix_exam_room_party_id_id", "party_id", "id"),  # the pages of a school's list
        {"sqlite_autoincrement": True},  # ids are never used again: history and seats name them
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), comment="the school of the site")
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("exam_site.id"), index=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    name: Mapped[str] = mapped_column(String(60))
    room_type: Mapped[str] = mapped_column(String(20), comment="考场类型, that of its subjects")
    places: Mapped[int] = mapped_column(comment="考位数")
    building: Mapped[str | None] = mapped_column(String(100), comment="地点")
    door: Mapped[str | None] = mapped_column(String(30), comment="门牌号")
    invigilators: Mapped[int] = mapped_column(default=INVIGILATORS, comment="how many it needs")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    status: Mapped[str | None] = query_expression()  # follows from the plan's 排考 window: `with_status`
    party: Mapped[Party] = relationship()
    plan: Mapped[ExamPlan] = relationship()
    site: Mapped[ExamSite] = relationship()
    certificate: Mapped[Certificate] = relationship()
    subjects: Mapped[list[ExamSubject]] = relationship(secondary=room_subject, order_by=ExamSubject.id)

    @property
    def number(self) -> str:
        """考场编号."""
        return f"KC{self.id:08}"

    @property
    def tone(self) -> str:
        """That of the status."""
        return STATUSES.get(self.status or "", Tone.DRAFT)

    @property
    def method(self) -> str:
        """考试方式, that of its subjects."""
        return self.subjects[0].method if self.subjects else ""

    def answers(self) -> dict[str, Any]:
        """What the form holds; plan, site, certificate and subjects as they are called."""
        return {
            "plan": self.plan.title(),
            "site": self.site.title(),
            "certificate": self.certificate.label,
            "subjects": [subject_label(one) for one in self.subjects],
            "room_type": self.room_type,
            **{name: value for name in FIELDS if (value := getattr(self, name)) is not None},
        }

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and flushes it. Whether it may be changed now: `check_change`.

        Raises:
            UnknownSubject, MixedSubjects, RoomTaken
        """
        session = object_session(self)
        if session is None:
            return
        with session.no_autoflush:
            known = {subject_label(one): one for one in subjects_of(session, self.plan_id, self.certificate_id)}
            kept = {subject_label(one): one for one in self.subjects}
            self.subjects = subjects_named({**known, **kept}, answers.get("subjects", ()))
            self.room_type = type_of(self.subjects)
            for name in FIELDS:
                setattr(self, name, answers.get(name))
            self.invigilators = INVIGILATORS if self.invigilators is None else self.invigilators
        flush_or_refuse(session, RoomTaken)


def subject_label(subject: ExamSubject) -> str:
    """A subject's name beside its certificate, and for whom where it is not for all."""
    return subject.name if subject.audience == EVERYBODY else f"{subject.name}（{subject.audience}）"


def subjects_of(session: Session, plan_id: int, certificate_id: int) -> Sequence[ExamSubject]:
    """The subjects of a certificate that a plan examines."""
    examined = select(Sitting.subject_id).where(Sitting.plan_id == plan_id)
    query = select(ExamSubject).where(ExamSubject.certificate_id == certificate_id, ExamSubject.id.in_(examined))
    return session.scalars(query.order_by(ExamSubject.id)).all()


def subjects_named(known: Mapping[str, ExamSubject], labels: Sequence[str]) -> list[ExamSubject]:
    """The subjects with these labels, each once.

    Raises:
        UnknownSubject: one is not known, or there is none.
    """
    if not labels or any(label not in known for label in labels):
        raise UnknownSubject
    return [known[label] for label in dict.fromkeys(labels)]


def type_of(subjects: Sequence[ExamSubject]) -> str:
    """The 考场类型 of a room for these subjects (manual 5.2.5).

    Raises:
        MixedSubjects: they ask for different rooms, or are examined in different ways.
    """
    if len({(one.room_type, one.method) for one in subjects}) != 1:
        raise MixedSubjects
    return subjects[0].room_type


def status_at(now: datetime) -> ColumnElement[str]:
    """The status of a room at a moment, in a query that joins plans."""
    return case((over("arranging", now), OVER), (within("arranging", now), RUNNING), else_=BEFORE)


def with_status(now: datetime, query: Select[Any]) -> Select[Any]:
    """A query of rooms that says the status of each."""
    return query.options(with_expression(Room.status, status_at(now)))


def rooms_query(actor: Actor) -> Select[Room]:
    """The rooms an actor may see, newest first: a school those of its sites, an organization those of its plans, operators all, others
    none."""
    query = (
        select(Room)
        .join(Room.plan)
        .join(Room.certificate)
        .join(Party, Party.id == Room.party_id)
        .join(Room.site)
        .options(
            contains_eager(Room.plan),
            contains_eager(Room.certificate),
            contains_eager(Room.party),
            contains_eager(Room.site).contains_eager(ExamSite.party),
            contains_eager(Room.site).contains_eager(ExamSite.certificate),
            selectinload(Room.subjects),
        )
        .order_by(Room.id.desc())
    )
    return seen_by(query, actor, Room.party_id == actor.party_id)


def room_of(session: Session, actor: Actor, room_id: int, now: datetime) -> Room | None:
    """One room with its status, if this actor may see it."""
    return session.scalars(with_status(now, rooms_query(actor).where(Room.id == room_id))).first()


def check_change(session: Session, room: Room, before: Mapping[str, Any], now: datetime) -> None:
    """Whether a room that was just changed in this transaction may have been (manual 5.2.5): before 排考 everything, during it more places,
    after it nothing; never to fewer places than are seated; and where it is stays once people know: after a plan's windows were moved it is
    “before 排考” once more, while 准考证 name the room.

    Raises:
        RoomOver, RoomFixed, FewerPlaces, RoomKnown; DomainError: somebody sits on what would be gone.
    """
    status = session.scalar(select(status_at(now)).where(ExamPlan.id == room.plan_id).with_for_update(read=True, of=ExamPlan))
    after = room.answers()
    if status == OVER:
        raise RoomOver
    if status == RUNNING and any(before.get(name) != after.get(name) for name in LATER_FIXED):
        raise RoomFixed
    if status == RUNNING and room.places < before["places"]:
        raise FewerPlaces
    if any(before.get(name) != after.get(name) for name in PLACE) and session.scalar(
        select(Seat.entry_id).where(Seat.room_id == room.id, Seat.published).limit(1)
    ):
        raise RoomKnown
    seated = session.scalar(select(func.max(Seat.number)).where(Seat.room_id == room.id)) or 0
    if seated > room.places:
        raise DomainError(f"该考场已排到第 {seated} 号座位，考位数不能少于 {seated}")
    if seated and before["subjects"] != after["subjects"]:
        raise DomainError("该考场已安排考生，不能修改科目，请先调整排考")


def delete_rooms(session: Session, actor: Actor, ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Deletes those of the actor's school that may be deleted: only before 排考 (manual 5.2.5).

    Returns: id of each that stays → why, in Chinese.
    """
    mine = rooms_query(actor).where(Room.id.in_(ids), Room.party_id == actor.party_id).order_by(None).order_by(Room.id)
    rows = session.scalars(with_status(now, mine).with_for_update(of=Room)).all() if "试点院校" in actor.roles else []
    seated = set(session.scalars(select(Seat.room_id).where(Seat.room_id.in_([row.id for row in rows]))))
    refused = {id: "没有找到，可能已被删除" for id in ids if id not in {row.id for row in rows}}
    for row in rows:
        if row.status != BEFORE:
            refused[row.id] = f"{row.status}，只能删除未排考的考场"
        elif row.id in seated:
            refused[row.id] = "已安排考生，不能删除，请先调整排考"
    gone = [row.id for row in rows if row.id not in refused]
    session.execute(delete(room_subject).where(room_subject.c.room_id.in_(gone)))
    session.execute(delete(Room).where(Room.id.in_(gone)))
    return refused
