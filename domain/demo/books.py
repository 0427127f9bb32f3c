"""The demonstration's reference data: organizations, certificates, majors, schools and their pilots, in two sizes.

Bulk inserts, the same data every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, cycle, islice, permutations, product
from random import Random
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate, certificate_major
from domain.certificates.majors import Major
from domain.certificates.pilots import PilotCertificate
from domain.demo import names, numbers
from domain.demo.majors import EDITION, MAJORS
from domain.ground.parties import Party, party_proof
from domain.institutions.organizations import Organization
from domain.institutions.schools import CertificateLead, School

LEVELS_OF = {"初级": ("中职", "高职"), "中级": ("中职", "高职", "本科"), "高级": ("高职", "本科")}
FEES = {"初级": 180, "中级": 260, "高级": 380}  # yuan


@dataclass(frozen=True)
class Size:
    """How many of each there are. Each name of a certificate has three certificates, one a grade."""

    provinces: int
    organizations: int
    certificate_names: int
    schools: int


SIZES = {"small": Size(2, 30, 40, 20), "large": Size(31, 300, 434, 5_000)}  # large: domain.md, Sizes


def load_books(session: Session, now: datetime, size: Size) -> dict[str, int]:
    """Adds the reference data to the people and parties. Returns how many of each kind there are."""
    random = Random(20211)  # noqa: S311  # not for secrets: the same data every time
    majors = _majors(session)
    organizations = _organizations(session, size, random)
    certificates = _certificates(session, size, organizations, majors)
    schools = _schools(session, size, random)
    piloted = _pilots(session, now, certificates, schools, random)
    return {
        "培训评价组织": len(organizations),
        "证书": len(certificates),
        "专业": sum(map(len, majors.values())),
        "试点院校": len(schools),
        "试点证书": piloted,
    }


def _majors(session: Session) -> dict[str, list[tuple[int, str]]]:
    """Field → (id, level) of its majors."""
    listed = [(field, row) for field, rows in MAJORS.items() for row in rows]
    rows = [{"code": code, "name": name, "level": level, "edition": EDITION} for _, (code, name, level) in listed]
    ids = session.scalars(insert(Major).returning(Major.id, sort_by_parameter_order=True), rows).all()
    found: dict[str, list[tuple[int, str]]] = {}
    for id, (field, (_, _, level)) in zip(ids, listed, strict=True):
        found.setdefault(field, []).append((id, level))
    return found


def _parties(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Ids of the parties with these codes, in order; adds those that are missing."""
    known = {code: id for code, id in session.execute(select(Party.code, Party.id))}
    new = [row for row in rows if row["code"] not in known]
    if new:
        ids = session.scalars(insert(Party).returning(Party.id, sort_by_parameter_order=True), new).all()
        proved = [{"id": id, "proof": party_proof(session, id, **row)} for id, row in zip(ids, new, strict=True)]
        session.execute(update(Party), proved)
        known.update(zip((row["code"] for row in new), ids, strict=True))
    return [known[row["code"]] for row in rows]


def _organizations(session: Session, size: Size, random: Random) -> list[int]:
    listed = list(islice(chain(names.ORGANIZATIONS, _more_organizations(random)), size.organizations))
    rows = [{"code": f"O{n:04}", "kind": "organization", "name": name, "province_id": None} for n, (name, *_) in enumerate(listed, 1)]
    ids = _parties(session, rows)
    details = []
    for number, (id, (name, nature, province, city)) in enumerate(zip(ids, listed, strict=True), 1):
        code = numbers.organization_code(39_000_000 + number * 137)
        details.append(
            {
                "id": id,
                "code": code,
                "credit_code": numbers.credit_code("110108", code),
                "nature": nature,
                "province": province,
                "city": city,
                "contact": _person(random),
                "phone": numbers.mobile(2000 + number),
                "email": f"service@o{number:04}.example.com",
                "introduction": f"{name}负责所发布证书的标准开发、教学资源建设、考核组织与证书发放。",
            }
        )
    session.execute(insert(Organization), details)
    return ids


def _more_organizations(random: Random) -> Iterator[tuple[str, str, str, str]]:
    places = list(names.MORE_PROVINCES.values())
    for (kind, nature), place in zip(cycle(names.ORGANIZATION_KINDS), _place_names(), strict=False):
        province = random.choice(places)
        yield place + kind, nature, province, province


