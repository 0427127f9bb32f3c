"""Messages of the checks: Chinese, naming field and row."""

from __future__ import annotations

from typing import Any

import pytest

from forms import read_forms
from forms.checking import check, check_field

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"title": "姓名", "type": "string", "minLength": 2, "maxLength": 4},
        "id_number": {"title": "证件号", "type": "string", "format": "id-number"},
        "mobile": {"title": "手机号", "type": "string", "format": "mobile"},
        "credit": {"title": "信用代码", "type": "string", "format": "credit-code"},
        "grade": {"title": "等级", "type": "string", "enum": ["初级", "中级"]},
        "code": {"title": "编号", "type": "string", "pattern": "^[A-Z]{3}$", "x-example": "ABC"},
        "lines": {
            "title": "明细",
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "required": ["people"],
                "properties": {
                    "people": {"title": "人数", "type": "integer", "minimum": 0, "maximum": 9},
                    "mobile": {"title": "手机号", "type": "string", "format": "mobile"},
                },
            },
        },
    },
}


@pytest.mark.parametrize(
    ("answers", "path", "message"),
    [
        ({"name": None}, "name", "“姓名”应填写文字"),
        ({"name": "张"}, "name", "“姓名”至少填写 2 个字"),
        ({"name": "张张张张张"}, "name", "“姓名”最多填写 4 个字"),
        ({"id_number": "110105194912310021"}, "id_number", "“证件号”：身份证号校验位错误"),
        ({"id_number": "110105194902310021"}, "id_number", "“证件号”：身份证号中的出生日期不存在"),
        ({"mobile": "12900000000"}, "mobile", "“手机号”：手机号应为 11 位数字，以 13–19 开头"),
        ({"credit": "91350100M000100Y44"}, "credit", "“信用代码”：统一社会信用代码校验位错误"),
        ({"grade": "特级"}, "grade", "“等级”应为：初级、中级"),
        ({"code": "abc"}, "code", "“编号”填写有误，请核对，例如：ABC"),
        ({"lines": []}, "lines", "“明细”必须填写"),
        ({"lines": [{"people": 1}] * 3}, "lines", "“明细”最多 2 行"),
        ({"lines": "x"}, "lines", "“明细”应填写表格"),
        ({"lines": [{"people": 1}, {}]}, "lines.1.people", "第 2 行“人数”必须填写"),
        ({"lines": [{"people": "many"}]}, "lines.0.people", "第 1 行“人数”应填写整数"),
        ({"lines": [{"people": -1}]}, "lines.0.people", "第 1 行“人数”不能小于 0"),
        ({"lines": [{"people": 10}]}, "lines.0.people", "第 1 行“人数”不能大于 9"),
        ({"lines": [{"people": 1, "mobile": "1"}]}, "lines.0.mobile", "第 1 行“手机号”：手机号应为 11 位数字，以 13–19 开头"),
        ({"secret": "x"}, "", "表单中有不认识的内容，请刷新页面后重新填写"),
    ],
)
def test_messages(answers: dict[str, Any], path: str, message: str) -> None:
    assert check(SCHEMA, {"name": "张文", **answers}) == [(path, message)]


def test_right_answers_have_no_problem() -> None:
    answers = {
        "name": "张文",
        "id_number": "11010519491231002X",
        "mobile": "13900000000",
        "credit": "91350100M000100Y43",
        "lines": [{"people": 1}],
    }
    assert check(SCHEMA, answers) == []


def test_problems_stand_in_the_forms_order() -> None:
    assert [path for path, _ in check(SCHEMA, {"lines": [], "mobile": "1"})] == ["name", "mobile", "lines"]


def test_the_weekly_report_reports_too_many_rows() -> None:
    rows = [{"certificate": "证书", "trained": 1}] * 201
    problems = dict(
        check(read_forms()["weekly_report.json"], {"contact": "张文", "mobile": "13900000000", "summary": "本周工作", "lines": rows})
    )
    assert problems == {"lines": "“证书培训与考核”最多 200 行"}


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("mobile", "13900000000", None),
        ("mobile", "139", "填写有误"),
        ("contact", "", "必须填写"),
        ("organization", "", None),  # not required
        ("lines.3.trained", "三十", "应填写整数"),
        ("lines.3.trained", "30", None),
        ("lines.3.certificate", "", "必须填写"),
        ("nothing.0.here", "x", None),
        ("lines", "x", None),  # a table is checked as a whole, on sending
    ],
)
def test_one_field_is_checked_as_it_is_left(path: str, text: str, problem: str | None) -> None:
    found = check_field(read_forms()["weekly_report.json"], path, text)
    assert (found is None) == (problem is None)
    assert problem is None or problem in str(found)
    assert "第" not in str(found)
