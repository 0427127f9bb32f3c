"""What is wrong with a changed template is told in words."""

from __future__ import annotations

import pytest

from jobs.documents.checking import problems
from jobs.documents.naming import MEANINGS, named_values
from jobs.documents.samples import sample_values
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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<p>\n<img src="http://127.0.0.1/"></p>', "第 2 行：图片只能是照片"),
        ("<img src=file:///etc/hostname>", "图片只能是照片"),
        (
            "<style>\np { color: red }\n@font-face { src: url(http://127.0.0.1/x.ttf) }</style>",
            "第 3 行：样式表不能引用其他文件",
        ),
        ("<style>p { -pdf-page-background: x.pdf }</style>", "样式表不能引用其他文件"),
        ("<style>{% if count %}p { color: red }{% endif %}</style>", "样式表中不能使用变量和判断"),
        ('<pdf:insertpdf src="/etc/hostname">', "不能使用元素 <pdf:insertpdf>"),
        ('<pdf:font name="X" src="/etc/hostname">', "不能使用元素 <pdf:font>"),
        ('<pdf:template name="x" background="/etc/hostname.pdf"></pdf:template>', "不能使用属性 background"),
        ('<pdf:toc /><pdf:frame name="x" box="0 0 1 1"></pdf:frame>', "不能使用元素 <pdf:frame>"),
        ('<canvas type="graph/vertical_bar">{}</canvas>', "不能使用元素 <canvas>"),
        ('<svg><image xlink:href="http://127.0.0.1/"/></svg>', "不能使用属性 xlink:href"),
        ("<im{% if count %}g{% endif %} src='http://127.0.0.1/'>", "元素的名称要写全"),
        ("<img {% if not count %}x{% endif %}src='http://127.0.0.1/'>", "图片只能是照片"),
        ("<div>" * 41, "元素嵌套超过 40 层"),
        ("<table><tr><td>" * 5, "表格嵌套超过 4 层"),
        ("<table><tr><td colspan=99999999>1</td></tr></table>", "属性 colspan 应是 0 到 200 的整数"),
        ("<table><tr><td rowspan='x'>1</td></tr></table>", "属性 rowspan 应是 0 到 200 的整数"),
        ("{{ " + "(" * 5_000 + "count" + ")" * 5_000 + " }}", "模板嵌套过深"),
        ("{% for a in seats %}\n{{ a.nobody }}{% endfor %}", "第 2 行：没有 a.nobody，可用：a.seat、a.name"),
        ("{{ seats[0].name }}", "没有 ….name"),
        ("{% for a, b in seats %}{% endfor %}", "for 后面只能写一个名称"),
        ("{% for a in seats %}{% else %}{% for b in seats %}{% endfor %}{% endfor %}", "for 中不能再用 for"),
        ("\n\n<p>\ue0a1</p>", "第 3 行：字符"),
        ("\n" * 2_000, "模板过长（2001 行）"),
        ("<p style='font-size: 99999pt'>1</p>", "排版失败"),
    ],
)
def test_what_a_hostile_template_asks_for_is_told(body: str, told: str) -> None:
    found = problems("attendance", f"{STYLE}{body}")
    assert any(told in one for one in found), found


@pytest.mark.parametrize("kind", ["door", "attendance", "slip"])
def test_every_value_has_a_meaning_and_an_example(kind: str) -> None:
    given = sample_values(kind)
    lines = {name: value[0] for name, value in given.items() if isinstance(value, list)}
    names = {*given, *(f"{name}.{part}" for name, line in lines.items() if isinstance(line, dict) for part in line)}
    assert set(MEANINGS[kind]) == names
    found = {one.name: one.example for one in named_values(kind)}
    assert found["plan"] == "2030 年上半年考试"
    if kind == "attendance":
        assert (found["seat.name"], found["seat.latin"], found["seats"]) == ("测试考生", "否", "共 31 行")
