"""How a scenario makes a record of each type, and what other processes do to a record meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from domain.certificates.declaration_plans import DeclarationPlan, all_labels, new_plan
from domain.certificates.declarations import Declaration, new_declaration
from domain.demo.exam_plans import DAYS
from domain.demo.exam_plans import answers as made_up_plan
from domain.demo.exam_subjects import new_exam_subjects
from domain.demo.seals import new_demo_seal
from domain.exams import plans
from domain.exams.candidates import Candidate, new_candidate
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import InvigilatorCertificate, add_certificates, new_invigilator
from domain.exams.payment_slips import PaymentSlip, new_slip
from domain.exams.plans import ExamPlan, school_label
from domain.exams.registering import Wish, register, terms_of
from domain.exams.registration_corrections import RegistrationCorrection, new_correction
from domain.exams.registrations import Registration
from domain.exams.score_objections import ScoreObjection, new_objection
from domain.ground.base import SHANGHAI, clock_minutes
from domain.ground.parties import Actor, actor_named
from domain.ground.settings import Settings
from domain.ground.subjects import Subject
from domain.institutions.schools import School
from domain.institutions.seals import OrganizationSeal, SchoolSeal, Seal
from domain.issuing.issuances import Issuance, begin_issuances
from domain.issuing.withdrawals import CertificateWithdrawal, new_withdrawal
from domain.standards.site_standards import new_site_standard
from domain.standards.skill_standards import new_skill_standard
from domain.weekly.periods import ReportingPeriod, periods_query
from forms.lists import KINDS
from jobs.scenarios import certificates
from jobs.scenarios.files import ScenarioFailed
from jobs.scenarios.marks import mark_alone, seat_alone


def _coming_period(session: Session, actor: Actor, now: datetime) -> ReportingPeriod:
    coming = periods_query(actor).where(ReportingPeriod.starts_at > now).order_by(None).order_by(ReportingPeriod.starts_at)
    return session.scalars(coming.limit(1)).one()


def _declaration(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> Declaration:
    """A declaration under a plan that the school's province has opened for thirty days. A scenario has one such plan."""
    plan = session.scalars(select(DeclarationPlan).where(DeclarationPlan.party_id == actor.province_id)).first()
    if plan is None:
        province = Actor(0, "系统", actor.province_id or actor.party_id, "", "province", None, frozenset({"省级"}))
        times = {"starts_at": clock_minutes(now), "ends_at": clock_minutes(now + timedelta(days=30))}
        plan = new_plan(session, province, now, {"name": "证书试点申报", "certificates": all_labels(session), **times})
        plan.publish(now)
    return new_declaration(session, actor, now, form, plan.id)


