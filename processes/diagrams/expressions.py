"""The small expression language of the diagrams (architecture §5): no attribute, no subscript, no Python beyond this list.

An expression is checked against an allow-list of syntax when it is compiled – at deployment and again before each run – and
then evaluated by simpleeval. Every result is bounded: number, text and list.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import local
from typing import Any, NamedTuple, TypeAlias

from simpleeval import InvalidExpression, SimpleEval

from processes.diagrams.quoting import quoted, short

MAX_LENGTH = 1000
MAX_DEPTH = 30
MAX_NUMBER = 10**12  # of a literal
MAX_RESULT = 10**15  # of a computed number; below 2**53, so that it survives JSON
MAX_TEXT = 100_000  # characters of a computed text
_SHOWN = 120  # characters of an expression in a message: what to do about it follows
MAX_ITEMS = 20_000  # values in a computed list, counted through nested lists
Value: TypeAlias = "bool | int | float | str | datetime | timedelta | list[Value] | dict[str, Value] | None"
"""What an expression gives, and what the names in it stand for."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LINES = re.compile(r"\r\n|\r|\n")
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_MENDS = (  # what other languages write, and what this one does
    (re.compile(r"[（）“”‘’，；：＝＞＜＋－！]"), "括号、引号、逗号和比较符号请用英文（半角）的"),
    (re.compile(r"[≥≤≠×÷]"), "≥、≤、≠、×、÷ 请写成 >=、<=、!=、*、/"),
    (re.compile(r"%"), "百分数请写成小数，例如 0.6"),
    (re.compile(r"&&"), "“&&”请写成 and"),
    (re.compile(r"\|\|"), "“||”请写成 or"),
    (re.compile(r"[=!]=="), "“===”请写成 ==，“!==”请写成 !="),
    (re.compile(r"<>"), "“<>”请写成 !="),
    (re.compile(r"!(?!=)"), "“!”请写成 not"),
    (re.compile(r"(?<![<>=!])=(?!=)"), "相等请写成 =="),
    (re.compile(r"\bthen\b|\?[^?]*:"), "二选一请写成 甲 if 条件 else 乙"),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "and、or、not、in 请用小写"),
)
_INCOMPLETE = "请核对括号、引号和运算符是否齐全"
_OUTSIDE = "请只用名称、数、文本、列表、比较、and、or、not、in 和加减乘除"
_BESIDE = re.compile(r"''\s*''")
WORDS: Mapping[str, str] = {"null": "None", "none": "None", "nil": "None", "undefined": "None", "true": "True", "false": "False"}
"""Nothing, true and false as other languages write them, in small letters, and as this one does."""
_UNKNOWN: Mapping[type[ast.AST], str] = {
    ast.Attribute: "用点取内容", ast.Subscript: "用方括号取内容", ast.Pow: "乘方 **", ast.Mod: "取余 %", ast.FloorDiv: "整除 //",
    ast.Dict: "花括号", ast.Set: "花括号", ast.JoinedStr: "f 开头的文本", ast.Lambda: "lambda", ast.ListComp: "for", ast.SetComp: "for",
    ast.DictComp: "for", ast.GeneratorExp: "for", ast.NamedExpr: "赋值 :=", ast.Starred: "星号", ast.Await: "await", ast.Yield: "yield",
}  # fmt: skip


class ExpressionError(ValueError):
    """An expression is outside the language, or cannot be evaluated."""


class WrongTypes(ExpressionError):
    """An operator of an expression stands between values that it cannot join or compare."""


class DividedByZero(ExpressionError):
    """A division by nothing: other values of the same names may do."""


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**6:
        raise ExpressionError(f"时长应为不超过一百万的数，现为 {value!r}")
    return value


def _round(value: float, digits: Value = None) -> float:
    # round(1, -10**12) would compute ten to that power
    if digits is None:
        return round(value)
    if not isinstance(digits, int) or abs(digits) > 15:
        raise ExpressionError(f"round 的位数应为 -15 到 15 的整数，现为 {digits!r}")
    return round(value, digits)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "days": lambda n: timedelta(days=_number(n)),
    "hours": lambda n: timedelta(hours=_number(n)),
    "minutes": lambda n: timedelta(minutes=_number(n)),
    "len": len,
    "min": min,
    "max": max,
    "round": _round,
    "abs": abs,
}


