"""Who may see which organizations, schools, certificates and standards: one table over their packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificate_of, certificates_query
from domain.certificates.pilots import PilotCertificate
from domain.exams.exam_subjects import ExamSubject, exam_subject_of, exam_subjects_query
from domain.ground.parties import Actor, Party
from domain.institutions.organizations import Organization, organization_of, organizations_query
from domain.institutions.schools import school_of, schools_query
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
    subject: dict[int, tuple[int, int]]
    """exam subject → (organization, certificate)"""
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
        {row.id: (row.party_id, row.certificate_id) for row in session.scalars(select(ExamSubject))},
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
        "subject": set(facts.subject),
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
            "subject": {id for id, (owner, _) in facts.subject.items() if owner == actor.party_id},
        }
    schools = [actor.party_id] if actor.party_kind == "school" else facts.schools_of(actor.party_id)
    piloted = facts.piloted(*schools)
    return {
        "organization": {facts.owner[certificate] for certificate in piloted},
        "school": set(schools),
        "certificate": set(facts.owner),
        "skill": {id for id, (_, certificates) in facts.skill.items() if certificates & piloted},
        "site": {id for id, (_, certificates) in facts.site.items() if certificates & piloted},
        "subject": {id for id, (_, certificate) in facts.subject.items() if certificate in piloted and actor.party_kind == "school"},
    }


QUERIES: dict[str, tuple[Callable[[Actor], Any], Callable[[Session, Actor, int], Any]]] = {
    "organization": (organizations_query, organization_of),
    "school": (schools_query, school_of),
    "certificate": (certificates_query, certificate_of),
    "skill": (skill_standards_query, skill_standard_of),
    "site": (site_standards_query, site_standard_of),
    "subject": (exam_subjects_query, exam_subject_of),
}


@pytest.mark.row("2.1.1", "2.2.1", "3.1", "3.2", "4.1", "5.2.1")
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
