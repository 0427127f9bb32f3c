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
        ({"id_number": "110105194912310021"}, "id_number", "“证件号”：身份证号校验位错误，请对照证件逐位核对"),
        ({"id_number": "110105194902310021"}, "id_number", "“证件号”：身份证号中的出生日期不存在，请对照证件核对第 7–14 位"),
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


TOGETHER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "document": {"title": "证件类型", "type": "string"},
        "number": {"title": "证件号", "type": "string", "format": "document-number", "x-document": "document", "x-sex": "sex"},
        "sex": {"title": "性别", "type": "string", "enum": ["男", "女"]},
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sex": {"title": "性别", "type": "string"},
                    "number": {"title": "身份证号", "type": "string", "format": "id-number", "x-sex": "sex"},
                },
            },
        },
    },
}
CARD = "11010519491231002X"
MAN, WRONG = "与所填的“男”不符，请核对证件号和性别", "校验位错误，请对照证件逐位核对"


@pytest.mark.parametrize(
    ("answers", "path", "message"),
    [
        ({"number": CARD, "sex": "女", "document": "居民身份证"}, None, ""),
        ({"number": "E12345678", "document": "护照"}, None, ""),
        ({"number": CARD}, None, ""),  # nothing to agree with
        ({"number": CARD, "sex": "男"}, "number", f"“证件号”：身份证号第 17 位表示性别“女”，{MAN}"),
        ({"number": CARD, "document": "港澳台居民居住证"}, "number", "“证件号”：这是居民身份证的号码，请核对证件类型和证件号"),
        ({"number": "110105194912310021", "document": "居民身份证"}, "number", f"“证件号”：身份证号{WRONG}"),
        ({"number": "11", "sex": "男", "document": "护照"}, "number", "“证件号”：护照号应为 5–17 位字母或数字，请对照证件填写"),
        ({"people": [{}, {"number": CARD, "sex": "男"}]}, "people.1.number", f"第 2 行“身份证号”：身份证号第 17 位表示性别“女”，{MAN}"),
        (
            {"people": [{"number": "1", "sex": "男"}]},
            "people.0.number",
            "第 1 行“身份证号”：身份证号应为 18 位：前 17 位为数字，末位为数字或 X，请对照证件填写",
        ),
        ({"people": "x"}, "people", "“people”应填写表格"),
        ({"sex": "无", "number": CARD}, "sex", "“性别”应为：男、女"),
    ],
)
def test_fields_that_must_agree(answers: dict[str, Any], path: str | None, message: str) -> None:
    assert check(TOGETHER, answers) == ([] if path is None else [(path, message)])


def test_the_teachers_number_agrees_with_the_sex() -> None:
    answers = {"name": "王小明", "mobile": "13900000000", "id_number": CARD}
    assert check(read_forms()["teacher.json"], {**answers, "sex": "女"}) == []
    assert [path for path, _ in check(read_forms()["teacher.json"], {**answers, "sex": "男"})] == ["id_number"]


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
        ("3", "x", None),
        ("lines", "x", None),  # a table is checked as a whole, on sending
    ],
)
def test_one_field_is_checked_as_it_is_left(path: str, text: str, problem: str | None) -> None:
    found = check_field(read_forms()["weekly_report.json"], path, text)
    assert (found is None) == (problem is None)
    assert problem is None or problem in str(found)
    assert "第" not in str(found)


@pytest.mark.parametrize(
    ("form", "path", "text", "beside", "problem"),
    [
        ("candidate", "id_number", "11010519491231002X", {"document": "居民身份证"}, None),
        ("candidate", "id_number", "110105194912310021", {"document": "居民身份证"}, "“证件号”：身份证号校验位错误"),
        ("candidate", "id_number", "110105491231002", {"document": "居民身份证"}, "15 位的旧号码已停用"),
        ("candidate", "id_number", "11010519491231002X", {"document": "港澳台居民居住证"}, "这是居民身份证的号码"),
        ("candidate", "id_number", "E12345678", {"document": "护照"}, None),
        ("candidate", "id_number", "E12345678", {"document": ""}, None),  # nobody knows yet what it is
        ("candidate", "id_number", "E12345678", {}, None),
        ("candidate", "id_number", "", {"document": "护照"}, "“证件号”必须填写"),
        ("candidate", "id_number", "E12345678", {"document": "护照", "mobile": "1", "photo": "x"}, None),  # others say their own
        ("candidate", "major", "", {"kind": "院校考生"}, "“就读专业”必须填写"),
        ("candidate", "major", "", {"kind": "社会考生"}, None),
        ("candidate", "pinyin", "", {}, None),  # the name fills it
        ("candidate", "pinyin", "张三", {}, "应为大写字母"),
        ("teacher", "id_number", "11010519491231002X", {"sex": "女"}, None),
        ("teacher", "id_number", "11010519491231002X", {"sex": "男"}, "表示性别“女”"),
    ],
)
def test_a_field_is_checked_with_those_on_which_it_depends(
    form: str, path: str, text: str, beside: dict[str, str], problem: str | None
) -> None:
    found = check_field(read_forms()[f"{form}.json"], path, text, beside)
    assert (found is None) == (problem is None)
    assert problem is None or problem in str(found)


def test_a_field_of_a_line_is_checked_with_those_of_its_line() -> None:
    sex = {"title": "性别", "type": "string", "enum": ["男", "女"]}
    items = {"type": "object", "properties": {"number": {"title": "证件号", "type": "string", "x-sex": "sex"}, "sex": sex}}
    schema = {"type": "object", "properties": {"lines": {"type": "array", "items": items}}}
    assert "表示性别“女”" in str(check_field(schema, "lines.4.number", "11010519491231002X", {"sex": "男"}))
    assert check_field(schema, "lines.4.number", "11010519491231002X", {"sex": "女"}) is None
