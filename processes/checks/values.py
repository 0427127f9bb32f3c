"""What gives the names of a diagram their values, and the names of which all values are written down: outcomes, choices of a form, and
texts that scripts and decision tables give by constants alone. Numbers are left out: what is not given today may be a limit."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.ground.handling import Handler
from processes.checks.texts import Texts
from processes.diagrams.activities import call_of
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import listed
from processes.diagrams.expressions import ExpressionError, Value, compile_expression
from processes.diagrams.nodes import local

OUTCOME = "_outcome"
MOST = 2000  # assignments of one diagram that are looked at
_SHOWN = 40  # choices in a message


@dataclass(frozen=True)
class Choice:
    """The only values that a name has, but that it may not be set (None)."""

    values: Sequence[Value]
    why: str
    """Why another one is none of them, in Chinese."""


def opened(diagram: Diagram, handlers: Mapping[str, Handler]) -> set[str]:
    """The names that something from outside of the diagram gives: handlers, messages, items of a collection. Their values may be any."""
    names = {name for element in diagram.elements.values() for name in listed(element.properties.get("messageGives", ""))}
    for node in diagram.nodes.values():
        call = call_of(node)
        handler = handlers.get(call.handler) if call is not None else None
        names |= set(handler.gives if handler is not None else ())
    for node in diagram.process.iter():
        if local(node) in ("dataObject", "inputDataItem", "outputDataItem"):
            names |= set(filter(None, (node.get("id"), node.get("name"), (node.text or "").strip())))
    return names


def assigned(texts: Texts) -> dict[str, list[str]]:
    """The names that scripts, payloads and decision tables give → the expressions of their values."""
    found: dict[str, list[str]] = {}
    for one in texts.expressions:
        if one.name is not None and one.fault is None:
            found.setdefault(one.name, []).append(one.text)
    for table in texts.tables.values():
        for number, name in enumerate(table.outputs):
            values = ["[]"] if table.policy == "COLLECT" else [row.values[number] for row in table.rows]
            found.setdefault(name, []).extend(values)
    return found


def calls_another(diagram: Diagram) -> bool:
    """Whether it calls a diagram, which may give any name: what it gives is not written here."""
    return any(element.tag == "callActivity" for element in diagram.elements.values())


def choices_of(
    diagram: Diagram, texts: Texts, handlers: Mapping[str, Handler], facts: Mapping[str, type], forms: Mapping[str, Mapping[str, Any]]
) -> dict[str, Choice]:
    """The names of which all values are written down."""
    given = {} if calls_another(diagram) else assigned(texts)
    if sum(map(len, given.values())) > MOST:
        given = {}
    free = opened(diagram, handlers)
    found: dict[str, Choice] = {}
    for name, values in given.items():
        constants = [_constants(text) for text in values]
        if name not in free and name not in facts and None not in constants:
            only = list(dict.fromkeys(value for one in constants for value in one or () if value is not None))
            if only and all(isinstance(value, str) for value in only):
                found[name] = Choice(only, f"但它只会是：{_listed(only)}，请改为其中之一")
    for name, choices in _fields(diagram, facts, forms):
        found[name] = Choice(choices, f"但它不是这一项的选项，请改为：{_listed(choices)}")
    for element in diagram.elements.values():
        if element.tag == "userTask":
            outcomes: list[Value] = [one.name for one in element.outcomes]
            found[f"{element.id}{OUTCOME}"] = Choice(outcomes, f"但它不是这一步的选项，请改为：{_listed(outcomes)}")
    return found


def _fields(diagram: Diagram, facts: Mapping[str, type], forms: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, list[Value]]]:
    """The texts of the record that its own form lets people choose, under the same name, from a list."""
    for element in diagram.elements.values():
        for form in (forms.get(name or "", {}) for name in (element.form, element.edit_form)):
            fields = form.get("properties", {}) if form.get("x-record") else {}
            yield from ((name, list(field["enum"])) for name, field in fields.items() if facts.get(name) is str and "enum" in field)


def _constants(text: str) -> list[Value] | None:
    """All values that an expression may give; None where it computes some."""
    try:
        todo = [compile_expression(text).body]
    except ExpressionError:
        return None  # the check of expressions reports it
    found: list[Value] = []
    for node in todo:  # grows: a choice has two values
        if isinstance(node, ast.IfExp):
            todo += [node.body, node.orelse]
        elif isinstance(node, ast.Constant):
            found.append(node.value)  # type: ignore[arg-type]  # the language has no other constants
        else:
            return None
    return found


def _listed(values: Sequence[Value]) -> str:
    return "、".join(map(str, values[:_SHOWN])) + ("等" if len(values) > _SHOWN else "")
