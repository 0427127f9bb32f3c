"""Forms that pages could not show, or that nobody could fill in."""

from __future__ import annotations

from typing import Any

import pytest

from forms import read_forms
from processes.checks import problems as all_problems
from processes.checks.schemas import problems
from tests.processes.checks.diagrams import END, HANDLERS, LINE, START, STATUS, SUBJECTS, diagram, task

TEXT = {"title": "说明", "type": "string"}


def form(field: Any, **more: Any) -> dict[str, Any]:
    return {"title": "表", "type": "object", "properties": {"note": TEXT, "field": field}, **more}


@pytest.mark.parametrize("name", sorted(read_forms()))
def test_the_product_s_forms_are_sound(name: str) -> None:
    assert problems(read_forms()[name]) == []


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ([], "应是一个 JSON 对象"),
        ({"type": "object"}, "缺少字段（properties）"),
        ({"type": "object", "properties": {}}, "缺少字段（properties）"),
        ({"type": "object", "properties": {"a": 1}}, "缺少字段（properties）"),
        (form(TEXT, type="array"), "类型（type）应为 object"),
        (form(TEXT, required=["gone"]), "必填的字段（required）应列出已有字段的名称"),
        (form({"title": "数"}), "的字段“数”(field)：类型（type）应为 string、integer、number、array 之一"),
        (form({**TEXT, "title": 3}), "title 应为文字"),
        (form({**TEXT, "maxLength": "20"}), "maxLength 应为不小于 0 的整数"),
        (form({**TEXT, "minLength": 9, "maxLength": 3}), "minLength 大于 maxLength，没有能填写的内容"),
        (form({"type": "integer", "maximum": "x"}), "maximum 应为数"),
        (form({**TEXT, "enum": []}), "enum 应为不为空的列表"),
        (form({**TEXT, "pattern": "("}), "pattern 不是正则表达式"),
        (form({**TEXT, "x-widget": "color"}), "x-widget 应为 textarea、file、choices、photo 之一"),
        (form({**TEXT, "x-widget": "file"}), "file 的类型（type）应为 array"),
        (form({**TEXT, "x-roles": ["校长"]}), "x-roles 只能有：试点院校、"),
        (form({**TEXT, "x-by": "gone"}), "x-by 所指的字段不存在"),
        (form({**TEXT, "enum": ["男"], "x-also": {"男性": "女"}}), "x-also 应写成 {其他写法: enum 中的一项}"),
        (form({**TEXT, "x-also": {"男性": "男"}}), "x-also 应写成 {其他写法: enum 中的一项}"),
        (form({**TEXT, "x-pinyin": "gone"}), "x-pinyin 所指的字段不存在"),
        (form({**TEXT, "x-or": "gone"}), "x-or 所指的字段不存在"),
        (form({"type": "array"}), "缺少表格的列（items）"),
        (form({"type": "array", "items": {"type": "string"}}), "类型（type）应为 object"),
        (form({"type": "array", "items": form({"type": "array", "items": form(TEXT)})}), "表格中不能再有表格"),
        (form({"type": "array", "x-widget": "file"}), "items 应写明每一项的类型"),
        (form({"type": "array", "x-widget": "choices", "items": {"type": "string"}}), "缺少选项的名称（x-options）"),
        (form({"type": "array", "x-widget": "file", "items": {"type": "integer"}, "x-accept": ["exe"]}), "x-accept 只能有：pdf、"),
        (form({**TEXT, "$ref": "https://example.org/x.json"}), "不能使用 $ref，请把内容直接写在字段里"),
        (form({**TEXT, "readOnly": "yes"}), "readOnly 应为 true 或 false"),
        (form(TEXT, additionalProperties=3), "不符合 JSON Schema 2020-12 的写法"),
    ],
)
def test_what_is_wrong_is_named(schema: Any, why: str) -> None:
    assert any(why in line for line in problems(schema)), problems(schema)


def test_a_diagram_names_the_form_that_it_uses() -> None:
    given = '<s:property name="formJsonSchemaFilename" value="f.json"/>'
    xml = diagram(START + task(STATUS + given) + END + LINE)
    for schema in (
        form({"type": "strange", "x-access": {"t": "read"}}),
        {"type": "object", "properties": {"a": {"x-access": 3}}},
        [],
        None,
        3,
    ):
        lines = all_problems(xml, "p", HANDLERS, SUBJECTS, {"f.json": schema})  # type: ignore[dict-item]  # as a broken file gives them
        assert lines
        assert all(line.startswith("表单“f.json”") for line in lines)
    assert all_problems(xml, "p", HANDLERS, SUBJECTS, {"f.json": form(TEXT), "other.json": form({})}) == []
