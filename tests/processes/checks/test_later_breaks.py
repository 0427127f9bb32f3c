"""What used to pass the checks and broke later: each kind is named with its element and what to do."""

from __future__ import annotations

import pytest

from domain.ground.handling import Inline
from processes.checks import problems
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
    found,
    gateway,
    says,
    service,
    task,
)
from tests.processes.checks.diagrams import flows as joined


def prop(name: str, value: str) -> str:
    return f'<s:property name="{name}" value="{value}"/>'


def script(text: str, id: str = "x") -> str:
    return f'<scriptTask id="{id}" name="计算"><script>{text}</script></scriptTask>'


def end(id: str, status: str = "") -> str:
    given = f"<extensionElements><s:properties>{prop('status', status)}</s:properties></extensionElements>" if status else ""
    return f'<endEvent id="{id}" name="到{id}">{given}</endEvent>'


def boundary(inside: str, interrupting: bool = True, on: str = "t", id: str = "b") -> str:
    cancel = str(interrupting).lower()
    return f'<boundaryEvent id="{id}" name="到时" attachedToRef="{on}" cancelActivity="{cancel}">{inside}</boundaryEvent>'


def timer(kind: str, text: str) -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


CHOICE = task(STATUS + prop("outcomes", "同意,不同意"), id="k")


# an empty script


@pytest.mark.parametrize("text", ["", "  \n ", ";", "; \n;"])
def test_an_empty_script(text: str) -> None:
    says(diagram(START + script(text) + task() + END + joined("a>x", "x>t", "t>z")), "脚本任务“计算”(x)：脚本是空的，请填写")


# outcomes


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("k_outcome=='通过'", "通过"),
        ("k_outcome!='通过'", "通过"),
        ("'通过'==k_outcome", "通过"),
        ("k_outcome in ['同意','通过']", "通过"),
        ("k_outcome not in ('通过', '同意')", "通过"),
        ("amount > 1 and (k_outcome=='同意' or not k_outcome == '通过')", "通过"),
        ("k_outcome=='同意 '", "同意"),
        ("k_outcome==1", "1"),
    ],
)
def test_an_outcome_that_the_task_does_not_have(condition: str, text: str) -> None:
    escaped = condition.replace(">", "&gt;")
    xml = diagram(START + CHOICE + gateway("exclusive", default="f3") + task() + END + joined("a>k", "k>g", f"g>t:{escaped}", "g>z", "t>z"))
    (line,) = found(xml)
    assert line == f"顺序流“g → 审核”(f2)：条件把“k_outcome”与“{text}”比较，但它不是这一步的选项，请改为：同意、不同意"


@pytest.mark.parametrize("condition", ["k_outcome=='同意'", "k_outcome in ['同意','不同意']", "k_outcome==None", "kind=='通过'"])
def test_outcomes_that_it_has(condition: str) -> None:
    xml = diagram(
        START + CHOICE + gateway("exclusive", default="f3") + task() + END + joined("a>k", "k>g", f"g>t:{condition}", "g>z", "t>z")
    )
    assert found(xml) == []


RULE = (
    '<businessRuleTask id="r" name="定级"><extensionElements><s:calledDecisionId>grade</s:calledDecisionId></extensionElements>'
    "</businessRuleTask>"
)


def ruled(*rows: tuple[str, str], inputs: str = "k_outcome") -> list[str]:
    xml = diagram(START + CHOICE + RULE + END + joined("a>k", "k>r", "r>z"))
    return problems(xml, "p", HANDLERS, SUBJECTS, FORMS, tables={"grade": table(*rows, inputs=inputs)})


def test_cells_that_an_outcome_is_compared_with() -> None:
    assert ruled(("'同意'", "1"), ("'不同意'", "2")) == []
    assert ruled(("'通过'", "1"), inputs="kind") == []
    for cell in ("'通过'", "'同意', '通过'", "!= '通过'", "in ['通过']", "? == '通过'"):
        (line,) = ruled(("'同意'", "1"), (cell, "2"))
        assert "业务规则任务“定级”(r)：决策表“定级”第 2 行把“k_outcome”与“通过”比较，但它不是这一步的选项，请改为：同意、不同意" in line


