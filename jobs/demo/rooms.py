"""Plays what the demonstration's exam plans need to be held: approved sites, their allotment with one that borrows, and rooms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from domain.exams.allotments import Allotment, allot, allot_own, certificates_of_plan
from domain.exams.exam_sites import ExamSite, site_choices
from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan, plan_school
from domain.exams.rooms import subject_label
from domain.exams.setting_rooms import new_room, venues
from domain.ground.tones import Tone
from jobs.demo.work import PASS, Stage, play_site

ORGANIZATION = "organization1"
HOSTS = (("school1", 3), ("school2", 1))  # account, how many certificates of the plans it has a site for
BUILDINGS = ("实训楼 2 楼", "实训楼 3 楼", "综合楼 5 楼")
ROOMS = 2  # of each type at a site


def play_rooms(stage: Stage) -> dict[str, int]:
    """Sites, allotments and rooms of the plans whose 报考 has begun: the plan before has none yet, so that 沿用 has something to do.

    Returns: how many of each.
    """
    now, organization = stage.engine.clock(), stage.actor(ORGANIZATION)
    begun = select(ExamPlan).where(ExamPlan.party_id == organization.party_id, ExamPlan.published, ExamPlan.registration_from <= now)
    plans = stage.session.scalars(begun.order_by(ExamPlan.registration_from)).all()
    if not plans:
        return {}
    _open_sites(stage, plans[0])
    made = sum(_set_up(stage, plan, min(now, _opening(plan) + timedelta(days=1))) for plan in plans)
    sites, allotted = (stage.session.scalar(select(func.count()).select_from(one)) or 0 for one in (ExamSite, Allotment))
    return {"考核站点": sites, "考核站点分配": allotted, "考场": made}


def _opening(plan: ExamPlan) -> datetime:
    if plan.registration_from is None:
        raise ValueError(plan.id)
    return plan.registration_from


def _open_sites(stage: Stage, plan: ExamPlan) -> None:
    """Approved sites of some schools for the first certificates of the plans; those that are played already stay as they are."""
    certificates = certificates_of_plan(stage.session, plan)
    for number, (account, count) in enumerate(HOSTS, 20):
        school = stage.actor(account)
        there = set(stage.session.scalars(select(ExamSite.certificate_id).where(ExamSite.party_id == school.party_id)))
        open_ones = select(ExamSite.id).where(ExamSite.party_id == school.party_id, ExamSite.tone == Tone.DONE)
        missing = count - len(stage.session.scalars(open_ones.where(ExamSite.certificate_id.in_([one.id for one in certificates]))).all())
        piloted = set(site_choices(stage.session, school))
        for certificate in [one for one in certificates if one.id not in there and one.label in piloted][: max(missing, 0)]:
            play_site(stage.at(_opening(plan) - timedelta(days=9)), account, certificate.label, PASS, number)


def _set_up(stage: Stage, plan: ExamPlan, moment: datetime) -> int:
    """Every school's own site, one that borrows, and the rooms of those that have accounts. Returns the number of rooms."""
    allot_own(stage.session, plan, moment)
    taken = select(Allotment).where(Allotment.plan_id == plan.id).order_by(Allotment.id)
    lent = stage.session.scalars(taken).first()
    if lent is not None:
        having = select(Allotment.party_id).where(Allotment.plan_id == plan.id, Allotment.certificate_id == lent.certificate_id)
        schools = select(plan_school.c.party_id).where(plan_school.c.plan_id == plan.id, plan_school.c.party_id.not_in(having))
        borrowers = stage.session.scalars(schools.order_by(plan_school.c.party_id).limit(2)).all()
        allot(stage.session, plan, lent.site_id, borrowers, moment)
    made = 0
    for account, _ in HOSTS:
        school = stage.actor(account)
        for venue in venues(stage.session, school, plan.id):
            for subjects in _alike(venue.subjects):
                for number in range(1, ROOMS + 1):
                    answers = {
                        "subjects": [subject_label(one) for one in subjects],
                        "name": f"{subjects[0].room_type} {number:02}",
                        "places": 30 + 10 * (number % 2),
                        "building": BUILDINGS[(made + number) % len(BUILDINGS)],
                        "door": f"{number + 2}0{number}",
                    }
                    new_room(stage.session, school, plan.id, venue.site.id, answers, moment)
                    made += 1
    return made


def _alike(subjects: Sequence[ExamSubject]) -> Iterator[list[ExamSubject]]:
    """The subjects that one room can hold, together."""
    for kind in dict.fromkeys((one.room_type, one.method) for one in subjects):
        yield [one for one in subjects if (one.room_type, one.method) == kind]
