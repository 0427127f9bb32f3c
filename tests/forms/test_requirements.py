"""Fields that are required only where another one says so (`x-required-for`)."""

from __future__ import annotations

from typing import Any

import pytest

from forms.checking import check
from forms.fields import describe
from forms.requirements import required_now, settled
from processes.checks.schemas import problems

FORM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind"],
    "properties": {
        "kind": {"title": "类型", "type": "string", "enum": ["甲", "乙"]},
        "major": {"title": "专业", "type": "string", "maxLength": 3, "x-required-for": {"kind": ["甲"]}},
    },
}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"kind": "甲"}, ["“专业”必须填写"]),
        ({"kind": "甲", "major": "护理"}, []),
        ({"kind": "乙"}, []),
        ({}, ["“类型”必须填写"]),
        ({"kind": "甲", "major": "护理专业"}, ["“专业”最多填写 3 个字"]),
    ],
)
def test_what_is_missing_is_told(answers: dict[str, Any], told: list[str]) -> None:
    assert [message for _, message in check(FORM, answers)] == told


def test_a_page_marks_it_where_it_is_required() -> None:
    marked = {
        kind: [field.label for tab in describe(FORM, {"kind": kind}) for field in tab.fields if field.required] for kind in ("甲", "乙")
    }
    assert marked == {"甲": ["类型", "专业"], "乙": ["类型"]}


def test_what_is_given_settles_it() -> None:
    one, other = settled(FORM, {"kind": "甲"}), settled(FORM, {"kind": "乙"})
    assert (list(one["properties"]), one["required"]) == (["major"], ["major"])
    assert (list(other["properties"]), other["required"]) == (["major"], [])
    assert check(one, {}) == [("major", "“专业”必须填写")]
    assert check(other, {}) == []
    assert required_now(FORM, {"kind": "甲"}) == ["kind", "major"]


@pytest.mark.parametrize("hint", ["kind", {}, {"gone": ["甲"]}, {"kind": "甲"}, {"kind": []}])
def test_a_hint_that_is_none_is_named(hint: object) -> None:
    form = {**FORM, "properties": {**FORM["properties"], "major": {"title": "专业", "type": "string", "x-required-for": hint}}}
    assert problems(form) == ["的字段“专业”(major)：x-required-for 应写成 {其他字段的名称: [在其取这些值时必填]}"]