def test_an_agreement_by_an_outcome_that_there_is_not() -> None:
    asked = task(STATUS + prop("outcomes", "同意,不同意") + prop("agreeWhen", "k_outcome == '通过'"), id="k", inside=many())
    says(diagram(START + asked + END + joined("a>k", "k>z")), "用户任务“审核”(k)：同意的条件（属性 agreeWhen）把“k_outcome”与“通过”比较")


# ways out, and statuses at the end


def test_a_task_without_a_way_out() -> None:
    """Its boundary event leads to an end, the task itself nowhere."""
    inside = START + task() + boundary(timer("timeDuration", "days(3)")) + END + joined("a>t", "b>z")
    says(diagram(inside), "用户任务“审核”(t)：没有出去的连线，完成后流程就停在这里，请连到下一步或结束事件")
    assert found(diagram(inside + joined("t>z", prefix="more"))) == []


def test_an_end_without_a_status_where_others_have_one() -> None:
    choice = START + CHOICE + gateway("exclusive", default="f3") + end("yes", "已通过")
    lines = joined("a>k", "k>g", "g>yes:k_outcome=='同意'", "g>no")
    says(diagram(choice + end("no") + lines), "结束事件“到no”(no)：没有写明状态（属性 status），而其他结束事件写明了")
    assert found(diagram(choice + end("no", "未通过") + lines)) == []
    assert found(diagram(choice.replace(end("yes", "已通过"), end("yes")) + end("no") + lines)) == []


@pytest.mark.parametrize(
    "inside",
    [
        # behind an event that does not interrupt; in a branch beside the one that tells; after the record is gone; inside a subprocess
        START + task() + boundary(timer("timeDuration", "days(3)"), False) + end("z", "完成") + end("e") + joined("a>t", "t>z", "b>e"),
        START + task() + gateway("parallel") + end("z", "完成") + end("e") + joined("a>t", "t>g", "g>z", "g>e"),
        START + CHOICE + gateway("exclusive", default="f3") + service("gone", parameter="p") + end("z", "完成") + end("e")
        + joined("a>k", "k>g", "g>v:k_outcome=='同意'", "g>z", "v>e"),
        START + task() + '<subProcess id="s" name="子">' + START.replace('"a"', '"sa"') + task(id="st") + end("se")
        + joined("sa>st", "st>se", prefix="s") + "</subProcess>" + end("z", "完成") + joined("a>t", "t>s", "s>z"),
    ],
)  # fmt: skip
def test_ends_that_need_no_status(inside: str) -> None:
    handlers = {**HANDLERS, "gone": Inline(lambda *_: None, deletes=True)}
    assert problems(diagram(inside), "p", handlers, SUBJECTS, FORMS) == []


# events of which nothing was chosen


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("", "边界事件不支持“空白”类型，可用"),
        ("<timerEventDefinition/>", "没有写明时间的定时器，请填写时刻（timeDate"),
        ("<timerEventDefinition><timeDuration/></timerEventDefinition>", "没有写明时间的定时器"),
        ("<timerEventDefinition><timeDate> </timeDate></timerEventDefinition>", "没有写明时间的定时器"),
        ("<messageEventDefinition/>", "没有指明消息的收发，请选择消息"),
        ("<signalEventDefinition/>", "没有指明信号的事件，请选择信号"),
        ("<conditionalEventDefinition/>", "没有写明条件的条件事件，请填写条件"),
        ("<conditionalEventDefinition><condition/></conditionalEventDefinition>", "没有写明条件的条件事件，请填写条件"),
    ],
)
def test_a_boundary_event_with_nothing_chosen(event: str, text: str) -> None:
    lines = found(diagram(START + task() + boundary(event) + END + LINE + joined("b>z", prefix="b")))
    assert all(line.startswith("边界事件“到时”(b)：") for line in lines)
    assert any(text in line for line in lines)


@pytest.mark.parametrize("event", ["<errorEventDefinition/>", "<escalationEventDefinition/>"])
def test_an_end_that_throws_nothing_in_particular(event: str) -> None:
    says(
        diagram(START + task() + f'<endEvent id="z" name="出错">{event}</endEvent>' + LINE),
        "结束事件“出错”(z)：不支持抛出错误或升级而没有指明是哪一个",
    )


