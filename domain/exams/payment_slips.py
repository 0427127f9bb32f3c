"""缴费申请单: what a school has to pay for its registrations under a plan and for a certificate (manual 5.2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Numeric, Select, String, Table, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from domain.certificates.certificates import Certificate
from domain.exams.plan_rights import seen_by
from domain.exams.plans import ExamPlan, exam_plans_query, within, yuan
from domain.exams.registrations import Registration
from domain.ground.base import SHANGHAI, Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse
from domain.ground.values import among


class NothingToPay(DomainError):
    """该考试计划和证书下没有未缴费、且不在其他缴费申请单上的报考，不能生成缴费申请单。"""


class NotOpen(DomainError):
    """考试计划不在报考阶段，不能生成缴费申请单，请重新选择。"""


class OnAnotherSlip(DomainError):
    """其中有的报考刚被列入另一张缴费申请单，请重新生成。"""


payment_line = Table(
    "payment_line",
    Base.metadata,
    # the registration is the key: it is on one slip at most
    Column("registration_id", ForeignKey("exam_registration.id"), primary_key=True, autoincrement=False),
    Column("slip_id", ForeignKey("payment_slip.id"), nullable=False, index=True),
    Column("price", Numeric(8, 2), nullable=False, comment="yuan, as the registration says"),
)


class PaymentSlip(SubjectRecord):
    """One slip. The organization confirms that its total has come, by its number."""

    FACTS: ClassVar[Mapping[str, type]] = {"number": str, "people": int, "total": float}
    __tablename__ = "payment_slip"
    # ids are never used again: a number that was paid must not become another's
    __table_args__ = ({"sqlite_autoincrement": True},)

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the school
    plan_id: Mapped[int] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    number: Mapped[str | None] = mapped_column(String(20), unique=True, comment="缴费单号; null only until the row has its id")
    people: Mapped[int] = mapped_column(comment="registrations on it when it was made")
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2), comment="yuan")
    remark: Mapped[str | None] = mapped_column(String(200), comment="付款说明")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    plan: Mapped[ExamPlan] = relationship()
    certificate: Mapped[Certificate] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Slips with school, plan, certificate and the plan's organization."""
        organization = aliased(Party)
        query = select(cls).join(cls.party).join(cls.plan).join(organization, ExamPlan.party_id == organization.id).join(cls.certificate)
        return query.options(
            contains_eager(cls.party),
            contains_eager(cls.plan).contains_eager(ExamPlan.party.of_type(organization)),
            contains_eager(cls.certificate),
        )

    def title(self) -> str:
        """Its number."""
        return f"缴费申请单 {self.number}"

    def party_for(self, lane: str) -> int | None:
        """The school makes it, the plan's organization confirms it."""
        return {"试点院校": self.party_id, "培训评价组织": self.plan.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`number`, a text; `people`; `total`, in yuan."""
        return {"number": self.number, "people": self.people, "total": float(self.total)}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        return {"remark": self.remark} if self.remark else {}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in."""
        self.remark = answers.get("remark")


@dataclass(frozen=True)
class Due:
    """What a slip would be about: registrations of one plan and certificate that are neither paid nor on a slip."""

    plan: ExamPlan
    certificate: Certificate
    people: int
    total: Decimal

    @property
    def yuan(self) -> int | float:
        """The total as people read it."""
        return yuan(self.total)


def _free(actor: Actor) -> Select[Any]:
    on_a_slip = exists().where(payment_line.c.registration_id == Registration.id)
    return select(Registration).where(Registration.party_id == actor.party_id, Registration.paid.is_(False), ~on_a_slip)


def dues(session: Session, actor: Actor, now: datetime) -> Sequence[Due]:
    """What the actor's school may make slips of now: under plans whose 报考 is open (manual 5.2.7)."""
    if "试点院校" not in actor.roles:
        return []
    open_ids = exam_plans_query(actor).where(within("registration", now)).order_by(None).with_only_columns(ExamPlan.id)
    of = (Registration.plan_id, Registration.certificate_id)
    counted = (
        _free(actor)
        .where(Registration.plan_id.in_(open_ids))
        .with_only_columns(
            Registration.plan_id, Registration.certificate_id, func.count().label("people"), func.sum(Registration.fee).label("total")
        )
        .group_by(*of)
        .subquery()
    )
    query = select(ExamPlan, Certificate, counted.c.people, counted.c.total).join(counted, counted.c.plan_id == ExamPlan.id)
    query = query.join(Certificate, Certificate.id == counted.c.certificate_id).order_by(ExamPlan.id.desc(), Certificate.code)
    return [Due(plan, certificate, people, Decimal(str(total))) for plan, certificate, people, total in session.execute(query)]


def due_of(session: Session, actor: Actor, plan_id: int, certificate_id: int, now: datetime, hold: bool = False) -> Due:
    """One of them; `hold`: the plan's windows stay as they are until the transaction ends.

    Raises:
        NotOpen: the plan's 报考 is not open to the school.
        NothingToPay
    """
    asked = exam_plans_query(actor).where(within("registration", now), ExamPlan.id == plan_id)
    plan = session.scalars(asked.with_for_update(read=True, of=ExamPlan) if hold else asked).first()
    if plan is None or "试点院校" not in actor.roles:
        raise NotOpen
    found = next((one for one in dues(session, actor, now) if (one.plan.id, one.certificate.id) == (plan_id, certificate_id)), None)
    if found is None:
        raise NothingToPay
    return found


def new_slip(session: Session, actor: Actor, now: datetime, plan_id: int, certificate_id: int, answers: Mapping[str, Any]) -> PaymentSlip:
    """A new, flushed slip with all that is due under a plan and for a certificate.

    Raises:
        NotOpen, NothingToPay
        OnAnotherSlip: a colleague has made a slip at the same moment.
    """
    due_of(session, actor, plan_id, certificate_id, now, hold=True)
    asked = _free(actor).where(Registration.plan_id == plan_id, Registration.certificate_id == certificate_id)
    rows = session.execute(asked.with_only_columns(Registration.id, Registration.fee).with_for_update().order_by(Registration.id)).all()
    if not rows:
        raise NothingToPay
    total = sum((row.fee for row in rows), Decimal())
    about = {"party_id": actor.party_id, "plan_id": plan_id, "certificate_id": certificate_id, "remark": answers.get("remark")}
    slip = PaymentSlip(people=len(rows), total=total, created_at=now, **about)
    session.add(slip)
    session.flush()
    slip.number = f"JF{now.astimezone(SHANGHAI).year}{slip.id:06}"
    flush_or_refuse(session, OnAnotherSlip)
    try:
        session.execute(insert(payment_line), [{"registration_id": row.id, "slip_id": slip.id, "price": row.fee} for row in rows])
    except IntegrityError as error:
        raise OnAnotherSlip from error
    session.refresh(slip, ["party", "plan", "certificate"])
    return slip


def confirm(session: Session, slip: PaymentSlip) -> None:
    """The registrations on a slip are paid."""
    on_it = select(payment_line.c.registration_id).where(payment_line.c.slip_id == slip.id)
    paid = update(Registration).where(Registration.id.in_(on_it)).values(paid=True)
    session.execute(paid, execution_options={"synchronize_session": False})


def delete_slip(session: Session, slip: PaymentSlip) -> None:
    """Deletes a slip: its registrations are free again."""
    session.execute(delete(payment_line).where(payment_line.c.slip_id == slip.id))
    session.delete(slip)
    session.flush()


def payment_slips_query(actor: Actor) -> Select[PaymentSlip]:
    """The slips an actor may see, newest first: a school its own, an organization those of its plans, operators all, others none."""
    query = PaymentSlip.joined().order_by(PaymentSlip.id.desc())
    return seen_by(query, actor, PaymentSlip.party_id == actor.party_id)


def slips_numbered(session: Session, actor: Actor, numbers: Sequence[str]) -> dict[str, PaymentSlip]:
    """The slips with these numbers that an actor may see, by number; one query."""
    query = payment_slips_query(actor).where(among(session, PaymentSlip.number, numbers))
    return {str(slip.number): slip for slip in session.scalars(query)}


def lines_of(session: Session, slip: PaymentSlip) -> Sequence[Any]:
    """The registrations on a slip with their prices, in the order of their numbers."""
    query = select(Registration, payment_line.c.price).join(payment_line, payment_line.c.registration_id == Registration.id)
    return session.execute(query.where(payment_line.c.slip_id == slip.id).order_by(Registration.id)).all()
