"""Every text of a diagram that is evaluated, with where it stands, when it is evaluated, and what it must give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from processes.checks.wording import named, say, say_flow
from processes.diagrams import quorum, retries
from processes.diagrams.activities import TimerKind, call_of, condition_of, decision_of, event_condition_of, script_of, timer_of
from processes.diagrams.assignments import read_assignments
from processes.diagrams.decisions import INPUT, Table, read_table
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element
from processes.diagrams.expressions import ExpressionError, names_in
from processes.diagrams.loops import read_loop
from processes.diagrams.messages import Messages
from processes.diagrams.nodes import BPMN, SPIFF, Node
from processes.diagrams.quoting import quoted
from processes.errors import DiagramInvalid
from processes.spiff.instances import COUNTED

Wants: TypeAlias = Literal["truth", "moment", "length", "cycle", "tries", "delay", "items", "count", "share"]
_TIMERS: Mapping[TimerKind, Wants] = {"timeDate": "moment", "timeDuration": "length", "timeCycle": "cycle"}
_RETRIES: Mapping[retries.Property, Wants] = {"retryMax": "tries", "retryDelay": "delay"}


@dataclass(frozen=True)
class Texts:
    """All that a diagram evaluates, read once for all checks."""

    expressions: tuple[Found, ...]
    """The lines of a script in their order; without the cells of tables."""
    tables: Mapping[str, Table]
    """The decision tables that it asks, by id, without those that cannot be read: a check says why."""
    cells: tuple[Found, ...]
    """The expressions of these tables."""


@dataclass(frozen=True)
class Found:
    """One expression."""

    where: str
    what: str
    text: str
    wants: Wants | None = None
    """What it must give; None: anything."""
    name: str | None = None
    """What is given this value, where it is an assignment."""
    fault: str | None = None
    """Why the text is no list of assignments."""
    reads: frozenset[str] = frozenset()
    """Names that it may read beside those that every expression may."""
    at: str | None = None
    """The element that evaluates it; of a flow's condition the element that the flow leaves. None: no single one does."""
    after: bool = False
    """Whether the element has done its work when it is evaluated."""
    input: str | None = None
    """Of a test in a decision table: the expression of the input that it is about."""


def texts_of(diagram: Diagram, decisions: Mapping[str, str]) -> Texts:
    """All that a diagram evaluates; `decisions` holds DMN files by id."""
    tables = _tables(diagram, decisions)
    return Texts(tuple(_expressions(diagram)), tables, tuple(_cells(diagram, tables)))


def _expressions(diagram: Diagram) -> Iterator[Found]:
    for flow in diagram.flows:
        condition = condition_of(flow)
        if condition is not None:
            yield Found(say_flow(diagram, flow, ""), "条件", condition, "truth", at=flow.get("sourceRef"), after=True)
    for element in diagram.elements.values():
        yield from (replace(found, at=element.id) for found in _of_element(element, diagram.nodes[element.id], say(element, "")))
    for one in Messages(diagram).correlations:
        for text in one.reads.values():
            yield Found(f"{named('关联属性', one.name, one.id)}：", "表达式", text, reads=_carried(text))
        if one.expected:
            yield Found(f"关联属性{quoted(one.id)}：", "本流程期望的值", one.expected)
    for message in diagram.root.iterfind(f"{BPMN}message"):
        for payload in message.iterfind(f"{BPMN}extensionElements/{SPIFF}messagePayload"):
            yield from _assigned(f"{named('消息', message.get('name'), message.get('id'))}：", "内容", payload.text or "")


def asked_tables(diagram: Diagram) -> Iterator[tuple[Element, str]]:
    """The business rule tasks that name a decision table, with its id."""
    for element in diagram.elements.values():
        if element.tag == "businessRuleTask" and (id := decision_of(diagram.nodes[element.id])):
            yield element, id


def _tables(diagram: Diagram, decisions: Mapping[str, str]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for _, id in asked_tables(diagram):
        with suppress(DiagramInvalid):
            if id in decisions:
                found[id] = read_table(decisions[id])
    return found


def _cells(diagram: Diagram, tables: Mapping[str, Table]) -> Iterator[Found]:
    for element, id in asked_tables(diagram):
        if id not in tables:
            continue
        table, where = tables[id], Found(say(element, ""), f"决策表{quoted(tables[id].name)}", "", at=element.id)
        for number, text in enumerate(table.inputs, 1):
            yield replace(where, what=f"{where.what}第 {number} 个输入", text=text)
        for row in table.rows:
            about = replace(where, what=f"{where.what}第 {row.number} 行")
            for asked, test in zip(table.inputs, row.tests, strict=True):
                if test is not None:
                    yield replace(about, text=test, reads=frozenset({INPUT}), input=asked)
            yield from (replace(about, text=text) for text in row.values)


def _of_element(element: Element, node: Node, where: str) -> Iterator[Found]:
    if "due" in element.properties:
        yield Found(where, "办理期限（属性 due）", element.properties["due"], "moment")
    for limit, label in retries.PROPERTIES.items():
        if limit in element.properties:
            yield Found(where, f"{label}（属性 {limit}）", element.properties[limit], _RETRIES[limit])
    timer = timer_of(node)
    if timer is not None and timer.text:
        yield Found(where, "定时器", timer.text, _TIMERS[timer.kind])
    condition = event_condition_of(node)
    if condition:
        yield Found(where, "条件", condition, "truth")
    call = call_of(node)
    for name, text in call.parameters.items() if call is not None else ():
        yield Found(where, f"参数{quoted(name)}", text)
    yield from _of_loops(node, where)
    if "messageSubject" in element.properties:
        text = element.properties["messageSubject"]
        yield Found(where, "业务记录（属性 messageSubject）", text, reads=_carried(text))
    if element.tag == "scriptTask":
        yield from _assigned(where, "脚本", script_of(node))
    for part in node.iter(f"{SPIFF}messagePayload"):
        yield from _assigned(where, "消息内容", part.text or "")
    for part in node.iter(f"{SPIFF}signalPayloadExpression", f"{SPIFF}payloadExpression"):
        yield Found(where, "消息内容", part.text or "")


def _of_loops(node: Node, where: str) -> Iterator[Found]:
    """The expressions of a loop or a multi-instance activity."""
    for condition in node.iterfind(f"{BPMN}standardLoopCharacteristics/{BPMN}loopCondition"):
        yield Found(where, "循环条件", condition.text or "", "truth", after=True)
    loop = read_loop(node)
    if loop is None:
        return
    if loop.collection is not None and not loop.people:
        yield Found(where, "集合", loop.collection, "items")
    if loop.cardinality is not None:
        yield Found(where, "次数", loop.cardinality, "count")
    if loop.condition is not None:
        yield Found(where, "完成条件", loop.condition, "truth", reads=frozenset(COUNTED), after=True)
    if loop.agrees is not None:
        yield Found(where, "同意的条件（属性 agreeWhen）", loop.agrees, "truth", after=True)
    if quorum.is_expression(loop.rule):
        yield Found(where, "会签规则（属性 quorum）", loop.rule, "share")


def _assigned(where: str, what: str, text: str) -> Iterator[Found]:
    try:
        found = read_assignments(text)
    except ExpressionError as error:
        yield Found(where, what, text, fault=str(error))
        return
    yield from (Found(where, what, expression, name=name) for name, expression in found)


def _carried(text: str) -> frozenset[str]:
    """The names an expression over a message reads: only the sender's diagram can tell whether there are such."""
    try:
        return names_in(text)
    except ExpressionError:
        return frozenset()  # the check of the expression reports it
