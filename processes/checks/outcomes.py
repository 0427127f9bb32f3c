"""Outcomes of tasks and what is asked of them: a text that is none of them, such a way is never taken; an outcome that has no way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processes.checks.texts import Found, Texts, asked_tables
from processes.checks.wording import say
from processes.diagrams.activities import condition_of
from processes.diagrams.decisions import INPUT, Table
from processes.diagrams.diagram import Diagram
from processes.diagrams.expressions import Comparison, ExpressionError, Value, comparisons, evaluate, names_in
from processes.diagrams.quoting import quoted, short

_ENDING = "_outcome"
_LOST = "“{}”的选项“{}”没有对应的出路，选它就不能提交；请为它连一条出去的连线，或指定默认流"


def check(diagram: Diagram, texts: Texts) -> Iterator[str]:
    """All such comparisons, those in the cells of decision tables included, and all such outcomes."""
    outcomes = {f"{e.id}{_ENDING}": [one.name for one in e.outcomes] for e in diagram.elements.values() if e.tag == "userTask"}
    for found in texts.expressions:
        yield from (f"{found.where}{found.what}{line}" for line in _of_expression(found, outcomes))
    for element, id in asked_tables(diagram):
        if id in texts.tables:
            yield from (say(element, line) for line in _of_table(texts.tables[id], outcomes))
    yield from _without_a_way(diagram, outcomes)


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
            asked = f"{task.id}{_ENDING}"
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


def _of_expression(found: Found, outcomes: Mapping[str, list[str]]) -> Iterator[str]:
    if found.fault is None:
        yield from _strangers(found.text, outcomes)


def _of_table(table: Table, outcomes: Mapping[str, list[str]]) -> Iterator[str]:
    """Where an input of the table is an outcome, its cells are compared with it."""
    for row in table.rows:
        for asked, test in zip(table.inputs, row.tests, strict=True):
            if test is not None and asked in outcomes:
                yield from (
                    f"决策表{quoted(table.name)}第 {row.number} 行{line}" for line in _strangers(test, {INPUT: outcomes[asked]}, asked)
                )


def _strangers(text: str, outcomes: Mapping[str, list[str]], asked: str | None = None) -> Iterator[str]:
    for one in _comparisons(text):
        known = outcomes.get(one.name)
        for value in one.values if known is not None else ():
            if value is not None and value not in (known or ()):
                yield f"把{quoted(asked or one.name)}与{_shown(value)}比较，但它不是这一步的选项，请改为：{'、'.join(known or ())}"


def _comparisons(text: str) -> list[Comparison]:
    try:
        return list(comparisons(text))
    except ExpressionError:
        return []  # the check of expressions reports it


def _shown(value: Value) -> str:
    return quoted(str(value))
