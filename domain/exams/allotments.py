"""考核站点分配: at which site each school of an exam plan is examined in a certificate; at another school's it is 借考 (manual 5.2.4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    UniqueConstraint,
    column,
    delete,
    false,
    func,
    insert,
    select,
    table,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate
from domain.exams.exam_sites import ExamSite
from domain.exams.plans import ExamPlan, PlanCertificate, over, plan_school
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone

BORROWED, OWN = "是", "否"

_room = table("exam_room", column("id"), column("plan_id"), column("site_id"), column("certificate_id"))
_seat = table("exam_seat", column("registration_id"), column("room_id"))
_registration = table("exam_registration", column("id"), column("party_id"))
"""Of modules that stand on this one."""


class NotOpen(DomainError):
    """该考试计划未发布，或排考已结束，不能再分配考核站点。"""


class UnknownSite(DomainError):
    """所选考核站点不存在、未审核通过，或不属于该考试计划的证书，请重新选择。"""


class AllottedMeanwhile(DomainError):
    """其他人刚刚修改了该计划的考核站点分配，请刷新页面后重试。"""


class Allotment(Base):
    """The site of one school for one certificate of a plan."""

    __tablename__ = "exam_allotment"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "party_id"], ["exam_plan_school.plan_id", "exam_plan_school.party_id"]),
        ForeignKeyConstraint(["plan_id", "certificate_id"], ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"]),
        UniqueConstraint("plan_id", "party_id", "certificate_id"),
        Index("ix_exam_allotment_party_id_id", "party_id", "id"),  # the pages of a school's list
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), comment="the school that registers")
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("exam_site.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    plan: Mapped[ExamPlan] = relationship()
    party: Mapped[Party] = relationship()
    certificate: Mapped[Certificate] = relationship()
    site: Mapped[ExamSite] = relationship()

    @property
    def borrowed(self) -> bool:
        """借考: whether the site is another school's."""
        return self.site.party_id != self.party_id


LENDER = aliased(Party, name="lender")
"""The school of the site, in `allotments_query`."""
IS_BORROWED = ExamSite.party_id != Allotment.party_id


def allotments_query(actor: Actor) -> Select[Allotment]:
    """The allotments an actor may see, newest first: a school its own and those of its sites, once the plan is published; an organization
    those of its plans; operators all; others none."""
    query = (
        select(Allotment)
        .join(Allotment.plan)
        .join(Allotment.certificate)
        .join(Party, Party.id == Allotment.party_id)
        .join(Allotment.site)
        .join(LENDER, LENDER.id == ExamSite.party_id)
        .options(
            contains_eager(Allotment.plan),
            contains_eager(Allotment.certificate),
            contains_eager(Allotment.party),
            contains_eager(Allotment.site).contains_eager(ExamSite.party.of_type(LENDER)),
            contains_eager(Allotment.site).contains_eager(ExamSite.certificate),
        )
        .order_by(Allotment.id.desc())
    )
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        sites = select(ExamSite.id).where(ExamSite.party_id == actor.party_id)
        own = select(Allotment.id).where(Allotment.party_id == actor.party_id)
        # by ids: an OR over two indexes would read the allotments of all schools
        return query.where(ExamPlan.published, Allotment.id.in_(own.union(select(Allotment.id).where(Allotment.site_id.in_(sites)))))
    return query.where(ExamPlan.party_id == actor.party_id if "培训评价组织" in actor.roles else false())


def allotment_of(session: Session, actor: Actor, allotment_id: int) -> Allotment | None:
    """One allotment, if this actor may see it."""
    return session.scalars(allotments_query(actor).where(Allotment.id == allotment_id)).first()


@dataclass(frozen=True)
class Place:
    """A school of a plan beside one of its certificates, and the site that it has there."""

    school_id: int
    name: str
    allotment: Allotment | None


