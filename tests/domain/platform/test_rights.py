"""Roles are given and taken by a command that writes down who did it; `pilot verify` takes nobody else's word for them."""

from __future__ import annotations

import pytest

from domain.ground.parties import Person, actor_of
from domain.platform.changes import changes_of
from domain.platform.rights import NoSuchAccount, change_roles, roles_of
from jobs.verifying import verify
from tests.conftest import World

pytestmark = pytest.mark.row("8.4")


def test_what_was_given_and_taken_is_written_down_and_is_no_fault(world: World) -> None:
    person_id = world.actor("school1").person_id
    with world.runtime.database.writing() as session:
        change_roles(session, "school1", ["监控", "系统管理"], [], "root", world.clock())
        change_roles(session, "school1", [], ["系统管理"], "root", world.clock())
    with world.runtime.database.reading() as session:
        assert roles_of(session, "school1") == ["试点院校", "监控"]
        found = actor_of(session, person_id)
        assert found is not None
        assert found.roles == {"试点院校", "监控"}
        last, first = changes_of(session, session.get_one(Person, person_id))
        assert first.data == {"roles": [["试点院校"], ["试点院校", "监控", "系统管理"]]}
        assert (last.data["roles"][1], last.actor) == (["试点院校", "监控"], "root（命令行）")
    assert verify(world.runtime) == []


def test_who_has_them_already_changes_nothing(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        change_roles(session, "school1", ["试点院校"], ["监控"], "root", lite.clock())
        assert changes_of(session, session.get_one(Person, lite.actor("school1").person_id)) == []


def test_nobody_of_that_name(lite: World) -> None:
    with lite.runtime.database.writing() as session, pytest.raises(NoSuchAccount):
        change_roles(session, "nobody", ["监控"], [], "root", lite.clock())
