"""Outcomes of tasks, and other names of which all values are known: what they are compared with is one of these, or such a way is never
taken; and an outcome that has no way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processes.checks.texts import Found, Texts
from processes.checks.values import OUTCOME, Choice
from processes.checks.wording import say
from processes.diagrams.activities import condition_of
from processes.diagrams.decisions import INPUT
from processes.diagrams.diagram import Diagram
from processes.diagrams.expressions import Comparison, ExpressionError, Value, comparisons, evaluate, names_in
from processes.diagrams.quoting import quoted, short

_LOST = "“{}”的选项“{}”没有对应的出路，选它就不能提交；请为它连一条出去的连线，或指定默认流"


def check(diagram: Diagram, texts: Texts, choices: Mapping[str, Choice]) -> Iterator[str]:
    """All such comparisons, those in the cells of decision tables included, and all such outcomes. `choices`: name → its values."""
    for found in (*texts.expressions, *texts.cells):
        if found.fault is None:
            yield from (f"{found.where}{found.what}{line}" for line in _strangers(found, choices))
    yield from _without_a_way(diagram, {name: [str(one) for one in choices[name].values] for name in choices if name.endswith(OUTCOME)})


def _without_a_way(diagram: Diagram, outcomes: Mapping[str, list[str]]) -> Iterator[str]:
    """Gateways right behind a task that choose by its outcome alone, and have neither a way for each outcome nor a default."""
    conditions: dict[str, list[str | None]] = {}
    for flow in diagram.flows:
        conditions.setdefault(flow.get("sourceRef", ""), []).append(condition_of(flow))
    for gateway in diagram.elements.values():
        if gateway.tag not in ("exclusiveGateway", "inclusiveGateway") or diagram.nodes[gateway.id].get("default") is not None:
            continue
        choices = [text or "" for text in conditions.get(gateway.id, [])]
        for task in (diagram.elements[id] for id in diagram.sources[gateway.id]):
            asked = f"{task.id}{OUTCOME}"
            if asked not in outcomes or not choices or any(_reads(text) != {asked} for text in choices):
                continue
            lost = [short(one) for one in outcomes[asked] if not any(_may_hold(text, asked, one) for text in choices)]
            if lost:
                yield say(gateway, _LOST.format(short(task.name or task.id), "、".join(lost)))


def _reads(text: str) -> frozenset[str]:
    try:
        return names_in(text)
    except ExpressionError:
        return frozenset()  # the check of expressions reports it


def _may_hold(text: str, name: str, outcome: str) -> bool:
    try:
        return bool(evaluate(text, {name: outcome}))
    except ExpressionError:
        return True  # what it is at fault with is told elsewhere


def _strangers(found: Found, choices: Mapping[str, Choice]) -> Iterator[str]:
    for one in _comparisons(found.text):
        name = found.input if found.input is not None and one.name == INPUT else one.name
        choice = choices.get(name)
        for value in one.values if choice is not None else ():
            if choice is not None and value is not None and value not in choice.values:
                yield f"把{quoted(name)}与{_shown(value)}比较，{choice.why}"


def _comparisons(text: str) -> list[Comparison]:
    try:
        return list(comparisons(text))
    except ExpressionError:
        return []  # the check of expressions reports it


def _shown(value: Value) -> str:
    return quoted(str(value))
