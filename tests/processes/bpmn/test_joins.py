"""What branches decided is still there after they meet."""

from __future__ import annotations

from itertools import permutations

import pytest

from processes.errors import EngineFault
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, subprocess, user

ANSWERS = "同意,退回"


@pytest.mark.parametrize("kind", ["parallel", "inclusive"])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_answers_of_the_latest_round_count(play: Play, kind: str, order: str) -> None:
    inside = (
        start() + gateway("exclusive", "merge") + gateway("parallel", "fork") + user("a", outcomes=ANSWERS) + user("b", outcomes=ANSWERS)
    )
    inside += gateway(kind, "join") + gateway("exclusive", "g", "g_fix") + user("fix") + end()
    lines = "start>merge merge>fork fork>a fork>b a>join b>join join>g g>end:a_outcome=='同意'and'同意'==b_outcome g>fix fix>merge"
    play.deploy(diagram(inside + flows(lines)))
    play.begin()
    for answers in ({"a": "退回", "b": "同意"}, {"a": "同意", "b": "退回"}, {"a": "同意", "b": "同意"}):
        for name in order:
            play.complete(name, answers[name])
        if set(answers.values()) != {"同意"}:
            assert play.tasks() == ["fix"]
            play.complete("fix")
    assert play.ended


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_answers_given_inside_a_subprocess_count_outside(play: Play, order: str) -> None:
    inner = start("ps") + gateway("parallel", "fork") + user("a", outcomes=ANSWERS) + user("b", outcomes=ANSWERS) + end("e1") + end("e2")
    inside = start() + gateway("exclusive", "merge") + subprocess("p", inner + flows("ps>fork fork>a fork>b a>e1 b>e2"))
    inside += gateway("exclusive", "g", "g_fix") + user("fix") + end()
    lines = "start>merge merge>p p>g g>end:a_outcome=='同意'and'同意'==b_outcome g>fix fix>merge"
    play.deploy(diagram(inside + flows(lines)))
    play.begin()
    for answers in ({"a": "退回", "b": "同意"}, {"a": "同意", "b": "退回"}, {"a": "同意", "b": "同意"}):
        for name in order:
            play.complete(name, answers[name])
        if set(answers.values()) != {"同意"}:
            assert play.tasks() == ["fix"]
            play.complete("fix")
    assert play.ended


@pytest.mark.parametrize("order", ["".join(letters) for letters in permutations("abc")])
def test_a_join_of_three_branches_of_which_two_part_later(play: Play, order: str) -> None:
    inside = start() + gateway("exclusive", "merge") + gateway("parallel", "f1") + gateway("parallel", "f2") + gateway("parallel", "join")
    inside += "".join(user(name, outcomes=ANSWERS) for name in "abc") + gateway("exclusive", "g", "g_fix") + user("fix") + end()
    passed = "a_outcome=='同意'and'同意'==b_outcome&#32;and&#32;c_outcome=='同意'"
    lines = f"start>merge merge>f1 f1>a f1>f2 f2>b f2>c a>join b>join c>join join>g g>end:{passed} g>fix fix>merge"
    play.deploy(diagram(inside + flows(lines)))
    play.begin()
    for refusing in ("a", "b", "c", ""):
        for name in order:
            play.complete(name, "退回" if name == refusing else "同意")
        if refusing:
            assert play.tasks() == ["fix"]
            play.complete("fix")
    assert play.ended


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_a_gateway_of_which_no_condition_holds_is_told(play: Play, kind: str) -> None:
    inside = start() + user("k") + gateway(kind, "s") + user("a") + end() + end("e2")
    play.deploy(diagram(inside + flows("start>k k>s s>a:k_outcome!='提交' s>end:title==None a>e2")))
    play.begin()
    with pytest.raises(EngineFault, match="“网关s”处不能继续：没有一条出去的连线的条件成立"):
        play.complete("k")
    assert play.tasks() == ["k"]


ROUND = start() + gateway("exclusive", "merge") + gateway("parallel", "fork") + user("a") + user("b")
AGAIN = user("k", outcomes="完,再") + gateway("exclusive", "g", "g_end") + end()


@pytest.mark.parametrize("kind", ["parallel", "inclusive"])
def test_a_join_in_a_loop_waits_in_each_round(play: Play, kind: str) -> None:
    """The library would count the branches of an earlier round for a later one."""
    inside = ROUND + gateway(kind, "join") + user("m") + AGAIN
    lines = "start>merge merge>fork fork>a fork>b a>join b>join join>m m>k k>g g>end g>merge:k_outcome=='再'"
    play.deploy(diagram(inside + flows(lines)))
    play.begin()
    for order in ("ab", "ba", "bb", "ab", "ba"):
        first, second = order[0], "a" if order[0] == "b" else "b"
        play.complete(first)
        assert play.tasks() == [second]
        play.complete(second)
        play.complete("m")
        play.complete("k", "再")
        assert play.tasks() == ["a", "b"]


def test_a_second_token_on_one_way_in_waits_for_its_partner(play: Play) -> None:
    """The library would take back what the first has begun."""
    inside = start() + gateway("parallel", "fork") + user("a") + user("b") + user("c") + gateway("exclusive", "meet")
    inside += gateway("parallel", "join") + user("after") + end()
    play.deploy(diagram(inside + flows("start>fork fork>a fork>b fork>c a>meet b>meet meet>join c>join join>after after>end")))
    play.begin()
    play.complete("a")
    play.complete("c")
    (begun,) = [task.id for task in play.open() if task.element == "after"]
    play.complete("b")
    assert [task.id for task in play.open()] == [begun]
    play.complete("after")
    assert (play.ended, play.tasks()) == (False, [])
    assert "停在“网关join”" in play.row.incident


def test_an_inclusive_join_goes_on_once_no_token_can_come(play: Play) -> None:
    """The other branch may go to an end of its own after this one has arrived."""
    inside = start() + gateway("parallel", "fork") + user("a") + user("b", outcomes="来,不来") + gateway("exclusive", "g", "g_over")
    inside += gateway("inclusive", "join") + user("after") + end() + end("over")
    play.deploy(diagram(inside + flows("start>fork fork>a fork>b a>join b>g g>join:b_outcome=='来' g>over join>after after>end")))
    play.begin()
    play.complete("a")
    assert play.tasks() == ["b"]
    play.complete("b", "不来")
    assert play.tasks() == ["after"]
    play.complete("after")
    assert play.ended
