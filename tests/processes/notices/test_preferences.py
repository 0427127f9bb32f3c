"""消息设置: two windows at once."""

from __future__ import annotations

import pytest

from processes.notices import preferences
from tests.conftest import World
from tests.racing import race, transaction


@pytest.mark.row("8.1")
def test_two_windows_save_the_message_settings(world: World) -> None:
    actor, now = world.actor("school1"), world.clock()
    race(
        world,
        lambda session: preferences.choose(session, actor, ["task"], [], now),
        transaction(world, lambda session: preferences.choose(session, actor, ["task"], ["task"], now)),
    )
    with world.runtime.database.reading() as session:
        assert preferences.choices_of(session, actor)["task"] == preferences.Choice(True, True)
