"""Lines of history as they are kept: what is too long for its column is cut by us, before the line is hashed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processes.history import events_of
from processes.monitor import managing
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user


@pytest.mark.row("8.2")
def test_the_longest_names_fit(world: World) -> None:
    """A step's name may have 100 characters and a person's 50: what is said of them is longer, and PostgreSQL refuses what is too long."""
    play = Play(world)
    play.deploy(diagram(start() + user("a").replace("办a", "办" * 100) + end() + flows("start>a a>end")))
    play.begin()
    (task,) = play.open()
    supervisor = replace(world.actor("supervisor"), name="监" * 50 + "（代" + "督" * 50 + "）", party_name="平" * 100)
    with world.runtime.database.writing() as session:
        managing.reassign(world.runtime.engine, session, supervisor, task.id, world.actor("province1b").person_id, "因为")
    with world.runtime.database.reading() as session:
        line = events_of(session, play.instance)[-1]
    assert (line.name, len(line.actor)) == ("将“" + "办" * 97 + "…", 160)
    play.sound()
