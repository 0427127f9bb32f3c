"""证书发放: what begins for everybody who has passed a certificate, once the marks are locked (manual 5.2.10; row 5.2.10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, and_, exists, false, insert, select
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from domain.certificates.certificates import Certificate
from domain.exams.locked_marks import lock_marks
from domain.exams.outcomes import PASSED, Outcome, first_of_person, result_at
from domain.exams.plans import ExamPlan, PlanCertificate
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord

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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship(foreign_keys=[party_id])
    school: Mapped[Party] = relationship(foreign_keys=[school_id])
    certificate: Mapped[Certificate] = relationship()
    plan: Mapped[ExamPlan] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Issuances with certificate, plan, organization and school."""
        organization, school = aliased(Party), aliased(Party)
        query = select(cls).join(cls.certificate).join(cls.plan)
        query = query.join(organization, organization.id == cls.party_id).join(school, school.id == cls.school_id)
        return query.options(
            contains_eager(cls.certificate),
            contains_eager(cls.plan),
            contains_eager(cls.party.of_type(organization)),
            contains_eager(cls.school.of_type(school)),
        )

    @property
    def number(self) -> str:
        """发放编号."""
        return f"FZ{self.id:08}"

    def title(self) -> str:
        """Whose, and which certificate."""
        return f"{self.name}（{masked(self.id_number)}） {self.certificate.label}"

    def party_for(self, lane: str) -> int | None:
        """The organization and the school's site sign; the system begins."""
        return {"培训评价组织": self.party_id, "考核站点": self.school_id, "试点院校": self.school_id, "系统": 0}.get(lane)

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
        return sorted(session.scalars(insert(Issuance).returning(Issuance.id), made))
    return []


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
    """The issuances an actor may see, newest first: an organization and a school their own, operators all, others none."""
    query = Issuance.joined().order_by(Issuance.id.desc())
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(Issuance.school_id == actor.party_id)
    return query.where(Issuance.party_id == actor.party_id if "培训评价组织" in actor.roles else false())