# names that nothing has written


def reads(name: str, tail: str = "") -> str:
    return service("in", value=name) + tail


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        # written later
        (START + reads("level") + script("level = 1") + task() + END + joined("a>v", "v>x", "x>t", "t>z"), "没有任何环节写入它"),
        # written in one of two ways
        (
            START + CHOICE + gateway("exclusive", default="f3") + script("level = 1") + gateway("exclusive", "m") + reads("level") + END
            + joined("a>k", "k>g", "g>x:k_outcome=='同意'", "g>m", "x>m", "m>v", "v>z"),
            "有的路走到这里时还没有写入它",
        ),
        # written in the branch beside this one
        (
            START + gateway("parallel") + script("level = 1") + reads("level") + gateway("parallel", "j") + task() + END
            + joined("a>g", "g>x", "g>v", "x>j", "v>j", "j>t", "t>z"),
            "没有任何环节写入它",
        ),
        # by the activity whose event this is, which has only begun
        (
            START + '<subProcess id="s" name="子">' + START.replace('"a"', '"sa"') + script("level = 1") + task(id="st") + end("se")
            + joined("sa>x", "x>st", "st>se", prefix="s") + "</subProcess>" + boundary(timer("timeDuration", "days(1)"), on="s")
            + reads("level") + END + joined("a>s", "s>z", "b>v", "v>z"),
            "没有任何环节写入它",
        ),
        # in the script itself, before the line that writes it
        (START + script("other = level; level = 1") + task() + END + joined("a>x", "x>t", "t>z"), "没有任何环节写入它"),
        # what only an error brings
        (
            START + service("in", "w") + boundary("<errorEventDefinition/>", on="w") + gateway("exclusive", "m") + reads("error_code")
            + task() + END + joined("a>w", "w>m", "b>m", "m>v", "v>t", "t>z"),
            "有的路走到这里时还没有写入它",
        ),
        # who did a task that comes later
        (START + reads("t_by") + task() + END + joined("a>v", "v>t", "t>z"), "没有任何环节写入它"),
        # in the condition of a way out
        (
            START + CHOICE + gateway("exclusive", default="f3") + script("level = 1") + END
            + joined("a>k", "k>g", "g>x:level==1", "g>z", "x>z"),
            "没有任何环节写入它",
        ),
    ],
)  # fmt: skip
def test_a_name_that_is_read_before_it_is_written(inside: str, why: str) -> None:
    lines = found(diagram(inside))
    assert len(lines) == 1
    assert why in lines[0]
    assert "读取“" in lines[0]
    assert "例如用脚本任务写 " in lines[0]


@pytest.mark.parametrize(
    "inside",
    [
        START + script("level = 1; other = level") + reads("other") + task() + END + joined("a>x", "x>v", "v>t", "t>z"),
        # both ways write it
        START + CHOICE + gateway("exclusive", default="f3") + script("level = 1") + script("level = 2", "y") + gateway("exclusive", "m")
        + reads("level") + END + joined("a>k", "k>g", "g>x:k_outcome=='同意'", "g>y", "x>m", "y>m", "m>v", "v>z"),
        # a join has what its branches wrote
        START + gateway("parallel") + script("level = 1") + task() + gateway("parallel", "j") + reads("level") + END
        + joined("a>g", "g>x", "g>t", "x>j", "t>j", "j>v", "v>z"),
        # what a subprocess wrote is there after it, and what was there before it is there inside
        START + script("before = 1") + '<subProcess id="s" name="子">' + START.replace('"a"', '"sa"') + script("level = before", "y")
        + task(id="st") + end("se") + joined("sa>y", "y>st", "st>se", prefix="s") + "</subProcess>" + reads("level") + END
        + joined("a>x", "x>s", "s>v", "v>z"),
        # a loop writes it before it comes round
        START + script("level = 0") + gateway("exclusive", "m") + script("level = level + 1", "y") + CHOICE
        + gateway("exclusive", default="f6") + END
        + joined("a>x", "x>m", "m>y", "y>k", "k>g", "g>m:k_outcome=='同意'", "g>z"),
        # the result of a task is always there, and who did it once it is done
        START + service("in", value="t_outcome") + task() + service("in", "w", "t_by") + END + joined("a>v", "v>t", "t>w", "w>z"),
    ],
)  # fmt: skip
def test_names_that_were_written(inside: str) -> None:
    assert found(diagram(inside)) == []


