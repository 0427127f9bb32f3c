"""What is checked is what runs: the checks and the engine read a diagram with one reader, however other tools have written it."""

from __future__ import annotations

import pytest

from processes.definitions.definition import read
from processes.diagrams.activities import timer_of
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.messages import Messages
from tests.conftest import World
from tests.processes.bpmn.play import Play, catch, diagram, end, flows, gateway, message, start, timer, user
from tests.processes.bpmn.test_decisions import RULE, table
from tests.processes.checks.diagrams import END, START, STATUS, document, found, process, says, task
from tests.processes.checks.diagrams import flows as lines

RECEIVE = f'<receiveTask id="w" name="等回执" messageRef="msg"><extensionElements><s:properties>{STATUS}</s:properties></extensionElements>'
RECEIVE += "</receiveTask>"


def lane(*ids: str, name: str = "省级") -> str:
    references = "".join(f"<flowNodeRef>{id}</flowNodeRef>" for id in ids)
    return f'<laneSet id="l"><lane id="l1" name="{name}">{references}</lane></laneSet>'


def test_a_receive_task_in_no_lane_is_refused() -> None:
    """Its button would be nobody's."""
    inside = START + RECEIVE + END + lines("a>w", "w>z")
    says(document(process(inside, lanes=lane("a"))), "接收任务“等回执”(w)：不在任何泳道中，无法确定由谁办理")
    assert found(document(process(inside, lanes=lane("a", "w")))) == []


def test_blanks_and_prefixes_that_other_tools_write_are_read_over(lite: World) -> None:
    body = start() + user("a") + catch("w", message()) + RULE + end()
    xml = diagram(body + flows("start>a a>w w>rule rule>end")).decode()
    for plain, written in (
        ("<flowNodeRef>a<", "<flowNodeRef>\n        a\n      <"),
        ('messageRef="m_go"', 'messageRef=" defs:m_go"'),
        ('<message id="m_go" name="继续"', '<message id="m_go" name=" 继续 "'),
        ('name="省级"', 'name=" 省级"'),
        ('value="在a"', 'value="在a "'),
        ("<s:calledDecisionId>grade<", "<s:calledDecisionId> grade <"),
    ):
        assert plain in xml, plain
        xml = xml.replace(plain, written)
    play = Play(lite)
    play.deploy(xml.encode(), decisions={"grade": table(("-", "1"), inputs="1")})
    play.begin()
    (waiting,) = play.open()
    assert (waiting.element, waiting.role, play.status) == ("a", "省级", "在a")
    play.complete("a")
    assert play.row.waits[0]["role"] == "试点院校"
    play.send("w")
    assert play.ended


@pytest.mark.parametrize(
    ("plain", "written", "text"),
    [
        ('<userTask id="t"', '<userTask id=" t"', "id 应由字母"),
        ('targetRef="t"', 'targetRef="t "', "终点“t”不存在"),
        ('attachedToRef="t"', 'attachedToRef=" t"', "所依附的“t”不存在"),
        ('default="f2"', 'default=" f2"', "默认流“f2”不是从这里出发的连线"),
    ],
)
def test_ids_with_blanks_are_refused_for_the_drawing_would_not_find_them(plain: str, written: str, text: str) -> None:
    on = '<boundaryEvent id="b" name="撤回" attachedToRef="t"><messageEventDefinition messageRef="msg"/></boundaryEvent>'
    inside = START + task() + on + gateway("exclusive", "g", "f2") + END
    xml = document(process(inside + lines("a>t", "t>g", "g>z", "g>t:amount == 1") + lines("b>z", prefix="h"))).decode()
    assert plain in xml
    says(xml.replace(plain, written).encode(), text)


def test_the_engine_and_the_checks_see_the_same_elements() -> None:
    inner = '<startEvent id="i"/>' + task(id="u", name="里") + RECEIVE + '<endEvent id="j"/>' + lines("i>u", "u>w", "w>j", prefix="k")
    inside = START + f'<subProcess id="s" name="内">{inner}</subProcess>' + END + lines("a>s", "s>z")
    xml = document(process(inside, lanes=lane("a", " s ")))
    seen = read_diagram(parse_diagram(xml))
    assert dict(read(xml, {}).elements) == dict(seen.elements)
    assert {id: element.lane for id, element in seen.elements.items()} == {
        "a": "省级",
        "s": "省级",
        "i": "省级",
        "u": "省级",
        "w": "省级",
        "j": "省级",
        "z": "",
    }
    assert (seen.elements["w"].event, seen.elements["w"].inside, Messages(seen).of("w")) == ("message", "s", "撤回")


def test_a_timer_is_the_first_time_that_is_written() -> None:
    event = catch("w", "<timerEventDefinition><timeDuration> days(2) </timeDuration></timerEventDefinition>")
    found_timer = timer_of(read_diagram(parse_diagram(diagram(start() + event + end()))).nodes["w"])
    assert found_timer is not None
    assert (found_timer.kind, found_timer.text) == ("timeDuration", "days(2)")
    assert timer_of(read_diagram(parse_diagram(diagram(start() + catch("w", timer(other="1")) + end()))).nodes["w"]) is None
