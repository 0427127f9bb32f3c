"""The HTML that a document may consist of: what a template may write, and what may have come of it once values stand in it.

Nothing depends on this for reaching nothing outside – that is `pages.render` – but it tells people what is refused, and keeps sizes that
cost more than any document needs away from the layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

DEEPEST = 40  # levels of elements that do not end by themselves
TABLES = 4  # tables within tables: each level is laid out several times by the one around it
MOST = 200  # of what a table repeats or a cell spans
_ELEMENTS = frozenset(
    (
        *("html", "head", "title", "style", "body", "div", "p", "span", "b", "strong", "i", "em", "u", "br", "hr", "h1", "h2", "h3", "h4"),
        *("table", "thead", "tbody", "tr", "td", "th", "ul", "ol", "li", "img", "pdf:pagenumber", "pdf:pagecount"),
    )
)
_NESTING = frozenset(("div", "span", "b", "strong", "i", "em", "u", "h1", "h2", "h3", "h4", "table", "ul", "ol"))
_REFUSED = frozenset(("href", "background", "srcset", "data", "action", "poster", "formaction", "codebase", "cite", "longdesc"))
_COUNTS = frozenset(("colspan", "rowspan", "repeat", "start", "cellspacing", "cellpadding", "border"))
_PICTURE = re.compile(r"\{\{\s*\w+\.photo\s*\}\}")
_FILLED_PICTURE = re.compile(r"(?:photo:\d+)?")
_OUTSIDE = re.compile(r"url\s*\(|@import|@font-face|@include|-pdf-page-background|background-image|\\", re.IGNORECASE)
_WRAPS = re.compile(r"-pdf-word-wrap\s*:\s*CJK", re.IGNORECASE)
_FAMILY = re.compile(r"font-family\s*:\s*Pilot\b")
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_STYLE = re.compile(r"<style\b.*?(?:</style|\Z)", re.DOTALL | re.IGNORECASE)
_SPLIT = re.compile(r"<[/!?]?[\w:]*\{[{%#]")  # a name that is put together


def template_faults(template: str) -> Iterator[str]:
    """What is wrong with the HTML of a template, in Chinese, mostly with its line."""
    for found in _SPLIT.finditer(template):
        yield f"第 {_line(template, found.start())} 行：元素的名称要写全，名称和后面的 {{% 之间要有空格"
    for found in _STYLE.finditer(template):
        if (at := re.search(r"\{[{%]", found[0])) is not None:
            yield f"第 {_line(template, found.start() + at.start())} 行：样式表中不能使用变量和判断"
    reader = _read(_STATEMENT.sub(lambda one: " " + "\n" * one[0].count("\n"), template), _PICTURE)
    yield from reader.found
    style = "".join(text for _, text in reader.styles)
    if not _WRAPS.search(style):
        yield "样式表缺少 -pdf-word-wrap: CJK，没有它中文不会换行"
    if not _FAMILY.search(style):
        yield "样式表缺少 font-family: Pilot, PilotRegular, PilotLatin, PilotRare, PilotRarest，没有它中文不能显示"


def filled_faults(html: str) -> list[str]:
    """What is wrong with the HTML that has come of a template: whatever its conditions chose is looked at once more."""
    return _read(html, _FILLED_PICTURE).found


def _read(html: str, picture: re.Pattern[str]) -> _Reader:
    reader = _Reader(picture)
    reader.feed(html)
    reader.close()
    for line, text in reader.styles:
        for found in _OUTSIDE.finditer(text):
            at = line + text.count("\n", 0, found.start())
            reader.found.append(f"第 {at} 行：样式表不能引用其他文件：不能使用 url(…)、@import、@font-face、背景图片和反斜杠")
    return reader


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


class _Reader(HTMLParser):
    """Collects what may not be in the HTML of a document."""

    def __init__(self, picture: re.Pattern[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.picture = picture
        self.found: list[str] = []
        self.styles: list[tuple[int, str]] = []
        self.in_style = False
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element with its attributes."""
        line = self.getpos()[0]
        if tag not in _ELEMENTS:
            self._tell(f"不能使用元素 <{tag[:40]}>")
        for name, value in attrs:
            self._look(tag, name, value or "")
        self.in_style = tag == "style"
        if tag in _NESTING:
            self.open.append(tag)
            if len(self.open) == DEEPEST + 1:
                self.found.append(f"第 {line} 行：元素嵌套超过 {DEEPEST} 层，请检查是否缺少结束标记")
            if tag == "table" and self.open.count("table") == TABLES + 1:
                self.found.append(f"第 {line} 行：表格嵌套超过 {TABLES} 层")

    def handle_endtag(self, tag: str) -> None:
        """The end of an element, and of those within that were left open."""
        self.in_style = self.in_style and tag != "style"
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text, or the content of a style sheet."""
        if self.in_style:
            self.styles.append((self.getpos()[0], data))

    def handle_pi(self, data: str) -> None:
        """A processing instruction."""
        self._tell("不能使用处理指令")

    def _look(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in _REFUSED or name.endswith(":href"):
            self._tell(f"不能使用属性 {name[:40]}")
        elif name == "src" and (tag != "img" or not self.picture.fullmatch(value.strip())):
            self._tell('图片只能是照片，例如 src="{{ seat.photo }}"')
        elif name != "src" and "{{" in value:
            self._tell(f"属性 {name[:40]} 中不能使用变量")
        elif name == "style" and _OUTSIDE.search(value):
            self._tell("样式中不能引用其他文件")
        elif name in _COUNTS and not (value.strip().isdecimal() and int(value.strip()[:9]) <= MOST):
            self._tell(f"属性 {name} 应是 0 到 {MOST} 的整数")

    def _tell(self, what: str) -> None:
        self.found.append(f"第 {self.getpos()[0]} 行：{what}")
