"""An instance that nothing can make go on is an incident at once, not a silence."""

from __future__ import annotations

import pytest

from processes.monitor import managing
from processes.steps import acting
from tests.conftest import World
from tests.processes.tiny import Play, diagram, flows, node, timer, user

LANES = {"试点院校": "start", "省级": "a b c"}
# one of two branches may end without meeting the other: no check can tell
BODY = (
    node("startEvent", "start") + node("parallelGateway", "fork") + user("a") + user("b", outcomes="同意,退回") + user("c")
    + node("exclusiveGateway", "choice", "", 'default="choice_over"') + node("parallelGateway", "join")
    + node("endEvent", "end", status="完成") + node("endEvent", "over", status="已退")
    + flows("start fork", "fork a", "fork b", "a join", "b choice", "choice join: b_outcome == '同意'", "choice over", "join c", "c end")
)  # fmt: skip
SAID = "流程停在“join”，没有任何人、消息或时间能让它继续，请终止此流程，或把它移到别的环节，并改正流程图"


@pytest.fixture
def stuck(lite: World) -> Play:
    play = Play(lite, diagram(BODY, LANES))
    play.act("province1", "b", "退回")
    assert play.row.incident is None  # the other branch goes on
    play.act("province1", "a")
    return play


def test_it_is_an_incident(stuck: Play) -> None:
    assert (stuck.open(), stuck.row.ended_at) == ([], None)
    assert stuck.row.incident == SAID
    assert stuck.history()[-1] == ("incident", "无法继续", SAID)
    assert stuck.faults() == []


def test_a_retry_finds_it_again(stuck: Play) -> None:
    stuck.call(managing.retry, stuck.instance, "再试", account="supervisor")
    assert stuck.row.incident == SAID


def test_it_can_be_called_off(stuck: Play) -> None:
    stuck.call(managing.cancel, stuck.instance, "画错了", account="supervisor")
    assert (stuck.row.ended_at is not None, stuck.row.incident, stuck.status) == (True, None, "已终止")


def test_both_branches_that_meet_are_none(lite: World) -> None:
    play = Play(lite, diagram(BODY, LANES))
    for element, outcome in (("b", "同意"), ("a", "提交"), ("c", "提交")):
        assert play.row.incident is None
        play.act("province1", element, outcome)
    assert (play.row.ended_at is not None, play.row.incident) == (True, None)


def test_time_that_is_still_to_come_is_none(lite: World) -> None:
    wait = node("intermediateCatchEvent", "wait", timer("period_end"), status="等待")
    body = node("startEvent", "start") + wait + node("endEvent", "end", status="完成") + flows("start wait", "wait end")
    play = Play(lite, diagram(body, LANES))
    assert play.row.incident is None
    lite.clock.now = play.row.due_at
    play.call(acting.tick, play.instance)
    assert play.row.ended_at is not None
