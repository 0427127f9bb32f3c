"""What the lists of exam affairs are measured on: plans, each with a site allotted to one school, a room and somebody who sits in it, with
a slip and a mark, and many more of others'."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, String, Table, cast, insert, literal, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.allotments import Allotment
from domain.exams.candidates import Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.payment_slips import PaymentSlip, payment_line
from domain.exams.plans import ExamPlan, PlanCertificate, Sitting, plan_school
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room
from domain.exams.scores import Score
from domain.exams.seats import ExamTicket, RoomSitting, Seat
from domain.exams.windows import MOMENTS
from domain.ground.base import utc_now
from domain.ground.id_numbers import CARD
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone
from domain.institutions.schools import School

FIRST = 1_000  # id of the first other school, and of the first of its sites
ROWS = 1_000_000  # id of the first subject, room, registration and entry


def add_plans(session: Session, school: Actor, own: int, others: int, parties: int) -> None:
    """`own` plans, each with a site of the school's, a room there and a candidate of the school's in it, and `others` more of these, spread
    over plans and other schools.

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
    about = {
        "party_id": organization,
        "certificate_id": certificate.id,
        "method": "理论",
        "room_type": "计算机机房",
        "audience": "所有考生",
    }
    kept = {**about, "full_mark": 100, "pass_mark": 60, "status": "已启用", "tone": Tone.DONE, "created_at": utc_now()}
    session.execute(insert(ExamSubject), [{**kept, "id": ROWS + n, "name": f"科目 {n}"} for n in range(1, own + 1)])
    _plans(session, organization or 0, certificate.id, own)
    _fill(session, certificate.id, own, 0, own, literal(school.party_id), literal(FIRST - 1))
    if others:
        number = _numbers(own, others)
        other = FIRST + number.c.n % parties
        _fill(session, certificate.id, own, own, others, other, other, number)


def _plans(session: Session, organization: int, certificate: int, count: int) -> None:
    now = utc_now()
    moments = {name: now + timedelta(days=at - 8.5) for at, name in enumerate(MOMENTS)}  # in 公示: schools see marks
    usual = {"party_id": organization, "year": 2026, "mode": "按证书", "data": {}, "published": True, "created_at": now, **moments}
    rows = [{**usual, "id": n, "name": f"测速计划 {n}", "status": "报考中", "tone": Tone.WAITING} for n in range(1, count + 1)]
    session.execute(insert(ExamPlan), rows)
    session.execute(insert(PlanCertificate), [{"plan_id": n, "certificate_id": certificate, "fee": 100} for n in range(1, count + 1)])
    sitting = {"starts_at": moments["exam_from"], "ends_at": moments["exam_to"], "fee": 100}
    session.execute(insert(Sitting), [{**sitting, "id": n, "plan_id": n, "subject_id": ROWS + n} for n in range(1, count + 1)])


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
    """School, allotment, room, registration, slip, seat and mark number n (from `after`) of plan n / (count / plans): no school twice."""
    numbers = _numbers(after, count) if numbers is None else numbers
    n = numbers.c.n
    plan = cast((n - after) * plans / count, Integer) + 1
    both = {"plan_id": plan, "party_id": party}
    about = {**both, "certificate_id": literal(certificate), "site_id": site, "created_at": literal(utc_now(), Allotment.created_at.type)}
    room = {"name": cast(n, String), "room_type": literal("计算机机房"), "places": literal(40), "invigilators": literal(2)}
    _insert(session, plan_school, both, numbers)
    _insert(session, Allotment.__table__, about, numbers)
    row = n + ROWS
    _insert(session, Room.__table__, {**about, **room, "id": row}, numbers)
    candidate = session.scalars(select(Candidate.id).order_by(Candidate.id)).first()
    texts = {"name": "王小明", "pinyin": "WANG XIAOMING", "document": CARD, "mobile": "13900000000"}
    who: dict[str, ColumnElement[Any]] = {name: literal(value) for name, value in texts.items()}
    who |= {"id_number": cast(n, String), "candidate_id": literal(candidate), "fee": literal(100), "paid": literal(False)}
    kept = {name: value for name, value in about.items() if name != "site_id"}
    _insert(session, Registration.__table__, {**kept, **who, "id": row}, numbers)
    _insert(session, Entry.__table__, {"id": row, "registration_id": row, "plan_id": plan, "subject_id": plan + ROWS}, numbers)
    used = {"plan_id": plan, "sitting_id": plan, "room_id": row}
    _insert(session, RoomSitting.__table__, {**used, "id": row}, numbers)
    seat = {**used, "entry_id": row, "registration_id": row, "number": literal(1), "published": literal(True)}
    _insert(session, Seat.__table__, seat, numbers)
    _insert(session, ExamTicket.__table__, {"registration_id": row, "number": cast(row, String)}, numbers)
    now = about["created_at"]
    mark = {"mark": literal(80), "state": literal("正常"), "entered_at": now, "entered_by": literal(1)}
    _insert(session, Score.__table__, {"entry_id": row, "registration_id": row, "plan_id": plan, **mark}, numbers)
    status = {"status": literal("未确认"), "tone": literal(Tone.WAITING)}
    slip = {**kept, **status, "id": row, "number": "JF" + cast(row, String), "people": literal(1), "total": literal(100)}
    _insert(session, PaymentSlip.__table__, slip, numbers)
    _insert(session, payment_line, {"registration_id": row, "slip_id": row, "price": literal(100)}, numbers)


def _insert(session: Session, table: Any, values: dict[str, Any], numbers: CTE) -> None:
    columns: Table = table
    source = select(*(value.label(name) for name, value in values.items())).select_from(numbers)
    session.execute(insert(columns).from_select(list(values), source, include_defaults=False))
