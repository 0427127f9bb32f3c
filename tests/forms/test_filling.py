"""Fields that are filled from another one where they were left empty."""

from __future__ import annotations

from typing import Any

import pytest

from forms.fields import describe
from forms.filling import filling
from jobs.imports.columns import columns_of, read_header

pytestmark = pytest.mark.row("5.2.3.1")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "pinyin"],
    "properties": {
        "name": {"title": "姓名", "type": "string", "format": "person-name"},
        "pinyin": {"title": "姓名拼音", "type": "string", "format": "pinyin", "x-pinyin": "name"},
    },
}


@pytest.mark.parametrize(
    ("answers", "filled"),
    [
        ({"name": "曾乐"}, {"name": "曾乐", "pinyin": "ZENG LE"}),
        ({"name": "曾乐", "pinyin": "ZENG YUE"}, {"name": "曾乐", "pinyin": "ZENG YUE"}),  # what people wrote stays
        ({"name": "陈\U0002ebf0"}, {"name": "陈\U0002ebf0"}),  # a reading is not known: the check says that it must be filled in
        ({}, {}),
        ({"name": 3}, {"name": 3}),
    ],
)
def test_what_is_filled_in(answers: dict[str, Any], filled: dict[str, Any]) -> None:
    filling(SCHEMA)(answers)
    assert answers == filled


def test_a_step_that_only_reads_it_fills_nothing_in() -> None:
    answers = {"name": "曾乐"}
    fields = {**SCHEMA["properties"], "pinyin": {**SCHEMA["properties"]["pinyin"], "readOnly": True}}
    filling({**SCHEMA, "properties": fields})(answers)
    assert answers == {"name": "曾乐"}


def test_pages_know_of_whose_name_it_is_and_imports_do_without_the_column() -> None:
    (tab,) = describe(SCHEMA, {})
    assert [(field.pinyin, field.required) for field in tab.fields] == [("", True), ("name", True)]
    assert read_header(columns_of(SCHEMA), ["姓名"]).complete
