"""Expressions that compare a task's outcome with a text that is none of its outcomes: such a way is never taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processes.checks.texts import Found, Texts, asked_tables
from processes.checks.wording import say, short
from processes.diagrams.decisions import INPUT, Table
from processes.diagrams.diagram import Diagram
from processes.diagrams.expressions import Comparison, ExpressionError, Value, comparisons

_ENDING = "_outcome"


def check(diagram: Diagram, texts: Texts) -> Iterator[str]:
    """All such comparisons, those in the cells of decision tables included."""
    outcomes = {f"{e.id}{_ENDING}": [one.name for one in e.outcomes] for e in diagram.elements.values() if e.tag == "userTask"}
    for found in texts.expressions:
        yield from (f"{found.where}{found.what}{line}" for line in _of_expression(found, outcomes))
    for element, id in asked_tables(diagram):
        if id in texts.tables:
            yield from (say(element, line) for line in _of_table(texts.tables[id], outcomes))


def _of_expression(found: Found, outcomes: Mapping[str, list[str]]) -> Iterator[str]:
    if found.fault is None:
        yield from _strangers(found.text, outcomes)


def _of_table(table: Table, outcomes: Mapping[str, list[str]]) -> Iterator[str]:
    """Where an input of the table is an outcome, its cells are compared with it."""
    for row in table.rows:
        for asked, test in zip(table.inputs, row.tests, strict=True):
            if test is not None and asked in outcomes:
                yield from (
                    f"决策表“{short(table.name)}”第 {row.number} 行{line}" for line in _strangers(test, {INPUT: outcomes[asked]}, asked)
                )


def _strangers(text: str, outcomes: Mapping[str, list[str]], asked: str | None = None) -> Iterator[str]:
    for one in _comparisons(text):
        known = outcomes.get(one.name)
        for value in one.values if known is not None else ():
            if value is not None and value not in (known or ()):
                yield f"把“{short(asked or one.name)}”与“{_shown(value)}”比较，但它不是这一步的选项，请改为：{'、'.join(known or ())}"


def _comparisons(text: str) -> list[Comparison]:
    try:
        return list(comparisons(text))
    except ExpressionError:
        return []  # the check of expressions reports it


def _shown(value: Value) -> str:
    return short(str(value))