def _product(a: Value, b: Value) -> Value:
    if isinstance(a, str | list | tuple) or isinstance(b, str | list | tuple):
        raise ExpressionError("文本和列表不能相乘")
    product: Value = operator.mul(a, b)
    return product


def _bounded(operation: Callable[..., Value]) -> Callable[..., Value]:
    """The operation with a counted limit on its result, so that no chain or loop of steps can grow a value without end."""

    def run(*operands: Value) -> Value:
        result = operation(*operands)
        limit_size(result)
        return result

    return run


def limit_size(value: Value) -> None:
    """Refuses what has grown too large to be kept in a process.

    Raises:
        ExpressionError: a number, text or list beyond the limits.
    """
    todo: list[Value] = [value]
    items = characters = 0
    while todo:
        found = todo.pop()
        if isinstance(found, int | float) and not abs(found) <= MAX_RESULT:  # so written, it also refuses nan
            raise ExpressionError("计算得出的数太大")
        if isinstance(found, str):
            characters += len(found)
        inner = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list | tuple) else []
        items += len(inner)  # counted before they are walked: a list of itself many times over is refused at once
        if items > MAX_ITEMS:
            raise ExpressionError(f"计算得出的列表超过 {MAX_ITEMS} 项")
        if characters > MAX_TEXT:
            raise ExpressionError(f"计算得出的文本超过 {MAX_TEXT} 个字")
        todo.extend(inner)


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _bounded(operator.add),
    ast.Sub: _bounded(operator.sub),
    ast.Mult: _bounded(_product),
    ast.Div: _bounded(operator.truediv),
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_NODES = (ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.Load)


@dataclass(frozen=True)
class Expression:
    """A checked expression."""

    text: str
    body: ast.expr
    names: frozenset[str]


@lru_cache(maxsize=2000)
def compile_expression(text: str) -> Expression:
    """Checks an expression.

    Raises:
        ExpressionError: the message says, in Chinese, what the language does not have.
    """
    text = _LINES.sub(" ", text.strip())  # text areas of editors break lines
    if not text:
        raise ExpressionError("表达式为空，请填写")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"表达式超过 {MAX_LENGTH} 个字符，请缩短，或用脚本任务分几步计算")
    # escapes and unseen characters make a text say something else than what a reviewer of the diagram reads
    if "\\" in text or _CONTROL.search(text):
        raise ExpressionError("表达式中不能有反斜杠和不可见的字符，请删除后重新输入")
    if _nesting(text) > MAX_DEPTH:
        raise ExpressionError(f"表达式嵌套超过 {MAX_DEPTH} 层，请用脚本任务分几步计算")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"表达式写法有误：{short(text, _SHOWN)}{_mend(text, _INCOMPLETE)}") from error
    names: set[str] = set()
    _check(tree, text, names, 0)
    return Expression(text, tree.body, frozenset(names))


def names_in(text: str) -> frozenset[str]:
    """The names an expression reads."""
    return compile_expression(text).names


def foreign_words(text: str) -> list[tuple[str, str]]:
    """The words for nothing, true and false of other languages that an expression reads as names, each with what to write instead.

    Raises:
        ExpressionError: it is outside the language.
    """
    return [(name, WORDS[name.lower()]) for name in sorted(names_in(text)) if name.lower() in WORDS]


def beside(text: str) -> str | None:
    """That two texts stand side by side, in Chinese: Python would join them into one, where a comma was forgotten."""
    return "相邻的两个文本之间缺少逗号或运算符，请补上" if _BESIDE.search(_TEXT.sub("''", text)) else None


class Comparison(NamedTuple):
    """A name that an expression compares with constants."""

    name: str
    values: tuple[Value, ...]


