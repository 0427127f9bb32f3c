"""离岗代理 beyond tasks: buttons of the diagram, edits, 撤回 and batches, under both names, in the window and for its processes only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from processes.errors import FourEyes, NotAllowed, NotFound
from processes.history import events_of
from processes.rights import substitutes
from processes.steps import acting
from processes.tasks import withdrawing
from processes.tasks.actions import actions_for
from tests.conftest import World
from tests.processes.tasks.test_handing_over import appoint, hire
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, user

pytestmark = pytest.mark.row("8.1")
BOTH = "何文员（代王强）（江苏省教育厅）"


def drawn(**properties: str) -> bytes:
    """x, b (both the province's, b with the button 停), c."""
    body = node("startEvent", "start") + user("x") + user("b", withdrawable="true", **properties) + user("c") + node("endEvent", "end")
    body += boundary("stop", "b", message("停"), confirm="确定停吗？") + node("endEvent", "stopped", status="停了")
    lanes = {"试点院校": "start", "省级": "x b stop c"}
    return diagram(body + flows("start x", "x b", "b c", "c end", "stop stopped"), lanes, declared("停"))


def at_b(world: World, *roles: str, **properties: str) -> Play:
    play = Play(world, drawn(**properties))
    hire(world, "clerk", "何文员", *roles)
    play.act("province1b", "x")
    return play


def buttons(play: Play, account: str) -> list[str]:
    with play.world.runtime.database.reading() as session:
        found = actions_for(session, play.world.actor(account), "tiny", [play.report], play.world.clock())[play.report]
    return [f"{action.kind} {action.element}" for action in found]


def last(play: Play) -> str:
    with play.world.runtime.database.reading() as session:
        return str(events_of(session, play.instance)[-1].actor)


def done(play: Play, element: str) -> str:
    return str(next(t.id for t in play.tasks("done") if t.element == element))


def end(world: World) -> None:
    """Ends what 王强 has set up."""
    with world.runtime.database.writing() as session:
        for row in session.execute(substitutes.substitutions_of(world.actor("province1"))).all():
            substitutes.end(session, world.actor("province1"), row.id, world.clock())


def test_a_button_of_the_diagram(world: World) -> None:
    play = at_b(world)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotAllowed):
        play.call(acting.send, play.instance, "stop", account="clerk")
    appoint(world, "province1", "clerk")
    assert buttons(play, "clerk") == buttons(play, "province1") == ["task b", "message stop"]
    play.call(acting.send, play.instance, "stop", account="clerk")
    assert (play.status, last(play), play.faults()) == ("停了", BOTH, [])


@pytest.mark.parametrize("wrong", [{"keys": ["other"]}, {"days": (1, 2)}, {"existing": False, "days": (0, 1)}, {"away": "province2"}])
def test_not_outside_of_what_was_given(lite: World, wrong: dict[str, Any]) -> None:
    play = at_b(lite)
    lite.clock.now += timedelta(minutes=1)
    if wrong.pop("away", None) is None:
        appoint(lite, "province1", "clerk", **wrong)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotAllowed):
        play.call(acting.send, play.instance, "stop", account="clerk")
    play.act("province1", "b")
    assert "withdraw b" not in buttons(play, "clerk")
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")


def test_without_what_was_there_before_it_begins_with_the_next_place(lite: World) -> None:
    play = Play(lite, drawn())
    hire(lite, "clerk", "何文员")
    lite.clock.now += timedelta(minutes=1)
    appoint(lite, "province1", "clerk", days=(0, 1), existing=False)
    assert buttons(play, "clerk") == []
    lite.clock.now += timedelta(minutes=1)
    play.act("province1b", "x")
    assert buttons(play, "clerk") == ["task b", "message stop"]


def test_taking_back_what_the_absent_person_did_and_what_was_done_for_them(world: World) -> None:
    play = at_b(world)
    play.act("province1", "b")
    play.world.clock.now += timedelta(minutes=1)
    appoint(world, "province1", "clerk")
    assert buttons(play, "clerk") == ["task c", "withdraw b"]
    assert buttons(play, "province1b") == ["task c"]  # a colleague's act is nobody's but theirs
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="province1b")
    play.call(withdrawing.withdraw, done(play, "b"), account="clerk")
    assert (play.open(), last(play), play.faults()) == (["b"], BOTH, [])
    play.act("clerk", "b")
    play.call(withdrawing.withdraw, done(play, "b"), account="province1")  # what was done in his place is his
    assert (play.open(), last(play)) == (["b"], "王强（江苏省教育厅）")
    play.act("clerk", "b")
    world.clock.now += timedelta(minutes=1)
    end(world)
    assert buttons(play, "clerk") == []
    with pytest.raises(NotFound):
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")


def test_four_eyes_hold_for_both_names(lite: World) -> None:
    play = Play(lite, drawn(fourEyesWith="x"))
    hire(lite, "clerk", "何文员", "省级")
    play.act("clerk", "x")
    appoint(lite, "province1", "clerk")
    with pytest.raises(FourEyes):
        play.act("clerk", "b")
    play.act("province1", "b")
    with pytest.raises(FourEyes):  # nor does she take back what she could not have done
        play.call(withdrawing.withdraw, done(play, "b"), account="clerk")
    assert play.open() == ["c"]
