"""What is wrong with a changed template is told in words."""

from __future__ import annotations

import pytest

from jobs.documents.checking import problems
from jobs.documents.templates import template_of

pytestmark = pytest.mark.row("5.2.8.3")
STYLE = "<style>html { font-family: Pilot, PilotRegular; -pdf-word-wrap: CJK }</style>"


@pytest.mark.parametrize("kind", ["door", "attendance", "slip"])
def test_the_products_own_templates_are_good(kind: str) -> None:
    assert problems(kind, template_of(kind)) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{{ room", "第 1 行的模板语法有误"),
        ("{{ rom }}", "没有变量 rom，可用：plan、site"),
        ("\n{% include 'x' %}", "第 2 行：模板中不能使用 Include"),
        ("{% set x = 1 %}", "不能使用 Assign"),
        ("{% macro x() %}{% endmacro %}", "不能使用 Macro"),
        ("{{ room.upper() }}", "不能使用 Call"),
        ("{{ 'a' * 1000000000 }}", "不能使用 Mul"),
        ("{{ room | safe }}", "safe"),
        ("{% for a in range(9) %}{% endfor %}", "for 只能遍历 seats、invigilators"),
        ("{% for a in 'abc' %}{% endfor %}", "for 只能遍历"),
        ("{% for a in seats %}{% for b in seats %}{% endfor %}{% endfor %}", "for 中不能再用 for"),
        ("{% for a in seats %}{{ a.nobody }}{% endfor %}", "nobody"),
        ("{{ ''.__class__ }}", "__class__"),
        ("<script>1</script>", "不能使用元素 <script>"),
        ("<iframe></iframe>", "不能使用元素 <iframe>"),
        ("<pdf:barcode value='1'>", "不能使用元素 <pdf:barcode>"),
        ("<img src='http://x/'>", "图片只能是照片"),
        ("<img src='{{ room }}'>", "图片只能是照片"),
        ("<p onclick='x'>1</p>", "不能使用属性 onclick"),
        ("<p style='color: {{ room }}'>1</p>", "属性 style 中不能使用变量"),
        ("<p style='background: url(x)'>1</p>", "不能引用其他文件"),
        ("<style>@import 'x'; p { color: {{ room }} }</style>", "样式表不能引用其他文件"),
        ("<p>\ue0a1</p>", "U+E0A1"),
        ("x" * 300_000, "模板过长"),
    ],
)
def test_what_is_wrong_is_told(body: str, told: str) -> None:
    found = problems("attendance", f"{STYLE}{body}")
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("<style>html { font-family: Pilot }</style>", "-pdf-word-wrap: CJK"),
        ("<style>p { -pdf-word-wrap: CJK }</style>", "font-family: Pilot"),
    ],
)
def test_what_chinese_needs_is_asked_for(style: str, told: str) -> None:
    assert any(told in one for one in problems("door", f"{style}<p>{{{{ room }}}}</p>"))


def test_a_small_template_of_somebodys_own_is_good() -> None:
    body = "{% if count > 1 %}<p>{{ room }}</p>{% endif %}"
    body += "{% for one in seats %}<p>{{ loop.index }} {{ one.name | default('无') }}<img src=\"{{ one.photo }}\"></p>{% endfor %}"
    assert problems("attendance", STYLE + body) == []
