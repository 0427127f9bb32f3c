"""Rooms and allotted sites that are changed at the same moment, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment, allot, allotment_of, take_back
from domain.exams.plans import ExamPlan
from domain.exams.rooms import Room, delete_rooms
from domain.exams.setting_rooms import new_room
from tests.conftest import World
from tests.racing import race, transaction
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids
from tests.webapp.exams.room_forms import set_the_stage
from tests.webapp.exams.test_allotments import BORROWER

ANSWERS = {"subjects": ["理论知识"], "name": "第 1 考场", "places": 40}


@pytest.fixture
def lent(world_books: World) -> World:
    """A plan of school2 alone, which borrows school1's site."""
    app = site(world_books)
    set_the_stage(user(app, "school1"), user(app, "organization1"), schools=[BORROWER])
    with world_books.runtime.database.writing() as session:
        allot(session, session.get_one(ExamPlan, 1), 1, [world_books.actor("school2").party_id], world_books.clock())
    return world_books


def set_up(world: World) -> Callable[[Session], Any]:
    return lambda session: new_room(session, world.actor("school1"), 1, 1, ANSWERS, world.clock()).name


def withdraw(world: World) -> Callable[[Session], Any]:
    def run(session: Session) -> str:
        row = allotment_of(session, world.actor("organization1"), 1)
        assert row is not None
        take_back(session, row, world.clock())
        return "withdrawn"

    return run


@pytest.mark.row("5.2.4.3", "5.2.5.1")
def test_a_room_set_up_meanwhile_keeps_the_lending_site(lent: World) -> None:
    told = race(lent, set_up(lent), transaction(lent, withdraw(lent)))
    assert "已在该站点为本计划设置 1 个考场" in told
    assert ids(lent, select(Allotment.id)) == [1]


@pytest.mark.row("5.2.4.3", "5.2.5.1")
def test_a_site_taken_back_meanwhile_gets_no_room(lent: World) -> None:
    told = race(lent, withdraw(lent), transaction(lent, set_up(lent)))
    assert told.startswith(("该考试计划不能设置考场", "该考核站点不能用于这个考试计划"))
    assert ids(lent, select(Room.id)) == []


@pytest.mark.row("5.2.5.1")
def test_of_two_rooms_with_one_name_the_second_is_told(lent: World) -> None:
    told = race(lent, set_up(lent), transaction(lent, set_up(lent)))
    assert "已有同名考场" in told
    assert len(ids(lent, select(Room.id))) == 1


@pytest.mark.row("5.2.5.4")
def test_a_room_is_deleted_once(lent: World) -> None:
    with lent.runtime.database.writing() as session:
        set_up(lent)(session)

    def delete(session: Session) -> dict[int, str]:
        return delete_rooms(session, lent.actor("school1"), [1], lent.clock())

    assert race(lent, delete, transaction(lent, delete)) == {1: "没有找到，可能已被删除"}
    assert ids(lent, select(Room.id)) == []
