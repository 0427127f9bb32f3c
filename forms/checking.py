"""Checks answers against a form: each field by its schema, and fields that must agree with one another. Every message is Chinese and
names the field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from domain.ground.base import minutes_problem
from domain.ground.id_numbers import id_number_problem
from domain.ground.identity import credit_code_problem, mobile_problem
from domain.ground.names import name_problem, pinyin_problem
from forms.agreements import AGREEMENTS, depends_on
from forms.fields import is_choices, is_file, parse
from forms.filling import is_filled
from forms.requirements import required_now, sometimes_required

FORMATS = {  # document-number is checked with `x-document`
    "id-number": id_number_problem,
    "person-name": name_problem,
    "pinyin": pinyin_problem,
    "mobile": mobile_problem,
    "credit-code": credit_code_problem,
    "minutes": minutes_problem,
}
_PASSES = {name: lambda text, problem=problem: problem(text) is None for name, problem in FORMATS.items()}


def check(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(path such as `lines.0.trained`, message) of each problem; empty where there is none."""
    return checker(schema)(answers)


def checker(schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], list[tuple[str, str]]]:
    """`check` for one form, made ready once for the answers of many rows of an import."""
    validator, order = _validator(json.dumps(schema, sort_keys=True)), list(schema.get("properties", {}))
    pairs, sometimes = _pairs(schema), bool(sometimes_required(schema))

    def check_one(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
        problems: dict[str, str] = {}
        missing = [name for name in required_now(schema, answers) if name not in answers] if sometimes else []
        if validator.is_valid(answers) and not missing:  # nearly always; looking for what is wrong takes longer
            return list(_disagreements(pairs, answers)) if pairs else []
        for error in validator.iter_errors(dict(answers)):
            path = [str(part) for part in error.instance_path]
            if isinstance(error.kind, Kind.Required):
                path.append(error.kind.property)  # the error is at the object that misses it; people look for the field
            field = _field(schema, path)
            problems.setdefault(".".join(path), _message(error, field, path))
        for name in missing:
            problems.setdefault(name, f"“{schema['properties'].get(name, {}).get('title', name)}”必须填写")
        for place, message in _disagreements(pairs, answers):
            problems.setdefault(place, message)
        return sorted(problems.items(), key=lambda problem: order.index(first) if (first := problem[0].split(".")[0]) in order else -1)

    return check_one


def check_field(schema: Mapping[str, Any], path: str, text: str, beside: Mapping[str, str] | None = None) -> str | None:
    """The problem of one field as it was typed, or None; `path` is that of the page, such as `lines.3.trained`. `beside`: what stands in
    the fields of the same form or line that it depends on (`forms.agreements`).

    The number of the line is left out of the message: the page shows it beside the field, and lines may have been removed above it.
    """
    holder: Mapping[str, Any] = schema
    *parents, name = [part for part in path.split(".") if not part.isdigit()] or [""]
    for part in parents:
        holder = holder.get("properties", {}).get(part, {}).get("items", {})
    field = holder.get("properties", {}).get(name)
    if field is None or field.get("type") == "array" or (is_filled(field) and not text.strip()):  # which another field fills
        return None
    others = {other: found for other in depends_on(field) if (found := holder["properties"].get(other)) is not None}
    fields = {name: field, **others}
    alone = {"type": "object", "properties": fields, "required": [name] if name in holder.get("required", ()) else []}
    typed = {name: [text], **{other: [said] for other, said in (beside or {}).items() if other in others}}
    return next((message for place, message in check(alone, parse(alone, typed)) if place == name), None)


@dataclass(frozen=True)
class _Pair:
    """Two fields of a form, or of the lines of its field `lines`, that must agree."""

    lines: str
    name: str
    title: str
    other: str
    problem: Callable[[str, str], str | None]


def _pairs(schema: Mapping[str, Any], lines: str = "") -> list[_Pair]:
    found: list[_Pair] = []
    for name, field in schema.get("properties", {}).items():
        found += [_Pair(lines, name, field.get("title", name), field[hint], AGREEMENTS[hint]) for hint in AGREEMENTS if hint in field]
        if not lines and field.get("type") == "array":
            found += _pairs(field.get("items", {}), name)
    return found


def _disagreements(pairs: Sequence[_Pair], answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, message) of each pair of answers that are there and do not agree."""
    for pair in pairs:
        lines = answers.get(pair.lines, ()) if pair.lines else (answers,)
        for number, line in enumerate(lines if isinstance(lines, list | tuple) else ()):
            mine, other = (line.get(pair.name), line.get(pair.other)) if isinstance(line, Mapping) else (None, None)
            if isinstance(mine, str) and isinstance(other, str) and (problem := pair.problem(mine, other)) is not None:
                path, row = (f"{pair.lines}.{number}.", f"第 {number + 1} 行") if pair.lines else ("", "")
                yield f"{path}{pair.name}", f"{row}“{pair.title}”：{problem}"


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
