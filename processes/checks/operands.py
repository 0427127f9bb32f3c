"""Do the two sides of each operator fit? Types are told from what gives a name its values: the record, outcomes, scripts, tables.

What is not known fits everything: it shows when it runs, and stops the step with its element. None as a value fits a comparison by `==`
alone, for any name may not be set yet.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from processes.checks.kinds import MOMENT
from processes.checks.values import MOST
from processes.diagrams.decisions import INPUT
from processes.diagrams.expressions import ExpressionError, Value, compile_expression
from processes.diagrams.quoting import quoted

Kind: TypeAlias = Literal["truth", "number", "text", "moment", "length", "list"]
Kinds: TypeAlias = frozenset[Kind] | None
"""The types that a value may have; None: any. Empty: it is only ever None."""

LABELS: Mapping[Kind, str] = {
    "truth": "真假", "number": "数", "text": "文本", "moment": "时刻", "length": "时长", "list": "列表",
}  # fmt: skip
_TYPES: tuple[tuple[type, Kind], ...] = (
    (bool, "truth"),
    (int, "number"),
    (float, "number"),
    (str, "text"),
    (datetime, "moment"),
    (timedelta, "length"),
    (list, "list"),
)
_ROUNDS = 10  # an assignment may read what another one gives
_NOTHING: frozenset[Kind] = frozenset()
_TRUTH, _NUMBER, _TEXT, _LIST = (frozenset[Kind]({kind}) for kind in ("truth", "number", "text", "list"))
_LENGTH: frozenset[Kind] = frozenset({"length"})
_ADDED: Mapping[tuple[Kind, Kind], Kind] = {
    ("number", "number"): "number", ("text", "text"): "text", ("list", "list"): "list", ("length", "length"): "length",
    ("moment", "length"): "moment", ("length", "moment"): "moment",
}  # fmt: skip
_TAKEN: Mapping[tuple[Kind, Kind], Kind] = {
    ("number", "number"): "number", ("moment", "moment"): "length", ("moment", "length"): "moment", ("length", "length"): "length",
}  # fmt: skip
_TIMES: Mapping[tuple[Kind, Kind], Kind] = {
    ("number", "number"): "number", ("length", "number"): "length", ("number", "length"): "length",
}  # fmt: skip
_PARTS: Mapping[tuple[Kind, Kind], Kind] = {
    ("number", "number"): "number", ("length", "number"): "length", ("length", "length"): "number",
}  # fmt: skip
_JOINED: Mapping[type[ast.operator], tuple[str, Mapping[tuple[Kind, Kind], Kind]]] = {
    ast.Add: ("相加", _ADDED),
    ast.Sub: ("相减", _TAKEN),
    ast.Mult: ("相乘", _TIMES),
    ast.Div: ("相除", _PARTS),
}
_TAKES: Mapping[str, tuple[frozenset[Kind], str]] = {  # function → what it takes, and an example
    "days": (_NUMBER, "days(3)"),
    "hours": (_NUMBER, "hours(3)"),
    "minutes": (_NUMBER, "minutes(3)"),
    "round": (_NUMBER, "round(2.5)"),
    "abs": (_NUMBER | _LENGTH, "abs(-1)"),
    "len": (_TEXT | _LIST, "len(['甲', '乙'])"),
}
_GIVES: Mapping[str, frozenset[Kind]] = {"days": _LENGTH, "hours": _LENGTH, "minutes": _LENGTH, "round": _NUMBER, "len": _NUMBER}
_MENDS: tuple[tuple[Kind, str], ...] = (  # by the first of these that is among the two
    ("list", "列表请用 in 判断其中有没有，用 len(…) 取它的项数"),
    ("moment", "时刻请与时刻比较，加减时长，例如 now >= deadline、now + days(3)"),
    ("length", "时长请写成 days(3)、hours(3) 或 minutes(3)，并与时长比较"),
    ("truth", "真假请写成 True 或 False，不加引号"),
    ("text", "请把两边写成同一类：文本加引号，例如 '60'；数不加引号，例如 60"),
)


def kinds_of(value: Value) -> Kinds:
    """The type of an example; None, which stands for a name of which nothing is known: any."""
    return next((frozenset({kind}) for type_, kind in _TYPES if isinstance(value, type_)), None)


def example_of(kinds: Kinds) -> Value:
    """A value of the one type that a name has; None where it may be of several. Of a list nobody knows how many items there are."""
    examples: Mapping[Kind, Value] = {"truth": True, "number": 1, "text": "x", "moment": MOMENT, "length": timedelta(days=1)}
    return examples.get(next(iter(kinds))) if kinds is not None and len(kinds) == 1 else None


def assigned_kinds(assigned: Mapping[str, Sequence[str]], known: Mapping[str, Kinds]) -> dict[str, Kinds]:
    """The types of names that expressions give (name → all of these): those of their values."""
    if sum(map(len, assigned.values())) > MOST:
        return dict.fromkeys(assigned)
    found: dict[str, Kinds] = dict.fromkeys(assigned, _NOTHING)
    for _ in range(_ROUNDS):
        names = {**found, **known}
        new = {name: _either([given_kinds(text, names) for text in texts]) for name, texts in assigned.items()}
        if new == found:
            return found
        found = new
    return dict.fromkeys(assigned)


def given_kinds(text: str, names: Mapping[str, Kinds]) -> Kinds:
    """The types that an expression may give; any where it is outside the language."""
    try:
        return _Operands(names).of(compile_expression(text).body)
    except ExpressionError:
        return None  # the check of expressions reports it


def misfits(text: str, names: Mapping[str, Kinds], chosen: Collection[str] = ()) -> Iterator[str]:
    """What in an expression cannot be evaluated, or is never true, whatever the values are; in Chinese, with what to write instead.

    `chosen`: names of which all values are known, so that another check looks at what they are equal to.

    Raises:
        ExpressionError: it is outside the language.
    """
    found = _Operands(names, chosen)
    found.of(compile_expression(text).body)
    yield from dict.fromkeys(found.faults)


class _Operands:
    """One expression, its parts judged from the inside out."""

    def __init__(self, names: Mapping[str, Kinds], chosen: Collection[str] = ()) -> None:
        self.names, self.chosen = names, chosen
        self.faults: list[str] = []

    def of(self, node: ast.expr) -> Kinds:
        """The types that a part may give; `faults` grows by what is wrong in it."""
        if isinstance(node, ast.Constant):
            return _NOTHING if node.value is None else kinds_of(node.value)  # type: ignore[arg-type]  # the language has no other constants
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.BinOp):
            return self._joined(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        inner = [self.of(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        if isinstance(node, ast.List | ast.Tuple):
            return _LIST
        if isinstance(node, ast.IfExp):
            return _either(inner[1:])  # as the parts are ordered: the test, then the two values
        if isinstance(node, ast.UnaryOp):
            return _TRUTH if isinstance(node.op, ast.Not) else inner[0]
        return _either(inner)  # and, or

    def _comparison(self, node: ast.Compare) -> Kinds:
        sides = [node.left, *node.comparators]
        kinds = [self.of(side) for side in sides]
        for number, operation in enumerate(node.ops):
            left, right = kinds[number], kinds[number + 1]
            told = any(isinstance(side, ast.Name) and side.id in self.chosen for side in sides[number : number + 2])
            if isinstance(operation, ast.In | ast.NotIn):
                self._contained(node, None if told else left, sides[number + 1], right)
            elif isinstance(operation, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
                self._equal(node, None if told else left, right)
            elif left is not None and right is not None and not _ordered(left, right):
                self._fails(node, f"{_label(left)}不能与{_label(right)}比较大小", left, right)
                break
        return _TRUTH

    def _equal(self, node: ast.expr, left: Kinds, right: Kinds) -> None:
        if left and right and not _numbers(left) & _numbers(right):
            self.faults.append(f"中的{_shown(node)}把{_label(left)}与{_label(right)}比较，两者永远不会相等；{_mend(left, right)}")

    def _contained(self, node: ast.expr, left: Kinds, container: ast.expr, right: Kinds) -> None:
        if isinstance(container, ast.List | ast.Tuple):
            for item in container.elts:
                self._equal(node, left, _Operands(self.names).of(item))
        elif right is not None and not right & (_TEXT | _LIST):
            self._fails(node, f"in 的右边是{_label(right)}，不是列表", _LIST, right)
        elif right == _TEXT and left is not None and not left & _TEXT:
            self._fails(node, f"{_label(left)}不会是文本的一部分", left, right)

    def _joined(self, node: ast.BinOp) -> Kinds:
        left, right = self.of(node.left), self.of(node.right)
        word, table = _JOINED[type(node.op)]
        if left is None or right is None:
            return None
        given = frozenset(table[pair] for one in _numbers(left) for other in _numbers(right) if (pair := (one, other)) in table)
        if not given:
            if not left or not right:  # a name that is only ever None has perhaps not been looked at yet
                return _NOTHING
            self._fails(node, f"{_label(left)}不能与{_label(right)}{word}", left, right)
            return None
        return given

    def _call(self, node: ast.Call) -> Kinds:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        given = [self.of(argument) for argument in node.args]
        if name in _TAKES and given:
            takes, example = _TAKES[name]
            if given[0] and not _numbers(given[0]) & takes:
                wanted = "或".join(LABELS[kind] for kind in LABELS if kind in takes)
                self.faults.append(f"不能使用：{_shown(node)}括号中是{_label(given[0])}，请改为{wanted}，例如 {example}")
        return _GIVES.get(name)

    def _fails(self, node: ast.expr, why: str, left: Kinds, right: Kinds) -> None:
        self.faults.append(f"不能使用：表达式{_shown(node)}不能计算，请核对其中各个值的类型：{why}；{_mend(left, right)}")


def _either(kinds: Sequence[Kinds]) -> Kinds:
    found: set[Kind] = set()
    for one in kinds:
        if one is None:
            return None
        found |= one
    return frozenset(found)


def _numbers(kinds: frozenset[Kind]) -> frozenset[Kind]:
    """True and False count as 1 and 0."""
    return kinds - _TRUTH | _NUMBER if kinds & _TRUTH else kinds


def _ordered(left: frozenset[Kind], right: frozenset[Kind]) -> bool:
    return bool(_numbers(left) & _numbers(right))


def _label(kinds: Kinds) -> str:
    return "或".join(LABELS[kind] for kind in LABELS if kind in (kinds or ())) or "空值（None）"


def _mend(left: Kinds, right: Kinds) -> str:
    if not left or not right:
        return "空值请用 == None 或 != None 判断"
    return next((mend for kind, mend in _MENDS if kind in left | right), "")


def _shown(node: ast.expr) -> str:
    return quoted(ast.unparse(node).replace(f"{INPUT} == ", "? == ").replace(INPUT, "?"))
