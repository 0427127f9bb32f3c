"""A substitute acts at the very moment at which their time is ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from processes import tables
from processes.errors import NotFound
from processes.rights import substitutes
from processes.steps import completing
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.racing import race, transaction


@pytest.mark.row("8.1")
@pytest.mark.parametrize("first", ["end", "act"])
def test_a_substitute_acts_while_their_time_is_ended(world: World, first: str) -> None:
    """Either they still could, and the books say in whose place, or they read why not; nothing in between."""
    play = Play(world)
    play.deploy(diagram(start() + user("a", lane="省级初审") + end() + flows("start>a a>end")))
    play.begin()
    absent, other, now = world.actor("province1"), world.actor("province1b"), world.clock()
    with world.runtime.database.writing() as session:
        substitutes.appoint(session, absent, other.person_id, now - timedelta(days=1), now + timedelta(days=1), [], True, now)
        given = session.scalars(select(tables.substitute.c.id)).one()
    world.clock.now += timedelta(hours=1)
    (task,) = play.open()

    def act(session: Any) -> str:
        completing.complete(world.runtime.engine, session, other, task.id, "提交", None, "好")
        return "done"

    def stop(session: Any) -> str:
        substitutes.end(session, absent, given, world.clock())
        return "ended"

    before, after = (stop, act) if first == "end" else (act, stop)
    told = race(world, before, transaction(world, after))
    assert told in ("done", "ended", str(NotFound()))
    acted = told != str(NotFound())
    assert play.ended == acted
    assert [name for kind, name in play.history() if kind == "task"] == (["提交"] if acted else [])
    with world.runtime.database.reading() as session:
        closed = session.execute(select(tables.task.c.closed_by, tables.task.c.closed_for)).one()
    assert closed == ((other.person_id, absent.person_id) if acted else (None, None))
    play.sound()
