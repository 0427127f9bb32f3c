"""证书发放: what begins for everybody who has passed a certificate, once the marks are locked (manual 4.2, 5.2.10; rows 4.2.1, 5.2.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, and_, exists, false, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from domain.certificates.certificates import Certificate
from domain.exams.exam_sites import ExamSite
from domain.exams.locked_marks import lock_marks
from domain.exams.outcomes import PASSED, Outcome, first_of_person, result_at
from domain.exams.plans import ExamPlan, PlanCertificate, Sitting
from domain.exams.registrations import Registration
from domain.exams.rooms import Room
from domain.exams.seats import Seat
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord

ORGANIZATION, SCHOOL, SITE = aliased(Party, name="organization"), aliased(Party, name="school_party"), aliased(Party, name="site_party")
"""The parties of an issuance in `joined`: filters and orders of lists name them."""
MOST = 200  # that begin in one step, which takes less than a second; a multi-instance holds 500


class Issuance(SubjectRecord):
    """One certificate of one person, with a copy of who it was when they passed."""

    FACTS: ClassVar[Mapping[str, type]] = {"number": str, "name": str}
    __tablename__ = "certificate_issuance"
    __table_args__ = (
        UniqueConstraint("certificate_id", "document", "id_number"),  # nothing is issued twice, whatever is done to plans and marks
        {"sqlite_autoincrement": True},  # ids are never used again: a history must not become another's
    )

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization
    school_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True, comment="with whose end it began")
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    pinyin: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(12))
    id_number: Mapped[str] = mapped_column(String(30), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("exam_site.id"), comment="where the last exam was; null only until it is set")
    site_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True, comment="the school whose site that is")
    certificate_number: Mapped[str | None] = mapped_column(String(20), unique=True, comment="证书编号; null until both sides have signed")
    issued_on: Mapped[date | None] = mapped_column(comment="发证日期, in Shanghai")
    token: Mapped[str | None] = mapped_column(String(32), unique=True, comment="of the address that the QR code holds")
    file_id: Mapped[int | None] = mapped_column(
        ForeignKey("stored_file.id"), unique=True, comment="the sealed certificate; null: there is none"
    )
    seal_keys: Mapped[str | None] = mapped_column(String(130), comment="SHA-256 of the certificates that sealed it: organization, site")
    problem: Mapped[str | None] = mapped_column(String(300), comment="why it could not be made; null: nothing is wrong")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="null: it is valid, once there is a certificate")
    withdrawn_why: Mapped[str | None] = mapped_column(String(300), comment="as everybody reads it who checks the certificate")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship(foreign_keys=[party_id])
    school: Mapped[Party] = relationship(foreign_keys=[school_id])
    site_party: Mapped[Party | None] = relationship(foreign_keys=[site_party_id])
    certificate: Mapped[Certificate] = relationship()
    plan: Mapped[ExamPlan] = relationship()
    registration: Mapped[Registration] = relationship(viewonly=True)

    @classmethod
    def joined(cls) -> Select[Any]:
        """Issuances with certificate, plan, registration, organization, school and the site's school."""
        query = select(cls).join(cls.certificate).join(cls.plan).join(cls.registration)
        query = query.join(ORGANIZATION, ORGANIZATION.id == cls.party_id).join(SCHOOL, SCHOOL.id == cls.school_id)
        return query.outerjoin(SITE, SITE.id == cls.site_party_id).options(
            contains_eager(cls.certificate),
            contains_eager(cls.plan),
            contains_eager(cls.registration),
            contains_eager(cls.party.of_type(ORGANIZATION)),
            contains_eager(cls.school.of_type(SCHOOL)),
            contains_eager(cls.site_party.of_type(SITE)),
        )

    @property
    def number(self) -> str:
        """发放编号."""
        return f"FZ{self.id:08}"

    def title(self) -> str:
        """Whose, and which certificate."""
        return f"{self.name}（{masked(self.id_number)}） {self.certificate.label}"

    @property
    def site_name(self) -> str:
        """考核站点, as its school and certificate name it (manual 5.2.4.1)."""
        return f"{self.site_party.name}{self.certificate.label}考核站点" if self.site_party is not None else ""

    def party_for(self, lane: str) -> int | None:
        """The organization signs, then the school that owns the site, whose candidates need not be its own; the system does the rest."""
        return {"培训评价组织": self.party_id, "试点院校": self.site_party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`number`, and the person's `name`, texts."""
        return {"number": self.number, "name": self.name}

    def answers(self) -> dict[str, Any]:
        """What its page shows; no form changes it."""
        return {}


def begin_issuances(session: Session, plan_id: int, now: datetime, most: int) -> list[int]:
    """New records for people who have passed a certificate of a plan and have none for it yet. The plan's 公示 must be over, and so must
    that of every plan from which a mark is needed: whose mark is not locked waits for the end of that plan. Who has passed through two
    schools gets one, by the earlier registration.

    Returns: their ids, `most` at most; none where all are begun.
    """
    if not lock_marks(session, plan_id, now):  # what is read from here on stays
        return []
    # two plans that end at one moment come one after the other
    examined = select(PlanCertificate.certificate_id).where(PlanCertificate.plan_id == plan_id)
    session.execute(select(Certificate.id).where(Certificate.id.in_(examined)).order_by(Certificate.id).with_for_update(key_share=True))
    rows = session.execute(_passed(plan_id, now).limit(most)).mappings().all()
    people = {(row["certificate_id"], row["document"], row["id_number"]): row for row in reversed(rows)}
    if people:
        made = [{**row, "plan_id": plan_id, "created_at": now, "status": "", "tone": "draft"} for row in reversed(people.values())]
        begun = sorted(session.scalars(insert(Issuance).returning(Issuance.id), made))
        _set_sites(session, begun)
        return begun
    return []


def _set_sites(session: Session, ids: Sequence[int]) -> None:
    """The site at which each person was examined last under this registration."""
    where = select(Room.site_id).join(Seat, Seat.room_id == Room.id).join(Sitting, Sitting.id == Seat.sitting_id)
    where = where.where(Seat.registration_id == Issuance.registration_id).order_by(Sitting.starts_at.desc(), Sitting.id.desc()).limit(1)
    here = update(Issuance).where(Issuance.id.in_(ids))
    session.execute(here.values(site_id=where.scalar_subquery()), execution_options={"synchronize_session": False})
    whose = select(ExamSite.party_id).where(ExamSite.id == Issuance.site_id).scalar_subquery()
    session.execute(here.values(site_party_id=whose), execution_options={"synchronize_session": False})


def _passed(plan_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Who has passed with locked marks and has no issuance yet; by columns of `Issuance`."""
    same = and_(Issuance.document == Outcome.document, Issuance.id_number == Outcome.id_number)
    begun = exists().where(Issuance.certificate_id == Outcome.certificate_id, same)
    columns = (Outcome.certificate_id, Outcome.name, Outcome.pinyin, Outcome.document, Outcome.id_number)
    about = (ExamPlan.party_id.label("party_id"), Outcome.party_id.label("school_id"), Outcome.id.label("registration_id"))
    query = select(*columns, *about).join(ExamPlan, ExamPlan.id == Outcome.plan_id)
    query = query.where(Outcome.plan_id == plan_id, first_of_person(), ~begun.correlate(Outcome), result_at(now, locked=True) == PASSED)
    return query.order_by(Outcome.id)


def issuances_query(actor: Actor) -> Select[Issuance]:
    """The issuances an actor may see, newest first: an organization its own, a school those of its candidates and of its sites, operators
    all, others none."""
    query = Issuance.joined().order_by(Issuance.id.desc())
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(or_(Issuance.school_id == actor.party_id, Issuance.site_party_id == actor.party_id))
    return query.where(Issuance.party_id == actor.party_id if "培训评价组织" in actor.roles else false())
