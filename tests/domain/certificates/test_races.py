"""申报计划, 试点申报 and pilots that two people change at the same moment, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import DeclarationPlan
from domain.certificates.declarations import new_declaration
from domain.certificates.pilots import begin_pilots
from domain.platform import background
from handlers.declarations import delete_plan
from tests.conftest import World
from tests.domain.certificates.plans import LINES, plan
from tests.racing import race, transaction


@pytest.mark.row("4.3.7")
@pytest.mark.parametrize(
    ("first", "refusal"),
    [("apply", "已有院校按该计划申报，不能删除"), ("delete", "该申报计划尚未开放，暂不能申报；请在申报开始后再试。")],
)
def test_a_plan_is_deleted_while_a_school_applies(world_books: World, first: str, refusal: str) -> None:
    world, school = world_books, world_books.actor("school1")
    with world.runtime.database.writing() as session:
        plan_id = plan(world, session).id

    def delete(session: Session) -> None:
        delete_plan(session, session.get_one(DeclarationPlan, plan_id), {}, world.actor("province1"))

    def apply(session: Session) -> None:
        new_declaration(session, school, world.clock(), {"lines": LINES}, plan_id)

    one, other = (apply, delete) if first == "apply" else (delete, apply)
    assert race(world, one, transaction(world, other)) == refusal


@pytest.mark.row("4.3.3")
@pytest.mark.parametrize("world_books", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_what_belongs_to_a_school_does_not_hold_up_what_it_pilots(world_books: World) -> None:
    """A batch of the school has written its task, and comes to its records; an approval has locked one, and comes to the school."""
    world, school = world_books, world_books.actor("school1")
    with world.runtime.database.reading() as session:
        certificate = session.query(Certificate.id).order_by(Certificate.id.desc()).limit(1).scalar()

    def approve(session: Session) -> None:
        session.connection().exec_driver_sql("SET lock_timeout = '2s'")
        begin_pilots(session, school.party_id, [certificate or 0], world.clock())

    with world.runtime.database.writing() as session:
        background.begin(session, school, "batch", "批量删除", {}, world.clock())
        assert transaction(world, approve)() is None