def certificates_of_plan(session: Session, plan: ExamPlan) -> Sequence[Certificate]:
    """The certificates that a plan examines, by code."""
    query = select(Certificate).join(PlanCertificate).where(PlanCertificate.plan_id == plan.id)
    return session.scalars(query.order_by(Certificate.code)).all()


def approved_sites(session: Session, certificate_id: int) -> Sequence[ExamSite]:
    """The sites at which a certificate may be examined, by the school's name."""
    query = ExamSite.joined().where(ExamSite.certificate_id == certificate_id, ExamSite.tone == Tone.DONE)
    return session.scalars(query.order_by(Party.name, ExamSite.id)).all()


def places_query(plan: ExamPlan, certificate_id: int, name: str = "", lacking: bool = False) -> Select[int, str, int]:
    """School, its name and the id of its allotment, for every school of the plan; `lacking`: only those without a site."""
    there = (Allotment.plan_id == plan.id) & (Allotment.certificate_id == certificate_id) & (Allotment.party_id == Party.id)
    query = select(Party.id, Party.name, Allotment.id).join(plan_school, plan_school.c.party_id == Party.id).outerjoin(Allotment, there)
    query = query.where(plan_school.c.plan_id == plan.id).order_by(Party.name, Party.id)
    query = query.where(Party.name.contains(name, autoescape=True)) if name else query
    return query.where(Allotment.id.is_(None)) if lacking else query


def places_of(session: Session, actor: Actor, query: Select[Any, Any, Any]) -> list[Place]:
    """The rows of such a query, in two queries."""
    rows = session.execute(query).all()
    known = allotments_query(actor).where(Allotment.id.in_([allotted for *_, allotted in rows if allotted is not None]))
    by_id = {one.id: one for one in session.scalars(known)}
    return [Place(school_id, name, by_id.get(allotted or 0)) for school_id, name, allotted in rows]


@dataclass(frozen=True)
class Allotted:
    """What came of an allotting: how many schools have the site from now on, and why others have not, by their names."""

    given: int
    refused: Mapping[str, str]


def allot(session: Session, plan: ExamPlan, site_id: int, school_ids: Sequence[int], now: datetime) -> Allotted:
    """Gives schools of the plan a site, those that had another one too.

    Raises:
        NotOpen, UnknownSite, AllottedMeanwhile
    """
    lock_open(session, plan, now)
    site = session.scalars(ExamSite.joined().where(ExamSite.id == site_id)).first()
    if site is None or site.tone != Tone.DONE or site.certificate_id not in {one.id for one in certificates_of_plan(session, plan)}:
        raise UnknownSite
    named = select(Party.id, Party.name).join(plan_school, plan_school.c.party_id == Party.id).where(plan_school.c.plan_id == plan.id)
    schools = {id: name for id, name in session.execute(named.where(Party.id.in_(school_ids)))}
    mine = select(Allotment).where(Allotment.plan_id == plan.id, Allotment.certificate_id == site.certificate_id)
    there = {one.party_id: one for one in session.scalars(mine.where(Allotment.party_id.in_(schools)))}
    moved = [one for one in there.values() if one.site_id != site.id]
    reasons = {one.id: why for one in moved if (why := in_use(session, one)) is not None}
    ids = [one.id for one in moved if one.id not in reasons]
    session.execute(update(Allotment).where(Allotment.id.in_(ids)).values(site_id=site.id, created_at=now))
    new = [school_id for school_id in schools if school_id not in there]
    _insert(session, [_row(plan, school_id, site.certificate_id, site.id, now) for school_id in new])
    return Allotted(len(ids) + len(new), {schools[one.party_id]: reasons[one.id] for one in moved if one.id in reasons})


