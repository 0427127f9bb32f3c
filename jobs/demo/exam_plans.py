"""Plays the demonstration's 考试计划: of the first organization one at each stage, so that every screen has something to show."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, contains_eager

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate
from domain.demo.exam_plans import DAYS, answers
from domain.exams.candidates import OUTSIDER, Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.payment_slips import new_slip
from domain.exams.plans import BY_CERTIFICATE, BY_SUBJECT, ExamPlan, exam_plan_of, new_plan, school_label
from domain.exams.registering import OUTSIDE, Offer, Wish, answer_to, register, terms_of
from domain.ground.base import SHANGHAI
from domain.ground.parties import Actor
from domain.ground.tones import Tone
from domain.institutions.schools import School
from jobs.demo.work import Stage
from processes.steps import acting, starting

CERTIFICATES, SCHOOLS = 3, 8  # that a plan names at most
SCHOOLS_WITH_CANDIDATES, REGISTERED = ("school1", "school2"), 80  # candidates of each that are looked at
ORGANIZATIONS = ("organization1", "organization2")
PLANS = (  # what each is called; days from the first day of 报考 to today; None: it is not published
    ("第九批认证考试", -3, None),
    ("第八批认证考试", -6, BY_CERTIFICATE),  # 未开始
    ("第七批认证考试", 4, BY_CERTIFICATE),  # 报考中
    ("实操专项考试", 5, BY_SUBJECT),  # 报考中
    ("第六批认证考试", 13, BY_CERTIFICATE),  # 排考中
    ("第五批认证考试", 17, BY_CERTIFICATE),  # 待考试
    ("第四批认证考试", 23, BY_CERTIFICATE),  # 成绩登记中
    ("第三批认证考试", 28, BY_CERTIFICATE),  # 公示中
    ("第一批认证考试", 60, BY_CERTIFICATE),  # 已结束
)


def play_exam_plans(stage: Stage) -> dict[str, int]:
    """The plans with what was registered under them and the slips; returns how many of each."""
    now, counts = stage.engine.clock(), Counter[str]()
    for account in ORGANIZATIONS:
        organization = stage.actor(account)
        subjects, schools = _offer(stage, organization)
        for name, days, mode in PLANS if account == ORGANIZATIONS[0] else PLANS[2:3]:
            first = (now.astimezone(SHANGHAI) - timedelta(days=days)).date()
            form = answers(f"{first.year} 年{name}", first, mode or BY_CERTIFICATE, subjects, schools)
            before = stage.at(now - timedelta(days=max(days, 0) + 7))
            plan = new_plan(stage.session, organization, before.engine.clock(), form)
            began, _ = starting.start(before.engine, stage.session, organization, "exam_plan", plan, "发布" if mode else None)
            if mode is not None:
                counts.update(
                    _register(stage.at(now - timedelta(days=max(days - 3, 0))), organization, plan, days > DAYS["registration"][1])
                )
            acting.tick(_before_the_end(stage, plan).engine, stage.session, began)  # what has opened and closed since
            counts["考试计划"] += 1
    return dict(counts)


def _before_the_end(stage: Stage, plan: ExamPlan) -> Stage:
    """Now, or while 公示 was still running: marks come first (`jobs.demo.results`)."""
    now = stage.engine.clock()
    return stage.at(plan.publicity_to - timedelta(minutes=1)) if plan.publicity_to is not None and plan.publicity_to <= now else stage


def _register(stage: Stage, organization: Actor, plan: ExamPlan, confirmed: bool) -> Counter[str]:
    """What schools have registered under a plan three days after it opened, and the slips they made; the organization has
    confirmed all of them, or none, and then there are some to make still."""
    session, now, made = stage.session, stage.engine.clock(), Counter[str]()
    if plan.registration_from is None or plan.registration_from > now:
        return made
    terms = terms_of(session, plan)
    for account in SCHOOLS_WITH_CANDIDATES:
        school = stage.actor(account)
        if exam_plan_of(session, school, plan.id) is None:
            continue
        mine = select(Candidate.id).where(Candidate.party_id == school.party_id).order_by(Candidate.photo.is_(None), Candidate.id)
        ids = session.scalars(mine.limit(REGISTERED)).all()
        for offer in terms.offers.values():
            subjects = [None] if plan.mode == BY_CERTIFICATE else [subject.id for subject, _ in offer.subjects[:1]]
            wishes = [_wish(session, id, offer, subject) for id in ids for subject in subjects]
            answer = answer_to(session, school, terms, wishes)
            good = [wish for at, wish in enumerate(wishes) if at not in answer.refused]
            made["报考"] += len(register(session, school, terms, good, now))
            last = offer is list(terms.offers.values())[-1]
            if good and (confirmed or not last):  # while 报考 runs, those for the last certificate are still on no slip
                slip = new_slip(session, school, now, plan.id, offer.certificate.id, {})
                instance_id, _ = starting.start(stage.engine, session, school, "payment_slip", slip)
                made["缴费申请单"] += 1
                if confirmed:
                    acting.send(stage.engine, session, organization, instance_id, "waiting")
    return made


def _wish(session: Session, candidate_id: int, offer: Offer, subject_id: int | None) -> Wish:
    candidate = session.get_one(Candidate, candidate_id)
    return Wish(candidate_id, offer.certificate.id, subject_id, OUTSIDE if candidate.kind == OUTSIDER else candidate.level)


def _offer(stage: Stage, organization: Actor) -> tuple[dict[str, list[str]], list[str]]:
    """What the plans of an organization examine: its certificates that most schools pilot, each with its subjects; and these schools."""
    piloted = select(Certificate).join(PilotCertificate, PilotCertificate.certificate_id == Certificate.id)
    piloted = piloted.where(Certificate.party_id == organization.party_id).group_by(Certificate.id)
    # schools that have still to be approved as sites, or never will, would leave their candidates without a room
    hopeless = exists().where(ExamSite.certificate_id == Certificate.id, ExamSite.tone != Tone.DONE)
    examined = piloted.order_by(hopeless, func.count().desc(), Certificate.id).limit(CERTIFICATES)
    subjects: dict[str, list[str]] = {}
    for certificate in stage.session.scalars(examined):
        query = ExamSubject.joined().where(ExamSubject.certificate_id == certificate.id, ExamSubject.tone == Tone.DONE)
        if titles := [one.title() for one in stage.session.scalars(query.order_by(ExamSubject.id))]:
            subjects[certificate.label] = titles
    own = select(Certificate.id).where(Certificate.party_id == organization.party_id)
    piloting = select(PilotCertificate.party_id).where(PilotCertificate.certificate_id.in_(own))
    schools = select(School).join(School.party).options(contains_eager(School.party)).where(School.id.in_(piloting)).order_by(School.id)
    return subjects, [school_label(one) for one in stage.session.scalars(schools.limit(SCHOOLS))]
