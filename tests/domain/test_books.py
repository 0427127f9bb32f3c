"""Who may see which organizations, schools, certificates and standards; pilots; changes; the demonstration's shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificate_of, certificates_query, own_certificates
from domain.certificates.majors import LEVELS, Major
from domain.certificates.pilots import PilotCertificate, begin_pilots, participating, pilots_query
from domain.demo.books import SIZES
from domain.ground.identity import credit_code_problem
from domain.ground.parties import Actor, Party
from domain.institutions.organizations import Organization, organization_of, organizations_query
from domain.institutions.schools import CertificateLead, School, school_of, schools_query
from domain.platform.changes import changes_of, last_change, note_change
from domain.standards.site_standards import SiteStandard, site_standard_of, site_standards_query
from domain.standards.skill_standards import SkillStandard, skill_standard_of, skill_standards_query
from tests.conftest import World


@dataclass
class Facts:
    """Everything there is, read without any rule about who may see it."""

    pilots: set[tuple[int, int]]
    owner: dict[int, int]
    """certificate → organization"""
    province: dict[int, int | None]
    """school → province"""
    skill: dict[int, tuple[int, set[int]]]
    """standard → (organization, certificates)"""
    site: dict[int, tuple[int, set[int]]]
    organizations: set[int]

    def piloted(self, *schools: int) -> set[int]:
        return {certificate for school, certificate in self.pilots if school in schools}

    def schools_of(self, province: int) -> list[int]:
        return [school for school, of in self.province.items() if of == province]


def read(session: Session) -> Facts:
    skill = session.scalars(select(SkillStandard)).all()
    return Facts(
        {(row.party_id, row.certificate_id) for row in session.scalars(select(PilotCertificate))},
        {row.id: row.party_id for row in session.scalars(select(Certificate))},
        dict(session.execute(select(Party.id, Party.province_id).where(Party.kind == "school")).all()),
        {row.id: (row.party_id, {certificate.id for certificate in row.certificates}) for row in skill},
        {row.id: (row.party_id, {row.certificate_id}) for row in session.scalars(select(SiteStandard))},
        set(session.scalars(select(Organization.id))),
    )


def expected(facts: Facts, actor: Actor) -> dict[str, set[int]]:
    """The rule in words of its own: what each kind of actor sees of each kind of record."""
    everything = {
        "organization": facts.organizations,
        "school": set(facts.province),
        "certificate": set(facts.owner),
        "skill": set(facts.skill),
        "site": set(facts.site),
    }
    if "系统管理" in actor.roles:
        return everything
    if actor.party_kind == "platform":
        return {noun: set() for noun in everything}
    if actor.party_kind == "organization":
        own = {certificate for certificate, owner in facts.owner.items() if owner == actor.party_id}
        return {
            "organization": {actor.party_id},
            "school": {school for school, certificate in facts.pilots if certificate in own},
            "certificate": own,
            "skill": {id for id, (owner, _) in facts.skill.items() if owner == actor.party_id},
            "site": {id for id, (owner, _) in facts.site.items() if owner == actor.party_id},
        }
    schools = [actor.party_id] if actor.party_kind == "school" else facts.schools_of(actor.party_id)
    piloted = facts.piloted(*schools)
    return {
        "organization": {facts.owner[certificate] for certificate in piloted},
        "school": set(schools),
        "certificate": set(facts.owner),
        "skill": {id for id, (_, certificates) in facts.skill.items() if certificates & piloted},
        "site": {id for id, (_, certificates) in facts.site.items() if certificates & piloted},
    }


QUERIES: dict[str, tuple[Callable[[Actor], Any], Callable[[Session, Actor, int], Any]]] = {
    "organization": (organizations_query, organization_of),
    "school": (schools_query, school_of),
    "certificate": (certificates_query, certificate_of),
    "skill": (skill_standards_query, skill_standard_of),
    "site": (site_standards_query, site_standard_of),
}


@pytest.mark.row("2.1.1", "2.2.1", "3.1", "3.2", "4.1")
def test_each_actor_sees_their_own(world_books: World) -> None:
    with world_books.runtime.database.reading() as session:
        facts = read(session)
        for account, actor in world_books.actors.items():
            for noun, wanted in expected(facts, actor).items():
                query, one = QUERIES[noun]
                found = [row.id for row in session.scalars(query(actor))]
                assert sorted(found) == sorted(wanted), (account, noun)
                everything = expected(facts, world_books.actor("operator"))[noun]
                hidden = next(iter(everything - wanted), None)
                assert hidden is None or one(session, actor, hidden) is None, (account, noun)
                assert all(one(session, actor, id) is not None for id in list(wanted)[:2]), (account, noun)


@pytest.mark.row("2.1.1", "4.1")
def test_the_table_is_not_empty(lite_books: World) -> None:
    """The comparison above says something: these actors see some, but not all."""
    with lite_books.runtime.database.reading() as session:
        facts = read(session)
    for account in ("school1", "school2", "province1", "organization1"):
        seen = expected(facts, lite_books.actor(account))
        for noun in ("organization", "school", "skill", "site"):
            assert 0 < len(seen[noun]) < len(expected(facts, lite_books.actor("operator"))[noun]), (account, noun)


@pytest.mark.row("4.1")
def test_a_pilot_begins_once(world_books: World) -> None:
    school = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        wanted = session.scalars(select(Certificate.id).where(Certificate.id.not_in(participating(school)))).first()
        assert wanted is not None
        before = len(session.scalars(pilots_query(school)).all())
        begin_pilots(session, school.party_id, [wanted], world_books.clock())
        begin_pilots(session, school.party_id, [wanted], world_books.clock() + timedelta(days=1))
        assert wanted in session.scalars(participating(school)).all()
        rows = session.scalars(pilots_query(school)).all()
        assert len(rows) == before + 1
        assert next(row.since for row in rows if row.certificate_id == wanted) == world_books.clock()
        assert wanted not in session.scalars(participating(world_books.actor("school2"))).all() or (
            session.get(PilotCertificate, (world_books.actor("school2").party_id, wanted)) is not None
        )


@pytest.mark.row("2.2.1")
def test_changes_say_before_and_after(world_books: World) -> None:
    actor = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        school = session.get_one(School, actor.party_id)
        assert last_change(session, school) == 0
        assert note_change(session, actor, school, {"city": "南京市"}, {"city": "南京市"}, world_books.clock()) is None
        note_change(session, actor, school, {"city": "南京市", "mobile": "1"}, {"city": "苏州市", "contact": "张文"}, world_books.clock())
        session.flush()
        (change,) = changes_of(session, school)
        assert change.data == {"city": ["南京市", "苏州市"], "mobile": ["1", None], "contact": [None, "张文"]}
        assert change.actor == "张文（金陵职业技术学院）"
        assert last_change(session, school) == change.id


def test_own_certificates_by_label(lite_books: World) -> None:
    from domain.certificates.certificates import UnknownCertificate

    actor, other = lite_books.actor("organization1"), lite_books.actor("organization2")
    with lite_books.runtime.database.reading() as session:
        labels = ["网店运营（中级）", "网店运营（初级）", "网店运营（中级）"]
        assert [c.label for c in own_certificates(session, actor.party_id, labels)] == labels[:2]
        with pytest.raises(UnknownCertificate):
            own_certificates(session, other.party_id, labels)


def test_the_demonstration_has_the_shape_it_promises(world_books: World) -> None:
    size = SIZES["small"]
    with world_books.runtime.database.reading() as session:

        def count(table: Any) -> int:
            return session.scalar(select(func.count()).select_from(table)) or 0

        assert (count(Organization), count(Certificate), count(School)) == (size.organizations, size.certificate_names * 3, size.schools)
        assert 60 <= count(Major) <= 100
        assert set(session.scalars(select(Major.level).distinct())) == set(LEVELS)
        assert session.scalar(select(func.count(Party.province_id.distinct())).where(Party.kind == "school")) == size.provinces
        for code, credit in session.execute(select(Organization.code, Organization.credit_code)):
            assert credit_code_problem(credit) is None
            assert credit[8:17] == code
        mobiles = [*session.scalars(select(School.mobile)), *session.scalars(select(CertificateLead.mobile))]
        assert all(re.fullmatch(r"1390000\d{4}", mobile) for mobile in mobiles)
        assert all(row.majors for row in session.scalars(select(Certificate)))
        assert set(session.scalars(select(SiteStandard.status).distinct())) == {"已启用", "已停用"}
