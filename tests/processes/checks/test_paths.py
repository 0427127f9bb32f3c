"""Where tokens can go: ends, loops, and joins that would wait for ever."""

from __future__ import annotations

import pytest

from tests.processes.checks.diagrams import END, LINE, START, STATUS, diagram, flows, found, gateway, says, service, task


def tasks(*ids: str) -> str:
    return "".join(task(id=id, name=id) for id in ids)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (START + task() + END + flows("a>t"), "用户任务“审核”(t)：从这里走不到任何结束事件"),
        (START + task() + END + flows("a>z", "t>z"), "用户任务“审核”(t)：从开始事件走不到这里"),
        (task() + END + flows("t>z"), "应恰有一个开始事件，现有 0 个"),
        (START + START.replace('"a"', '"b"') + task() + END + LINE + flows("b>t", prefix="h"), "应恰有一个开始事件，现有 2 个"),
        (START + task() + flows("a>t"), "没有结束事件"),
        # loops: through an exclusive gateway, of one element, of several
        (START + service() + gateway("exclusive", default="f3") + END + flows("a>v", "v>g", "g>z:1 == 2", "g>v"), "循环中没有任何等待"),
        (START + service() + END + flows("a>v", "v>v", "v>z"), "经过“服务”的循环中没有任何等待"),
        (
            START
            + service()
            + service(id="w")
            + gateway("exclusive", default="f4")
            + END
            + flows("a>v", "v>w", "w>g", "g>z:1 == 2", "g>v"),
            "循环中没有任何等待",
        ),
    ],
)
def test_what_is_refused(inside: str, message: str) -> None:
    says(diagram(inside), message)


@pytest.mark.parametrize(
    "inside",
    [
        # waits for the outside
        START + service("out") + gateway("exclusive", default="f3") + END + flows("a>v", "v>g", "g>z:1 == 2", "g>v"),
        START + task() + gateway("exclusive", default="f3") + END + flows("a>t", "t>g", "g>z:t_outcome == '提交'", "g>t"),
        START + gateway("exclusive", "g", "f2") + service() + task() + gateway("exclusive", "h", "f6") + END
        + flows("a>g", "g>v:1 == 2", "g>t", "v>h", "t>h", "h>z:1 == 2", "h>t"),
    ],
)  # fmt: skip
def test_loops_that_wait(inside: str) -> None:
    assert found(diagram(inside)) == []


X, P, J = gateway("exclusive", "x", "f1"), gateway("parallel", "q"), gateway("parallel", "j")


@pytest.mark.parametrize(
    "inside",
    [
        # the usual mistake: alternatives, joined as if they were parallel
        START + X + tasks("t", "u") + J + END + flows("a>x", "x>t", "x>u:amount == 1", "t>j", "u>j", "j>z"),
        # straight from the choice
        START + X + tasks("t") + J + END + flows("a>x", "x>t", "x>j:amount == 1", "t>j", "j>z"),
        # a parallel branch that ends in a choice, both sides joined
        START + P + tasks("r") + X + tasks("t", "u") + J + END
        + flows("a>q", "x>t", "q>x", "x>u:amount == 1", "q>r", "t>j", "u>j", "r>j", "j>z"),
        # a loop back into a join
        START + J + tasks("t") + X + END + flows("a>j", "x>z", "j>t", "t>x", "x>j:amount == 1"),
        # what a deadline leads to, joined with what it interrupts
        START + tasks("t") + J + END + flows("a>t", "t>j", "b>j", "j>z")
        + '<boundaryEvent id="b" name="到期" attachedToRef="t"><timerEventDefinition><timeDate>deadline</timeDate>'
        "</timerEventDefinition></boundaryEvent>",
    ],
)  # fmt: skip
def test_joins_of_alternatives(inside: str) -> None:
    says(diagram(inside), "不会同时走到，这里会一直等待；请先用排他网关汇合")


@pytest.mark.parametrize(
    "inside",
    [
        # split and joined in parallel
        START + P + tasks("t", "u") + J + END + flows("a>q", "q>t", "q>u", "t>j", "u>j", "j>z"),
        # straight from split to join
        START + P + tasks("t") + J + END + flows("a>q", "q>t", "q>j", "t>j", "j>z"),
        # alternatives that come together before the join
        START + P + X + gateway("exclusive", "m") + tasks("r", "t", "u") + J + END
        + flows("a>q", "x>t", "q>x", "x>u:amount == 1", "q>r", "t>m", "u>m", "m>j", "r>j", "j>z"),
        # a reminder beside a task, joined with it
        START + tasks("t") + J + END + flows("a>t", "t>j", "b>j", "j>z")
        + '<boundaryEvent id="b" name="提醒" attachedToRef="t" cancelActivity="false"><timerEventDefinition><timeDate>deadline</timeDate>'
        "</timerEventDefinition></boundaryEvent>",
        # a loop around the whole of it
        START + gateway("exclusive", "m") + P + tasks("t", "u") + J + gateway("exclusive", "x", "f7") + END
        + flows("a>m", "m>q", "q>t", "q>u", "t>j", "u>j", "j>x", "x>z", "x>m:t_outcome == '提交'"),
    ],
)  # fmt: skip
def test_joins_that_complete(inside: str) -> None:
    assert found(diagram(inside)) == []


def test_a_choice_or_a_split_is_drawn_as_a_gateway() -> None:
    says(diagram(START + tasks("t", "u") + END + flows("a>t", "a>u", "t>z", "u>z")), "开始事件“开始”(a)：有 2 条出去的连线，请用并行网关")


SUB = '<subProcess id="s" name="复核">{}</subProcess>'


def test_subprocesses_are_walked() -> None:
    inner = '<startEvent id="b"/>' + task(id="u") + '<endEvent id="y"/>' + flows("b>u", "u>y", prefix="i")
    assert found(diagram(START + SUB.format(inner) + END + flows("a>s", "s>z"))) == []
    says(
        diagram(START + SUB.format(inner.replace('sourceRef="u"', 'sourceRef="b"')) + END + flows("a>s", "s>z")),
        "(u)：从这里走不到任何结束事件",
    )
    says(diagram(START + SUB.format(task(id="u")) + END + flows("a>s", "s>z")), "子流程“复核”(s)：里面应恰有一个开始事件，现有 0 个")
    says(diagram(START + SUB.format(inner) + END + flows("a>u", "s>z")), "穿过了子流程的边界")
    says(diagram(START + SUB.format(inner.replace(STATUS, "")) + END + flows("a>s", "s>z")), "用户任务“审核”(u)：流程会停在这里")


def test_a_long_chain_and_a_wide_join_are_walked_once() -> None:
    """As large as a diagram may be; a check that were not linear would not come back."""
    chain = "".join(service(id=f"v{n}") for n in range(290))
    links = flows("a>v0", *(f"v{n}>v{n + 1}" for n in range(289)), "v289>z")
    assert found(diagram(START + chain + END + links)) == []
    wide = "".join(service(id=f"v{n}") for n in range(290))
    links = flows("a>q", *(f"q>v{n}" for n in range(290)), *(f"v{n}>j" for n in range(290)), "j>z")
    assert found(diagram(START + P + wide + J + END + links)) == []
