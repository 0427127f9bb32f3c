"""What is wrong with a template that somebody has changed, in words for who changed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jobs.documents.fonts import clean, face_of
from jobs.documents.pages import BadPage
from jobs.documents.templates import FILTERS, TESTS, BadTemplate, environment

LARGEST = 200_000  # characters
_ELEMENTS = frozenset(
    (
        *("html", "head", "title", "style", "body", "div", "p", "span", "b", "strong", "i", "em", "u", "br", "hr", "h1", "h2", "h3", "h4"),
        *("table", "thead", "tbody", "tr", "td", "th", "ul", "ol", "li", "img", "pdf:pagenumber", "pdf:pagecount"),
    )
)
_PICTURE = re.compile(r"\{\{\s*\w+\.photo\s*\}\}")
_OUTSIDE = re.compile(r"url\s*\(|@import|@font-face|@include|-pdf-page-background|background-image|\\", re.IGNORECASE)
_WRAPS = re.compile(r"-pdf-word-wrap\s*:\s*CJK", re.IGNORECASE)
_FAMILY = re.compile(r"font-family\s*:\s*Pilot\b")
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NODES = frozenset(
    (
        *("Template", "Output", "TemplateData", "Name", "Getattr", "Getitem", "Const", "If", "For", "CondExpr"),
        *("Not", "And", "Or", "Compare", "Operand", "Filter", "Test", "Keyword"),
    )
)
"""The forms of Jinja that may be used: values, conditions, and loops over lists that are given."""


def problems(kind: str, template: str) -> list[str]:
    """What is wrong with a template of a kind (`door`, `attendance`, `slip`); an empty list where it may be used.

    It is read, looked at piece by piece, then printed with made-up people.
    """
    if len(template) > LARGEST:
        return [f"模板过长（{len(template)} 个字符），最多 {LARGEST} 个字符"]
    found = [*_of_jinja(kind, template), *_of_html(template), *_of_fonts(template)]
    return list(dict.fromkeys(found)) or _of_trial(kind, template)


def _of_jinja(kind: str, template: str) -> Iterator[str]:
    from jinja2 import TemplateAssertionError, TemplateSyntaxError, nodes

    from jobs.documents.printing import sample_values

    try:
        tree = environment().parse(template)
    except TemplateAssertionError as error:
        yield f"第 {error.lineno} 行：{error.message}；只能使用过滤器 {'、'.join(FILTERS)} 和判断 {'、'.join(TESTS)}"
        return
    except TemplateSyntaxError as error:
        yield f"第 {error.lineno} 行的模板语法有误：{error.message}"
        return
    given = sample_values(kind)
    own = {name.name for loop in tree.find_all(nodes.For) for name in loop.target.find_all(nodes.Name)}
    own |= {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    for node in tree.find_all(nodes.Node):
        name = type(node).__name__
        if name not in _NODES:
            yield f"第 {node.lineno} 行：模板中不能使用 {name}，只能使用变量、if 和 for"
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f"第 {node.lineno} 行：没有过滤器 {node.name}，可用：{'、'.join(FILTERS)}"
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            yield f"第 {node.lineno} 行：没有判断 {node.name}，可用：{'、'.join(TESTS)}"
        if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in {*given, *own, "loop"}:
            yield f"第 {node.lineno} 行：没有变量 {node.name}，可用：{'、'.join(given)}"
        if isinstance(node, nodes.For) and not (isinstance(node.iter, nodes.Name) and isinstance(given.get(node.iter.name), list)):
            lists = [one for one, value in given.items() if isinstance(value, list)]
            yield f"第 {node.lineno} 行：for 只能遍历 {'、'.join(lists) or '给出的列表（本文档没有列表）'}"
        if isinstance(node, nodes.For) and (node.recursive or any(True for _ in node.iter_child_nodes(only=("body",)) if _has_loop(_))):
            yield f"第 {node.lineno} 行：for 中不能再用 for"


def _has_loop(node: object) -> bool:
    from jinja2 import nodes

    return isinstance(node, nodes.For) or (isinstance(node, nodes.Node) and any(True for _ in node.find_all(nodes.For)))


class _Reader(HTMLParser):
    """Collects what may not be in the HTML of a template."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.in_style = False
        self.style = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element with its attributes."""
        line = self.getpos()[0]
        if tag not in _ELEMENTS:
            self.found.append(f"第 {line} 行：不能使用元素 <{tag}>")
        for name, value in attrs:
            text = value or ""
            if name.startswith("on") or name in ("href", "background", "srcset", "data", "action", "poster"):
                self.found.append(f"第 {line} 行：不能使用属性 {name}")
            elif name == "src" and (tag != "img" or not _PICTURE.fullmatch(text.strip())):
                self.found.append(f'第 {line} 行：图片只能是照片，例如 src="{{{{ seat.photo }}}}"')
            elif name != "src" and "{{" in text:
                self.found.append(f"第 {line} 行：属性 {name} 中不能使用变量")
            elif name == "style" and _OUTSIDE.search(text):
                self.found.append(f"第 {line} 行：样式中不能引用其他文件")
        self.in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        """The end of an element."""
        self.in_style = self.in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        """Text, or the content of a style sheet."""
        if self.in_style:
            self.style += data

    def handle_pi(self, data: str) -> None:
        """A processing instruction."""
        self.found.append(f"第 {self.getpos()[0]} 行：不能使用处理指令")


def _of_html(template: str) -> Iterator[str]:
    reader = _Reader()
    reader.feed(_STATEMENT.sub(lambda one: "\n" * one[0].count("\n"), template))
    reader.close()
    yield from reader.found
    if _OUTSIDE.search(reader.style):
        yield "样式表不能引用其他文件：不能使用 url(…)、@import、@font-face、背景图片和反斜杠"
    if "{{" in reader.style or "{%" in reader.style:
        yield "样式表中不能使用变量"
    if not _WRAPS.search(reader.style):
        yield "样式表缺少 -pdf-word-wrap: CJK，没有它中文不会换行"
    if not _FAMILY.search(reader.style):
        yield "样式表缺少 font-family: Pilot, PilotRegular, PilotLatin, PilotRare, PilotRarest，没有它中文不能显示"


def _of_fonts(template: str) -> Iterator[str]:
    for one in dict.fromkeys(clean(_JINJA.sub("", template))):
        if face_of(one) is None:
            yield f"字符“{one}”（U+{ord(one):04X}）没有可用的字体，请改用其他字符"


def _of_trial(kind: str, template: str) -> list[str]:
    from jobs.documents.printing import try_out

    try:
        try_out(kind, template)
    except BadTemplate as error:
        return [str(error)]
    except BadPage as error:
        return [f"排版失败，请检查 HTML 和样式：{error}"]
    return []
