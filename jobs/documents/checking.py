"""What is wrong with a template that somebody has changed, in words for who changed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from jobs.documents.fonts import clean, face_of
from jobs.documents.markup import template_faults
from jobs.documents.pages import BadPage
from jobs.documents.printing import DRAW
from jobs.documents.samples import sample_values, samples
from jobs.documents.templates import FILTERS, TESTS, BadTemplate, Values, environment

if TYPE_CHECKING:
    from jinja2.nodes import Node

LARGEST = 100_000  # characters: with its form's other fields it fits into what a request may hold of text
MOST_LINES = 2_000  # two versions are compared line by line
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NODES = frozenset(
    (
        *("Template", "Output", "TemplateData", "Name", "Getattr", "Getitem", "Const", "If", "For", "CondExpr"),
        *("Not", "And", "Or", "Compare", "Operand", "Filter", "Test", "Keyword"),
    )
)
"""The forms of Jinja that may be used: values, conditions, and loops over lists that are given."""


LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length")
"""What Jinja tells of a loop."""


def problems(kind: str, template: str) -> list[str]:
    """What is wrong with a template of a kind (`door`, `attendance`, `slip`); an empty list where it may be used.

    It is read, looked at piece by piece, then printed with made-up people.
    """
    if len(template) > LARGEST:
        return [f"模板过长（{len(template)} 个字符），最多 {LARGEST} 个字符"]
    if (lines := template.count("\n") + 1) > MOST_LINES:
        return [f"模板过长（{lines} 行），最多 {MOST_LINES} 行"]
    try:
        found = [*_of_jinja(kind, template), *template_faults(template), *_of_fonts(template)]
        return list(dict.fromkeys(found)) or _of_trial(kind, template)
    except RecursionError:
        return ["模板嵌套过深，请简化"]


def _of_jinja(kind: str, template: str) -> Iterator[str]:
    from jinja2 import TemplateAssertionError, TemplateSyntaxError, nodes

    try:
        tree = environment().parse(template)
    except TemplateAssertionError as error:
        yield f"第 {error.lineno} 行：{error.message}；只能使用过滤器 {'、'.join(FILTERS)} 和判断 {'、'.join(TESTS)}"
        return
    except TemplateSyntaxError as error:
        yield f"第 {error.lineno} 行的模板语法有误：{error.message}"
        return
    given = sample_values(kind)
    fields = _fields(tree, given)
    for node in tree.find_all(nodes.Node):
        for fault in _of_node(node, given, fields):
            yield f"第 {node.lineno} 行：{fault}"


def _fields(tree: Node, given: Values) -> dict[str, Sequence[str]]:
    """What a loop calls a line of its list → the names of that line's values."""
    from jinja2 import nodes

    found: dict[str, Sequence[str]] = {"loop": LOOP}
    for loop in tree.find_all(nodes.For):
        lines = given.get(loop.iter.name) if isinstance(loop.iter, nodes.Name) else None
        if isinstance(loop.target, nodes.Name):
            first = lines[0] if isinstance(lines, list) and lines else None
            found[loop.target.name] = tuple(first) if isinstance(first, dict) else ()
    return found


def _of_node(node: Node, given: Values, fields: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is wrong with one form of Jinja."""
    from jinja2 import nodes

    name = type(node).__name__
    if name not in _NODES:
        yield f"模板中不能使用 {name}，只能使用变量、if 和 for"
    elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield f"没有过滤器 {node.name}，可用：{'、'.join(FILTERS)}"
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        yield f"没有判断 {node.name}，可用：{'、'.join(TESTS)}"
    elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in {*given, *fields}:
        yield f"没有变量 {node.name}，可用：{'、'.join(given)}"
    elif isinstance(node, nodes.Getattr):
        of = node.node.name if isinstance(node.node, nodes.Name) else ""
        allowed = fields.get(of, ())
        if node.attr not in allowed:
            yield f"没有 {of or '…'}.{node.attr}" + (f"，可用：{'、'.join(f'{of}.{one}' for one in allowed)}" if allowed else "")
    elif isinstance(node, nodes.For):
        if not (isinstance(node.iter, nodes.Name) and isinstance(given.get(node.iter.name), list)):
            lists = [one for one, value in given.items() if isinstance(value, list)]
            yield f"for 只能遍历 {'、'.join(lists) or '给出的列表（本文档没有列表）'}"
        if not isinstance(node.target, nodes.Name):
            yield "for 后面只能写一个名称"
        if node.recursive or any(map(_has_loop, (*node.body, *node.else_))):
            yield "for 中不能再用 for"


def _has_loop(node: object) -> bool:
    from jinja2 import nodes

    return isinstance(node, nodes.For) or (isinstance(node, nodes.Node) and any(True for _ in node.find_all(nodes.For)))


def _of_fonts(template: str) -> Iterator[str]:
    seen: dict[str, int] = {}
    for line, text in enumerate(_JINJA.sub(lambda one: "\n" * one[0].count("\n"), template).split("\n"), 1):
        for one in clean(text):
            seen.setdefault(one, line)
    for one, line in seen.items():
        if face_of(one) is None:
            yield f"第 {line} 行：字符“{one}”（U+{ord(one):04X}）没有可用的字体，请改用其他字符"


def _of_trial(kind: str, template: str) -> list[str]:
    """Made-up documents are printed: a usual one, one whose texts are long, and one about nobody."""
    try:
        for item in samples(kind):
            DRAW[kind]([item], BytesIO(), lambda done: None, template)
    except BadTemplate as error:
        return [str(error)]
    except BadPage as error:
        return [f"排版失败，请检查 HTML 和样式：{error}"]
    return []
