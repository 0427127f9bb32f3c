"""Demonstration data: loaded once, and enough to begin at once."""

from __future__ import annotations

from sqlalchemy import func, select

from domain.demo import DEMO_ACCOUNTS, load_demo
from domain.ground.parties import ROLES, Person
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
