"""Decision tables and script tasks: both set names that later steps read, and run nothing but our expressions."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from processes import tables
from processes.checks import check_file, problems
from processes.diagrams import decisions
from processes.diagrams.expressions import ExpressionError
from processes.errors import DiagramInvalid, EngineFault
from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, start, user
from tests.processes.checks.diagrams import HANDLERS, drawn
from tests.processes.diagrams.test_expressions import ESCAPES

GRADES = "高,中,低,中？"


def table(*rows: tuple[str, ...], policy: str = "UNIQUE", inputs: str = "k_outcome", outputs: str = "level", more: str = "") -> str:
    """A decision `grade`; of each row the last cells are outputs. Inputs and outputs are parted by semicolons."""
    ins, outs = inputs.split(";"), outputs.split(";")
    body = ""
    for number, text in enumerate(ins):
        body += f'<input id="i{number}"><inputExpression id="x{number}"><text>{escape(text)}</text></inputExpression></input>'
    body += "".join(f'<output id="o{n}" name="{one}"/>' for n, one in enumerate(outs))
    for number, cells in enumerate(rows):
        lines = [f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in cells[: len(ins)]]
        lines += [f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in cells[len(ins) :]]
        body += f'<rule id="r{number}">{"".join(lines)}</rule>'
    head = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d"><decision id="grade" name="定级">'
    return f'{head}<decisionTable id="t" hitPolicy="{policy}"{more}>{body}</decisionTable></decision></definitions>'


RULE = (
    '<businessRuleTask id="rule" name="定级"><extensionElements><s:calledDecisionId>grade</s:calledDecisionId></extensionElements>'
    "</businessRuleTask>"
)
BODY = start() + user("k", outcomes=GRADES) + RULE + gateway("exclusive", "g", "g_b") + user("a") + user("b") + end()


def decided(condition: str) -> bytes:
    return diagram(BODY + flows(f"start>k k>rule rule>g g>a:{condition} g>b a>end b>end"))


@pytest.mark.parametrize(
    ("policy", "rows", "condition", "answer"),
    [
        ("UNIQUE", [("'高'", "1"), ("'中', '低'", "2")], "level==1", "高"),
        ("UNIQUE", [("'高'", "1"), ("'中', '低'", "2")], "level==2", "低"),
        ("UNIQUE", [("'高'", "1")], "level==None", "低"),
        ("UNIQUE", [("!= '高'", "1"), ("-", "")], "level==1", "低"),
        ("UNIQUE", [("not in ['高', '中']", "1")], "level==1", "低"),
        ("UNIQUE", [("? == '高' or ? == '低'", "'是'"), ("? == '中？'", "'否'")], "level=='是'", "低"),
        ("FIRST", [("-", "1"), ("'高'", "2")], "level==1", "高"),
        ("ANY", [("-", "7"), ("'高'", "3 + 4")], "level==7", "高"),
        ("COLLECT", [("-", "1"), ("'高'", "2"), ("'低'", "3")], "level==[1,2]", "高"),
        ("COLLECT", [("'高'", "2")], "len(level)==0", "低"),
    ],
)
def test_what_a_table_says_is_read_later(play: Play, policy: str, rows: list[tuple[str, ...]], condition: str, answer: str) -> None:
    text = table(*rows, policy=policy)
    if rows[0][0] == "!= '高'":
        text = table(rows[0])
    play.deploy(decided(condition), decisions={"grade": text})
    play.begin()
    play.complete("k", answer)
    assert play.tasks() == ["a"]
    play.complete("a")
    assert play.ended


@pytest.mark.parametrize(
    ("policy", "rows", "text"),
    [
        ("UNIQUE", [("-", "1"), ("'高'", "1")], "决策表“定级”的第 1 行和第 2 行同时符合"),
        ("ANY", [("-", "1"), ("'高'", "2")], "决策表“定级”有几行同时符合，结果却不同"),
    ],
)
def test_more_hits_than_the_policy_allows_are_told(play: Play, policy: str, rows: list[tuple[str, ...]], text: str) -> None:
    play.deploy(decided("level==1"), decisions={"grade": table(*rows, policy=policy)})
    play.begin()
    with pytest.raises(EngineFault, match=text):
        play.complete("k", "高")
    assert play.tasks() == ["k"]


def test_an_instance_keeps_the_table_it_began_with(play: Play) -> None:
    play.deploy(decided("level==1"), decisions={"grade": table(("-", "1"))})
    play.begin()
    play.deploy(decided("level==1"), decisions={"grade": table(("-", "2"))})
    other = Play(play.world)
    other.begin(account="school2")
    other.complete("k", "高")
    play.complete("k", "高")
    assert (play.tasks(), other.tasks()) == (["a"], ["b"])
    with play.world.runtime.database.reading() as session:
        query = tables.definition.select().where(tables.definition.c.key == "tiny").order_by(tables.definition.c.version)
        rows = session.execute(query).all()
    assert [row.decisions["grade"] for row in rows[-2:]] == [table(("-", "1")), table(("-", "2"))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(("-", "1"), policy="PRIORITY"), "不支持命中策略“PRIORITY”，可用：UNIQUE、FIRST、ANY、COLLECT"),
        (table(("-", "1"), policy="RULE ORDER"), "不支持命中策略“RULE ORDER”"),
        (table(("-", "1"), policy="COLLECT", more=' aggregation="SUM"'), "不支持汇总（aggregation）"),
        (table(("[1..5]", "1")), "第 1 行的区间“[1..5]”请写成 ? >= 1 and ? <= 5"),
        (table(("not('高')", "1")), "第 1 行的“not('高')”请写成 not in"),
        (table(("-", "1"), ("-", "nobody")), "决策表“定级”第 2 行中的“nobody”不是已有的名称"),
        (table(("-", "1"), outputs="level;level"), "第 1 行的格数与列数不同"),
        (table(("-", "1", "2"), outputs="level;level"), "有同名的输出"),
        (table(("-", "1"), outputs="k_outcome"), "第 1 个输出的名称“k_outcome”由平台给出，不能改写"),
        (table(("-", "1"), outputs="__class__"), "第 1 个输出的名称“__class__”应由英文字母"),
        (table(("-", "1"), outputs="级别"), "应由英文字母"),
        (table(("-", "1"), outputs="period_end"), "“period_end”是业务记录的内容，脚本、消息和决策表不能改写"),
        (table(), "至少应有一个输入、一个输出和一行规则"),
        ("<definitions/>", "决策文件应恰有一个决策"),
        ('<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><definitions>&e;</definitions>', "不能有 DOCTYPE"),
    ],
)
def test_tables_that_cannot_run_are_not_deployed(play: Play, text: str, said: str) -> None:
    with pytest.raises(DiagramInvalid) as refused:
        play.deploy(decided("level==1"), decisions={"grade": text})
    assert said in str(refused.value)


@pytest.mark.parametrize("text", [text for text in ESCAPES if text.isprintable() and text.strip()], ids=repr)
def test_no_python_runs_from_a_cell_or_a_script(text: str) -> None:
    class Report:
        FACTS = {"amount": int}  # noqa: RUF012

    for cells in ((text, "1"), ("-", text), (f"? == {text}", "1")):
        assert problems(decided("level==1"), None, HANDLERS, {"weekly_report": Report}, {}, tables={"grade": table(cells)})
    assert decisions.problems(table(("-", "1"), inputs=text).encode())
    script = f'<scriptTask id="k" name="算"><script>level = {escape(text)}</script></scriptTask>'
    xml = diagram(start() + script + user("a") + end() + flows("start>k k>a a>end"))
    assert problems(xml, None, HANDLERS, {"weekly_report": Report}, {})


def test_a_table_that_is_missing_is_named() -> None:
    found = problems(decided("level==1"), None, HANDLERS, {"weekly_report": object}, {})
    assert found[0] == "业务规则任务“定级”(rule)：找不到决策表“grade”，请把它的 .dmn 文件放在流程图旁边"


def test_files_lie_beside_the_diagram(tmp_path: Path) -> None:
    (tmp_path / "tiny.bpmn").write_bytes(drawn(decided("level==1")))
    (tmp_path / "grade.dmn").write_text(table(("-", "1")))
    (tmp_path / "bad.dmn").write_text(table(("-", "open('x')")))
    (tmp_path / "worse.dmn").write_bytes(b"\xff\xfe<")
    assert sorted(decisions.read_folder(tmp_path)) == ["grade"]
    assert check_file(tmp_path / "tiny.bpmn", HANDLERS, {"weekly_report": object}, {}) == []
    assert check_file(tmp_path / "grade.dmn", HANDLERS, {}, {}) == []
    assert "第 1 行不能使用" in check_file(tmp_path / "bad.dmn", HANDLERS, {}, {})[0]
    assert len(check_file(tmp_path / "worse.dmn", HANDLERS, {}, {})) == 1


def test_a_script_sets_names(play: Play) -> None:
    script = (
        '<scriptTask id="s" name="计算"><script>late = now &gt; period_end\nlength = days(2); rounds = 1 + len(title)</script></scriptTask>'
    )
    inside = (
        start()
        + user("k")
        + script
        + user("a", due="period_end + length")
        + gateway("exclusive", "g", "g_b")
        + user("b")
        + end()
        + end("e2")
    )
    play.deploy(diagram(inside + flows("start>k k>s s>a a>g g>end:rounds==1+len(title) g>b b>e2")))
    play.begin()
    play.complete("k")
    (task,) = play.open()
    assert (task.due_at - play.world.clock.now).days >= 5
    play.complete("a")
    assert (play.ended, play.status) == (True, "到end")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import os", "“import os”不是“名称 = 表达式”形式的赋值"),
        ("a.b = 1", "“a.b = 1”不是"),
        ("x = y = 1", "不能使用"),
        ("x += 1", "不是“名称 = 表达式”形式的赋值"),
        ("for i in [1]: x = i", "不是“名称 = 表达式”形式的赋值"),
        ("now = 1", "名称“now”由平台给出，不能改写"),
        ("k_outcome = '通过'", "名称“k_outcome”由平台给出，不能改写"),
        ("k_by = 3", "名称“k_by”由平台给出，不能改写"),
        ("_x = 1", "名称“_x”应由英文字母"),
        ("len = 1", "名称“len”由平台给出"),
        ("if = 1", "名称“if”应由"),
        ("period_end = now", "“period_end”是业务记录的内容"),
        ("x = nobody", "“nobody”不是已有的名称"),
    ],
)
def test_scripts_beyond_plain_assignments_are_refused(play: Play, script: str, said: str) -> None:
    node = f'<scriptTask id="s" name="计算"><script>{escape(script)}</script></scriptTask>'
    with pytest.raises(DiagramInvalid) as refused:
        play.deploy(diagram(start() + user("k") + node + end() + flows("start>k k>s s>end")))
    assert said in str(refused.value)


def test_a_cell_that_cannot_be_compared_is_told_with_its_table_and_row(play: Play) -> None:
    given = '<scriptTask id="s" name="算"><script>value = 1; value = \'低\'</script></scriptTask>'  # of two types: no check can tell
    xml = diagram(BODY + given + flows("start>k k>s s>rule rule>g g>a:level==1 g>b a>end b>end"))
    rows = ("'高'", "0"), (">= 60", "1")
    play.deploy(xml, decisions={"grade": table(*rows, policy="FIRST", inputs="value")})
    play.begin()
    with pytest.raises(ExpressionError, match="决策表“定级”第 2 行的“>= 60”：“定级”：表达式“\\? >= 60”不能计算"):
        play.complete("k", "低")
