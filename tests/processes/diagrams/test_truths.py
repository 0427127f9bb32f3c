"""What is no truth value is no condition: refused where it is drawn, and told where only its value shows it; never simply true."""

from __future__ import annotations

import pytest

from processes.diagrams.decisions import problems, read_table
from processes.diagrams.expressions import ExpressionError, evaluate, no_truth, truth
from processes.errors import DiagramInvalid
from tests.processes.bpmn.play import Play, catch, diagram, end, flows, gateway, start, user
from tests.processes.bpmn.test_decisions import RULE, table
from tests.processes.bpmn.votes import many

EXAMPLES = {"amount": 1, "kind": "x", "passed": True, "any": None}


@pytest.mark.parametrize(
    "text",
    [
        "amount == 1", "passed", "not passed", "any", "any or amount > 1", "True", "1 == 1", "passed if amount > 1 else False",
        "kind in ['a']", "1 < amount < 5", "kind in any",
    ],
)  # fmt: skip
def test_conditions(text: str) -> None:
    assert no_truth(text, EXAMPLES) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("amount == 1, amount == 2", "用逗号隔开的几项，不是条件，请用 and（都要）或 or（任一）连接"),
        ("amount", "“amount”不是条件"),
        ("'x'", "不是条件，不得出真或假，请写成比较"),
        ("1", "不是条件"),
        ("amount + 1", "不是条件"),
        ("[passed]", "不是条件"),
        ("len(kind)", "不是条件"),
        ("None", "不是条件"),
        ("kind == 'a' or 'b'", "“'b'”不是条件"),
        ("not 'a'", "“'a'”不是条件"),
        ("passed and kind", "“kind”不是条件"),
        ("1 if passed else 0", "“1”不是条件"),
        ("kind in '甲乙'", "in 的右边应为列表"),
        ("kind not in ('甲乙')", "in 的右边应为列表"),
    ],
)
def test_what_is_no_condition(text: str, why: str) -> None:
    assert why in (no_truth(text, EXAMPLES) or "")


def test_values_of_conditions() -> None:
    assert [truth(value, "x") for value in (True, False, None)] == [True, False, False]
    for value in ("", "x", 0, 1, [], [False], {"a": 1}):
        with pytest.raises(ExpressionError, match=r"“甲”的条件没有得出真或假"):
            truth(value, "“甲”的条件")


@pytest.mark.parametrize("text", ["amount == 1 or\n amount == 2", "(amount == 1\r\nor amount == 2)", "amount\t== 1"])
def test_conditions_over_several_lines(text: str) -> None:
    assert evaluate(text, {"amount": 1}) is True


@pytest.mark.parametrize(
    ("cell", "value", "hit"),
    [
        # several tests: one of them must be true
        (">= 60, 10", 30, False), (">= 60, 10", 10, True), (">= 60, 10", 70, True), ("< 60, 80", 70, False),
        ("'高', '中'", "中", True), ("'高', '中'", "低", False), ("'高',\n'中'", "中", True), ("'高',", "高", True), ("'低',", "高", False),
        ("!= '高', '中'", "高", False), ("!= '高', '中'", "低", True), ("? > 5, ? < 3", 4, False), ("? > 5, ? < 3", 2, True),
        ("? == '低', ? == '中'", "高", False), ("in ['低'], ['中']", "高", False), ("'a,b', 'c'", "a,b", True), ("'a,b', 'c'", "a", False),
        # a text in brackets is a list of one, and never a piece of the text
        ("in ('高')", "高", True), ("in ('高低')", "高", False), ("in '高低'", "高", False), ("not in ('高低')", "高", True),
        ("in ('高', '低')", "低", True), ("not in ['高', '低']", "低", False),
    ],
)  # fmt: skip
def test_cells(cell: str, value: object, hit: bool) -> None:
    assert problems(table((cell, "1")).encode()) == []
    found = read_table(table((cell, "1"))).result(lambda text, names: evaluate(text, {**names, "k_outcome": value}))
    assert found == {"level": 1 if hit else None}


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("not in '低', '中'", "请写成 not in ['甲', '乙']"),
        ("?", "“?”不是条件，请写成比较，例如 ? == '高'"),
        ("? and '低'", "“'低'”不是条件"),
        ("== '低' or '中'", "“'中'”不是条件"),
        ("'低' or '中'", "几个值请用逗号隔开，例如 '高', '中'"),
        ("'中' and '高'", "几个值请用逗号隔开"),
        ("1..5", "请写成 ? >= 1 and ? <= 5 的形式"),
        ("(1..5)", "请写成 ? >= 1 and ? <= 5 的形式"),
        ("? in '高低'", "in 的右边应为列表"),
    ],
)
def test_cells_that_are_no_conditions(cell: str, why: str) -> None:
    (line,) = problems(table((cell, "1")).encode())
    assert line.startswith("决策表“定级”：第 1 行")
    assert why in line


