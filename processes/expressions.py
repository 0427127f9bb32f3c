"""The small expression language of the diagrams (architecture §5): no attribute, no subscript, no Python beyond this list.

An expression is checked against an allow-list of syntax when it is compiled – at deployment and again before each run – and
then evaluated by simpleeval, which has limits of its own on powers, repeats and lengths.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from simpleeval import InvalidExpression, SimpleEval, safe_add

MAX_LENGTH = 1000
MAX_DEPTH = 30
MAX_NUMBER = 10**12


class ExpressionError(ValueError):
    """An expression is outside the language, or cannot be evaluated."""


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**6:
        raise ExpressionError(f"时长应为不超过一百万的数，现为 {value!r}")
    return value


def _round(value: Any, digits: Any = None) -> Any:
    # round(1, -10**12) would compute ten to that power
    if digits is None:
        return round(value)
    if not isinstance(digits, int) or abs(digits) > 15:
        raise ExpressionError(f"round 的位数应为 -15 到 15 的整数，现为 {digits!r}")
    return round(value, digits)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "days": lambda n: timedelta(days=_number(n)),
    "hours": lambda n: timedelta(hours=_number(n)),
    "minutes": lambda n: timedelta(minutes=_number(n)),
    "len": len,
    "min": min,
    "max": max,
    "round": _round,
    "abs": abs,
}


def _product(a: Any, b: Any) -> Any:
    if isinstance(a, str | list | tuple) or isinstance(b, str | list | tuple):
        raise ExpressionError("文本和列表不能相乘")
    return a * b


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: safe_add,
    ast.Sub: operator.sub,
    ast.Mult: _product,
    ast.Div: operator.truediv,
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
    text = text.strip()
    if not text:
        raise ExpressionError("表达式为空")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"表达式超过 {MAX_LENGTH} 个字符")
    if _nesting(text) > MAX_DEPTH:
        raise ExpressionError(f"表达式嵌套超过 {MAX_DEPTH} 层")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"表达式写法有误：{text}") from error
    names: set[str] = set()
    _check(tree, text, names, 0)
    return Expression(text, tree.body, frozenset(names))


def names_in(text: str) -> frozenset[str]:
    """The names an expression reads."""
    return compile_expression(text).names


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression over `names`.

    Raises:
        ExpressionError: outside the language, an unknown name, or operands that do not fit.
    """
    expression = compile_expression(text)
    missing = sorted(expression.names - names.keys())
    if missing:
        raise ExpressionError(f"表达式“{expression.text}”中的名称“{missing[0]}”没有值")
    evaluator = SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names={n: names[n] for n in expression.names})
    # simpleeval itself has no list display; everything else it evaluates node by node
    evaluator.nodes[ast.List] = evaluator.nodes[ast.Tuple] = lambda node: [evaluator._eval(item) for item in node.elts]
    try:
        return evaluator.eval(expression.text, previously_parsed=ast.Expr(expression.body))
    except (InvalidExpression, TypeError, ValueError, ArithmeticError) as error:
        raise ExpressionError(f"表达式“{expression.text}”不能计算：{error}") from error


def _nesting(text: str) -> int:
    """Deepest bracket nesting, and the longest run of prefix operators: both would make the parser recurse."""
    depth = deepest = run = longest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        run = run + 1 if char in "-+~ " else 0
        deepest, longest = max(deepest, depth), max(longest, run)
    return max(deepest, longest)


def _check(node: ast.AST, text: str, names: set[str], depth: int) -> None:
    if depth > MAX_DEPTH * 2:
        raise ExpressionError(f"表达式嵌套超过 {MAX_DEPTH} 层")
    if isinstance(node, ast.Name):
        names.add(node.id)
        return
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str | int | float | bool | None):
            raise ExpressionError(f"表达式“{text}”中有不支持的值 {node.value!r}")
        if isinstance(node.value, int | float) and abs(node.value) > MAX_NUMBER:
            raise ExpressionError(f"表达式“{text}”中的数太大")
        return
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise ExpressionError(f"表达式“{text}”只能使用这些函数：{'、'.join(FUNCTIONS)}")
        for argument in node.args:
            _check(argument, text, names, depth + 1)
        return
    if not isinstance(node, _NODES) and type(node) not in _OPERATORS:
        raise ExpressionError(f"表达式“{text}”用了语言之外的写法（{type(node).__name__}）")
    for child in ast.iter_child_nodes(node):
        _check(child, text, names, depth + 1)
