"""签收 and 释放: one winner, lines of history under the right names, and as many statements for many as for one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processes.tasks import claiming
from tests.conftest import World
from tests.counting import counted
from tests.processes.reviews import appoint, hire, history, sound, waiting

pytestmark = pytest.mark.row("8.1")


def claim(world: World, account: str, *tasks: str) -> int:
    with world.runtime.database.writing() as session:
        return claiming.claim(session, world.actor(account), tasks, world.clock())


def release(world: World, account: str, *tasks: str) -> int:
    with world.runtime.database.writing() as session:
        return claiming.release(session, world.actor(account), tasks, world.clock())


def test_both_are_lines_of_history(world: World) -> None:
    _, instance, task = waiting(world)
    before = len(history(world, instance))
    assert claim(world, "province1", task) == 1
    assert claim(world, "province1b", task) == 0
    assert release(world, "province1b", task) == 0
    assert release(world, "province1", task, "no-such-task") == 1
    assert release(world, "province1", task) == 0
    name = "王强（江苏省教育厅）"
    assert history(world, instance)[before:] == [(name, "签收“审核周报”", None), (name, "释放“审核周报”", None)]
    sound(world)


def test_a_substitute_claims_under_both_names(lite: World) -> None:
    _, instance, task = waiting(lite)
    hire(lite, "clerk", "何文员")
    appoint(lite, "province1", "clerk")
    assert claim(lite, "clerk", task) == 1
    assert history(lite, instance)[-1][:2] == ("何文员（代王强）（江苏省教育厅）", "签收“审核周报”")
    sound(lite)


def test_many_cost_no_more_statements_than_one(lite: World) -> None:
    tasks = [waiting(lite)[2]]
    with counted(lite) as (one, _):
        claim(lite, "province1", *tasks)
    tasks += [waiting(lite, "school2")[2]]
    lite.clock.now += timedelta(days=7)
    tasks += [waiting(lite)[2], waiting(lite, "school2")[2]]
    with counted(lite) as (many, _):
        assert claim(lite, "province1", *tasks) == 3
    assert len(many) == len(one) <= 6
    sound(lite)
