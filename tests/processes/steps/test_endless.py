"""Loops that the checks let pass, for they wait, and that nothing stops when they run: the step is refused before it costs anything."""

from __future__ import annotations

import pytest

from processes.errors import EngineFault
from tests.conftest import World
from tests.processes.tiny import Play, boundary, diagram, flows, node, timer, user

LANES = {"试点院校": "start", "省级": "a late"}
START, END = node("startEvent", "start"), node("endEvent", "end", status="完成")
NOW = node("intermediateCatchEvent", "late", timer("now"), status="等待")
ALWAYS = "<bpmn:conditionalEventDefinition><bpmn:condition>1 == 1</bpmn:condition></bpmn:conditionalEventDefinition>"


@pytest.mark.parametrize(
    "body",
    [
        # a moment that has come already, at a task and by itself
        START + user("a") + boundary("late", "a", timer("now")) + END + flows("start a", "a end", "late a"),
        START + node("exclusiveGateway", "merge") + NOW + node("exclusiveGateway", "g", "", 'default="g_merge"') + END
        + flows("start merge", "merge late", "late g", "g merge", "g end: 1 == 2"),
        # a condition that always holds
        START + user("a") + boundary("late", "a", ALWAYS) + END + flows("start a", "a end", "late a"),
        # twice as many tokens in each round
        START + node("exclusiveGateway", "merge") + NOW + node("parallelGateway", "g") + node("exclusiveGateway", "one")
        + node("exclusiveGateway", "two", "", 'default="two_merge"') + END
        + flows("start merge", "merge late", "late g", "g one", "g two", "one merge", "two merge", "two end: 1 == 2"),
    ],
)  # fmt: skip
def test_it_does_not_turn_for_ever(lite: World, body: str) -> None:
    with pytest.raises(EngineFault, match="流程一直在自动运行，没有停下来等待"):
        Play(lite, diagram(body, LANES))
