"""An invigilator's certificates, started, answered and taken away at the same moment, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.invigilators import Invigilator, InvigilatorCertificate, new_invigilator
from jobs import invigilators
from processes import tables
from processes.monitor.verify import verify
from processes.states import TaskRowState
from processes.steps import completing
from tests.conftest import World
from tests.racing import race, transaction

WEB, SHOP = "Web前端开发与调试（中级）", "网店运营（中级）"  # of organization1, piloted by school1
PERSON = {"name": "王小明", "id_number": "11010519491231002X", "mobile": "13911110000"}


def added(world: World, *labels: str) -> int:
    """A new invigilator with these certificates; returns the id."""
    school = world.actor("school1")
    with world.runtime.database.writing() as session:
        one = new_invigilator(session, school, world.clock(), PERSON)
        invigilators.set_certificates(world.runtime.engine, session, school, one, labels, world.clock())
        return one.id


def certify(world: World, session: Session) -> None:
    """The organization answers the first open task."""
    columns = tables.task.c
    waiting = select(columns.id).where(columns.state == TaskRowState.OPEN).order_by(columns.instance_id)
    completing.complete(
        world.runtime.engine, session, world.actor("organization1"), session.scalars(waiting).first() or "", "认证", {}, None
    )


def hold(world: World, session: Session, person: int, *labels: str) -> None:
    """The school saves the form with these certificates."""
    one = session.get_one(Invigilator, person, with_for_update=True)
    invigilators.set_certificates(world.runtime.engine, session, world.actor("school1"), one, labels, world.clock())


def statuses(world: World) -> dict[str, str]:
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []
        return {one.certificate.label: one.status for one in session.scalars(InvigilatorCertificate.joined())}


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_it_is_certified_or_taken_away_never_both(world_books: World) -> None:
    world, person = world_books, added(world_books, WEB, SHOP)
    refused = race(world, lambda session: certify(world, session), transaction(world, lambda session: hold(world, session, person, SHOP)))
    assert refused in (f"证书“{WEB}”目前的状态是“已认证”，不能删除", "此事项已被办理，请刷新页面查看最新状态。")
    assert statuses(world) == {WEB: "已认证", SHOP: "待认证"}


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_what_was_taken_away_is_not_certified(world_books: World) -> None:
    world, person = world_books, added(world_books, WEB)
    refused = race(world, lambda session: hold(world, session, person), transaction(world, lambda session: certify(world, session)))
    assert refused is not None
    assert "没有找到" in refused or "删除证书" in refused  # SQLite comes to the task when it is gone, PostgreSQL when it is closed
    assert statuses(world) == {}


@pytest.mark.row("5.2.11.1")
def test_a_person_is_deleted_while_a_certificate_is_added(world_books: World) -> None:
    world, person = world_books, added(world_books, WEB)

    def delete(session: Session) -> None:
        one = session.get_one(Invigilator, person)
        invigilators.remove(world.runtime.engine, session, world.actor("school1"), one)

    def add(session: Session) -> None:
        one = session.scalars(select(Invigilator).where(Invigilator.id == person).with_for_update()).first()
        if one is not None:
            hold(world, session, person, WEB, SHOP)

    race(world, add, transaction(world, delete))
    assert statuses(world) == {}  # whoever came second saw both certificates
    with world.runtime.database.reading() as session:
        assert session.scalars(select(Invigilator)).all() == []
        assert session.scalars(select(tables.task.c.id).where(tables.task.c.state == TaskRowState.OPEN)).all() == []
