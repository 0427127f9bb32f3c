"""考试计划: when an organization examines which certificates, for which schools (manual 5.2.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, ColumnElement, ForeignKey, Numeric, Select, String, Table, UniqueConstraint, and_, false, select
from sqlalchemy.orm import (
    InstrumentedAttribute,
    Mapped,
    Session,
    contains_eager,
    joinedload,
    mapped_column,
    object_session,
    relationship,
)

from domain.certificates.certificates import LABEL, Certificate, own_certificates
from domain.certificates.pilots import PilotCertificate
from domain.exams.exam_subjects import ExamSubject
from domain.exams.plan_needs import lacking_entry, without_sitting
from domain.exams.sitting_clashes import any_published, clashes
from domain.exams.windows import MOMENTS, Span, Window, read_windows, spans_of
from domain.ground.base import SHANGHAI, Base, UtcDateTime, clock_minutes, read_minutes, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party, Person, PersonRole
from domain.ground.subject_record import SubjectRecord
from domain.ground.tones import Tone
from domain.ground.uniqueness import flush_or_refuse
from domain.ground.values import among
from domain.institutions.schools import School

BY_CERTIFICATE, BY_SUBJECT = "按证书", "按科目"
MODES = (BY_CERTIFICATE, BY_SUBJECT)
FIELDS = ("name", "year", "mode")


class BadPlan(DomainError):
    """考试计划填写有误，请核对。"""


class StillNeeded(DomainError):
    """已有院校据此设置考场或报考，或已分配考核站点，不能去掉其参考院校、证书或科目场次，请刷新页面后重新修改。"""


plan_school = Table(
    "exam_plan_school",
    Base.metadata,
    Column("plan_id", ForeignKey("exam_plan.id"), primary_key=True),
    Column("party_id", ForeignKey("school.id"), primary_key=True, index=True),
)


class PlanCertificate(Base):
    """A certificate that a plan examines, and what it costs a candidate where one registers for all of it."""

    __tablename__ = "exam_plan_certificate"

    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True, index=True)
    fee: Mapped[Decimal] = mapped_column(Numeric(8, 2), comment="yuan a candidate")

    certificate: Mapped[Certificate] = relationship()


class Sitting(Base):
    """场次: one subject at one time. Sittings may overlap without being the same; a subject may have several."""

    __tablename__ = "exam_sitting"
    __table_args__ = (UniqueConstraint("plan_id", "subject_id", "starts_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("exam_subject.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="the first moment that is too late")
    fee: Mapped[Decimal] = mapped_column(Numeric(8, 2), comment="yuan a candidate, where one registers by subject")

    subject: Mapped[ExamSubject] = relationship()


class ExamPlan(SubjectRecord):
    """A plan of an organization. Its windows decide what may be done when; its status only shows where the diagram's timers are."""

    FACTS: ClassVar[Mapping[str, type]] = {**dict.fromkeys(MOMENTS, datetime), "windows": str, "sittings_moved": int}
    __tablename__ = "exam_plan"
    # ids are never used again: a deleted plan's history must not become another's
    __table_args__ = ({"sqlite_autoincrement": True},)

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    number: Mapped[str | None] = mapped_column(String(20), unique=True, comment="计划编号; null only until the row has its id")
    name: Mapped[str] = mapped_column(String(100), default="")
    year: Mapped[int | None]
    mode: Mapped[str] = mapped_column(String(4), default="", comment="报考方式, one of MODES; empty in a draft without one")
    registration_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registration_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    arranging_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    arranging_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exam_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exam_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scoring_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scoring_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publicity_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publicity_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, comment="what else the form holds; of a draft also lines not whole yet"
    )
    published: Mapped[bool] = mapped_column(default=False, comment="whether schools see it")
    sittings_moved: Mapped[int] = mapped_column(default=0, comment="how often sittings with published seats got another time")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    schools: Mapped[list[School]] = relationship(secondary=plan_school, order_by=School.code)
    certificates: Mapped[list[PlanCertificate]] = relationship(cascade="all, delete-orphan", order_by=PlanCertificate.certificate_id)
    sittings: Mapped[list[Sitting]] = relationship(cascade="all, delete-orphan", order_by=(Sitting.starts_at, Sitting.id))

    @classmethod
    def joined(cls) -> Select[Any]:
        """Plans with their organization."""
        return select(cls).join(cls.party).options(contains_eager(cls.party))

    def title(self) -> str:
        """The plan's name."""
        return self.name or "未命名的考试计划"

    def party_for(self, lane: str) -> int | None:
        """The organization has its lane; the system has the timers."""
        return {"培训评价组织": self.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """The ends of the windows, aware datetimes; None in a draft without them. `windows`: all of them, to tell whether one was moved.
        `sittings_moved`: how often sittings whose seats are published were."""
        moments = {name: getattr(self, name) for name in MOMENTS}
        windows = " ".join("" if one is None else clock_minutes(one) for one in moments.values())
        return {**moments, "windows": windows, "sittings_moved": self.sittings_moved or 0}

    def content(self) -> dict[str, object]:
        """`sittings_moved` is younger than the histories of most plans: it is left out where it says nothing."""
        found = super().content()
        return {name: value for name, value in found.items() if name != "sittings_moved" or value}

    def spans(self) -> list[Span]:
        """The windows in their order."""
        return spans_of(self)

    def answers(self) -> dict[str, Any]:
        """What the form holds; moments as people write them in Asia/Shanghai; schools, certificates and subjects by their labels."""
        kept = {name: value for name in FIELDS if (value := getattr(self, name))}
        moments = {name: clock_minutes(moment) for name in MOMENTS if (moment := getattr(self, name)) is not None}
        return {**kept, **moments, **(self.data or {}), **(self._lines() if self.published else {})}

    def _lines(self) -> dict[str, Any]:
        """Schools, certificates and subjects as they are called now."""
        query = select(School).join(School.party).join(plan_school, plan_school.c.party_id == School.id)
        query = query.where(plan_school.c.plan_id == self.id).options(contains_eager(School.party)).order_by(School.code)
        session = object_session(self)
        schools = session.scalars(query).all() if session is not None else self.schools
        return {
            "schools": [school_label(one) for one in schools],
            "certificates": [{"certificate": one.certificate.label, **self._told(one.fee, BY_CERTIFICATE)} for one in self.certificates],
            "sittings": [
                {
                    "subject": one.subject.title(),
                    "starts_at": clock_minutes(one.starts_at),
                    "ends_at": clock_minutes(one.ends_at),
                    **self._told(one.fee, BY_SUBJECT),
                }
                for one in self.sittings
            ],
        }

    def _told(self, fee: Decimal, mode: str) -> dict[str, int | float]:
        """A fee that counts where one registers so; left empty where it does not count, it stays empty."""
        return {"fee": yuan(fee)} if fee or self.mode == mode else {}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in. Of a plan that schools see, its schools, certificates and sittings follow at once.

        Raises:
            BadWindows: the windows are not in order.
            BadPlan: as `settle`.
        """
        for name, moment in read_windows(answers).items():
            setattr(self, name, moment)
        self.name, self.year, self.mode = str(answers.get("name", "")), answers.get("year"), str(answers.get("mode", ""))
        self.data = {name: value for name, value in answers.items() if name not in (*FIELDS, *MOMENTS)}
        if self.published:
            self.settle()

    def publish(self, now: datetime) -> None:
        """Shows the plan to its schools from now on.

        Raises:
            BadPlan: as `settle`, or schools could no longer register.
        """
        if self.registration_to is None or self.registration_to <= now:
            raise BadPlan("报考结束时间已过，请先修改时间安排")
        self.settle()
        self.published = True

    def check_end(self, before: datetime, now: datetime) -> None:
        """An edit does not close 报考 at once, by a slip of the pen, where it was to go on until `before`.

        Raises:
            BadPlan
        """
        if self.registration_to is not None and self.registration_to <= now < before:
            raise BadPlan("报考结束时间已过，保存后报考会立即截止，请核对；确需提前截止报考的，请填写稍后的时间")

    def withdraw(self) -> None:
        """Hides the plan from schools again; its form keeps what it says now."""
        self.data = {**(self.data or {}), **self._lines()}
        self.published = False

    def settle(self) -> None:
        """Writes schools, certificates and sittings of the form into their tables, and flushes them. What stays keeps its id.

        Raises:
            BadPlan: a line names what there is not, or twice; a sitting is outside of the exam's window; a certificate has no subject; or
                something is left out for which somebody has registered, or a room is set up; a subject comes in without which candidates
                have registered; or published seats would be at the same time.
        """
        session = object_session(self)
        if session is None:
            return
        with session.no_autoflush:
            times = {one.id: (one.starts_at, one.ends_at) for one in self.sittings}
            examined = {one.subject_id for one in self.sittings}
            schools = named_schools(session, self.data.get("schools", ()))
            certificates = _certificates(session, self)
            sittings = _sittings(session, self, [one.certificate for one in certificates])
            self.schools, self.certificates, self.sittings = schools, certificates, sittings
        flush_or_refuse(session, StillNeeded)
        if session.execute(without_sitting(self.id)).first() is not None:
            raise StillNeeded
        self._bear(session, {one.subject_id for one in self.sittings} - examined, [one.id for one in self.sittings if _moved(one, times)])

    def _bear(self, session: Session, new_subjects: Collection[int], moved: Collection[int]) -> None:
        """Raises BadPlan where registrations or published seats do not bear what was changed."""
        if new_subjects and (number := lacking_entry(session, self.id, new_subjects)):
            raise BadPlan(f"已有 {number} 条按证书的报考不含新增的科目，不能再增加；请院校先删除这些报考，或另建考试计划")
        if moved and (told := list(clashes(session, moved))):
            raise BadPlan(f"按修改后的场次时间，{'、'.join(told)}同一时间有两场已发布的考试，请错开场次时间，或先在“排考”中调整")
        if moved and any_published(session, moved):
            self.sittings_moved = (self.sittings_moved or 0) + 1


def _moved(sitting: Sitting, times: Mapping[int, tuple[datetime, datetime]]) -> bool:
    """Whether a sitting that was there has another time than before."""
    return sitting.id in times and times[sitting.id] != (sitting.starts_at, sitting.ends_at)


def _certificates(session: Session, plan: ExamPlan) -> list[PlanCertificate]:
    lines = plan.data.get("certificates", ())
    labels = [line.get("certificate", "") for line in lines]
    if len(set(labels)) < len(labels):
        raise BadPlan("每个证书只填一行，请删除重复的证书")
    kept = {one.certificate_id: one for one in plan.certificates}
    found = []
    for line, certificate in zip(lines, own_certificates(session, plan.party_id, labels), strict=True):
        one = kept.get(certificate.id) or PlanCertificate(certificate=certificate)
        one.fee = _fee(line)
        found.append(one)
    return found


def _sittings(session: Session, plan: ExamPlan, certificates: Sequence[Certificate]) -> list[Sitting]:
    """The sittings of the form. Of one subject's, a line with the time of a stored one is that one, the others are the rest in order."""
    query = select(ExamSubject).where(ExamSubject.certificate_id.in_([one.id for one in certificates]))
    known = {one.title(): one for one in session.scalars(query.options(joinedload(ExamSubject.certificate)))}
    lines = [_line(plan, known, number, line) for number, line in enumerate(plan.data.get("sittings", ()), 1)]
    if len({(subject.id, starts) for subject, starts, _, _ in lines}) < len(lines):
        raise BadPlan("同一科目有两行的考试开始时间相同，请删除重复的一行")
    examined = {subject.certificate_id for subject, *_ in lines}
    if (lacking := next((one for one in certificates if one.id not in examined), None)) is not None:
        raise BadPlan(f"证书“{lacking.label}”还没有科目场次，请在“科目场次”中至少填写一行")
    stored = {(one.subject_id, one.starts_at): one for one in plan.sittings}
    same = [stored.pop((subject.id, starts), None) for subject, starts, _, _ in lines]
    found = []
    for one, (subject, starts, ends, fee) in zip(same, lines, strict=True):
        if one is None:
            left = next((key for key in stored if key[0] == subject.id), None)
            one = stored.pop(left) if left is not None else Sitting(subject=subject)
        one.starts_at, one.ends_at, one.fee = starts, ends, fee
        found.append(one)
    return found


def _line(
    plan: ExamPlan, known: Mapping[str, ExamSubject], number: int, line: Mapping[str, Any]
) -> tuple[ExamSubject, datetime, datetime, Decimal]:
    """Subject, start, end and fee of a line."""
    subject = known.get(line.get("subject", ""))
    if subject is None:
        raise BadPlan(f"科目场次第 {number} 行：所选证书没有科目“{line.get('subject', '')}”，请重新选择")
    starts, ends = read_minutes(str(line.get("starts_at", ""))), read_minutes(str(line.get("ends_at", "")))
    if starts is None or ends is None or ends <= starts:
        raise BadPlan(f"科目场次第 {number} 行：考试结束时间应晚于开始时间，请核对")
    if plan.exam_from is None or plan.exam_to is None or starts < plan.exam_from or ends > plan.exam_to:
        raise BadPlan(f"科目场次第 {number} 行：考试时间应在“考试”的开始时间与结束时间之内，请核对")
    return subject, starts, ends, _fee(line)


def _fee(line: Mapping[str, Any]) -> Decimal:
    return Decimal(str(line.get("fee", 0)))


def yuan(fee: Decimal) -> int | float:
    """A fee as forms, lists and exports show it: without zeros behind the point."""
    return int(fee) if fee == int(fee) else float(fee)


def named_schools(session: Session, labels: Sequence[str]) -> list[School]:
    """The schools with these labels, each once.

    Raises:
        BadPlan: there is none with one of the labels.
    """
    codes = {label.rpartition("（")[2].removesuffix("）") for label in labels}
    query = select(School).where(among(session, School.code, codes)).options(joinedload(School.party))
    found = {school_label(one): one for one in session.scalars(query)}
    if (missing := next((label for label in labels if label not in found), None)) is not None:
        raise BadPlan(f"参考院校“{missing}”不存在，请刷新页面后重新选择")
    return [found[label] for label in dict.fromkeys(labels)]


def school_label(school: School) -> str:
    """A school's name and code: two schools may be called the same."""
    return f"{school.name}（{school.code}）"


def new_plan(session: Session, actor: Actor, now: datetime, answers: dict[str, Any]) -> ExamPlan:
    """A new, flushed plan of the actor's organization.

    Raises:
        BadWindows
    """
    plan = ExamPlan(party_id=actor.party_id, created_at=now)
    plan.take(answers)
    session.add(plan)
    session.flush()
    plan.number = f"KS{now.astimezone(SHANGHAI).year}{plan.id:05}"
    session.flush()
    return plan


def exam_plans_query(actor: Actor) -> Select[ExamPlan]:
    """The plans an actor may see, newest first: an organization its own, a school those published that name it, operators all, others
    none."""
    query = ExamPlan.joined().order_by(ExamPlan.id.desc())
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(ExamPlan.published, ExamPlan.id.in_(_plans_naming(actor.party_id)))
    return query.where(ExamPlan.party_id == actor.party_id if "培训评价组织" in actor.roles else false())


def _plans_naming(school_id: int) -> Select[int]:
    return select(plan_school.c.plan_id).where(plan_school.c.party_id == school_id)


def exam_plan_of(session: Session, actor: Actor, plan_id: int) -> ExamPlan | None:
    """One plan, if this actor may see it."""
    return session.scalars(exam_plans_query(actor).where(ExamPlan.id == plan_id)).first()


def within(window: Window, now: datetime) -> ColumnElement[bool]:
    """Whether a moment lies in a window of the plan, in a query that joins plans."""
    begins, ends = _ends_of(window)
    return and_(begins <= now, now < ends)


def over(window: Window, now: datetime) -> ColumnElement[bool]:
    """Whether a window of the plan is over at a moment, in a query that joins plans."""
    return _ends_of(window)[1] <= now


def _ends_of(window: Window) -> tuple[InstrumentedAttribute[datetime | None], InstrumentedAttribute[datetime | None]]:
    return getattr(ExamPlan, f"{window}_from"), getattr(ExamPlan, f"{window}_to")


def people_of_schools(session: Session, plan: ExamPlan) -> Sequence[Person]:
    """The people who act for the schools that a plan names."""
    named = select(plan_school.c.party_id).where(plan_school.c.plan_id == plan.id)
    query = select(Person).join(PersonRole, PersonRole.person_id == Person.id)
    return session.scalars(query.where(Person.party_id.in_(named), Person.active, PersonRole.role == "试点院校").order_by(Person.id)).all()


def choices_of_plan(session: Session, actor: Actor) -> dict[str, list[str]]:
    """What an organization's plan may name: its certificates, their subjects in force, and the schools that pilot one of them."""
    mine = select(Certificate.id).where(Certificate.party_id == actor.party_id)
    subjects = ExamSubject.joined().where(ExamSubject.certificate_id.in_(mine), ExamSubject.tone == Tone.DONE)
    piloting = select(PilotCertificate.party_id).where(PilotCertificate.certificate_id.in_(mine))
    schools = select(School).join(School.party).where(School.id.in_(piloting)).options(contains_eager(School.party)).order_by(School.code)
    return {
        "own_certificates": list(session.scalars(select(LABEL).where(Certificate.party_id == actor.party_id).order_by(Certificate.code))),
        "own_subjects": [one.title() for one in session.scalars(subjects.order_by(Certificate.code, ExamSubject.id))],
        "piloting_schools": [school_label(one) for one in session.scalars(schools)],
    }
