"""What nobody has a task for yet, but somebody should see to: due soon, missing or incomplete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import current_plans
from domain.certificates.declarations import declared
from domain.exams.boards import numbers_of
from domain.exams.candidates import KINDS
from domain.exams.payment_slips import dues
from domain.exams.planned_subjects import unplaced_plans
from domain.exams.plans import ExamPlan, Sitting, exam_plans_query, within
from domain.exams.registrations import UNPLACED, Registration
from domain.exams.scores import MISSING, unscored_plans
from domain.exams.seats import Seat
from domain.ground.base import in_shanghai
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.institutions.seals import WARNING, valid_seal_of
from domain.weekly.reports import open_period
from forms.kinds import ORGANIZATION, SCHOOL
from forms.lists.candidates import CANDIDATES, INCOMPLETE
from forms.lists.certificates import KEPT_CERTIFICATES, NONE_IN_FORCE
from forms.lists.seals import ORGANIZATION_SEAL, SEAL, UPLOAD


@dataclass(frozen=True)
class Reminder:
    """One line: what it is about, what to press, and until when, if there is a deadline."""

    text: str
    act: str
    url: str
    until: datetime | None = None


def reminders(session: Session, actor: Actor, now: datetime) -> list[Reminder]:
    """Those of the actor's roles, the soonest due first, those without a deadline last."""
    found: list[Reminder] = []
    if SCHOOL in actor.roles:
        found += [*_report(session, actor, now), *_plans(session, actor, now), *_exam_plans(session, actor, now)]
        found += [*_tickets(session, actor, now), *_candidates(session, actor)]
    if ORGANIZATION in actor.roles:
        found += [*_arranging(session, actor, now), *_scoring(session, actor, now), *_subjects(session, actor)]
    if actor.roles & {SCHOOL, ORGANIZATION}:
        found += [*_unplaced(session, actor, now), *_seal(session, actor, now)]
    return sorted(found, key=lambda one: (one.until is None, one.until or now))


