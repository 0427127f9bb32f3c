"""Values of types that do not fit each other: refused where the types can be known, with what to write instead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from processes.checks import problems
from processes.checks.operands import assigned_kinds, given_kinds, kinds_of, misfits
from processes.diagrams import decisions
from tests.processes.bpmn.test_decisions import table
from tests.processes.bpmn.votes import many
from tests.processes.checks.diagrams import (
    END,
    FORMS,
    HANDLERS,
    LINE,
    START,
    STATUS,
    SUBJECTS,
    diagram,
    flows,
    found,
    gateway,
    says,
    service,
    task,
)

FAILS = "不能计算，请核对其中各个值的类型："
NEVER = "两者永远不会相等"
CHOICE = task(STATUS + '<s:property name="outcomes" value="同意,不同意"/>', id="k")
SCRIPT = '<scriptTask id="x" name="计算"><script>{}</script></scriptTask>'
RULE = (
    '<businessRuleTask id="r" name="定级"><extensionElements><s:calledDecisionId>grade</s:calledDecisionId></extensionElements>'
    "</businessRuleTask>"
)
WAY = flows("a>x", "x>k", "k>g")
CHOOSING = START + SCRIPT + CHOICE + gateway("exclusive", default="h1") + task() + END + WAY


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def condition(text: str, script: str = "own = 1") -> list[str]:
    return found(diagram(CHOOSING.format(escaped(script)) + flows(f"g>t:{escaped(text)}", "g>z", "t>z", prefix="h")))


def ruled(*cells: str, inputs: str = "amount", **given: Any) -> list[str]:
    rows = [(cell, "1") for cell in cells]
    xml = diagram(START + SCRIPT.format("own = 1; both = 1; both = 'x'") + CHOICE + RULE + END + flows("a>x", "x>k", "k>r", "r>z"))
    return problems(xml, "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table(*rows, inputs=inputs, **given)})


# the record has a moment `deadline`, a number `amount`, a text `kind`


@pytest.mark.parametrize(
    ("text", "why", "mend"),
    [
        ("kind >= 60", f"表达式“kind >= 60”{FAILS}文本不能与数比较大小", "文本加引号，例如 '60'；数不加引号，例如 60"),
        ("amount < '60'", "数不能与文本比较大小", "数不加引号"),
        ("deadline < '2026-12-01'", "时刻不能与文本比较大小", "时刻请与时刻比较，加减时长，例如 now >= deadline"),
        ("deadline - now > 3", "时长不能与数比较大小", "时长请写成 days(3)"),
        ("1 < kind < 5", "数不能与文本比较大小", ""),
        ("amount == '60'", f"中的“amount == '60'”把数与文本比较，{NEVER}", "数不加引号"),
        ("kind != 5", NEVER, ""),
        ("deadline == '2026-12-01'", NEVER, "时刻请与时刻比较"),
        ("amount in ['1', '2']", NEVER, ""),
        ("amount not in [1, '2']", NEVER, ""),
        ("k_by == '张三'", NEVER, ""),
        ("title > 3", "文本不能与数比较大小", ""),
        ("now > None", "时刻不能与空值（None）比较大小", "空值请用 == None 或 != None 判断"),
        ("deadline + 3 > now", "时刻不能与数相加", "now + days(3)"),
        ("kind + 1 == 'x'", "文本不能与数相加", ""),
        ("amount - kind > 1", "数不能与文本相减", ""),
        ("len(amount) > 1", "“len(amount)”括号中是数，请改为文本或列表，例如 len(['甲', '乙'])", ""),
        ("now > deadline + days(kind)", "“days(kind)”括号中是文本，请改为数，例如 days(3)", ""),
        ("amount in amount", "in 的右边是数，不是列表", ""),
        ("amount in title", "数不会是文本的一部分", ""),
        # also where it is not looked at each time
        ("amount == 1 or kind > 3", "文本不能与数比较大小", ""),
        ("kind == 'x' and (deadline if amount > 1 else now) > 3", "时刻不能与数比较大小", ""),
        # and where another name is of no known type
        ("counted > 1 and kind > 3", "文本不能与数比较大小", ""),
    ],
)
def test_operands_that_never_fit(text: str, why: str, mend: str) -> None:
    (line,) = condition(text, "counted = amount; counted = kind")
    assert line.startswith("顺序流“g → 审核”(h0)：条件")
    assert why in line
    assert mend in line
    assert "请" in line


@pytest.mark.parametrize(
    "text",
    [
        "amount == 60", "amount > 59.5", "kind == '急'", "kind in ['急', '缓']", "'加急' in title", "deadline == None", "amount != None",
        "now + days(1) >= deadline", "deadline - now > hours(2)", "(deadline - now) / hours(1) > 3", "days(1) * 2 > hours(3)",
        "1 < amount < 5", "k_outcome == '同意'", "k_by == 3", "own == 'x'", "own > 1", "own == deadline",
        "len(title) > 3 and len([1]) == 1", "round(amount) == 1", "max(amount, 2) > 1", "(amount > 1) == True", "amount == True",
        "(kind if amount > 1 else 3) == 'x'", "min(deadline, now) == now", "kind + '急' == 'x'", "-amount < 3", "abs(amount) > 1",
    ],
)  # fmt: skip
def test_operands_that_may_fit(text: str) -> None:
    """What is given values of two types may be either."""
    assert condition(text, "own = 1; own = 'x'; own = deadline") == []


@pytest.mark.parametrize(
    ("script", "text", "fits"),
    [
        ("own = amount", "own == '1'", False),
        ("own = amount", "own == 1", True),
        ("own = amount + 1; own = own + 1", "own > '1'", False),
        ("own = amount + 1; own = own + 1", "own > 1", True),
        ("own = None; own = kind", "own > 3", False),
        ("own = None; own = kind", "own == None", True),
        ("own = deadline if amount > 1 else now", "own == 'x'", False),
        ("own = [kind]", "own == kind", False),
        ("own = [kind]", "kind in own", True),
        ("first = kind; own = first", "own == 1", False),
    ],
)
def test_types_of_what_scripts_give(script: str, text: str, fits: bool) -> None:
    assert (condition(text, script) == []) is fits


@pytest.mark.parametrize(
    ("cell", "inputs", "why"),
    [
        (">= 60", "kind", f"业务规则任务“定级”(r)：决策表“定级”第 1 行不能使用：表达式“? >= 60”{FAILS}文本不能与数比较大小"),
        (">= 60", "k_outcome", "文本不能与数比较大小"),
        ("> '60'", "amount", "数不能与文本比较大小"),
        ("'高', '中'", "amount", f"“? == '高'”把数与文本比较，{NEVER}"),
        ("60", "kind", NEVER),
        ("'2026-01-01'", "deadline", NEVER),
        ("in ['1', '2']", "amount", NEVER),
        ("? > 5 and ? < 9", "kind", "文本不能与数比较大小"),
        (">= kind", "amount", "数不能与文本比较大小"),
        ("> 3", "deadline - now", "时长不能与数比较大小"),
        (">= '60'", "len(kind)", "数不能与文本比较大小"),
        ("True", "kind", NEVER),
    ],
)
def test_cells_of_another_type_than_their_input(cell: str, inputs: str, why: str) -> None:
    lines = ruled(cell, inputs=inputs)
    assert any(why in line for line in lines), lines
    assert all("input_value" not in line for line in lines)


@pytest.mark.parametrize(
    ("cell", "inputs"),
    [
        (">= 60", "amount"), ("'高', '中'", "kind"), ("> now", "deadline"), (">= 60, 10", "amount"), ("-", "kind"), ("None", "kind"),
        ("!= None", "amount"), (">= 60", "both"), ("'高'", "both"), ("not in ['高']", "kind"), ("True", "amount > 1"),
        ("'同意'", "k_outcome"),
    ],
)  # fmt: skip
def test_cells_that_fit_their_input(cell: str, inputs: str) -> None:
    assert ruled(cell, inputs=inputs) == []


def test_what_a_table_gives_has_a_type_too() -> None:
    def read(text: str, *rows: tuple[str, str], policy: str = "UNIQUE") -> list[str]:
        body = START + RULE + gateway("exclusive", default="f3") + task() + END + flows("a>r", "r>g", f"g>t:{text}", "g>z", "t>z")
        return problems(diagram(body), "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table(*rows, inputs="kind", policy=policy)})

    numbers, texts = [("'甲'", "1"), ("'乙'", "2")], [("'甲'", "'高'"), ("'乙'", "'低'")]
    assert read("level == 1", *numbers) == read("level == '高'", *texts) == read("1 in level", *numbers, policy="COLLECT") == []
    (line,) = read("level == '1'", *numbers)
    assert NEVER in line
    (line,) = read("level == 1", *numbers, policy="COLLECT")
    assert "列表请用 in 判断其中有没有" in line
    (line,) = read("level == '髙'", *texts)
    assert line == "顺序流“g → 审核”(f2)：条件把“level”与“髙”比较，但它只会是：高、低，请改为其中之一"


@pytest.mark.parametrize(
    ("values", "fits"),
    [(("days(1)", "days(2)"), True), (("1", "2"), False), (("'x'", "'y'"), False), (("1", "days(2)"), True), (("now", "deadline"), False)],
)
def test_a_length_that_a_table_gives(values: tuple[str, str], fits: bool) -> None:
    """Where its rows give values of two types, only the one that is hit shows it."""
    event = "<timerEventDefinition><timeDuration>level</timeDuration></timerEventDefinition>"
    inside = f'<boundaryEvent id="b" name="到时" attachedToRef="t">{event}</boundaryEvent>'
    xml = diagram(START + RULE + task() + inside + END + flows("a>r", "r>t", "t>z", "b>z"))
    rows = [(f"'{at}'", value) for at, value in enumerate(values)]
    lines = problems(xml, "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table(*rows, inputs="kind")})
    assert [line for line in lines if "边界事件“到时”(b)：定时器没有得出时长" not in line] == []
    assert (lines == []) is fits


@pytest.mark.parametrize(("value", "fits"), [("True", True), ("'高'", False), ("3", False)])
def test_a_condition_that_a_table_gives(value: str, fits: bool) -> None:
    body = START + RULE + gateway("exclusive", default="f3") + task() + END + flows("a>r", "r>g", "g>t:level", "g>z", "t>z")
    lines = problems(diagram(body), "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table(("'高'", value), inputs="kind")})
    assert (lines == []) is fits, lines


def test_a_choice_that_the_form_of_the_record_does_not_offer() -> None:
    form = {"type": "object", "x-record": True, "properties": {"kind": {"type": "string", "title": "缓急", "enum": ["急", "缓"]}}}
    named = task(STATUS + '<s:property name="formJsonSchemaFilename" value="own.json"/>')
    body = START + named + gateway("exclusive", default="f3") + END + flows("a>t", "t>g", "g>t:kind == '{}'", "g>z")
    for text, fits in (("急", True), ("特急", False)):
        lines = problems(diagram(body.format(text)), "p", HANDLERS, SUBJECTS, {**FORMS, "own.json": form})
        assert (lines == []) is fits, lines
    assert "把“kind”与“特急”比较，但它不是这一项的选项，请改为：急、缓" in lines[0]


# everywhere that expressions stand


@pytest.mark.parametrize(
    "inside",
    [
        START + service("in", value="kind + 1") + task() + END + flows("a>v", "v>t", "t>z"),
        START + SCRIPT.format("own = kind - 1") + task() + END + flows("a>x", "x>t", "t>z"),
        START + task(STATUS + '<s:property name="due" value="deadline + amount"/>') + END + LINE,
        START + task(inside=many(condition="nrOfInstances > '3'".replace(">", "&gt;"))) + END + LINE,
        START + task(STATUS + '<s:property name="agreeWhen" value="kind &gt; 3"/>', inside=many()) + END + LINE,
        START + task(STATUS + '<s:property name="quorum" value="amount + kind"/>', inside=many()) + END + LINE,
        START + task(STATUS + '<s:property name="collection" value="[kind] + 1"/>', inside=many("")) + END + LINE,
    ],
)
def test_wherever_an_expression_stands(inside: str) -> None:
    lines = found(diagram(inside))
    assert any(FAILS in line for line in lines), lines


# nothing, true and false as other languages write them


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind == null", "条件中的“null”请写成 None"),
        ("kind != NULL", "条件中的“NULL”请写成 None"),
        ("(amount &gt; 1) == true", "条件中的“true”请写成 True"),
        ("false or amount == 1", "条件中的“false”请写成 False"),
        ("kind == undefined", "条件中的“undefined”请写成 None"),
        ("amount == 1 &amp;&amp; kind == 'x'", "“&&”请写成 and"),
        ("amount == 1 || kind == 'x'", "“||”请写成 or"),
        ("!(amount == 1)", "“!”请写成 not"),
        ("amount = 1", "相等请写成 =="),
        ("amount === 1", "“===”请写成 =="),
        ("amount &lt;&gt; 1", "“<>”请写成 !="),
        ("if amount &gt; 1 then True else False", "二选一请写成 甲 if 条件 else 乙"),
        ("amount &gt; 1 ? True : False", "二选一请写成 甲 if 条件 else 乙"),
        ("amount == 1 AND kind == 'x'", "and、or、not、in 请用小写"),
        ("kind.length &gt; 3", "用了语言之外的写法（用点取内容）"),
        ("amount % 2 == 0", "用了语言之外的写法（取余 %）"),
    ],
)
def test_what_other_languages_write(text: str, said: str) -> None:
    body = START + task() + gateway("exclusive", default="f3") + END
    says(diagram(body + flows("a>t", "t>g", f"g>z:{text}", "g>t")), said)
    call = '<callActivity id="c" name="调用" calledElement="other"/>'  # may give any name, but not these
    says(diagram(body + call + flows("a>c", "c>t", "t>g", f"g>z:{text}", "g>t")), said)


def test_a_text_that_looks_like_them_is_a_text() -> None:
    body = START + task() + gateway("exclusive", default="f3") + END
    assert found(diagram(body + flows("a>t", "t>g", "g>z:kind == 'null &amp;&amp; true'", "g>t"))) == []


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ("null", "1", "第 1 行中的“null”请写成 None"),
        ("true", "1", "第 1 行中的“true”请写成 True"),
        ("!= null", "1", "第 1 行中的“null”请写成 None"),
        ("'甲'", "false", "第 1 行中的“false”请写成 False"),
        ("= 60", "1", "相等请写成 =="),
    ],
)
def test_cells_of_other_languages(cell: str, value: str, said: str) -> None:
    """In the file alone, and where a diagram asks the table: told once."""
    (line,) = decisions.problems(table((cell, value)).encode())
    assert said in line
    assert "input_value" not in line
    xml = diagram(START + CHOICE + RULE + END + flows("a>k", "k>r", "r>z"))
    lines = problems(xml, "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table((cell, value))})
    assert sum(said in line for line in lines) == 1, lines


# the types alone


def test_types_of_names_that_read_each_other() -> None:
    known = {"amount": kinds_of(1), "deadline": kinds_of(datetime(2026, 1, 1))}
    assigned = {"a": ["b"], "b": ["c"], "c": ["amount", "a + 1"], "d": ["d"], "e": ["nobody"], "f": ["deadline - now"], "g": ["1 +"]}
    kinds = assigned_kinds(assigned, {**known, "now": kinds_of(datetime(2026, 1, 1))})
    assert kinds["a"] == kinds["b"] == kinds["c"] == {"number"}
    assert kinds["d"] == frozenset()
    assert kinds["e"] is kinds["g"] is None
    assert kinds["f"] == {"length"}
    chain = {f"n{at}": [f"n{at + 1}"] for at in range(50)} | {"n50": ["1"]}  # in the worst order: given up, and open
    assert set(assigned_kinds(chain, {}).values()) == {None}
    assert set(assigned_kinds({"n": ["1"] * 3000}, {}).values()) == {None}
    assert given_kinds("[1] if amount > 1 else 'x'", known) == {"list", "text"}


def test_what_is_not_known_fits_everything() -> None:
    assert list(misfits("x > 3 and x == 'a' and x + 1 > y and len(x) > 1 and 3 in x", {})) == []
