"""Gateways, subprocesses, called diagrams, the terminate end."""

from __future__ import annotations

import pytest

from processes.errors import DiagramInvalid
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, subprocess, user

TERMINATE = "<terminateEventDefinition/>"


def test_a_parallel_join_waits_for_each_branch_in_every_round(play: Play) -> None:
    inside = start() + gateway("exclusive", "merge") + gateway("parallel", "fork") + user("a") + user("b") + user("c")
    inside += gateway("parallel", "join") + user("d", outcomes="通过,再来") + gateway("exclusive", "g", "g_end") + end()
    inside += flows("start>merge merge>fork fork>a fork>b fork>c a>join b>join c>join join>d d>g g>end g>merge:d_outcome=='再来'")
    play.deploy(diagram(inside))
    play.begin()
    for answer, order in (("再来", "abc"), ("再来", "cba"), ("再来", "bca"), ("通过", "acb")):
        for name in order:
            assert play.status != "在d"
            play.complete(name)
        assert play.tasks() == ["d"]
        play.complete("d", answer)
    assert play.ended


def test_an_inclusive_gateway_waits_for_the_branches_that_were_taken(play: Play) -> None:
    inside = start() + user("k", outcomes="一,二,全") + gateway("inclusive", "split", "split_c") + user("a") + user("b") + user("c")
    inside += gateway("inclusive", "join") + user("d") + end()
    inside += flows("start>k k>split split>a:k_outcome!='二' split>b:k_outcome!='一' split>c a>join b>join c>join join>d d>end")
    play.deploy(diagram(inside))
    for account, answer, expected in (("school1", "一", ["a"]), ("school2", "全", ["a", "b"])):
        one = Play(play.world)
        one.begin(account=account)
        one.complete("k", answer)
        assert one.tasks() == expected
        for name in expected:
            one.complete(name)
        assert one.tasks() == ["d"]
        one.complete("d")
        assert one.ended


def test_the_terminate_end_stops_everything(play: Play) -> None:
    inside = start() + gateway("parallel", "fork") + user("a") + subprocess("p", start("ps") + user("b") + end("pe") + flows("ps>b b>pe"))
    play.deploy(diagram(inside + end("stop", TERMINATE) + end() + flows("start>fork fork>a fork>p a>stop p>end")))
    play.begin()
    assert play.tasks() == ["a", "b"]
    play.complete("a")
    assert (play.tasks(), play.ended, play.status) == ([], True, "到stop")
    assert "流程关闭" in play.closed_as("b")


def test_a_terminate_end_inside_a_subprocess_ends_only_that(play: Play) -> None:
    inner = start("ps") + gateway("parallel", "fork") + user("a") + user("b") + end("stop", TERMINATE) + end("pe")
    inside = start() + subprocess("p", inner + flows("ps>fork fork>a fork>b a>stop b>pe")) + user("c") + end()
    play.deploy(diagram(inside + flows("start>p p>c c>end")))
    play.begin()
    play.complete("a")
    assert (play.tasks(), play.status) == (["c"], "在c")
    play.complete("c")
    assert play.ended


def test_a_subprocess_has_lane_status_and_a_boundary_around_it(play: Play) -> None:
    inner = start("ps") + user("a", lane="省级初审") + '<userTask id="b" name="办b">'
    inner += '<extensionElements><s:properties><s:property name="status" value="在b"/></s:properties></extensionElements></userTask>'
    sub = subprocess("p", inner + end("pe") + flows("ps>a a>b b>pe"), lane="省级复审")
    inside = start() + sub + boundary("back", "p", message()) + user("c") + end() + end("e2") + flows("start>p p>end back>c c>e2")
    play.deploy(diagram(inside))
    play.begin()
    assert [(t.role, play.status) for t in play.open()] == [("省级初审", "在a")]
    play.complete("a", account="province1")
    assert [(t.role, play.status) for t in play.open()] == [("省级复审", "在b")]
    play.send("back")
    assert play.tasks() == ["c"]
    assert "边back" in play.closed_as("b")
    assert {"ps_a", "a_b", "back_c"} <= set(play.row.path)


