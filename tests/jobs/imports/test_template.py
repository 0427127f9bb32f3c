"""The template that people download is what the import reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from forms import read_forms
from jobs.imports.columns import columns_of
from jobs.imports.reading import open_table
from jobs.imports.template import rule_of, template_of

COLUMNS = columns_of(read_forms()["teacher.json"])


@pytest.mark.row("7.1")
def test_the_template(tmp_path: Path) -> None:
    path = tmp_path / "教师.xlsx"
    path.write_bytes(template_of("教师", COLUMNS))
    with open_table(path, path.name, COLUMNS) as table:
        assert list(table.places) == [column.name for column in COLUMNS]
        assert list(table.rows) == []  # the example is skipped
    sheet = load_workbook(path)["教师"]
    assert sheet["A1"].value == "*姓名"
    assert sheet.column_dimensions["B"].width > 20
    assert sheet["B2"].number_format == sheet["C2"].number_format == "@"
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"男,女"'
    assert "D2:D" in str(choice.sqref)
    assert "填写说明" in load_workbook(path).sheetnames


@pytest.mark.parametrize(
    ("schema", "rule"),
    [
        ({"type": "string"}, "文字"),
        ({"type": "string", "maxLength": 30}, "最多 30 个字"),
        ({"type": "string", "enum": ["男", "女"]}, "从下拉列表中选择：男、女"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "整数；不小于 1；不大于 9"),
        ({"type": "string", "format": "date"}, "日期，例如 2026-09-01 或 2026/9/1"),
    ],
)
def test_rules_in_words(schema: dict[str, object], rule: str) -> None:
    assert rule_of(schema) == rule
