"""The hints `x-access` of the forms that a diagram uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from processes.diagrams.diagram import Diagram
from processes.diagrams.quoting import quoted
from processes.rights.access import HINT, MODES, fields_of


def check(diagram: Diagram, forms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with the hints of the forms that a diagram uses, in Chinese."""
    elements = diagram.elements
    lanes = sorted({role for element in elements.values() for role in (element.lane, element.press_lane)})
    edited = [element for element in elements.values() if element.by_person or element.edit_form is not None]
    known = list(dict.fromkeys([*(e.local for e in edited), *lanes, *(e.role for e in edited), *(e.edit_lane for e in edited)]))
    used = {name for element in edited for name in (element.form, element.edit_form) if name is not None and name in forms}
    for form in sorted(used):
        for name, field in fields_of(forms[form]).items():
            where = f"表单{quoted(form)}的字段{quoted(str(field.get('title') or name))}"
            yield from (f"{where}：{text}" for text in _faults(field, [one for one in known if one]))


def _faults(field: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    hint = field.get(HINT, {})
    if not isinstance(hint, dict):
        yield f"{HINT} 应写明各环节的权限，如 {{'review': 'read'}}"
        return
    for step, mode in hint.items():
        if step not in known:
            yield f"{HINT} 中的{quoted(step, 40)}不是本流程的用户任务或角色，可用：{'、'.join(known)}"
        if mode not in MODES:
            yield f"{HINT} 中{quoted(step, 40)}的权限{quoted(str(mode), 40)}应为 {'、'.join(MODES)} 之一"
    items = field.get("items", {})
    for name, column in fields_of(items).items() if isinstance(items, dict) else ():
        if HINT in column:
            yield f"列{quoted(str(column.get('title') or name))}不能单独设置 {HINT}，请设置在整个字段上"
