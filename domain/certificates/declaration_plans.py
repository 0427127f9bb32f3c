"""申报计划: when a province's schools may apply to pilot which certificates (manual 4.3, row 4.3.7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, ForeignKey, Select, String, Table, false, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship, selectinload

from domain.certificates.certificates import LABEL, Certificate, certificate_major
from domain.certificates.majors import IN_ORDER, Major
from domain.ground.base import Base, UtcDateTime, clock_minutes, read_minutes, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import PROVINCE_ROLES, Actor, Party
from domain.ground.subject_record import SubjectRecord

FIELDS = ("name", "year", "note")


class BadWindow(DomainError):
    """申报结束时间应晚于开始时间，请核对。"""


class UnknownOffer(DomainError):
    """所选的证书不存在，请刷新页面后重新选择。"""


class Closed(DomainError):
    """申报结束时间已过，请先把结束时间改到现在之后。"""


declaration_plan_certificate = Table(
    "declaration_plan_certificate",
    Base.metadata,
    Column("plan_id", ForeignKey("declaration_plan.id"), primary_key=True),
    Column("certificate_id", ForeignKey("certificate.id"), primary_key=True, index=True),
)


class DeclarationPlan(SubjectRecord):
    """A plan of a province.

    The times decide when schools may apply; the status only shows it. Opening or closing a plan by hand sets its times.
    """

    FACTS: ClassVar[Mapping[str, type]] = {"plan_start": datetime, "plan_end": datetime}
    __tablename__ = "declaration_plan"
    # ids are never used again: a deleted plan's history must not become another's
    __table_args__ = ({"sqlite_autoincrement": True},)

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the province
    name: Mapped[str] = mapped_column(String(100), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the form's fields but times and certificates
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # null: not filled in yet
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # first moment that is too late; null: not filled in yet
    published: Mapped[bool] = mapped_column(default=False)  # whether schools see it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    certificates: Mapped[list[Certificate]] = relationship(secondary=declaration_plan_certificate, order_by=Certificate.code)

    @classmethod
    def joined(cls) -> Select[Any]:
        """Plans with their province."""
        return select(cls).join(cls.party).options(contains_eager(cls.party))

    def title(self) -> str:
        """The plan's name."""
        return self.name or "未命名的申报计划"

    def party_for(self, lane: str) -> int | None:
        """The province has every lane; the system has the timers."""
        return self.party_id if lane in PROVINCE_ROLES else 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`plan_start`, `plan_end`: aware datetimes; None in a draft without times."""
        return {"plan_start": self.starts_at, "plan_end": self.ends_at}

    def answers(self) -> dict[str, Any]:
        """What the form holds; times as people write them in Asia/Shanghai, certificates by their labels."""
        times = {"starts_at": self.starts_at, "ends_at": self.ends_at}
        labels = [certificate.label for certificate in self.certificates]
        return {
            **(self.data or {}),
            **{name: clock_minutes(moment) for name, moment in times.items() if moment is not None},
            **({"certificates": labels} if labels else {}),
        }

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in.

        Raises:
            BadWindow: a time is none, or the times are in the wrong order.
            UnknownOffer: the form names a certificate that there is not.
        """
        starts, ends = _moment(answers.get("starts_at")), _moment(answers.get("ends_at"))
        if starts is not None and ends is not None and ends <= starts:
            raise BadWindow
        session = object_session(self)
        if session is not None:
            self.certificates = _named(session, answers.get("certificates", ()))
        self.starts_at, self.ends_at, self.name = starts, ends, str(answers.get("name", ""))
        self.data = {name: answers[name] for name in FIELDS if name in answers}

    def is_open(self, now: datetime) -> bool:
        """Whether schools may apply at this moment; exact to the second."""
        return self.published and self.starts_at is not None and self.ends_at is not None and self.starts_at <= now < self.ends_at

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to apply."""
        return self.ends_at is not None and self.ends_at <= now

    def publish(self, now: datetime) -> None:
        """Shows the plan to schools from now on.

        Raises:
            Closed: its window is over; nobody could apply.
        """
        if self.is_over(now):
            raise Closed
        self.published = True


def new_plan(session: Session, actor: Actor, now: datetime, answers: dict[str, Any]) -> DeclarationPlan:
    """A new, flushed plan of the actor's province.

    Raises:
        BadWindow, UnknownOffer
    """
    plan = DeclarationPlan(party_id=actor.party_id, created_at=now)
    session.add(plan)
    with session.no_autoflush:
        plan.take(answers)
    session.flush()
    return plan


def plans_query(actor: Actor) -> Select[DeclarationPlan]:
    """The plans an actor may see, newest first: a province its own, a school those its province has published, operators all."""
    query = select(DeclarationPlan).order_by(DeclarationPlan.id.desc())
    if "系统管理" in actor.roles:
        return query
    if actor.party_kind == "province":
        return query.where(DeclarationPlan.party_id == actor.party_id)
    if "试点院校" in actor.roles:
        return query.where(DeclarationPlan.party_id == actor.province_id, DeclarationPlan.published)
    return query.where(false())


def plan_of(session: Session, actor: Actor, plan_id: int) -> DeclarationPlan | None:
    """One plan, if this actor may see it."""
    return session.scalars(plans_query(actor).where(DeclarationPlan.id == plan_id)).first()


def current_plans(session: Session, actor: Actor, now: datetime) -> Sequence[DeclarationPlan]:
    """The plans that have not ended, with their certificates, by their end; plans that begin later are among them."""
    table = DeclarationPlan
    current = plans_query(actor).where(table.published, table.ends_at > now).options(selectinload(table.certificates))
    return session.scalars(current.order_by(None).order_by(table.ends_at, table.id)).all()


def offer_of(session: Session, plan_id: int, labels: Collection[str] | None = None) -> dict[str, tuple[int, list[str]]]:
    """The certificates that a plan offers, or those of `labels`: label → id and labels of its 对应专业. One query."""
    link, major = declaration_plan_certificate.c, certificate_major.c
    query = (
        select(Certificate.id, LABEL, Major)
        .join(declaration_plan_certificate, link.certificate_id == Certificate.id)
        .outerjoin(certificate_major, major.certificate_id == Certificate.id)
        .outerjoin(Major, Major.id == major.major_id)
        .where(link.plan_id == plan_id)
        .order_by(Certificate.code, *IN_ORDER)
    )
    if labels is not None:
        query = query.where(LABEL.in_(labels))
    found: dict[str, tuple[int, list[str]]] = {}
    for id, label, major_row in session.execute(query):
        majors = found.setdefault(label, (id, []))[1]
        if major_row is not None:
            majors.append(major_row.label)
    return found


def all_labels(session: Session) -> list[str]:
    """The labels of all certificates, by code: what a plan may offer."""
    return list(session.scalars(select(LABEL).order_by(Certificate.code)))


def _named(session: Session, labels: Sequence[str]) -> list[Certificate]:
    wanted = set(labels)
    found = session.scalars(select(Certificate).where(LABEL.in_(wanted)).order_by(Certificate.code)).all() if wanted else []
    if len(found) < len(wanted):
        raise UnknownOffer
    return list(found)


def _moment(text: object) -> datetime | None:
    if not text:
        return None
    moment = read_minutes(str(text))
    if moment is None:
        raise BadWindow("申报时间应为日期和时间，例如 2026-11-23 09:00")
    return moment