def comparisons(text: str) -> Iterator[Comparison]:
    """Where an expression compares a name with a constant (`==`, `!=`), or asks whether it is in a list of them.

    Raises:
        ExpressionError: it is outside the language.
    """
    for node in ast.walk(compile_expression(text).body):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for before, operation, after in zip(sides, node.ops, sides[1:], strict=False):
                yield from _comparison(before, operation, after)


def _comparison(before: ast.expr, operation: ast.cmpop, after: ast.expr) -> Iterator[Comparison]:
    if isinstance(operation, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        for one, other in ((before, after), (after, before)):
            if isinstance(one, ast.Name) and isinstance(other, ast.Constant):
                yield Comparison(one.id, (_constant(other),))
    elif isinstance(operation, ast.In | ast.NotIn) and isinstance(before, ast.Name) and isinstance(after, ast.List | ast.Tuple):
        yield Comparison(before.id, tuple(_constant(item) for item in after.elts if isinstance(item, ast.Constant)))


def _constant(node: ast.Constant) -> Value:
    value: Value = node.value  # type: ignore[assignment]  # the language has no other constants
    return value


class _Evaluator(SimpleEval):  # type: ignore[misc]  # the library ships no types
    """simpleeval has no list display; everything else it evaluates node by node."""

    def __init__(self, operators: Mapping[type[ast.AST], object], functions: Mapping[str, object], names: Mapping[str, Value]) -> None:
        super().__init__(operators=operators, functions=functions, names=names)
        self.nodes[ast.List] = self.nodes[ast.Tuple] = self._list

    def _list(self, node: ast.List | ast.Tuple) -> list[Value]:
        return [self._eval(item) for item in node.elts]


_OF_THREAD = local()


def _evaluator() -> _Evaluator:
    """This thread's: to make one takes longer than most expressions do."""
    found: _Evaluator | None = getattr(_OF_THREAD, "evaluator", None)
    if found is None:
        found = _OF_THREAD.evaluator = _Evaluator(_OPERATORS, FUNCTIONS, {})
    return found


def evaluate(text: str, names: Mapping[str, Value]) -> Value:
    """The value of an expression over `names`.

    Raises:
        ExpressionError: outside the language, an unknown name, or operands that do not fit.
    """
    expression = compile_expression(text)
    missing = sorted(expression.names - names.keys())
    if missing:
        raise ExpressionError(f"表达式{quoted(expression.text, _SHOWN)}中的名称“{missing[0]}”没有值")
    evaluator = _evaluator()
    evaluator.names = {n: names[n] for n in expression.names}
    try:
        value: Value = evaluator.eval(expression.text, previously_parsed=ast.Expr(expression.body))
        limit_size(value)
    except ExpressionError as error:
        raise ExpressionError(f"表达式{quoted(expression.text, _SHOWN)}不能计算：{error}") from error
    except ZeroDivisionError as error:
        raise DividedByZero(f"表达式{quoted(expression.text, _SHOWN)}不能计算：除数为零") from error
    except TypeError as error:
        raise WrongTypes(f"表达式{quoted(expression.text, _SHOWN)}不能计算，请核对其中各个值的类型") from error
    except (InvalidExpression, ValueError, ArithmeticError, RecursionError) as error:
        raise ExpressionError(f"表达式{quoted(expression.text, _SHOWN)}不能计算，请核对其中各个值的类型") from error
    return value


def no_truth(condition: str, examples: Mapping[str, Value]) -> str | None:
    """Why a condition does not give true or false, in Chinese; None where it does, or where only its value can show it.

    `examples`: names with values such as they have; a name without one, or with None, may have any.

    Raises:
        ExpressionError: it is outside the language.
    """
    return _no_truth(compile_expression(condition).body, examples)


def truth(value: Value, where: str) -> bool:
    """What a condition gave, as true or false; a value that is not set (None) is not true. `where` names the condition.

    Raises:
        ExpressionError: it is neither.
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    shown = value if isinstance(value, str | int | float) else type(value).__name__
    raise ExpressionError(f"{where}没有得出真或假（现为 {str(shown)[:40]}），请联系流程设计人员改正")


def _no_truth(node: ast.expr, examples: Mapping[str, Value]) -> str | None:
    """As `no_truth`, of a part of the condition."""
    if isinstance(node, ast.Compare):
        texts = [right for op, right in zip(node.ops, node.comparators, strict=True) if isinstance(op, ast.In | ast.NotIn)]
        if any(isinstance(right, ast.Constant) and isinstance(right.value, str) for right in texts):
            return f"{quoted(ast.unparse(node))}中 in 的右边应为列表，例如 in ['高', '中']"
        return None
    if isinstance(node, ast.Tuple):
        return f"{quoted(ast.unparse(node))}是用逗号隔开的几项，不是条件，请用 and（都要）或 or（任一）连接"
    inner: list[ast.expr] = []
    if isinstance(node, ast.BoolOp):
        inner = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = [node.operand]
    elif isinstance(node, ast.IfExp):
        inner = [node.test, node.body, node.orelse]
    elif not _may_be_true(node, examples):
        return f"{quoted(ast.unparse(node))}不是条件，不得出真或假，请写成比较，例如 x == '同意'"
    return next((why for part in inner if (why := _no_truth(part, examples)) is not None), None)


def _may_be_true(node: ast.expr, examples: Mapping[str, Value]) -> bool:
    if isinstance(node, ast.Name):
        return examples.get(node.id) is None or isinstance(examples[node.id], bool)
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _mend(text: str, otherwise: str) -> str:
    """What to write instead of what the language does not have."""
    outside = _TEXT.sub("''", text)
    return next((f"；{mend}" for pattern, mend in _MENDS if pattern.search(outside)), f"；{otherwise}")


def _nesting(text: str) -> int:
    """Deepest bracket nesting, and the longest run of prefix operators: both would make the parser recurse."""
    depth = deepest = run = longest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        run = run + 1 if char in "-+~ " else 0
        deepest, longest = max(deepest, depth), max(longest, run)
    return max(deepest, longest)


def _name(node: ast.Name, text: str) -> str:
    # Python reads ｅｖａｌ as eval (NFKC, PEP 3131): what is checked must be what is written
    if node.id.startswith("_") or node.id.endswith("__"):
        raise ExpressionError(f"表达式{quoted(text, _SHOWN)}中的名称“{node.id}”不能使用")
    if ast.get_source_segment(text, node) != node.id:
        raise ExpressionError(f"表达式{quoted(text, _SHOWN)}中的名称“{node.id}”请用半角字符书写")
    return node.id


def _check(node: ast.AST, text: str, names: set[str], depth: int) -> None:
    if depth > MAX_DEPTH * 2:
        raise ExpressionError(f"表达式嵌套超过 {MAX_DEPTH} 层，请用脚本任务分几步计算")
    if isinstance(node, ast.Name):
        names.add(_name(node, text))
        return
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str | int | float | bool | None):
            raise ExpressionError(f"表达式{quoted(text, _SHOWN)}中有不支持的值 {node.value!r}")
        if isinstance(node.value, int | float) and abs(node.value) > MAX_NUMBER:
            raise ExpressionError(f"表达式{quoted(text, _SHOWN)}中的数太大")
        return
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or _name(node.func, text) not in FUNCTIONS or node.keywords:
            raise ExpressionError(f"表达式{quoted(text, _SHOWN)}只能使用这些函数：{'、'.join(FUNCTIONS)}")
        for argument in node.args:
            _check(argument, text, names, depth + 1)
        return
    if not isinstance(node, _NODES) and type(node) not in _OPERATORS:
        word = next((name for kind, name in _UNKNOWN.items() if isinstance(node, kind)), "")
        found = f"{quoted(text, _SHOWN)}用了语言之外的写法{f'（{word}）' if word else ''}"
        raise ExpressionError(f"表达式{found}{_mend(text, _OUTSIDE)}")
    for child in ast.iter_child_nodes(node):
        _check(child, text, names, depth + 1)
