"""Decision tables (DMN) of business rule tasks: every cell is an expression of our language, evaluated as all others are.

SpiffWorkflow's own engine takes the first hit where a table says UNIQUE, and knows neither FIRST nor ANY as what they are.

A cell under an input is empty or `-` (anything will do), or tests parted by commas of which one must be true (`'甲', '乙'`,
`>= 60, 10`): a value, a comparison without its left side (`>= 60`, `not in ['甲']`), or a condition in which `?` is the input
(`? >= 60 and ? < 80`). No row hit: every output is None.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from processes.diagrams.assignments import unfit_name
from processes.diagrams.expressions import ExpressionError, Value, beside, compile_expression, foreign_words, no_truth, truth
from processes.diagrams.nodes import INCLUDES, Node, local
from processes.diagrams.quoting import quoted, short
from processes.diagrams.xmlsafe import parse_xml, read_limited
from processes.errors import DiagramInvalid, EngineFault

SUFFIX = ".dmn"
POLICIES = ("UNIQUE", "FIRST", "ANY", "COLLECT")
MAX_ROWS = 500
MAX_COLUMNS = 30
INPUT = "input_value"  # what `?` is to the evaluator
_KNOWN = (  # namespaces of DMN and its drawing, and what says which tool wrote the file
    "http://www.omg.org/spec/", "https://www.omg.org/spec/", "http://www.w3.org/", "http://spiffworkflow.org/",
    "http://bpmn.io/schema/dmn/biodi/", "http://camunda.org/schema/modeler/",
)  # fmt: skip
_VENDORS = {
    "http://camunda.org/schema/1.0": "Camunda", "http://camunda.org/schema/zeebe": "Camunda 8",
    "http://flowable.org": "Flowable", "http://activiti.org": "Activiti", "http://www.drools.org/kie/dmn": "Drools",
}  # fmt: skip
_QUESTION = re.compile(r"""\?(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")  # outside of quotes
_COMPARES = re.compile(r"(<=|>=|==|!=|<|>|in\b|not\s+in\b)")
_INTERVAL = re.compile(r"[\[\](]?\s*[^'\"]*\.\.[^'\"]*[\[\])]?")


class Evaluate(Protocol):
    """Gives the value of an expression over the names of the task that asks the table, and over `names` beside them."""

    def __call__(self, expression: str, names: Mapping[str, Value]) -> Value: ...


@dataclass(frozen=True)
class Row:
    """One rule: what each input must be (a condition over `INPUT`; None: anything), and what each output then is."""

    number: int
    cells: tuple[str, ...]
    """The tests as they are written."""
    tests: tuple[str | None, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A decision table that passed its checks."""

    id: str
    name: str
    policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]

    def result(self, evaluate: Evaluate) -> dict[str, Value]:
        """Output name → value; a list of the values of every row that was hit where the policy is COLLECT.

        Raises:
            EngineFault: more rows were hit than the policy allows.
            ExpressionError: a cell cannot be evaluated.
        """
        inputs = [evaluate(text, {}) for text in self.inputs]
        hits = [row for row in self.rows if all(self._is_hit(evaluate, row, n, value) for n, value in enumerate(inputs))]
        if self.policy == "FIRST":
            hits = hits[:1]
        if self.policy == "UNIQUE" and len(hits) > 1:
            raise EngineFault(f"决策表{quoted(self.name)}的第 {hits[0].number} 行和第 {hits[1].number} 行同时符合，请联系流程设计人员")
        found = [[evaluate(text, {}) for text in row.values] for row in hits]
        if self.policy == "COLLECT":
            return {name: [values[n] for values in found] for n, name in enumerate(self.outputs)}
        if any(values != found[0] for values in found):
            raise EngineFault(f"决策表{quoted(self.name)}有几行同时符合，结果却不同，请联系流程设计人员")
        return dict(zip(self.outputs, found[0] if found else [None] * len(self.outputs), strict=True))

    def _is_hit(self, evaluate: Evaluate, row: Row, column: int, value: Value) -> bool:
        test = row.tests[column]
        where = f"决策表{quoted(self.name)}第 {row.number} 行的{quoted(row.cells[column])}"
        if test is None:
            return True
        try:
            found = evaluate(test, {INPUT: value})
        except ExpressionError as error:
            raise type(error)(f"{where}：{str(error).replace(INPUT, '?')}") from error
        return truth(found, where)


def read_table(text: str) -> Table:
    """The table of a DMN file.

    Raises:
        DiagramInvalid: `problems` names each cell that is outside the language, and what else cannot run.
    """
    root = parse_xml(text.encode())
    decisions = [node for node in root.iter() if local(node) == "decision"]
    tables = [node for node in root.iter() if local(node) == "decisionTable"]
    if len(decisions) != 1 or len(tables) != 1:
        raise DiagramInvalid([f"决策文件应恰有一个决策（decision）和其中的一张决策表，现有 {len(decisions)} 个和 {len(tables)} 张"])
    decision, table = decisions[0], tables[0]
    id = decision.get("id", "")
    name = decision.get("name", "") or id
    policy = table.get("hitPolicy", "UNIQUE").strip().upper()
    problems: list[str] = []
    inputs = tuple(_text(node, "inputExpression") for node in table if local(node) == "input")
    outputs = tuple((node.get("name") or "").strip() for node in table if local(node) == "output")
    rows = tuple(_rows(table, len(inputs), len(outputs), problems))
    found = Table(id, name, policy, inputs, outputs, rows)
    problems = [*_shape(found, table), *problems, *_columns(found)]
    if problems:
        raise DiagramInvalid([f"决策表{quoted(name)}：{line}" for line in problems])
    return found


def problems(content: bytes) -> list[str]:
    """What keeps a DMN file from running, in Chinese, a line each."""
    try:
        parse_xml(content)
        text = content.decode("utf-8")
        table = read_table(text)
        return [*foreign(text), *doubts(table), *_foreign_words(table)]
    except UnicodeDecodeError:
        return ["决策文件请保存为 UTF-8 编码"]
    except DiagramInvalid as error:
        return list(error.problems)


def doubts(table: Table) -> Iterator[str]:
    """Cells that are no conditions, in Chinese. Versions that were deployed before this was checked may hold some: they run, and a cell
    that gives neither true nor false then stops the step."""
    for row in table.rows:
        for cell, test in zip(row.cells, row.tests, strict=True):
            if test is not None and (why := _doubt(cell, test)) is not None:
                yield f"决策表{quoted(table.name)}：第 {row.number} 行不能使用：{why}"


def foreign(text: str) -> Iterator[str]:
    """What other engines act on and this one does not, in Chinese: it would be passed over in silence. Versions that were deployed before
    this was checked run as they did."""
    root = parse_xml(text.encode())
    name = next((node.get("name") or node.get("id") for node in root.iter() if local(node) == "decision"), "") or ""
    where = f"决策表{quoted(name)}"
    if next(root.iter(f"{INCLUDES}*"), None) is not None:
        yield f"{where}：不能引入其他文件（XInclude），请把内容直接写在表中"
    found: dict[str, None] = {}
    for node in root.iter():
        for tag in (node.tag, *map(str, node.attrib)):
            space, _, label = tag.removeprefix("{").rpartition("}")
            if space and not space.startswith(_KNOWN):
                found[f"{label}（{_VENDORS.get(space.rpartition('/')[0], _VENDORS.get(space, space))}）"] = None
        language = node.get("expressionLanguage", "")
        if language and "feel" not in language.lower():
            yield f"{where}：不支持用 {short(language)} 书写的表达式（expressionLanguage），请改用平台的写法，并删除这一设置"
    if found:
        yield f"{where}：含有其他平台的设置（{short('、'.join(found), 200)}），平台不使用，请删除"
    if any(local(node) == "defaultOutputEntry" for node in root.iter()):
        yield f"{where}：不支持默认的输出（defaultOutputEntry），请在最后加一行各格为 - 的规则，命中策略用 FIRST"


def _foreign_words(table: Table) -> Iterator[str]:
    """`null` and its like in a table, and texts without a comma: where a diagram asks the table, it is told with its names."""
    where = f"决策表{quoted(table.name)}"
    texts = [(f"第 {number} 个输入", text) for number, text in enumerate(table.inputs, 1)]
    texts += [(f"第 {row.number} 行", text) for row in table.rows for text in (*row.tests, *row.values) if text is not None]
    for place, text in texts:
        yield from (f"{where}：{place}中的“{word}”请写成 {ours}" for word, ours in foreign_words(text))
        if (why := beside(text)) is not None:
            yield f"{where}：{place}中{why}"


def read_folder(folder: Path) -> dict[str, str]:
    """Decision id → text of the DMN files of a folder. What cannot be read at all is left out: a check of the file says why."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            text = read_limited(path)
            node = next((node for node in parse_xml(text).iter() if local(node) == "decision"), None)
            if node is not None and (id := node.get("id")):
                found[id] = text.decode("utf-8")
        except (DiagramInvalid, UnicodeDecodeError):
            continue
    return found


def tables_of(decisions: Mapping[str, str]) -> dict[str, Table]:
    """The tables of DMN files by decision id; raises DiagramInvalid as `read_table` does."""
    return {id: read_table(text) for id, text in decisions.items()}


def _shape(table: Table, node: Node) -> Iterator[str]:
    if not table.id:
        yield "决策缺少 id，请填写"
    if table.policy not in POLICIES:
        yield f"不支持命中策略{quoted(table.policy)}，可用：{'、'.join(POLICIES)}"
    if node.get("aggregation"):
        yield "不支持汇总（aggregation），请用 COLLECT 得出列表"
    if not table.inputs or not table.outputs or not table.rows:
        yield "至少应有一个输入、一个输出和一行规则，请补上"
    if len(table.inputs) + len(table.outputs) > MAX_COLUMNS or len(table.rows) > MAX_ROWS:
        yield f"超过 {MAX_COLUMNS} 列或 {MAX_ROWS} 行，请拆成几张表"
    if len(set(table.outputs)) != len(table.outputs):
        yield "有同名的输出，请改为不同的名称"


def _columns(table: Table) -> Iterator[str]:
    for number, text in enumerate(table.inputs, 1):
        yield from _fault(f"第 {number} 个输入", text)
    for number, name in enumerate(table.outputs, 1):
        why = unfit_name(name)
        if why is not None:
            yield f"第 {number} 个输出的名称{quoted(name)}{why}"


def _rows(table: Node, inputs: int, outputs: int, problems: list[str]) -> Iterator[Row]:
    for number, rule in enumerate([node for node in table if local(node) == "rule"][: MAX_ROWS + 1], 1):
        tests = [_cell(node) for node in rule if local(node) == "inputEntry"]
        values = [_cell(node) or "None" for node in rule if local(node) == "outputEntry"]
        if len(tests) != inputs or len(values) != outputs:
            problems.append(f"第 {number} 行的格数与列数不同，请补上缺少的格或删除多余的格")
            continue
        problems += [line for text in values for line in _fault(f"第 {number} 行", text)]
        yield Row(number, tuple(tests), tuple(_test(number, text, problems) for text in tests), tuple(values))


def _test(number: int, cell: str, problems: list[str]) -> str | None:
    """The cell as an expression over the input."""
    if cell in ("", "-"):
        return None
    where = f"第 {number} 行"
    if _INTERVAL.fullmatch(cell):
        problems.append(f"{where}的区间{quoted(cell)}请写成 ? >= 1 and ? <= 5 的形式")
        return None
    if cell.startswith("not") and not _COMPARES.match(cell):
        problems.append(f"{where}的{quoted(cell)}请写成 not in ['甲', '乙'] 或 != '甲'")
        return None
    tests = [_one_test(part) for part in _parts(cell)]
    text = tests[0] if len(tests) == 1 else " or ".join(f"({test})" for test in tests)
    problems.extend(_fault(where, text))
    return text


def _parts(cell: str) -> list[str]:
    """The tests of a cell: parted by commas outside of quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for char in cell:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        depth += 0 if quote else (char in "([{") - (char in ")]}")
        if char == "," and not quote and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    found = [part.strip() for part in parts]
    return [part for part in found if part] or [cell]


def _one_test(part: str) -> str:
    """One test as a condition over the input."""
    asked = _QUESTION.sub(f" {INPUT} ", part).strip()
    if asked != part:
        return asked
    comparison = _COMPARES.match(part)
    if comparison is None:
        return f"{INPUT} == ({part})"
    right = part[comparison.end() :].strip()
    # in ('高') and in '高' mean a list of one, and never a piece of the text
    alone = comparison[1].endswith("in") and isinstance(_body(right), ast.Constant)
    return f"{INPUT} {comparison[1]} [{right}]" if alone else f"{INPUT} {part}"


def _doubt(cell: str, test: str) -> str | None:
    """Why a cell that can be evaluated is no condition; None where it is one."""
    parts = _parts(cell)
    for part in parts:
        comparison = _COMPARES.match(part)
        if part == "?":
            return "“?”不是条件，请写成比较，例如 ? == '高'"
        if len(parts) > 1 and comparison is not None and comparison[1].startswith("not"):
            return f"{quoted(cell)}请写成 not in ['甲', '乙']"
        if comparison is None and "?" not in part and isinstance(_body(part), ast.BoolOp):
            return f"{quoted(part)}不是一个值：几个值请用逗号隔开，例如 '高', '中'；条件请用 ? 写明输入"
    return no_truth(test, {})


def _body(text: str) -> ast.expr | None:
    try:
        return compile_expression(text).body
    except ExpressionError:
        return None  # the check of the cell reports it


def _fault(where: str, text: str) -> Iterator[str]:
    try:
        compile_expression(text)
    except ExpressionError as error:
        yield f"{where}不能使用：{short(str(error).replace(INPUT, '?'), 300)}"


def _cell(node: Node) -> str:
    return next(((child.text or "").strip() for child in node if local(child) == "text"), "")


def _text(node: Node, tag: str) -> str:
    inner = next((child for child in node if local(child) == tag), None)
    return "" if inner is None else _cell(inner)
