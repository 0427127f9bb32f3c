"""A plan's records as an organization arranges them: sites with rooms and invigilators, and registrations of their schools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.allotments import Allotment
from domain.exams.candidates import Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import Invigilator, InvigilatorCertificate
from domain.exams.plans import ExamPlan, PlanCertificate, Sitting, plan_school
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room, room_subject
from domain.exams.windows import MOMENTS
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone
from domain.institutions.schools import School

SCHOOLS = 3  # of a site: its own, and two that borrow it
AT_A_SITE = 500  # registrations
ROOMS, PEOPLE = 15, 25  # of a site: rooms, invigilators
CERTIFICATES = 5
TIMES = ((1, 120), (2, 150), (5, 120), (6, 120), (25, 120), (28, 150))
"""Hours after the exam begins, and minutes: six sittings that overlap by halves."""
FIRST = 50_000  # ids from which on the rows are ours


def add_plan(session: Session, organization: Actor, registrations: int, now: datetime) -> int:
    """A published plan in 排考 with so many registrations in two subjects each. Returns its id."""
    random, ids = Random(1), count(FIRST)  # noqa: S311  # a made-up plan, the same each time
    subjects = _subjects(session, organization, now, ids)
    plan = next(ids)
    _plan(session, organization, plan, subjects, now)
    sites = max(1, registrations // AT_A_SITE)
    schools = [[next(ids) for _ in range(SCHOOLS)] for _ in range(sites)]
    _schools(session, plan, [school for row in schools for school in row])
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in _TABLES}
    for number, row in enumerate(schools):
        _site(random, ids, rows, plan, subjects, row, organization.person_id, now)
        for at in range(number * registrations // sites, (number + 1) * registrations // sites):
            _registration(random, ids, rows, plan, subjects, random.choice(row), at, now)
    for table in _TABLES:
        session.execute(insert(table), rows[table])
    return plan


_TABLES: Sequence[Any] = (
    ExamSite.__table__,
    Allotment.__table__,
    Room.__table__,
    room_subject,
    Invigilator.__table__,
    InvigilatorCertificate.__table__,
    Candidate.__table__,
    Registration.__table__,
    Entry.__table__,
)
Subjects = dict[int, tuple[int, int]]
"""Certificate → its theory and its practice."""
_KINDS = ("标准考场", "计算机机房")
Rows = dict[Any, list[dict[str, Any]]]


def _subjects(session: Session, organization: Actor, now: datetime, ids: count[int]) -> Subjects:
    found: Subjects = {}
    for number in range(CERTIFICATES):
        certificate = next(ids)
        session.execute(
            insert(Certificate),
            {"id": certificate, "party_id": organization.party_id, "name": f"测速证书{number}", "grade": "中级", "code": f"SP{number}"},
        )
        pair = (next(ids), next(ids))
        usual = {
            "party_id": organization.party_id,
            "certificate_id": certificate,
            "audience": "所有考生",
            "full_mark": 100,
            "pass_mark": 60,
        }
        usual |= {"status": "已启用", "tone": Tone.DONE, "created_at": now}
        words = zip(pair, ("理论", "实操"), _KINDS, strict=True)
        session.execute(
            insert(ExamSubject), [{**usual, "id": id, "name": name, "method": name, "room_type": kind} for id, name, kind in words]
        )
        found[certificate] = pair
    return found


def _plan(session: Session, organization: Actor, plan: int, subjects: Subjects, now: datetime) -> None:
    """The plan: 排考 began an hour ago, the exam is in nine days."""
    hours = (-240, -2, -1, 100, 200, 300, 310, 320, 330, 340)
    moments = {name: now + timedelta(hours=at) for name, at in zip(MOMENTS, hours, strict=True)}
    about = {"party_id": organization.party_id, "name": "测速计划", "year": now.year, "mode": "按证书", "data": {}, "published": True}
    session.execute(insert(ExamPlan), {"id": plan, "status": "排考中", "tone": Tone.ATTENTION, "created_at": now, **about, **moments})
    session.execute(insert(PlanCertificate), [{"plan_id": plan, "certificate_id": one, "fee": 100} for one in subjects])
    begins = moments["exam_from"]
    sittings = [
        {
            "plan_id": plan,
            "subject_id": subject,
            "starts_at": begins + timedelta(hours=hour),
            "ends_at": begins + timedelta(hours=hour, minutes=minutes),
            "fee": 0,
        }
        for pair in subjects.values()
        for part, subject in enumerate(pair)
        for at, (hour, minutes) in enumerate(TIMES)
        if at % 2 == part or at == 5
    ]
    session.execute(insert(Sitting), sittings)


def _schools(session: Session, plan: int, ids: Sequence[int]) -> None:
    session.execute(insert(Party), [{"id": id, "kind": "school", "name": f"测速院校{id}", "code": f"S{id}"} for id in ids])
    session.execute(insert(School), [{"id": id, "code": f"S{id}", "level": "高职", "province": "江苏省"} for id in ids])
    session.execute(insert(plan_school), [{"plan_id": plan, "party_id": id} for id in ids])


def _site(
    random: Random, ids: count[int], rows: Rows, plan: int, subjects: Subjects, schools: Sequence[int], author: int, now: datetime
) -> None:
    """The sites of a school for all certificates, lent to two others, with rooms and invigilators."""
    owner = schools[0]
    sites = {}
    for certificate in subjects:
        site = sites[certificate] = next(ids)
        about = {"certificate_id": certificate, "author_id": author, "data": {}, "status": "审核通过", "tone": Tone.DONE, "created_at": now}
        rows[ExamSite.__table__].append({"id": site, "party_id": owner, **about})
        both = {"plan_id": plan, "certificate_id": certificate, "site_id": site, "created_at": now}
        rows[Allotment.__table__] += [{"id": next(ids), "party_id": school, **both} for school in schools]
    for at in range(ROOMS):
        certificate, part, room = list(subjects)[at % CERTIFICATES], at // CERTIFICATES % 2, next(ids)
        about = {
            "plan_id": plan,
            "site_id": sites[certificate],
            "certificate_id": certificate,
            "room_type": _KINDS[part],
            "created_at": now,
        }
        size = {"places": random.choice((24, 30, 36, 40)), "building": "实训楼", "door": f"{at}", "invigilators": 2}
        rows[Room.__table__].append({"id": room, "party_id": owner, "name": f"考场 {at:02}", **about, **size})
        rows[room_subject].append({"room_id": room, "subject_id": subjects[certificate][part]})
    for at in range(PEOPLE):
        person = next(ids)
        about = {"name": f"监{at}", "id_number": f"G{person}", "mobile": "13900000000", "unit": None, "rank": None, "created_at": now}
        rows[Invigilator.__table__].append({"id": person, "party_id": owner, **about})
        for certificate in random.sample(list(subjects), 3):
            of = {"invigilator_id": person, "certificate_id": certificate, "party_id": owner, "created_at": now}
            rows[InvigilatorCertificate.__table__].append({"id": next(ids), "status": "已认证", "tone": Tone.DONE, **of})


def _registration(
    random: Random, ids: count[int], rows: Rows, plan: int, subjects: Subjects, school: int, number: int, now: datetime
) -> None:
    certificate, candidate, registration = random.choice(list(subjects)), next(ids), next(ids)
    photo = None if random.random() < 0.01 else "0" * 64
    who: dict[str, Any] = {
        "name": f"考生{number}",
        "pinyin": "KAO SHENG",
        "document": "护照",
        "id_number": f"E{number}",
        "mobile": "13900000000",
    }
    who |= {"party_id": school, "major": None, "level": None, "photo": photo, "created_at": now}
    status = {"kind": "院校考生", "entry_year": None, "registered": 1, "status": "信息准确", "tone": Tone.DONE}
    rows[Candidate.__table__].append({"id": candidate, **who, **status})
    about = {"plan_id": plan, "certificate_id": certificate, "candidate_id": candidate, "subject_id": None, "audience": None}
    rows[Registration.__table__].append({"id": registration, **who, **about, "fee": 100, "paid": True})
    both = {"registration_id": registration, "plan_id": plan}
    rows[Entry.__table__] += [{"id": next(ids), "subject_id": subject, **both} for subject in subjects[certificate]]