def test_what_a_called_diagram_gives_is_not_known() -> None:
    call = '<callActivity id="c" name="调用" calledElement="other"/>'
    assert (
        found(diagram(START + call + script("level = 1") + task() + reads("level") + END + joined("a>c", "c>v", "v>x", "x>t", "t>z"))) == []
    )


# moments and lengths


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("timeDate", "days(3)", "没有得出时间，请写成时间，例如 now + days(3)（现在得出的是时长）"),
        ("timeDate", "len([1]) * days(2)", "没有得出时间"),
        ("timeDuration", "now + days(3)", "没有得出时长，请写成时长，例如 days(3)（现在得出的是时刻）"),
        ("timeDuration", "deadline", "没有得出时长"),
        ("timeDuration", "3", "没有得出时长，请写成时长，例如 days(3)（现在得出的是数）"),
        ("timeDuration", "P3D", "“P3D”请改写为时间表达式，例如 days(3)"),
        ("timeCycle", "days(3)", "没有得出次数（1 到 1000）和时长，请写成次数（1 到 1000）和时长，例如 [3, days(1)]"),
        ("timeCycle", "[3, now]", "没有得出次数"),
        ("timeCycle", "[0, days(1)]", "没有得出次数"),
        ("timeCycle", "R3/PT1H", "“R3/PT1H”请改写为时间表达式，例如 [3, days(1)]"),
    ],
)
def test_a_time_of_the_wrong_kind(kind: str, text: str, why: str) -> None:
    event = boundary(timer(kind, text), interrupting=kind != "timeCycle")
    says(
        diagram(START + task() + event + END + LINE + joined("b>z", prefix="b")),
        f"边界事件“到时”(b)：定时器{'不能使用：' if '请改写' in why else ''}{why}",
    )


@pytest.mark.parametrize(
    ("assigned", "kind", "text", "fits"),
    [
        ("wait = days(3)", "timeDuration", "wait", True),
        ("wait = days(3)", "timeDate", "now + wait", True),
        ("wait = days(3)", "timeDate", "wait", False),
        ("until = deadline + days(1)", "timeDuration", "until", False),
        ("until = deadline + days(1)", "timeDuration", "until - now", True),
        ("wait = amount", "timeDuration", "days(wait)", True),
        ("wait = amount", "timeDuration", "wait", False),
        ("wait = days(1) if amount > 1 else days(2)", "timeDuration", "wait", True),
    ],
)
def test_times_that_a_script_gives(assigned: str, kind: str, text: str, fits: bool) -> None:
    event = boundary(timer(kind, text))
    lines = found(diagram(START + script(assigned.replace(">", "&gt;")) + task() + event + END + joined("a>x", "x>t", "t>z", "b>z")))
    assert (lines == []) is fits, lines


@pytest.mark.parametrize(
    ("name", "text"), [("retryMax", "now"), ("retryMax", "days(amount)"), ("retryDelay", "deadline"), ("due", "days(3)")]
)
def test_properties_that_are_times_or_counts(name: str, text: str) -> None:
    given = f"<s:properties>{prop(name, text)}</s:properties>"
    inside = (
        task(STATUS + prop(name, text))
        if name == "due"
        else service("out", value="1").replace("<s:serviceTask", f"{given}<s:serviceTask") + task()
    )
    lines = joined("a>t", "t>z") if name == "due" else joined("a>v", "v>t", "t>z")
    (line,) = found(diagram(START + inside + END + lines))
    assert "没有得出" in line


# ids


@pytest.mark.parametrize(
    ("id", "better"), [("sid-1A2B", "sid_1A2B"), ("Task.1", "Task_1"), ("审核-1", "审核_1"), ("Ａctivity", "Activity")]
)
def test_ids_whose_results_expressions_cannot_read(id: str, better: str) -> None:
    asked = task(STATUS + prop("outcomes", "同意,不同意"), id=id)
    lines = joined(f"a>{id}", f"{id}>g", f"g>t:{id}_outcome=='同意'", "g>z", "t>z")
    xml = diagram(START + asked + gateway("exclusive", default="f3") + task() + END + lines)
    (line,) = found(xml)
    assert (
        line
        == f"用户任务“审核”({id})：表达式不能读取它的结果，因为“{id}_outcome”不是名称；请把 id 改为只有字母、数字和下划线，例如 {better}"
    )