def _certificates(
    session: Session, size: Size, organizations: Sequence[int], majors: dict[str, list[tuple[int, str]]]
) -> list[tuple[int, str]]:
    """(id, label) of each certificate."""
    fields = list(MAJORS)
    more = ((topic + work, fields[n % len(fields)]) for n, (topic, work) in enumerate(product(names.TOPICS, names.WORKS)))
    listed = list(islice(chain(names.CERTIFICATES, more), size.certificate_names))
    rows: list[dict[str, Any]] = []
    levels = []
    for number, (name, field) in enumerate(listed):
        # the first four are of the organization that has an account
        owner = organizations[0] if number < 4 else organizations[1 + (number - 4) % (len(organizations) - 1)]
        for digit, grade in enumerate(GRADES, 1):
            fee, text = FEES[grade] + number % 5 * 20, names.DESCRIPTIONS[grade].format(name=name)
            code = f"{1001 + number}{digit}"
            rows.append({"code": code, "name": name, "grade": grade, "party_id": owner, "description": text, "fee": fee, "ground": "红"})
            levels.append((field, LEVELS_OF[grade]))
    ids = session.scalars(insert(Certificate).returning(Certificate.id, sort_by_parameter_order=True), rows).all()
    links = [
        {"certificate_id": id, "major_id": major}
        for id, (field, wanted) in zip(ids, levels, strict=True)
        for major, level in majors[field]
        if level in wanted
    ]
    session.execute(insert(certificate_major), links)
    return [(id, row["grade"]) for id, row in zip(ids, rows, strict=True)]


def _schools(session: Session, size: Size, random: Random) -> list[tuple[int, str]]:
    """(id, level) of each school."""
    provinces = _provinces(session, size)
    listed = list(islice(chain(names.SCHOOLS, _more_schools(list(provinces))), size.schools))
    numbered: dict[str, int] = {}
    rows = []
    for name, _, province, _ in listed:
        numbered[province] = numbered.get(province, 0) + 1
        code = f"S{province[1:]}{numbered[province]:02}"
        rows.append({"code": code, "kind": "school", "name": name, "province_id": provinces[province][0]})
    ids = _parties(session, rows)
    details = [
        {
            "id": id,
            "code": f"{'36' if level == '中职' else '41'}{province[1:]}{number:06}",
            "level": level,
            "province": provinces[province][1],
            "city": city,
            "address": f"{city}{'文昌' if number % 2 else '学府'}路 {number % 300 + 1} 号",
            "contact": _person(random),
            "mobile": numbers.mobile(3000 + number),
        }
        for number, (id, (_, level, province, city)) in enumerate(zip(ids, listed, strict=True), 1)
    ]
    session.execute(insert(School), details)
    return [(id, level) for id, (_, level, _, _) in zip(ids, listed, strict=True)]


def _provinces(session: Session, size: Size) -> dict[str, tuple[int, str]]:
    """Party code → (party id, name of the province)."""
    listed = {**names.PROVINCES, **names.MORE_PROVINCES}
    chosen = dict(list(listed.items())[: size.provinces])
    rows = [{"code": code, "kind": "province", "name": f"{name}教育厅", "province_id": None} for code, name in chosen.items()]
    return {code: (id, name) for (code, name), id in zip(chosen.items(), _parties(session, rows), strict=True)}


def _more_schools(provinces: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    for number, (place, (kind, level)) in enumerate(product(_place_names(), names.SCHOOL_KINDS)):
        yield place + kind, level, provinces[number % len(provinces)], f"{place}市"


def _pilots(
    session: Session, now: datetime, certificates: Sequence[tuple[int, str]], schools: Sequence[tuple[int, str]], random: Random
) -> int:
    """A usual school pilots about eight certificates, one in fifty forty; 初级 is for 中职, 高级 for the others."""
    pilots: list[dict[str, Any]] = []
    leads: list[dict[str, Any]] = []
    for number, (school, level) in enumerate(schools):
        suitable = [id for id, grade in certificates if grade != ("高级" if level == "中职" else "初级")]
        chosen = random.sample(suitable, min(40 if number % 50 == 49 else random.randint(6, 10), len(suitable)))
        if number == 0:  # the school of the first account pilots certificates of the organization that has an account
            chosen = sorted({*chosen[:6], *suitable[:4]})
        for certificate in chosen:
            since = now - timedelta(days=random.randint(60, 900))
            pilots.append({"party_id": school, "certificate_id": certificate, "since": since})
            mobile = numbers.mobile(5000 + len(leads))
            leads.append(
                {"school_id": school, "certificate_id": certificate, "name": _person(random), "mobile": mobile, "post": "专业带头人"}
            )
    session.execute(insert(PilotCertificate), pilots)
    session.execute(insert(CertificateLead), leads)
    return len(pilots)


def _place_names() -> Iterator[str]:
    return ("".join(pair) for pair in permutations(dict.fromkeys(names.FIRST), 2))


def _person(random: Random) -> str:
    return random.choice(names.SURNAMES) + random.choice(names.GIVEN)