def _invigilator_certificate(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> InvigilatorCertificate:
    """The one certificate of an invigilator whose form this is."""
    (certificate,) = add_certificates(session, actor, new_invigilator(session, actor, now, form), form["certificates"], now)
    return certificate


def _exam_plan(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> ExamPlan:
    """A plan. The first one of a scenario finds the certificates' subjects."""
    if session.scalar(select(ExamSubject.id).limit(1)) is None:
        new_exam_subjects(session, now)
    return plans.new_plan(session, actor, now, form)


def _registered(session: Session, actor: Actor, now: datetime) -> Registration | None:
    """The one registration of a scenario: of the actor's school, under a plan of the first organization's, which is made first; None
    where the actor's party is no school."""
    found = session.scalars(select(Registration)).first()
    organization = actor_named(session, "organization1")
    school = session.get(School, actor.party_id)
    if found is not None or organization is None or school is None:
        return found
    label = "Web前端开发与调试（初级）"
    form = made_up_plan(
        "十二月认证考试", now.astimezone(SHANGHAI).date(), plans.BY_CERTIFICATE, {label: [f"{label} 理论知识"]}, [school_label(school)]
    )
    plan = _exam_plan(session, organization, now, form)
    plan.publish(now)
    return _register_alone(session, actor, plan, now)


def _register_alone(session: Session, school: Actor, plan: ExamPlan, now: datetime) -> Registration:
    """The one registration, of a new candidate of a school, under a published plan of one certificate."""
    terms = terms_of(session, plan)
    (offer,) = terms.offers.values()
    candidate = new_candidate(session, school, now, {**_PUPIL, "major": min(offer.majors)[0]})
    register(session, school, terms, [Wish(candidate.id, offer.certificate.id)], now)
    return session.scalars(select(Registration)).one()


def _payment_slip(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> PaymentSlip:
    """A slip of the one registration."""
    one = _registered(session, actor, now)
    return new_slip(session, actor, now, one.plan_id if one else 0, one.certificate_id if one else 0, form)


def _correction(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> RegistrationCorrection:
    """A request about the one registration."""
    one = _registered(session, actor, now)
    return new_correction(session, actor, now, one.id if one else 0, form)


def _seat(plan: ExamPlan, now: datetime) -> None:
    """school1's one candidate has been registered under a plan, and has a published seat."""
    session = object_session(plan)
    school = actor_named(session, "school1") if session is not None else None
    if session is None or school is None:
        raise ScenarioFailed("演示数据没有 school1")
    seat_alone(session, _register_alone(session, school, plan, now))


def _pass(plan: ExamPlan, now: datetime) -> None:
    """school1's one candidate has been registered under a plan, seated and marked with 80."""
    session = object_session(plan)
    school = actor_named(session, "school1") if session is not None else None
    if session is None or school is None:
        raise ScenarioFailed("演示数据没有 school1")
    mark_alone(session, _register_alone(session, school, plan, now), Decimal(80), now)


def _objection(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> ScoreObjection:
    """An objection to the mark of the one registration, which is school1's and in 公示, as the candidate hands it in."""
    registration = session.scalars(select(Registration)).first()
    if registration is None:
        registration = _scored(session, now)
    return new_objection(session, registration, registration.entries[0].id, form["reason"], now)


def _scored(session: Session, now: datetime) -> Registration:
    """The one registration, of a plan in its third day of 公示, seated and marked with 59."""
    school = actor_named(session, "school1")
    begun = now - timedelta(days=DAYS["publicity"][0] + 2)
    registration = _registered(session, school, begun) if school is not None else None
    if registration is None:
        raise ScenarioFailed("演示数据没有 school1")
    mark_alone(session, registration, Decimal(59), now - timedelta(days=5))
    return registration


def _issuance(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> Issuance:
    """What begins for the one candidate of a plan that is over, and passed."""
    school = actor_named(session, "school1")
    registration = _registered(session, school, now - timedelta(days=DAYS["publicity"][1] + 2)) if school is not None else None
    if registration is None:
        raise ScenarioFailed("演示数据没有 school1")
    mark_alone(session, registration, Decimal(80), now - timedelta(days=DAYS["publicity"][1] + 2 - DAYS["scoring"][0] - 1))
    (made,) = begin_issuances(session, registration.plan_id, now, 1)
    return session.get_one(Issuance, made)


def _withdrawal(session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> CertificateWithdrawal:
    """A request about the certificate of the one candidate who has passed."""
    issuance = session.scalars(Issuance.joined()).first()
    if issuance is None and actor.party_kind == "organization":
        issuance = certificates.new_issued(session, _issuance(session, actor, now, {}), now)
    return new_withdrawal(session, actor, now, issuance.id if issuance is not None else 0, form)


def _seal(session: Session, kind: type[Seal], actor: Actor, now: datetime) -> Seal:
    return new_demo_seal(session, kind, actor, now, MultiFernet([Fernet(Fernet.generate_key())]))


_PUPIL = {
    **{"kind": "院校考生", "name": "王小明", "pinyin": "WANG XIAOMING", "document": "居民身份证", "id_number": "11010519491231002X"},
    **{"mobile": "13900000001", "level": None, "entry_year": 2025},
}


# type of record → how `do: new` makes one, where it is not as the kind's own form does
CREATE: dict[str, Callable[[Session, Actor, datetime, dict[str, Any]], Subject]] = {
    "reporting_period": lambda session, actor, now, form: _coming_period(session, actor, now),
    "skill_standard": lambda session, actor, now, form: new_skill_standard(session, actor, now),
    "site_standard": lambda session, actor, now, form: new_site_standard(session, actor, now),
    "seal": lambda session, actor, now, form: _seal(session, SchoolSeal, actor, now),
    "organization_seal": lambda session, actor, now, form: _seal(session, OrganizationSeal, actor, now),
    "declaration": _declaration,
    "exam_plan": _exam_plan,
    "payment_slip": _payment_slip,
    "registration_correction": _correction,
    "score_objection": _objection,
    "issuance": _issuance,
    "certificate_withdrawal": _withdrawal,
    "invigilator_certificate": _invigilator_certificate,
}


def new_record(subject: str, session: Session, actor: Actor, now: datetime, form: dict[str, Any]) -> Subject:
    """A new, flushed record of the type that a diagram names as its `subject`, made by the kind's own `create` where `CREATE` has no other.

    Raises:
        ScenarioFailed: nobody makes such records.
        DomainError: as `create` of the kind.
    """
    if subject in CREATE:
        return CREATE[subject](session, actor, now, form)
    kind = KINDS.get(subject)
    if kind is None or kind.create is None:
        raise ScenarioFailed(f"场景不能新建“{subject}”的记录")
    made: Subject = kind.create(session, actor, now, "", form)
    return made


def _move_end(declaration: Declaration, end: datetime) -> None:
    declaration.plan.ends_at = end


def _register(candidate: Candidate, certificates: int) -> None:
    candidate.registered = certificates


def _object(plan: ExamPlan, now: datetime) -> None:
    """The one candidate, who has a mark, objects to it."""
    session = object_session(plan)
    registration = session.scalars(select(Registration).where(Registration.plan_id == plan.id)).first() if session is not None else None
    if session is None or registration is None:
        raise ScenarioFailed("该计划还没有考生报考")
    new_objection(session, registration, registration.entries[0].id, "第三大题有一小题没有计分", now)


def _end_publicity(objection: ScoreObjection, end: datetime) -> None:
    objection.registration.plan.publicity_to = end


MEANWHILE: dict[str, Callable[[Any, datetime, Settings], None]] = {  # name in `meanwhile` → what another process does to a record
    "申报计划延长七天": lambda record, now, settings: _move_end(record, now + timedelta(days=7)),
    "申报计划提前截止": lambda record, now, settings: _move_end(record, now),
    "公示延长七天": lambda record, now, settings: _end_publicity(record, now + timedelta(days=7)),
    "报考一个证书": lambda record, now, settings: _register(record, 1),
    "取消报考": lambda record, now, settings: _register(record, 0),
    "一名考生已排考": lambda record, now, settings: _seat(record, now),
    "一名考生考试合格": lambda record, now, settings: _pass(record, now),
    "一名考生提出成绩异议": lambda record, now, settings: _object(record, now),
    "有照片，两方有电子签章": certificates.complete,
    "两方的电子签章都已停用": certificates.take_seals,
    "两方上传了新的电子签章": certificates.give_seals,
    "报考没有照片": certificates.lose_photo,
}
