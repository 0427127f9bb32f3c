"""People, plans and declarations of the demonstration, without processes: `jobs.demo` plays those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.certificates.certificates import LABEL, Certificate
from domain.certificates.declaration_plans import DeclarationPlan, offer_of
from domain.certificates.pilots import PilotCertificate
from domain.demo import hashed_password, names, numbers
from domain.ground.parties import Party, Person, PersonRole, password_proof, person_proof
from domain.institutions.schools import School
from domain.platform.passwords import new_stamp

REVIEWERS = ("省级初审", "省级复审")
DEPARTMENTS = ("教务处", "继续教育学院", "产教融合办公室")
NOTE = "请院校结合专业建设与师资、设备条件申报，每个证书填写一行；申报考核站点的，须具备相应证书的考核条件。"


def add_staff(session: Session, now: datetime) -> None:
    """A person for each school that has none, and each province's first and second reviewer where it has nobody."""
    manned = select(Person.party_id)
    idle = session.execute(select(Party.id, Party.code, Party.kind).where(Party.id.not_in(manned), Party.kind.in_(("school", "province"))))
    random, rows, roles = Random(20212), [], []  # noqa: S311  # not for secrets: the same data every time
    for number, (party, code, kind) in enumerate(idle):
        for ending, role in enumerate(REVIEWERS if kind == "province" else ("试点院校",), 1):
            account = f"{code.lower()}-{ending}"
            name = random.choice(names.SURNAMES) + random.choice(names.GIVEN)
            held = (role, "省级") if kind == "province" else (role,)
            mobile = numbers.mobile(7000 + number)
            row = {"account": account, "name": name, "mobile": mobile, "party_id": party, "active": True}
            proof = person_proof(session, account, name, mobile, party, True, held)
            rows.append({**row, "stamp": new_stamp(), "password_hash": hashed_password(), "created_at": now, "proof": proof})
            roles.append(held)
    if not rows:
        return
    ids = session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), rows).all()
    chosen = [{"id": id, "password_proof": password_proof(session, id, hashed_password())} for id in ids]
    session.execute(update(Person), chosen)
    session.execute(insert(PersonRole), [{"person_id": id, "role": role} for id, own in zip(ids, roles, strict=True) for role in own])


def new_plans(session: Session, name: str, year: int, starts: datetime, ends: datetime, labels: Sequence[str]) -> list[DeclarationPlan]:
    """A flushed plan of each province that offers these certificates."""
    offered = session.scalars(select(Certificate).where(LABEL.in_(labels)).order_by(Certificate.code)).all()
    made = []
    for province in session.scalars(select(Party).where(Party.kind == "province").order_by(Party.id)):
        plan = DeclarationPlan(party_id=province.id, name=name, starts_at=starts, ends_at=ends, created_at=starts - timedelta(days=7))
        plan.data, plan.certificates = {"name": name, "year": year, "note": NOTE}, list(offered)
        made.append(plan)
    session.add_all(made)
    session.flush()
    return made


def piloted_labels(session: Session) -> dict[int, list[str]]:
    """School → labels of the certificates that it pilots, by code."""
    query = select(PilotCertificate.party_id, LABEL).join(Certificate, Certificate.id == PilotCertificate.certificate_id)
    found: dict[int, list[str]] = {}
    for school, label in session.execute(query.order_by(PilotCertificate.party_id, Certificate.code)):
        found.setdefault(school, []).append(label)
    return found


def offer(session: Session, plan: DeclarationPlan) -> dict[str, list[str]]:
    """Label → majors of each certificate on offer."""
    return {label: majors for label, (_, majors) in offer_of(session, plan.id).items()}


def answers(school: School, labels: Sequence[str], majors: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A form as the school's contact would fill it in: the majors of the school's own level first."""
    contact = {"name": school.contact, "department": DEPARTMENTS[school.id % 3], "post": "负责人", "mobile": school.mobile}
    lines = []
    for number, label in enumerate(labels):
        own = [major for major in majors[label] if school.level in major] or list(majors[label])
        people, site = 40 + 10 * ((school.id + number) % 9), "是" if number % 3 == 0 else "否"
        lines.append({"certificate": label, "majors": own[:3], "people": people, "site": site})
    return {"contacts": [contact], "lines": lines}