def choosing(condition: str) -> bytes:
    body = start() + user("k", outcomes="高,中,低") + gateway("exclusive", "g", "g_b") + user("a") + user("b") + end()
    lines = flows("start>k k>g g>a:@ g>b a>end b>end")
    return diagram(body + lines.replace("@", condition))


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (
            "k_outcome == '高', k_outcome == '中'",
            "顺序流“网关g → 办a”(g_a)：条件不能使用：“(k_outcome == '高', k_outcome == '中')”是用逗号隔开的几项",
        ),
        ("now", "顺序流“网关g → 办a”(g_a)：条件不能使用：“now”不是条件"),
        ("'x'", "不是条件"),
        ("k_outcome", "“k_outcome”不是条件"),
        ("days(1) &gt; 1", "请核对其中各个值的类型"),
        ("period_end &gt; 3", "请核对其中各个值的类型"),
    ],
)
def test_a_flow_needs_a_condition(play: Play, condition: str, why: str) -> None:
    with pytest.raises(DiagramInvalid, match=r"顺序流“网关g → 办a”\(g_a\)") as caught:
        play.deploy(choosing(condition))
    assert any(why in line for line in caught.value.problems)


CONDITIONAL = "<conditionalEventDefinition><condition>period_end</condition></conditionalEventDefinition>"


@pytest.mark.parametrize(
    ("activity", "why"),
    [
        (user("k", inside=many(condition="nrOfInstances")), "完成条件不能使用：“nrOfInstances”不是条件"),
        (user("k", inside=many(), agreeWhen="k_outcome"), "同意的条件（属性 agreeWhen）不能使用：“k_outcome”不是条件"),
        (
            catch("k", CONDITIONAL),
            "条件不能使用：“period_end”",
        ),
    ],
)
def test_whatever_decides_needs_a_condition(play: Play, activity: str, why: str) -> None:
    with pytest.raises(DiagramInvalid) as caught:
        play.deploy(diagram(start() + activity + end() + flows("start>k k>end")))
    assert any(why in line for line in caught.value.problems)


SET = '<scriptTask id="s" name="算"><script>level = True; level = {0}</script></scriptTask>'  # of two types: the checks cannot tell


@pytest.mark.parametrize("value", ["'x'", "1", "[1]", "days(1)", "''"])
def test_a_value_that_shows_only_when_it_runs_stops_the_step_by_name(play: Play, value: str) -> None:
    body = start() + user("k") + SET.format(value) + gateway("exclusive", "g", "g_b") + user("a") + user("b") + end()
    play.deploy(diagram(body + flows("start>k k>s s>g g>a:level g>b a>end b>end")))
    play.begin()
    with pytest.raises(ExpressionError, match=r"“网关g”的条件“level”没有得出真或假"):
        play.complete("k")
    assert play.tasks() == ["k"]


@pytest.mark.parametrize("value", ["'x'", "1", "days(1)"])
def test_a_name_that_is_only_given_other_values_is_no_condition(play: Play, value: str) -> None:
    body = start() + user("k") + SET.format(value).replace("level = True; ", "") + gateway("exclusive", "g", "g_b") + user("a") + user("b")
    with pytest.raises(DiagramInvalid, match="“level”不是条件"):
        play.deploy(diagram(body + end() + flows("start>k k>s s>g g>a:level g>b a>end b>end")))


def test_a_value_that_is_not_set_is_not_true(play: Play) -> None:
    body = start() + user("k") + SET.format("None") + gateway("exclusive", "g", "g_b") + user("a") + user("b") + end()
    play.deploy(diagram(body + flows("start>k k>s s>g g>a:level g>b a>end b>end")))
    play.begin()
    play.complete("k")
    assert play.tasks() == ["b"]


def test_a_cell_of_a_version_that_was_deployed_before_stops_the_step(play: Play) -> None:
    found = read_table(table(("== '低' or '中'", "1"), inputs="k_outcome"))
    with pytest.raises(ExpressionError, match="决策表“定级”第 1 行的“== '低' or '中'”没有得出真或假"):
        found.result(lambda text, names: evaluate(text, {**names, "k_outcome": "高"}))
    xml = diagram(start() + user("k", outcomes="高,低") + RULE + end() + flows("start>k k>rule rule>end"))
    with pytest.raises(DiagramInvalid) as caught:
        play.deploy(xml, decisions={"grade": table(("== '低' or '中'", "1"), inputs="k_outcome")})
    assert any("业务规则任务“定级”(rule)：决策表“定级”：第 1 行不能使用" in line for line in caught.value.problems)
