"""What the lists of exam affairs are measured on: plans, each with a site allotted to one school and a room, and many more of others'."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, String, Table, cast, insert, literal, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.allotments import Allotment
from domain.exams.exam_sites import ExamSite
from domain.exams.plans import ExamPlan, PlanCertificate, plan_school
from domain.exams.rooms import Room
from domain.exams.windows import MOMENTS
from domain.ground.base import utc_now
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone
from domain.institutions.schools import School

FIRST = 1_000  # id of the first other school, and of the first of its sites


def add_plans(session: Session, school: Actor, own: int, others: int, parties: int) -> None:
    """`own` plans, each with a site of the school's and a room there, and `others` more of both, spread over plans and other schools.

    Each of the `parties` from `FIRST` on is there already where `others` are asked for.
    """
    organization = session.scalars(select(Party.id).where(Party.kind == "organization").order_by(Party.id)).first()
    certificate = Certificate(name="测速", grade="中级", code="SPEED", party_id=organization)
    session.add(certificate)
    session.flush()
    schools = [school.party_id, *(range(FIRST, FIRST + parties) if others else ())]
    there = set(session.scalars(select(School.id)))
    filled = [{"id": id, "code": f"Z{id}", "level": "高职", "province": "江苏省"} for id in schools if id not in there]
    if filled:
        session.execute(insert(School), filled)
    sites = [
        {
            "id": FIRST - 1 + at,
            "party_id": id,
            "certificate_id": certificate.id,
            "author_id": school.person_id,
            "data": {},
            "tone": Tone.DONE,
        }
        for at, id in enumerate(schools)
    ]
    session.execute(insert(ExamSite), [{**site, "status": "审核通过", "created_at": utc_now()} for site in sites])
    _plans(session, organization or 0, certificate.id, own)
    _fill(session, certificate.id, own, 0, own, literal(school.party_id), literal(FIRST - 1))
    if others:
        number = _numbers(own, others)
        other = FIRST + number.c.n % parties
        _fill(session, certificate.id, own, own, others, other, other, number)


def _plans(session: Session, organization: int, certificate: int, count: int) -> None:
    now = utc_now()
    moments = {name: now + timedelta(days=at - 1) for at, name in enumerate(MOMENTS)}
    usual = {"party_id": organization, "year": 2026, "mode": "按证书", "data": {}, "published": True, "created_at": now, **moments}
    rows = [{**usual, "id": n, "name": f"测速计划 {n}", "status": "报考中", "tone": Tone.WAITING} for n in range(1, count + 1)]
    session.execute(insert(ExamPlan), rows)
    session.execute(insert(PlanCertificate), [{"plan_id": n, "certificate_id": certificate, "fee": 100} for n in range(1, count + 1)])


def _numbers(after: int, count: int) -> CTE:
    first = select(literal(after).label("n")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.n + 1).where(first.c.n < after + count - 1))


def _fill(
    session: Session,
    certificate: int,
    plans: int,
    after: int,
    count: int,
    party: ColumnElement[int],
    site: ColumnElement[int],
    numbers: CTE | None = None,
) -> None:
    """School, allotment and room number n (from `after`) of plan n / (count / plans): no school twice in one."""
    numbers = _numbers(after, count) if numbers is None else numbers
    n = numbers.c.n
    plan = cast((n - after) * plans / count, Integer) + 1
    both = {"plan_id": plan, "party_id": party}
    about = {**both, "certificate_id": literal(certificate), "site_id": site, "created_at": literal(utc_now(), Allotment.created_at.type)}
    room = {"name": cast(n, String), "room_type": literal("计算机机房"), "places": literal(40), "invigilators": literal(2)}
    _insert(session, plan_school, both, numbers)
    _insert(session, Allotment.__table__, about, numbers)
    _insert(session, Room.__table__, {**about, **room}, numbers)


def _insert(session: Session, table: Any, values: dict[str, Any], numbers: CTE) -> None:
    columns: Table = table
    source = select(*(value.label(name) for name, value in values.items())).select_from(numbers)
    session.execute(insert(columns).from_select(list(values), source, include_defaults=False))
