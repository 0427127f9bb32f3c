"""The forms that a diagram uses: could pages show them, and check what is filled in?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from domain.ground.filetypes import MEDIA_TYPES
from domain.ground.parties import ROLES
from processes.diagrams.diagram import Diagram
from processes.diagrams.quoting import quoted, short

_TYPES = ("string", "integer", "number", "array")
_WIDGETS = ("textarea", "file", "choices", "photo")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "x-max-mb")
_TEXTS = ("title", "x-tab", "x-help", "x-options", "x-by", "x-sex", "x-document", "x-pinyin", "x-unit", "x-or", "format", "pattern")
_LISTS = ("enum", "x-accept", "x-roles", "x-aliases", "x-doubtful-aliases")
_NOT_RUN = ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef")
_MOST_LENGTH = 10_000_000


def check(diagram: Diagram, forms: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the forms that a diagram uses, a line each."""
    used = {name for e in diagram.elements.values() for name in (e.form, e.edit_form) if name is not None and name in forms}
    for name in sorted(used):
        yield from (f"表单{quoted(name)}{text}" for text in problems(forms[name]))


def problems(schema: object) -> list[str]:
    """What is wrong with a form."""
    if not isinstance(schema, dict):
        return ["应是一个 JSON 对象，请核对文件"]
    found = list(_object(schema, "", False))
    if not found and not jsonschema_rs.meta.is_valid(schema):
        found = ["不符合 JSON Schema 2020-12 的写法，请核对"]
    return found


def _object(schema: Mapping[str, Any], where: str, line: bool) -> Iterator[str]:
    """A form, or one line of a table (`line`)."""
    if schema.get("type") != "object":
        yield f"{where}：类型（type）应为 object，请改正"
    if not isinstance(schema.get("title", ""), str):
        yield f"{where}：title 应为文字"
    fields, required = schema.get("properties"), schema.get("required", [])
    if not isinstance(fields, dict) or not fields or not all(isinstance(field, dict) for field in fields.values()):
        yield f"{where}：缺少字段（properties），应写明每个字段的名称和内容"
        return
    if not isinstance(required, list) or not all(isinstance(name, str) and name in fields for name in required):
        yield f"{where}：必填的字段（required）应列出已有字段的名称"
    for name, field in fields.items():
        yield from _field(field, f"{where}的字段{quoted(str(field.get('title', name)), 30)}({short(name)})", fields, line)


def _field(field: Mapping[str, Any], where: str, fields: Mapping[str, Any], line: bool) -> Iterator[str]:
    kind = field.get("type")
    if kind not in _TYPES:
        yield f"{where}：类型（type）应为 {'、'.join(_TYPES)} 之一"
        return
    for names, label, fits in _SHAPES:
        yield from (f"{where}：{name} 应为{label}" for name in names if name in field and not fits(field[name]))
    yield from (f"{where}：不能使用 {name}，请把内容直接写在字段里" for name in _NOT_RUN if name in field)
    yield from (f"{where}：{text}" for text in _values(field, fields))
    widget = field.get("x-widget")
    if kind == "array" and widget not in ("file", "choices"):
        yield from _table(field, where, line)
    elif (widget in ("file", "choices")) != (kind == "array"):
        yield f"{where}：{widget} 的类型（type）应为 array"
    elif kind == "array" and (not isinstance(field.get("items"), dict) or field["items"].get("type") not in ("string", "integer")):
        yield f"{where}：items 应写明每一项的类型（integer 或 string）"
    if widget == "choices" and not isinstance(field.get("x-options"), str):
        yield f"{where}：缺少选项的名称（x-options）"


def _table(field: Mapping[str, Any], where: str, line: bool) -> Iterator[str]:
    if line:
        yield f"{where}：表格中不能再有表格"
    elif not isinstance(field.get("items"), dict):
        yield f"{where}：缺少表格的列（items）"
    else:
        yield from _object(field["items"], where, True)


def _values(field: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[str]:
    if field.get("x-widget", "textarea") not in _WIDGETS:
        yield f"x-widget 应为 {'、'.join(_WIDGETS)} 之一"
    for name in ("x-by", "x-sex", "x-document", "x-pinyin", "x-or"):
        if name in field and field[name] not in fields:
            yield f"{name} 所指的字段不存在"
    for name, known in (("x-accept", MEDIA_TYPES), ("x-roles", ROLES)):
        if isinstance(field.get(name), list) and not set(map(str, field[name])) <= set(known):
            yield f"{name} 只能有：{'、'.join(known)}"
    if "x-required-for" in field and not _cases(field["x-required-for"], fields):
        yield "x-required-for 应写成 {其他字段的名称: [在其取这些值时必填]}"
    if "x-also" in field and not _others(field["x-also"], field.get("enum")):
        yield "x-also 应写成 {其他写法: enum 中的一项}"
    pattern = field.get("pattern")
    if isinstance(pattern, str) and not _compiles(pattern):
        yield "pattern 不是正则表达式"
    for name, least in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")):
        if _is_number(field.get(name)) and _is_number(field.get(least)) and field[name] > field[least]:
            yield f"{name} 大于 {least}，没有能填写的内容"


def _cases(hint: object, fields: Mapping[str, Any]) -> bool:
    return isinstance(hint, dict) and bool(hint) and all(name in fields and _is_list(said) for name, said in hint.items())


def _others(hint: object, choices: object) -> bool:
    return isinstance(hint, dict) and bool(hint) and isinstance(choices, list) and all(meant in choices for meant in hint.values())


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return bool(jsonschema_rs.meta.is_valid({"pattern": pattern}))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_LENGTH


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str | int | float) for one in value)


_SHAPES: tuple[tuple[tuple[str, ...], str, Callable[[object], bool]], ...] = (
    (_TEXTS, "文字", lambda value: isinstance(value, str) and bool(value)),
    (_COUNTS, "不小于 0 的整数", _is_count),
    (("minimum", "maximum", "multipleOf"), "数", _is_number),
    (_LISTS, "不为空的列表", _is_list),
    (("readOnly",), " true 或 false", lambda value: isinstance(value, bool)),
)
