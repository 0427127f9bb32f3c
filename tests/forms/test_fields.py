"""From a posted page to answers and back."""

from __future__ import annotations

from typing import Any

import pytest

from domain.ground.errors import DomainError
from forms import read_forms
from forms.adapting import adapt
from forms.checking import check
from forms.fields import MAX_ROWS, TIDIED, describe, parse

CHOICES = {"title": "几项", "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "x-widget": "choices"}
SCHEMA: dict[str, Any] = {
    "title": "表",
    "properties": {
        "text": {"title": "文字", "type": "string"},
        "count": {"title": "数", "type": "integer"},
        "id_number": {"title": "证件号", "type": "string", "format": "id-number"},
        "mobile": {"title": "手机号", "type": "string", "format": "mobile"},
        "code": {"title": "编号", "type": "string", "pattern": "^[A-Z0-9 ]+$"},
        "lines": {
            "title": "行",
            "type": "array",
            "x-tab": "明细",
            "items": {"properties": {"a": {"title": "甲", "type": "number"}, "b": CHOICES}, "required": ["a"]},
        },
        "several": CHOICES,
        "moment": {"title": "时间", "type": "string", "format": "minutes"},
    },
    "required": ["text"],
}


@pytest.mark.parametrize(
    ("posted", "answers"),
    [
        ({"text": [" 一\r\n二 "]}, {"text": "一\n二"}),
        ({"text": ["旧", "新"]}, {"text": "新"}),
        ({"text": [""], "count": [" "]}, {}),
        ({"count": ["12"]}, {"count": 12}),
        ({"count": ["-1"]}, {"count": -1}),
        ({"count": ["1.5"]}, {"count": 1.5}),
        ({"count": ["十二"]}, {"count": "十二"}),
        ({"count": ["1e9"]}, {"count": "1e9"}),
        ({"id_number": ["11010519491231002x"]}, {"id_number": "11010519491231002X"}),
        ({"id_number": ["１１０１０５１９４９１２３１００２ｘ"], "count": ["１２"]}, {"id_number": "11010519491231002X", "count": 12}),
        ({"mobile": ["１３９ 0000　0000"], "code": ["Ａ１　B"]}, {"mobile": "13900000000", "code": "A1 B"}),
        ({"text": ["（ＡＢＣ）１２"]}, {"text": "（ＡＢＣ）１２"}),
        ({"unknown": ["x"], "csrf_token": ["y"]}, {}),
        ({"lines.0.a": ["1"], "lines.7.a": ["0.5"], "lines.3.a": [""]}, {"lines": [{"a": 1}, {"a": 0.5}]}),
        ({"lines.x.a": ["1"], "lines.-1.a": ["1"]}, {}),
        ({"several": ["乙", " 甲 ", "乙", ""]}, {"several": ["乙", "甲"]}),
        ({"several": [""], "lines.0.b": ["甲"], "lines.1.b": [""]}, {"lines": [{"b": ["甲"]}]}),
        ({"moment": ["2026-11-23T09:05"]}, {"moment": "2026-11-23 09:05"}),
    ],
)
def test_parse(posted: dict[str, list[str]], answers: dict[str, Any]) -> None:
    assert parse(SCHEMA, posted) == answers


def test_a_whole_number_is_one_however_it_is_written() -> None:
    schema = {"properties": {"count": {"type": "integer"}, "fee": {"type": "number"}}}
    for typed, number in (("2025.0", 2025), ("-3.00", -3), ("0.0", 0), ("999999999999.0", 999999999999), ("2.5", 2.5)):
        for found in parse(schema, {"count": [typed], "fee": [typed]}).values():
            assert (found, type(found)) == (number, type(number))


def test_a_year_is_one_however_people_write_it() -> None:
    schema = {"properties": {"year": {"type": "integer", "minimum": 1950}, "count": {"type": "integer", "minimum": 0}}}
    for typed in ("2025", " 2025 级", "２０２５级", "2025年", "2025届", "2025-09", "2025年9月1日", "20250901", "2025.0"):
        assert parse(schema, {"year": [typed]}) == {"year": 2025}
    for typed in ("25级", "大二", "2025级1班", "202509011"):
        assert parse(schema, {"year": [typed]})["year"] in (typed, 202509011)  # which its check refuses
    assert parse(schema, {"count": ["2025级"]}) == {"count": "2025级"}  # no year


@pytest.mark.parametrize(("posted", "kept"), [(201, 201), (MAX_ROWS, 2000), (MAX_ROWS + 5, 2000)])
def test_rows_are_kept_for_the_check_to_count(posted: int, kept: int) -> None:
    assert len(parse(SCHEMA, {f"lines.{n}.a": ["1"] for n in range(posted)})["lines"]) == kept


def test_describe_fills_tabs_and_rows() -> None:
    first, second = describe(SCHEMA, {"text": "一", "lines": [{"a": 1}, {}]})
    text = first.fields[0]
    assert (first.name, text.path, text.value, text.required) == ("表", "text", "一", True)
    (lines,) = second.fields
    assert (second.name, lines.widget, lines.columns[0].path) == ("明细", "lines", "lines.N.a")
    assert [(row[0].path, row[0].value, row[0].required) for row in lines.rows] == [("lines.0.a", 1, True), ("lines.1.a", "", True)]


@pytest.mark.parametrize("form", sorted(read_forms()))
def test_every_form_survives_a_round(form: str) -> None:
    schema = read_forms()[form]
    fields = [field for tab in describe(schema, {}) for field in tab.fields]
    assert {field.path for field in fields} == set(schema["properties"])
    assert all(field.label != field.path for field in fields)


def test_choices_are_offered_or_depend_on_another_column() -> None:
    offered = {"x-options": "all", "x-by": "a"}
    line = {"title": "行", "type": "array", "items": {"properties": {"a": {"title": "甲", "type": "string"}, "b": {**CHOICES, **offered}}}}
    schema = {"title": "表", "properties": {"several": {**CHOICES, "x-options": "some"}, "lines": line}}
    adapted = adapt(schema, frozenset(), {"some": ["乙", "丙"], "all": {"子": ["丑"]}})
    several, lines = describe(adapted, {"several": ["丙"]})[0].fields
    assert (several.widget, several.options, several.value) == ("choices", ("乙", "丙"), ["丙"])
    column = lines.columns[1]
    assert (column.widget, column.by, column.depending, column.options) == ("choices", "a", {"子": ["丑"]}, ())


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({}, None),
        ({"several": ["甲", "乙", "丙"]}, "“几项”最多 2 项"),
        ({"lines": [{"a": 1, "b": []}]}, "第 1 行“几项”必须填写"),
        ({"moment": "2026-11-23 09:05"}, None),
        ({"moment": "2026-11-31 09:05"}, "“时间”：应为日期和时间，例如 2026-11-23 09:00"),
        ({"moment": "明天"}, "“时间”：应为日期和时间，例如 2026-11-23 09:00"),
    ],
)
def test_choices_and_moments_are_checked(answers: dict[str, Any], problem: str | None) -> None:
    assert [message for _, message in check(SCHEMA, {"text": "一", **answers})] == ([problem] if problem else [])