def test_ids_of_which_nothing_is_read() -> None:
    assert found(diagram(START + task(id="sid-1A2B") + END + joined("a>sid-1A2B", "sid-1A2B>z"))) == []
    asked = task(id="sid-1A2B", inside=many())
    says(diagram(START + asked + END + joined("a>sid-1A2B", "sid-1A2B>z")), "用户任务“审核”(sid-1A2B)：表达式不能读取它的结果")


# decision tables of other tools

OUTPUT = '<output id="o0" name="level"/>'


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("<input ", '<input c:inputVariable="amount" ', "含有其他平台的设置（inputVariable（Camunda）），平台不使用，请删除"),
        ("<decision ", '<decision c:historyTimeToLive="1" ', "historyTimeToLive（Camunda）"),
        ("<decision ", '<decision xmlns:z="http://camunda.org/schema/zeebe/1.0" z:versionTag="1" ', "versionTag（Camunda 8）"),
        ("<inputExpression ", '<inputExpression expressionLanguage="juel" ', "不支持用 juel 书写的表达式（expressionLanguage）"),
        ("<inputEntry", '<inputEntry expressionLanguage="javascript"', "不支持用 javascript 书写的表达式"),
        (
            OUTPUT,
            OUTPUT.replace("/>", "><defaultOutputEntry><text>1</text></defaultOutputEntry></output>"),
            "不支持默认的输出（defaultOutputEntry）",
        ),
        ("<rule ", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="a.dmn"/><rule ', "不能引入其他文件（XInclude）"),
    ],
)
def test_foreign_settings_of_a_table(before: str, after: str, why: str) -> None:
    text = table(("'高'", "1")).replace("<definitions ", '<definitions xmlns:c="http://camunda.org/schema/1.0/dmn" ', 1)
    assert before in text
    lines = decisions.problems(text.replace(before, after, 1).encode())
    assert any(line.startswith("决策表“定级”：") and why in line for line in lines), lines


def test_what_tools_write_of_themselves_is_no_setting() -> None:
    text = table(("'高'", "1")).replace(
        "<definitions ",
        '<definitions xmlns:m="http://camunda.org/schema/modeler/1.0" m:executionPlatform="x" '
        'expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/" ',
        1,
    )
    assert decisions.problems(text.encode()) == []


# other files, and roles


def test_a_file_that_names_another_one() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    for inside in (START + task() + END + LINE + include, START + task(extra=include) + END + LINE):
        says(diagram(inside), "不能引入其他文件（XInclude），请把内容直接写在流程图中")


@pytest.mark.parametrize(
    ("lane", "role", "why"),
    [
        ("省级", "试点院校", "泳道“省级”的机构中没有人能担任“试点院校”（属性 candidateGroup），可用：省级、省级初审、省级复审"),
        ("试点院校", "省级复审", "泳道“试点院校”的机构中没有人能担任“省级复审”（属性 candidateGroup），可用：试点院校、考核站点、教师"),
        ("省级", "监控", "泳道“省级”的机构中没有人能担任“监控”"),
        ("省级", "系统", "办理角色是“系统”，没有人能办理"),
    ],
)
def test_a_role_that_nobody_holds_there(lane: str, role: str, why: str) -> None:
    says(diagram(START + task(STATUS + prop("candidateGroup", role)) + END + LINE, lane=lane), f"用户任务“审核”(t)：{why}")


def test_roles_of_the_same_party() -> None:
    for lane, role in (("省级", "省级复审"), ("试点院校", "教师"), ("省级", "省级")):
        assert found(diagram(START + task(STATUS + prop("candidateGroup", role)) + END + LINE, lane=lane)) == []
    says(diagram(START + task() + END + LINE, lane="系统"), "用户任务“审核”(t)：办理角色是“系统”，没有人能办理，请把它拖入别的泳道")


# values that are known before anything runs


