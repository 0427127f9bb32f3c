"""Demonstration data: loaded once, and enough to begin at once."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, select

from domain.certificates.certificates import Certificate
from domain.certificates.majors import LEVELS, Major
from domain.demo import DEMO_ACCOUNTS, load_demo
from domain.demo.books import SIZES
from domain.ground.identity import credit_code_problem
from domain.ground.parties import ROLES, Party, Person
from domain.institutions.organizations import Organization
from domain.institutions.schools import CertificateLead, School
from domain.standards.site_standards import SiteStandard
from domain.weekly.periods import current_period
from tests.conftest import World


def test_demo_data_is_loaded_once(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        assert not load_demo(session, lite.clock())
        assert session.scalar(select(func.count()).select_from(Person)) == len(DEMO_ACCOUNTS)


def test_every_school_can_report_now(lite: World) -> None:
    schools = [actor for actor in lite.actors.values() if "试点院校" in actor.roles]
    assert len(schools) == 3
    with lite.runtime.database.reading() as session:
        assert all(current_period(session, actor.province_id, lite.clock()) for actor in schools)


def test_roles_are_known(lite: World) -> None:
    assert all(actor.roles and actor.roles <= set(ROLES) for actor in lite.actors.values())


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