@pytest.mark.parametrize("widget", [{}, {"type": "array", "items": {"type": "string"}, "x-widget": "choices"}])
def test_choices_that_there_are_not_are_told(widget: dict[str, Any]) -> None:
    schema = {"properties": {"major": {"title": "专业", "type": "string", "x-options": "gone", **widget}}}
    with pytest.raises(DomainError, match="表单的字段“专业”要从“gone”中选择，但没有这些选项"):
        adapt(schema, frozenset(), {"majors": ["软件技术"]})


def test_a_text_that_is_too_long_to_be_put_in_order_is_left_to_its_check() -> None:
    schema = {"properties": {"name": {"type": "string", "format": "person-name", "maxLength": 100}}}
    for blanks, kept in ((TIDIED - 2, True), (TIDIED - 1, False)):
        written = f"张{'　' * blanks}三"
        assert parse(schema, {"name": [written]}) == {"name": "张三" if kept else written}


def test_what_nobody_sees_is_not_kept() -> None:
    for typed, kept in (
        ("\u202e软件\u200b技术\x01\x7f", "软件技术"),
        ("第一行\n第二行\t后", "第一行\n第二行\t后"),
        ("𠮷 \U000e0100", "𠮷 \U000e0100"),
    ):
        assert parse({"properties": {"text": {"type": "string"}}}, {"text": [typed]}) == {"text": kept}
    assert parse({"properties": {"text": {"type": "string"}}}, {"text": ["\u200b"]}) == {}