@pytest.mark.parametrize("text", ["1 / 0", "'a' * 3", "[1] + 1"])
def test_a_script_that_never_has_a_value(text: str) -> None:
    says(diagram(START + script(f"x = {text}") + task() + END + joined("a>x", "x>t", "t>z")), "脚本任务“计算”(x)：脚本不能使用：表达式“")


@pytest.mark.parametrize(
    ("rule", "gives"), [("0", "数"), ("-1", "数"), ("'两人'", "文本"), ("1 == 1", "真假"), ("['a']", "列表"), ("needed", "文本")]
)
def test_a_rule_of_a_vote_that_gives_no_number(rule: str, gives: str) -> None:
    asked = task(STATUS + prop("outcomes", "同意,不同意") + prop("quorum", rule), id="k", inside=many())
    says(
        diagram(START + script("needed = '两人'") + asked + END + joined("a>x", "x>k", "k>z")),
        f"用户任务“审核”(k)：会签规则（属性 quorum）没有得出大于 0 的数，请写成大于 0 的数，例如 2（现在得出的是{gives}）",
    )


@pytest.mark.parametrize("value", ["'甲乙'", "3", "[['甲'], ['乙']]", "[days(1)]"])
def test_a_vote_over_what_is_no_list_of_items(value: str) -> None:
    asked = task(STATUS + prop("outcomes", "同意,不同意"), id="k", inside=many("xs", item="one"))
    says(
        diagram(START + script(f"xs = {value}") + asked + END + joined("a>x", "x>k", "k>z")),
        "用户任务“审核”(k)：集合没有得出由文字或数组成的列表，请写成由文字或数组成的列表，例如 ['甲', '乙']（现在得出的是",
    )


@pytest.mark.parametrize("value", ["['甲', '乙']", "[]", "[1, 2]"])
def test_a_vote_over_a_list(value: str) -> None:
    asked = task(STATUS + prop("outcomes", "同意,不同意") + prop("quorum", "0.5"), id="k", inside=many("xs", item="one"))
    assert found(diagram(START + script(f"xs = {value}") + asked + END + joined("a>x", "x>k", "k>z"))) == []


def branching(*conditions: str, kind: str = "exclusive", default: str = "", outcomes: str = "同意,不同意,弃权") -> bytes:
    """A choice by k's outcome, with a way for each condition."""
    k = task(STATUS + prop("outcomes", outcomes), id="k")
    ways = [f"g>z:{condition}" if condition else "g>z" for condition in conditions]
    return diagram(START + k + gateway(kind, default=default) + END + joined("a>k", "k>g", *ways))


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_an_outcome_without_a_way(kind: str) -> None:
    says(
        branching("k_outcome=='同意'", "k_outcome=='不同意'", kind=kind),
        "(g)：“审核”的选项“弃权”没有对应的出路，选它就不能提交；请为它连一条出去的连线，或指定默认流",
    )
    says(branching("k_outcome=='同意'", "k_outcome in ['同意']", kind=kind), "“审核”的选项“不同意、弃权”没有对应的出路")


def test_outcomes_that_all_have_a_way() -> None:
    assert found(branching("k_outcome=='同意'", "k_outcome!='同意'")) == []
    assert found(branching("k_outcome in ['同意', '弃权']", "k_outcome=='不同意'")) == []
    assert found(branching("k_outcome=='同意'", "", default="f3")) == []
    assert found(branching("k_outcome=='同意'", "k_outcome=='不同意' or amount > 1".replace(">", "&gt;"))) == []
    behind = START + CHOICE + task(id="u") + gateway("exclusive") + END  # another step lies between: the ways may have parted there
    assert found(diagram(behind + joined("a>k", "k>u", "u>g", "g>z:k_outcome=='同意'", "g>z:k_outcome=='同意'"))) == []


@pytest.mark.parametrize("rule", ["len(title) - 1", "1 / (len(title) - 1)", "len(title) - 5"])
def test_a_rule_whose_bounds_only_the_run_can_show(rule: str) -> None:
    """The checks have an example of a title alone, and another title may do."""
    asked = task(STATUS + prop("outcomes", "同意,不同意") + prop("quorum", rule), id="k", inside=many())
    assert found(diagram(START + asked + END + joined("a>k", "k>z"))) == []
