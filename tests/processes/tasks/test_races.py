"""Two windows, or two people, at the same task, draft or filter at the same moment: one wins, and the books tell one story."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import NotFound
from processes.steps import completing
from processes.tasks import assigning, claiming, drafts, filters, withdrawing
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.bpmn.votes import (
    begun,
    many,
    voting,
)
from tests.racing import race, transaction


def kept_drafts(world: World, account: str, form_key: str) -> list[Any]:
    with world.runtime.database.reading() as session:
        table = tables.draft
        mine = (table.c.person_id == world.actor(account).person_id, table.c.form_key == form_key)
        return list(session.scalars(select(table.c.data).where(*mine)))


@pytest.mark.row("8.1")
def test_two_windows_save_the_same_draft(world: World) -> None:
    actor, now = world.actor("school1"), world.clock()
    form_key = "weekly_report/new/1"
    race(
        world,
        lambda session: drafts.save_draft(session, actor, form_key, {"summary": "甲"}, now),
        transaction(world, lambda session: drafts.save_draft(session, actor, form_key, {"summary": "乙"}, now)),
    )
    assert kept_drafts(world, "school1", form_key) == [{"summary": "乙"}]


@pytest.mark.row("8.1")
def test_two_windows_save_the_same_filter(world: World) -> None:
    actor = world.actor("school1")
    race(
        world,
        lambda session: filters.keep(session, actor, "逾期", "due=late"),
        transaction(world, lambda session: filters.keep(session, actor, "逾期", "due=today")),
    )
    with world.runtime.database.reading() as session:
        assert [(row.name, row.query) for row in filters.filters_of(session, actor)] == [("逾期", "due=today")]


@pytest.mark.row("8.1")
def test_a_claim_while_the_task_goes_to_another_role(world: World) -> None:
    """What was the actor's to take when they looked must still be when they take it."""
    play = Play(world)
    play.deploy(diagram(start() + user("a", outcomes="同意", transferRoles="试点院校") + end() + flows("start>a a>end")))
    play.begin()
    (task,) = play.open()
    reviewer = world.actor("province1")
    taken = race(
        world,
        lambda session: assigning.transfer_to_role(world.runtime.engine, session, reviewer, task.id, "试点院校", ""),
        transaction(world, lambda session: claiming.claim(session, world.actor("province1b"), [task.id], world.clock())),
    )
    assert taken == 0
    (task,) = play.open()
    assert (task.role, task.assignee_id) == ("试点院校", None)
    play.sound()


@pytest.mark.row("8.1")
def test_an_answer_is_taken_back_once(world: World) -> None:
    """A double click on 撤回: the same is asked again once, and counted once."""
    play = begun(Play(world), voting(many(), quorum="all", withdrawable="true"))
    mine = next(t for t in play.open() if t.assignee_id == world.actor("province1").person_id)
    with play.step() as session:
        completing.complete(world.runtime.engine, session, world.actor("province1"), mine.id, "同意")

    def withdraw(session: Any) -> list[str]:
        return withdrawing.withdraw(world.runtime.engine, session, world.actor("province1"), mine.id)

    assert race(world, withdraw, transaction(world, withdraw)).endswith(("撤回，不能撤回", str(NotFound())))
    assert len(play.open()) == 2
    play.sound()
