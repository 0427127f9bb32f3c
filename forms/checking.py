"""Checks answers against a form; every message is Chinese and names the field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from domain.ground.base import minutes_problem
from domain.ground.identity import credit_code_problem, id_number_problem, mobile_problem
from forms.fields import is_choices, is_file, parse

FORMATS = {  # person-name is tidied only (`domain.identity.TIDY`)
    "id-number": id_number_problem,
    "mobile": mobile_problem,
    "credit-code": credit_code_problem,
    "minutes": minutes_problem,
}
_PASSES = {name: lambda text, problem=problem: problem(text) is None for name, problem in FORMATS.items()}


def check(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(path such as `lines.0.trained`, message) of each problem; empty when all is well."""
    return checker(schema)(answers)


def checker(schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], list[tuple[str, str]]]:
    """`check` for one form, made ready once for many answers: the rows of an import."""
    validator, order = _validator(json.dumps(schema, sort_keys=True)), list(schema.get("properties", {}))

    def check_one(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
        problems: dict[str, str] = {}
        if validator.is_valid(answers):  # nearly always, and cheaper than to look for what is wrong
            return []
        for error in validator.iter_errors(dict(answers)):
            path = [str(part) for part in error.instance_path]
            if isinstance(error.kind, Kind.Required):
                path.append(error.kind.property)  # the error is at the object that misses it; people look for the field
            field = _field(schema, path)
            problems.setdefault(".".join(path), _message(error, field, path))
        return sorted(problems.items(), key=lambda problem: order.index(first) if (first := problem[0].split(".")[0]) in order else -1)

    return check_one


def check_field(schema: Mapping[str, Any], path: str, text: str) -> str | None:
    """The problem of one field as it was typed, or None; `path` is that of the page, such as `lines.3.trained`.

    The number of the line is left out of the message: the page shows it beside the field, and lines may have been removed above it.
    """
    holder: Mapping[str, Any] = schema
    *parents, name = [part for part in path.split(".") if not part.isdigit()]
    for part in parents:
        holder = holder.get("properties", {}).get(part, {}).get("items", {})
    field = holder.get("properties", {}).get(name)
    if field is None or field.get("type") == "array":
        return None
    alone = {"type": "object", "properties": {name: field}, "required": [name] if name in holder.get("required", ()) else []}
    return next((message for _, message in check(alone, parse(alone, {name: [text]}))), None)


@lru_cache(maxsize=200)
def _validator(schema: str) -> jsonschema_rs.Validator:
    # offline: a form that refers to an address elsewhere is refused, never fetched
    return jsonschema_rs.validator_for(json.loads(schema), formats=_PASSES, validate_formats=True, offline=True)


def _field(schema: Mapping[str, Any], path: list[str]) -> Mapping[str, Any]:
    here: Mapping[str, Any] = schema
    for part in path:
        here = here.get("items", {}) if part.isdigit() else here.get("properties", {}).get(part, {})
    return here


def _message(error: jsonschema_rs.ValidationError, field: Mapping[str, Any], path: list[str]) -> str:
    title = field.get("title", path[-1] if path else "表单")
    row = next((f"第 {int(part) + 1} 行" for part in path if part.isdigit()), "")
    name = f"{row}“{title}”"
    match error.kind:
        case Kind.Required() | Kind.MinItems():
            return f"{name}必须填写"
        case Kind.MinLength(limit=limit):
            return f"{name}至少填写 {limit} 个字"
        case Kind.MaxLength(limit=limit):
            return f"{name}最多填写 {limit} 个字"
        case Kind.Type():
            wanted = {"integer": "整数", "number": "数字", "array": "表格"}.get(str(field.get("type")), "文字")
            return f"{name}应填写{wanted}"
        case Kind.Minimum():
            return f"{name}不能小于 {field.get('minimum')}"
        case Kind.Maximum():
            return f"{name}不能大于 {field.get('maximum')}"
        case Kind.MaxItems(limit=limit):
            unit = "个文件" if is_file(field) else "项" if is_choices(field) else "行"
            return f"{name}最多 {limit} {unit}"
        case Kind.Format(format=known) if known in FORMATS:
            return f"{name}：{FORMATS[known](str(error.instance))}"
        case Kind.Enum():
            return f"{name}应为：{'、'.join(map(str, field.get('enum', [])))}"
        case Kind.AdditionalProperties():
            return "表单中有不认识的内容，请刷新页面后重新填写"
    return f"{name}填写有误，请核对" + (f"，例如：{field['x-example']}" if "x-example" in field else "")