CALLED = start("start") + user("review", outcomes="通过,退回") + end() + flows("start>review review>end")
CALLER = start() + '<callActivity id="call" name="复核" calledElement="check" lane="省级"/>' + gateway("exclusive", "g", "g_end")
CALLER += user("fix") + end() + flows("start>call call>g g>end g>fix:review_outcome=='退回' fix>call")


def test_a_called_diagram_runs_inside_and_its_answer_comes_back(play: Play) -> None:
    play.deploy(diagram(CALLED, key="check"), diagram(CALLER))
    play.begin()
    (task,) = play.open()
    assert (task.element, task.name, task.role, play.status) == ("check:review", "办review", "省级", "在review")
    for _ in range(3):
        play.complete("check:review", "退回")
        assert play.tasks() == ["fix"]
        play.complete("fix")
    play.complete("check:review", "通过")
    assert (play.ended, play.status) == (True, "到end")
    assert {"check:start_review", "check:review_end", "g_fix"} <= set(play.row.path)


def test_a_running_instance_keeps_the_called_version_it_began_with(play: Play) -> None:
    play.deploy(diagram(CALLED, key="check"), diagram(CALLER))
    play.begin()
    play.deploy(diagram(CALLED.replace("办review", "再审").replace('value="在review"', 'value="再审中"'), key="check"))
    other = Play(play.world)
    other.begin(account="school2")
    assert [(t.name, other.status) for t in other.open()] == [("再审", "再审中")]
    assert [(t.name, play.status) for t in play.open()] == [("办review", "在review")]
    play.complete("check:review", "退回")
    play.complete("fix")
    assert [(t.name, play.status) for t in play.open()] == [("办review", "在review")]


def test_calls_that_cannot_run_are_refused(play: Play) -> None:
    with pytest.raises(DiagramInvalid, match=r"调用活动“复核”.*流程“gone”尚未部署"):
        play.deploy(diagram(CALLER.replace("check", "gone")))
    play.deploy(diagram(CALLED, key="check"), diagram(CALLER))
    back = '<callActivity id="x" name="回" calledElement="tiny" lane="省级"/>'
    with pytest.raises(DiagramInvalid, match="又调用了本流程"):
        play.deploy(diagram(start() + user("review") + back + end() + flows("start>review review>x x>end"), key="check"))


def calling(key: str, task: str = "") -> str:
    """A diagram that calls another, after a task where one is named."""
    call = f'<callActivity id="to_{key}" name="调{key}" calledElement="{key}" lane="省级"/>'
    lines = f"start>{task} {task}>to_{key} to_{key}>end" if task else f"start>to_{key} to_{key}>end"
    return start() + (user(task) if task else "") + call + end() + flows(lines)


def test_a_called_diagram_calls_another(play: Play) -> None:
    play.deploy(diagram(CALLED, key="check"), diagram(calling("check"), key="middle"), diagram(calling("middle")))
    play.begin()
    (task,) = play.open()
    assert (task.element, task.name, play.status) == ("check:review", "办review", "在review")
    play.complete("check:review", "通过")
    assert play.ended
    assert {"check:review_end", "middle:to_check_end", "to_middle_end"} <= set(play.row.path)


def test_a_call_within_two_subprocesses(play: Play) -> None:
    call = '<callActivity id="to_check" name="调" calledElement="check" lane="省级"/>'
    inner = subprocess("q", start("qs") + call + end("qe") + flows("qs>to_check to_check>qe"))
    outer = subprocess("p", start("ps") + inner + end("pe") + flows("ps>q q>pe"))
    play.deploy(diagram(CALLED, key="check"), diagram(start() + outer + end() + flows("start>p p>end")))
    play.begin()
    assert play.tasks() == ["check:review"]
    play.complete("check:review", "通过")
    assert play.ended


def test_diagrams_that_call_each_other_in_a_ring_are_refused(play: Play) -> None:
    """Deploying them would go on for ever: each new version of one is a new version of those that call it."""
    play.deploy(diagram(start() + user("a") + end() + flows("start>a a>end"), key="ring1"))
    play.deploy(diagram(calling("ring1", "b"), key="ring2"), diagram(calling("ring2", "c"), key="ring3"))
    with pytest.raises(DiagramInvalid, match="又调用了本流程"):
        play.deploy(diagram(calling("ring3", "a"), key="ring1"))
