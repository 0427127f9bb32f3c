"""The Excel template of an import, made from its form: text columns, drop-downs, one example, and a sheet with the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from jobs.imports.columns import Column
from jobs.imports.guarding import MAX_ROWS

RULES = (
    "带 * 的列必须填写；列的次序可以调整，多余的列不影响导入。",
    "表头下方一行是填写示例，导入时自动跳过，可以保留，也可以删除。",
    f"一次最多导入 {MAX_ROWS} 行；文件请保存为 .xlsx 格式。",
    "隐藏的行和列也会导入；不要导入的行请先删除。",
)
AS_TEXT = "证件号、手机号两列已设为文本格式。从别处复制时请选择“只粘贴值”，以免 Excel 把长数字截断。"
"""A rule where one of these columns is there."""
FIRST_CHOICES = 4  # column of 填写说明 with the first choices
TEXT_KEPT = ("id-number", "document-number", "mobile", "credit-code")


def template_of(title: str, columns: Sequence[Column], choices: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """The bytes of an .xlsx with two sheets: the table under `title`'s headings, and 填写说明. `choices`: field → what its drop-down offers
    besides those that its form names; they stand in 填写说明, since a drop-down's own list may hold no more than 255 characters."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        table = _table(book, title, columns)
        rules = _rules(book, title, columns)
        for number, (name, offered) in enumerate((choices or {}).items()):
            at = next(at for at, column in enumerate(columns) if column.name == name)
            _offer(table, rules, at, FIRST_CHOICES + number, columns[at].title, offered)
    return out.getvalue()


def _offer(table: Worksheet, rules: Worksheet, at: int, place: int, title: str, offered: Sequence[str]) -> None:
    """A drop-down of column `at` whose choices stand in column `place` of 填写说明."""
    if not offered:
        return
    rules.set_column(place, place, 40)
    rules.write_string(0, place, f"可选的{title}")
    for row, text in enumerate(offered, 1):
        rules.write_string(row, place, text)
    column = xl_col_to_name(place, True)
    source = f"='填写说明'!{column}$2:{column}${len(offered) + 1}"
    table.data_validation(1, at, MAX_ROWS, at, {"validate": "list", "source": source, "error_type": "warning"})


def _table(book: Workbook, title: str, columns: Sequence[Column]) -> Worksheet:
    sheet = book.add_worksheet(title[:31])
    text, head = book.add_format({"num_format": "@"}), {"bold": True, "bg_color": "#E8EEF7", "border": 1, "align": "center"}
    must, may = book.add_format({**head, "font_color": "#B42318"}), book.add_format(head)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, width_of(column), text)
        sheet.write_string(0, at, f"*{column.title}" if column.required else column.title, must if column.required else may)
        sheet.write_string(1, at, str(column.schema.get("x-example", "")), text)
        if "enum" in column.schema:
            choices = {"validate": "list", "source": list(map(str, column.schema["enum"])), "error_title": "请从下拉列表中选择"}
            sheet.data_validation(1, at, MAX_ROWS, at, {**choices, "error_message": f"{column.title}应从下拉列表中选择"})
    sheet.freeze_panes(1, 0)
    return sheet


def _rules(book: Workbook, title: str, columns: Sequence[Column]) -> Worksheet:
    sheet = book.add_worksheet("填写说明")
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 70, wrap)
    sheet.write_string(0, 0, f"{title}导入模板填写说明", bold)
    rules = (*RULES, AS_TEXT) if any(column.schema.get("format") in TEXT_KEPT for column in columns) else RULES
    for row, rule in enumerate(rules, 1):
        sheet.write_string(row, 0, f"{row}. {rule}")
    start = len(rules) + 2
    for at, text in enumerate(("列", "是否必填", "要求")):
        sheet.write_string(start, at, text, bold)
    for row, column in enumerate(columns, start + 1):
        for at, text in enumerate((column.title, "必填" if column.required else "选填", rule_of(column.schema))):
            sheet.write_string(row, at, text)
    return sheet


def width_of(column: Column) -> int:
    """The width of a column, in characters."""
    if "x-width" in column.schema:
        return int(column.schema["x-width"])
    return 22 if column.schema.get("format") in (*TEXT_KEPT, "email") else max(12, 2 * len(column.title) + 4)


def rule_of(schema: Mapping[str, Any]) -> str:
    """What a field requires, in a sentence."""
    kind, parts = schema.get("format"), []
    if "enum" in schema:
        parts.append(f"从下拉列表中选择：{'、'.join(map(str, schema['enum']))}")
    if "maxLength" in schema:
        parts.append(f"最多 {schema['maxLength']} 个字")
    if kind == "date":
        parts.append("日期，例如 2026-09-01 或 2026/9/1")
    if kind == "mobile":
        parts.append("11 位手机号")
    if schema.get("type") in ("integer", "number"):
        parts.append("整数" if schema["type"] == "integer" else "数字")
        parts += [f"{label} {schema[key]}" for key, label in (("minimum", "不小于"), ("maximum", "不大于")) if key in schema]
    if "x-help" in schema:
        parts.append(schema["x-help"])
    return "；".join(parts) or "文字"