def allot_own(session: Session, plan: ExamPlan, now: datetime) -> tuple[int, list[tuple[str, str, str]]]:
    """Gives every school of the plan that has no site for a certificate its own approved one.

    Returns: how many were given; school, certificate and the reason in Chinese of each that is left without.
    Raises:
        NotOpen, AllottedMeanwhile
    """
    lock_open(session, plan, now)
    schools = select(plan_school.c.party_id).where(plan_school.c.plan_id == plan.id)
    own = select(ExamSite).where(ExamSite.party_id.in_(schools))
    sites = {(one.party_id, one.certificate_id): one for one in session.scalars(own)}
    taken = select(Allotment.party_id, Allotment.certificate_id).where(Allotment.plan_id == plan.id)
    there = {(school_id, certificate_id) for school_id, certificate_id in session.execute(taken)}
    piloting = select(PilotCertificate.party_id, PilotCertificate.certificate_id).where(PilotCertificate.party_id.in_(schools))
    pilots = {(school_id, certificate_id) for school_id, certificate_id in session.execute(piloting)}
    rows, left = [], []
    names = session.execute(select(Party.id, Party.name).where(Party.id.in_(schools)).order_by(Party.name, Party.id)).all()
    for certificate in certificates_of_plan(session, plan):
        for school_id, name in names:
            key = (school_id, certificate.id)
            site = sites.get(key)
            if key in there:
                continue
            if site is not None and site.tone == Tone.DONE:
                rows.append(_row(plan, school_id, certificate.id, site.id, now))
            else:
                left.append((name, certificate.label, _why(site, key in pilots)))
    _insert(session, rows)
    return len(rows), left


def _why(site: ExamSite | None, pilots: bool) -> str:
    if site is not None:
        return f"本校的考核站点为“{site.status}”，审核通过后才能分配"
    return "本校没有申报该证书的考核站点，可以分配其他院校的站点（借考）" if pilots else "本校未参与该证书试点"


def take_back(session: Session, allotment: Allotment, now: datetime) -> None:
    """Takes an allotment back.

    Raises:
        NotOpen: too late.
        DomainError: in words, where the site is in use for this school.
    """
    lock_open(session, allotment.plan, now)
    if (why := in_use(session, allotment)) is not None:
        raise DomainError(why)
    session.execute(delete(Allotment).where(Allotment.id == allotment.id))


def in_use(session: Session, allotment: Allotment) -> str | None:
    """Why an allotment may not be taken back or changed: candidates of the school are seated there, or the lending school has set up
    rooms there for the plan. None where it may."""
    here = (
        (_room.c.plan_id == allotment.plan_id)
        & (_room.c.site_id == allotment.site_id)
        & (_room.c.certificate_id == allotment.certificate_id)
    )
    seated = select(func.count()).select_from(_seat).join(_room, _room.c.id == _seat.c.room_id)
    seated = seated.join(_registration, _registration.c.id == _seat.c.registration_id)
    if number := session.scalar(seated.where(here, _registration.c.party_id == allotment.party_id)):
        return f"该院校已有 {number} 个座位排在“{allotment.site.title()}”，请先调整排考，再调整考核站点"
    if allotment.borrowed and (number := session.scalar(select(func.count()).select_from(_room).where(here))):
        return f"出借院校“{allotment.site.party.name}”已在该站点为本计划设置 {number} 个考场，请先联系其删除这些考场，再调整考核站点"
    return None


def lock_open(session: Session, plan: ExamPlan, now: datetime) -> None:
    """Holds the plan until the transaction ends: who sets up rooms meanwhile waits.

    Raises:
        NotOpen: the plan is not published, or its 排考 is over.
    """
    still = select(ExamPlan.id).where(ExamPlan.id == plan.id, ExamPlan.published, ~over("arranging", now))
    if session.scalars(still.with_for_update()).first() is None:
        raise NotOpen


def _row(plan: ExamPlan, school_id: int, certificate_id: int, site_id: int, now: datetime) -> dict[str, object]:
    return {"plan_id": plan.id, "party_id": school_id, "certificate_id": certificate_id, "site_id": site_id, "created_at": now}


def _insert(session: Session, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    try:
        session.execute(insert(Allotment), rows)
    except IntegrityError as error:  # the plan has lost the school, or somebody else has allotted it
        raise AllottedMeanwhile from error
