"""Who changed to another party: lists of what they did, began and were told hold no titles of the earlier one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from domain.ground.parties import Actor, Person, actor_of
from processes.notices import comments, notices
from processes.steps import completing
from processes.tasks import inbox
from tests.conftest import World
from tests.processes.steps.test_weekly_report import ANSWERS, begin, open_task

pytestmark = pytest.mark.row("8.1")


def lists(world: World, actor: Actor) -> list[int]:
    """How many rows 已办, 我发起的 and 消息 have, and how many messages are unread."""
    with world.runtime.database.reading() as session:
        queries = inbox.done_tasks(actor), inbox.started(session, actor), notices.notices_of(actor)
        found = [session.execute(query).all() for query in queries]
        return [*map(len, found), session.scalar(select(notices.unread_number(actor))) or 0]


def moved(world: World, account: str, to: str) -> Actor:
    with world.runtime.database.writing() as session:
        person = world.actor(account).person_id
        session.execute(update(Person).where(Person.id == person).values(party_id=world.actor(to).party_id))
    with world.runtime.database.reading() as session:
        found = actor_of(session, person)
    assert found is not None
    return found


def test_titles_stay_behind(world: World) -> None:
    _, instance = begin(world)

    def act(step: Any, account: str, *arguments: Any) -> None:
        with world.runtime.database.writing() as session:
            step(world.runtime.engine, session, world.actor(account), *arguments)

    act(completing.complete, "school1", open_task(world, instance).id, "提交", ANSWERS)
    act(comments.comment, "school1", instance, "@王强 请看")
    act(comments.comment, "province1", instance, "@张文 好")
    act(completing.complete, "province1", open_task(world, instance).id, "审核通过", None, "好")
    assert lists(world, world.actor("school1")) == [1, 1, 1, 1]
    assert lists(world, world.actor("province1")) == [1, 0, 1, 1]
    elsewhere = [moved(world, "school1", "school2"), moved(world, "province1", "province2")]
    assert [lists(world, actor) for actor in elsewhere] == [[0, 0, 0, 0]] * 2
    back = moved(world, "school1", "school1"), moved(world, "province1", "province1")
    assert [lists(world, actor) for actor in back] == [[1, 1, 1, 1], [1, 0, 1, 1]]
