"""Message, signal, error, escalation and conditional events; event gateways."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processes.diagrams.expressions import ExpressionError
from processes.errors import TaskClosed
from tests.processes.bpmn.play import (
    Play,
    boundary,
    catch,
    diagram,
    end,
    flows,
    gateway,
    message,
    properties,
    start,
    subprocess,
    throw,
    timer,
    user,
)

SIGNAL = '<signalEventDefinition signalRef="s_all"/>'
ERROR = '<errorEventDefinition errorRef="e_{}"/>'
ESCALATION = '<escalationEventDefinition escalationRef="x_up"/>'


def test_a_message_beside_a_task_leaves_the_task_open(play: Play) -> None:
    also = boundary("also", "a", message(), interrupting=False)
    play.deploy(diagram(start() + user("a") + also + user("b") + end() + end("e2") + flows("start>a a>end also>b b>e2")))
    play.begin()
    assert play.waits == ["also"]
    play.send("also")
    assert (play.tasks(), play.waits, play.status) == (["a", "b"], [], "在a")
    with pytest.raises(TaskClosed):
        play.send("also")
    play.complete("a")
    assert not play.ended
    play.complete("b")
    assert (play.ended, play.status) == (True, "到e2")


def test_an_intermediate_message_and_a_receive_task(play: Play) -> None:
    receive = '<receiveTask id="r" name="等r" lane="试点院校" messageRef="m_stop">'
    receive += '<extensionElements><s:properties><s:property name="status" value="在r"/></s:properties></extensionElements></receiveTask>'
    play.deploy(diagram(start() + catch("w", message()) + receive + end() + flows("start>w w>r r>end")))
    play.begin()
    assert (play.status, play.waits) == ("在w", ["w"])
    play.send("w")
    assert (play.status, play.waits) == ("在r", ["r"])
    play.send("r")
    assert play.ended


def test_a_message_thrown_in_one_branch_reaches_the_other(play: Play) -> None:
    fork = gateway("parallel", "fork")
    inside = start() + fork + catch("w", message(), "系统") + user("a") + throw("t", message()) + user("b") + end() + end("e2")
    play.deploy(diagram(inside + flows("start>fork fork>w w>b b>end fork>a a>t t>e2")))
    play.begin()
    assert play.tasks() == ["a"]
    play.complete("a")
    assert play.tasks() == ["b"]
    play.complete("b")
    assert play.ended


def test_a_signal_reaches_all_that_wait_for_it(play: Play) -> None:
    fork = gateway("parallel", "fork")
    inside = start() + fork + user("a") + boundary("cut", "b", SIGNAL) + user("b") + catch("w", SIGNAL, "系统") + user("c")
    inside += end("told", SIGNAL) + end() + end("e2") + end("e3")
    play.deploy(diagram(inside + flows("start>fork fork>a a>told fork>b b>end cut>e2 fork>w w>c c>e3")))
    play.begin()
    assert play.tasks() == ["a", "b"]
    play.complete("a")
    assert play.tasks() == ["c"]
    play.complete("c")
    assert play.ended


def failing(id: str, code: str) -> str:
    """A subprocess whose task ends in an error where it is answered 失败."""
    inside = start(f"{id}s") + user(f"{id}t", outcomes="成功,失败") + gateway("exclusive", f"{id}g", f"{id}g_{id}ok")
    inside += end(f"{id}ok") + end(f"{id}bad", ERROR.format(code))
    return subprocess(id, inside + flows(f"{id}s>{id}t {id}t>{id}g {id}g>{id}ok {id}g>{id}bad:{id}t_outcome=='失败'"))


def test_an_error_ends_its_own_subprocess_alone(play: Play) -> None:
    fork = gateway("parallel", "fork")
    inside = start() + fork + failing("p", "one") + failing("q", "one") + user("a") + user("b") + end() + end("e2")
    inside += boundary("pe", "p", ERROR.format("one")) + boundary("qe", "q", ERROR.format("one")) + end("e3") + end("e4")
    play.deploy(diagram(inside + flows("start>fork fork>p fork>q p>end q>e2 pe>a a>e3 qe>b b>e4")))
    play.begin()
    assert play.tasks() == ["pt", "qt"]
    play.complete("pt", "失败")
    assert play.tasks() == ["a", "qt"]
    play.complete("qt", "成功")
    assert play.tasks() == ["a"]
    play.complete("a")
    assert (play.ended, play.status) == (True, "到e3")


def test_an_error_is_caught_by_its_code(play: Play) -> None:
    inside = start() + failing("p", "two") + user("a") + user("b") + end() + end("e1") + end("e2")
    inside += boundary("one", "p", ERROR.format("one")) + boundary("two", "p", ERROR.format("two"))
    play.deploy(diagram(inside + flows("start>p p>end one>a a>e1 two>b b>e2")))
    play.begin()
    play.complete("pt", "失败")
    assert (play.tasks(), play.status) == (["b"], "在b")


def test_an_error_goes_up_through_an_activity_that_does_not_catch_it(play: Play) -> None:
    middle = subprocess("o", start("os") + failing("p", "one") + end("oe") + flows("os>p p>oe"))
    inside = start() + middle + boundary("c", "o", ERROR.format("one")) + user("a") + end() + end("e2")
    play.deploy(diagram(inside + flows("start>o o>end c>a a>e2")))
    play.begin()
    play.complete("pt", "失败")
    assert play.tasks() == ["a"]
    play.complete("a")
    assert play.ended


def test_an_escalation_leaves_its_subprocess_running(play: Play) -> None:
    inner = start("is") + throw("up", ESCALATION) + user("t") + end("ie") + flows("is>up up>t t>ie")
    inside = start() + subprocess("p", inner) + boundary("b", "p", ESCALATION, interrupting=False) + user("a") + end() + end("e2")
    play.deploy(diagram(inside + flows("start>p p>end b>a a>e2")))
    play.begin()
    assert play.tasks() == ["a", "t"]
    play.complete("t")
    play.complete("a")
    assert play.ended


def test_a_condition_is_looked_at_when_the_record_changes(play: Play) -> None:
    condition = "<conditionalEventDefinition><condition>now &gt;= reminder_at</condition></conditionalEventDefinition>"
    inside = start() + user("a", lane="试点院校", editForm="weekly_report.json") + boundary("c", "a", condition) + user("b") + end()
    play.deploy(diagram(inside + end("e2") + flows("start>a a>end c>b b>e2")))
    play.begin()
    play.edit({"contact": "王五"})
    assert play.tasks() == ["a"]
    play.world.clock.now += timedelta(days=4)
    play.edit({"contact": "李四"})
    assert play.tasks() == ["b"]
    play.complete("b")
    assert play.ended


@pytest.mark.parametrize("first", ["message", "timer"])
def test_an_event_gateway_takes_what_happens_first(play: Play, first: str) -> None:
    gate = f'<eventBasedGateway id="g" name="等消息">{properties(status="在等")}</eventBasedGateway>'
    inside = start() + gate + catch("m", message()) + catch("n", message("m_stop")) + catch("t", timer(timeDuration="days(1)"))
    inside += user("a") + user("b") + user("c") + end()
    play.deploy(diagram(inside + flows("start>g g>m g>n g>t m>a n>b t>c a>end b>end c>end")))
    play.begin()
    assert (play.status, play.waits) == ("在等", ["m", "n"])
    if first == "message":
        play.send("n")
        assert play.tasks() == ["b"]
    else:
        play.later(days=1)
        assert play.tasks() == ["c"]
    assert (play.waits, play.row.due_at) == ([], None)


def test_an_expression_that_cannot_be_evaluated_is_told_with_its_element(play: Play) -> None:
    count = '<scriptTask id="count" name="计算人数"><script>number = 6 / (len(a_outcome) - 2)</script></scriptTask>'
    play.deploy(diagram(start() + user("a") + count + user("b") + end() + flows("start>a a>count count>b b>end")))
    play.begin()
    with pytest.raises(ExpressionError, match="“计算人数”：表达式“6 / \\(len\\(a_outcome\\) - 2\\)”不能计算：除数为零"):
        play.complete("a")
    assert play.tasks() == ["a"]