def _report(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    try:
        period = open_period(session, actor, now)
    except DomainError:  # there is nothing to report on now, or the report was begun: it stands among the tasks
        return
    yield Reminder(f"{period.title()}还没有填写", "填写", url_for("weekly_report.new"), period.ends_at)


def _plans(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    plans = [plan for plan in current_plans(session, actor, now) if plan.is_open(now)]
    begun = declared(session, actor, [plan.id for plan in plans]) if plans else {}
    for plan in plans:
        if plan.id not in begun:
            yield Reminder(f"“{plan.title()}”正在申报", "查看申报计划", url_for("declaration.plans"), plan.ends_at)


def _exam_plans(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """Plans for which the school may register candidates now, what is to be paid of them, and plans whose marks are public."""
    found = session.scalars(exam_plans_query(actor).where(or_(within("registration", now), within("publicity", now)))).all()
    public = [plan for plan in found if plan.publicity_from is not None and plan.publicity_from <= now]
    plans = [plan for plan in found if plan not in public]
    for plan in plans:
        yield Reminder(
            f"“{plan.title()}”（{plan.party.name}）正在报考",
            "查看考试计划",
            url_for("exam_plan.show", record_id=plan.id),
            plan.registration_to,
        )
    if plans:
        yield from _dues(session, actor, now)
    yield from _publicity(session, actor, public)


def _dues(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """Registrations that are on no 缴费申请单, while one can still be made: none can once 报考 is over (manual 5.2.7)."""
    plans: dict[int, tuple[ExamPlan, int]] = {}
    for due in dues(session, actor, now):
        if due.total:
            plans[due.plan.id] = due.plan, due.people + plans.get(due.plan.id, (due.plan, 0))[1]
    for plan, people in plans.values():
        told = f"“{plan.title()}”还有 {people} 条报考没有生成缴费申请单，报考结束后不能再生成"
        yield Reminder(told, "生成缴费申请单", url_for("payment_slip.choose"), plan.registration_to)


def _unplaced(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """Registrations without a seat although 排考 is over, until the exam begins: nothing can be done about them then."""
    for plan, number in unplaced_plans(session, actor, now):
        if plan.exam_from is None or plan.exam_from <= now:
            continue
        url = url_for("registrations.index", plan_number=plan.number, state=UNPLACED)
        yield Reminder(f"“{plan.title()}”排考已结束，仍有 {number} 条报考未排考", "查看报考", url, plan.exam_from)


def _tickets(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """Plans of which candidates of the school have seats in sittings that are still to come: 准考证 can be printed."""
    own = select(Seat.plan_id, Sitting.starts_at).join(Sitting, Sitting.id == Seat.sitting_id)
    own = own.join(Registration, Registration.id == Seat.registration_id)
    coming = own.where(Registration.party_id == actor.party_id, Seat.published, Sitting.starts_at > now).subquery()
    firsts = select(coming.c.plan_id, func.min(coming.c.starts_at).label("first")).group_by(coming.c.plan_id).subquery()
    asked = exam_plans_query(actor).join(firsts, firsts.c.plan_id == ExamPlan.id).add_columns(firsts.c.first)
    found = [(plan, first) for plan, first in session.execute(asked)]
    plans = [plan for plan, _ in found]
    left = {plan.id: number for plan, number in unplaced_plans(session, actor, now, going=True)} if plans else {}
    for plan, first in found:
        url = url_for("placed.index", plan_number=plan.number)
        yield Reminder(f"“{plan.title()}”已排考，可以下载准考证", "排考明细", url, first)
        if plan.id in left:  # a photo can still be added
            url = url_for("registrations.index", plan_number=plan.number, state=UNPLACED)
            told = f"“{plan.title()}”正在排考，本校仍有 {left[plan.id]} 条报考未排考；没有照片的考生请尽快导入照片"
            yield Reminder(told, "查看报考", url, plan.arranging_to)


def _publicity(session: Session, actor: Actor, public: Sequence[ExamPlan]) -> Iterator[Reminder]:
    """Of plans whose marks are public those in which the school's candidates have seats: they may object until the end (manual 5.2.9)."""
    if not public:
        return
    own = select(Seat.plan_id).join(Registration, Registration.id == Seat.registration_id).where(Registration.party_id == actor.party_id)
    seated = set(session.scalars(own.where(Seat.plan_id.in_([plan.id for plan in public])).distinct()))
    for plan in public:
        if plan.id not in seated:
            continue
        url = url_for("scores.index", plan_number=plan.number)
        yield Reminder(f"“{plan.title()}”正在公示成绩，公示结束前考生可以提交成绩异议", "查看成绩", url, plan.publicity_to)


def _arranging(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """The organization's plans that are to be arranged and published now."""
    plans = session.scalars(exam_plans_query(actor).where(ExamPlan.published, within("arranging", now))).all()
    numbers = numbers_of(session, [plan.id for plan in plans]) if plans else {}
    for plan in plans:
        one = numbers[plan.id]
        if one.missing or one.hidden:
            told = f"“{plan.title()}”正在排考：{one.missing} 人次未排，{one.hidden} 个座位未发布"
            yield Reminder(told, "排考", url_for("arranging.board", plan_id=plan.id), plan.arranging_to)


def _scoring(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    """The organization's plans that lack marks while they may be entered."""
    for plan, number in unscored_plans(session, actor, now):
        url = url_for("scores.index", plan_number=plan.number, state=MISSING)
        yield Reminder(f"“{plan.title()}”正在成绩登记，还有 {number} 人次没有成绩", "查看成绩", url, plan.scoring_to)


def _seal(session: Session, actor: Actor, now: datetime) -> Iterator[Reminder]:
    kind = SEAL if SCHOOL in actor.roles else ORGANIZATION_SEAL
    upload = url_for(f"{kind.key}.new")
    seal = valid_seal_of(session, kind.listing.record, actor.party_id, now)
    if seal is None:
        yield Reminder("没有有效的电子签章，目前不能签发证书", UPLOAD, upload)
    elif seal.valid_to - now <= WARNING:
        day = in_shanghai(seal.valid_to)
        yield Reminder(f"电子签章将于 {day:%Y-%m-%d} 到期", UPLOAD, upload, seal.valid_to)


def _candidates(session: Session, actor: Actor) -> Iterator[Reminder]:
    """Candidates of whom something is missing that others need, of each kind."""
    counts = []
    for kind in KINDS:
        rows = CANDIDATES.filtered(actor, {"kind": kind, "lacking": INCOMPLETE}).order_by(None).subquery()
        counts.append(select(literal(kind), func.count()).select_from(rows))
    for kind, count in session.execute(union_all(*counts)):
        if count:
            yield Reminder(f"{count} 名{kind}的资料不完整", "补全资料", url_for("candidate.index", kind=kind, lacking=INCOMPLETE))


def _subjects(session: Session, actor: Actor) -> Iterator[Reminder]:
    """Certificates for which no exam can be planned."""
    bare = KEPT_CERTIFICATES.filtered(actor, {"subjects": NONE_IN_FORCE}).order_by(None)
    count = session.scalar(select(func.count()).select_from(bare.with_only_columns(Certificate.id).subquery()))
    if count:
        url = url_for("certificates.index", subjects=NONE_IN_FORCE)
        yield Reminder(f"{count} 个证书没有启用的考试科目，不能安排考试", "查看证书", url)
