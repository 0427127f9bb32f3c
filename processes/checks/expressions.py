"""Every expression of a diagram: inside the language, reading names that can exist, and giving a time where a time is needed."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from domain.ground.handling import Handler
from domain.ground.subjects import Subject
from processes.checks.wording import named, say, say_flow, short
from processes.diagrams import quorum, retries
from processes.diagrams.activities import call_of, condition_of, decision_of, event_condition_of, script_of, timer_of
from processes.diagrams.assignments import read_assignments
from processes.diagrams.decisions import INPUT, Table, doubts, read_table
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import ExpressionError, Value, WrongTypes, evaluate, names_in, no_truth
from processes.diagrams.loops import read_loop
from processes.diagrams.messages import Messages
from processes.diagrams.nodes import BPMN, SPIFF, Node, local
from processes.errors import DiagramInvalid
from processes.spiff.instances import COUNTED, NUMBERS

_OFFERED = 60  # names in a message about one that does not exist
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_EXAMPLES: Mapping[type, Value] = {datetime: _MOMENT, int: 1, float: 1.0, str: "x", bool: True, list: ["x"]}
_FOREIGN = re.compile(r"[$#]\{|^\s*=")  # Camunda, Flowable, Activiti; FEEL of Camunda 8
_ISO = re.compile(r"(R\d*/.*|P(?=.*\d)[\dYMWDTHS]+|\d{4}-\d\d-\d\d.*|[\d*?/,-]+( [\d*?/,A-Z-]+){4,})", re.IGNORECASE)  # and cron


@dataclass(frozen=True)
class _Found:
    """One expression: where it stands, what it is, its text, and whether it must give a time, or true or false."""

    where: str
    what: str
    text: str
    moment: bool = False
    truth: bool = False
    name: str | None = None  # what is given this value, where it is an assignment
    fault: str | None = None  # it is no list of assignments
    reads: frozenset[str] = frozenset()  # names that it may read beside those that every expression may


def check(
    diagram: Diagram, handlers: Mapping[str, Handler], subjects: Mapping[str, type[Subject]], decisions: Mapping[str, str]
) -> Iterator[str]:
    """All problems of expressions; `decisions` holds DMN files by decision id."""
    subject = subjects.get(diagram.properties.get("subject", ""))
    facts = getattr(subject, "FACTS", None)
    tables = dict(_tables(diagram, decisions))
    expressions = [*all_expressions(diagram), *_cells(diagram, tables)]
    given = {found.name for found in expressions if found.name} | {name for table in tables.values() for name in table.outputs}
    given |= {name for element in diagram.elements.values() for name in listed(element.properties.get("messageGives", ""))}
    known = _known(diagram, handlers, facts, given)
    usable = _usable(known or {})
    calls = _calls(diagram)  # a called diagram has user tasks of its own, and gives names that are not written here
    yield from _rules(diagram, decisions)
    for name in sorted(given & (facts or {}).keys()):
        yield f"流程“{short(diagram.process.get('id', ''))}”：“{name}”是业务记录的内容，脚本、消息和决策表不能改写，请用别的名称"
    for found in expressions:
        if found.fault is not None:
            yield f"{found.where}{found.what}不能使用：{short(found.fault, 300)}"
            continue
        if found.moment and _ISO.fullmatch(found.text.strip()):
            yield f"{found.where}{found.what}不能使用：“{short(found.text)}”请改写为时间表达式，例如 now + hours(2)、now + days(3)"
            continue
        try:
            names = names_in(found.text) - found.reads
        except ExpressionError as error:
            yield f"{found.where}{found.what}不能使用：{_hint(found) or short(str(error), 300)}"
            continue
        unknown = [
            f"{found.where}{found.what}中的“{short(name)}”{why}"
            for name in sorted(names)
            if not calls and (why := _unknown(diagram, name, known, usable))
        ]
        yield from unknown
        if not unknown:
            yield from _kind(found, ChainMap({name: 1 for name in found.reads if name in COUNTED}, known or {}), names | found.reads)


def all_expressions(diagram: Diagram) -> Iterator[_Found]:
    """Every text of the diagram that is evaluated."""
    for flow in diagram.flows:
        condition = condition_of(flow)
        if condition is not None:
            yield _Found(say_flow(flow, ""), "条件", condition, truth=True)
    for element in diagram.elements.values():
        yield from _of_element(element, diagram.nodes[element.id], say(element, ""))
    for one in Messages(diagram).correlations:
        for text in one.reads.values():
            yield _Found(f"{named('关联属性', one.name, one.id)}：", "表达式", text, reads=_carried(text))
        if one.expected:
            yield _Found(f"关联属性“{short(one.id)}”：", "本流程期望的值", one.expected)
    for message in diagram.root.iterfind(f"{BPMN}message"):
        for payload in message.iterfind(f"{BPMN}extensionElements/{SPIFF}messagePayload"):
            yield from _assigned(f"{named('消息', message.get('name'), message.get('id'))}：", "内容", payload.text or "")


def _of_element(element: Element, node: Node, where: str) -> Iterator[_Found]:
    if "due" in element.properties:
        yield _Found(where, "办理期限（属性 due）", element.properties["due"], moment=True)
    for limit, label in retries.PROPERTIES.items():
        if limit in element.properties:
            yield _Found(where, f"{label}（属性 {limit}）", element.properties[limit])
    timer = timer_of(node)
    if timer is not None:
        yield _Found(where, "定时器", timer.text, moment=timer.kind == "timeDate" or bool(_ISO.fullmatch(timer.text)))
    condition = event_condition_of(node)
    if condition is not None:
        yield _Found(where, "条件", condition, truth=True)
    call = call_of(node)
    for name, text in call.parameters.items() if call is not None else ():
        yield _Found(where, f"参数“{short(name)}”", text)
    yield from _of_loops(element, node, where)
    if "messageSubject" in element.properties:
        text = element.properties["messageSubject"]
        yield _Found(where, "业务记录（属性 messageSubject）", text, reads=_carried(text))
    if element.tag == "scriptTask":
        yield from _assigned(where, "脚本", script_of(node))
    for part in node.iter(f"{SPIFF}messagePayload"):
        yield from _assigned(where, "消息内容", part.text or "")
    for part in node.iter(f"{SPIFF}signalPayloadExpression", f"{SPIFF}payloadExpression"):
        yield _Found(where, "消息内容", part.text or "")


def _assigned(where: str, what: str, text: str) -> Iterator[_Found]:
    try:
        found = read_assignments(text)
    except ExpressionError as error:
        yield _Found(where, what, text, fault=str(error))
        return
    yield from (_Found(where, what, expression, name=name) for name, expression in found)


def _carried(text: str) -> frozenset[str]:
    """The names an expression over a message reads: only the sender's diagram can tell whether there are such."""
    try:
        return names_in(text)
    except ExpressionError:
        return frozenset()  # the check of the expression reports it


def _rules(diagram: Diagram, decisions: Mapping[str, str]) -> Iterator[str]:
    """Business rule tasks whose table is missing or cannot run."""
    for element, id in _called(diagram):
        if id not in decisions:
            yield say(element, f"找不到决策表“{short(id)}”，请把它的 .dmn 文件放在流程图旁边")
            continue
        try:
            yield from (say(element, line) for line in doubts(read_table(decisions[id])))
        except DiagramInvalid as error:
            yield from (say(element, line) for line in error.problems)


def _called(diagram: Diagram) -> Iterator[tuple[Element, str]]:
    for element in diagram.elements.values():
        if element.tag == "businessRuleTask" and (id := decision_of(diagram.nodes[element.id])):
            yield element, id


def _tables(diagram: Diagram, decisions: Mapping[str, str]) -> Iterator[tuple[str, Table]]:
    for _, id in _called(diagram):
        with suppress(DiagramInvalid):  # `_rules` says why
            if id in decisions:
                yield id, read_table(decisions[id])


def _cells(diagram: Diagram, tables: Mapping[str, Table]) -> Iterator[_Found]:
    for element, id in _called(diagram):
        for where, text in tables[id].texts() if id in tables else ():
            yield _Found(say(element, ""), f"决策表“{short(tables[id].name)}”{where}", text, reads=frozenset({INPUT}))


def _of_loops(element: Element, node: Node, where: str) -> Iterator[_Found]:
    """The expressions of a loop or a multi-instance activity."""
    for condition in node.iterfind(f"{BPMN}standardLoopCharacteristics/{BPMN}loopCondition"):
        yield _Found(where, "循环条件", condition.text or "", truth=True)
    loop = read_loop(node)
    if loop is None:
        return
    if loop.collection is not None and not loop.people:
        yield _Found(where, "集合", loop.collection)
    if loop.cardinality is not None:
        yield _Found(where, "次数", loop.cardinality)
    if loop.condition is not None:
        yield _Found(where, "完成条件", loop.condition, truth=True, reads=frozenset(COUNTED))
    if loop.agrees is not None:
        yield _Found(where, "同意的条件（属性 agreeWhen）", loop.agrees, truth=True)
    if quorum.is_expression(loop.rule):
        yield _Found(where, "会签规则（属性 quorum）", loop.rule)


def _hint(found: _Found) -> str | None:
    """What to write instead of what other engines take."""
    if _FOREIGN.search(found.text):
        return f"“{short(found.text)}”是其他平台的写法，请不用 ${{ }} 和开头的等号，用名称、and、or、not 和比较运算书写"
    return None


def _calls(diagram: Diagram) -> bool:
    return any(e.tag == "callActivity" for e in diagram.elements.values())


def _known(
    diagram: Diagram, handlers: Mapping[str, Handler], facts: Mapping[str, type] | None, given: Iterable[str]
) -> dict[str, Value] | None:
    """Every name that can exist, with an example of its value; None where that cannot be told."""
    if facts is None or _calls(diagram):
        return None  # what these give is not written in this file
    names: dict[str, Value] = {name: _EXAMPLES.get(kind) for name, kind in facts.items()}
    names |= {"now": _MOMENT, "title": "x", **dict.fromkeys(given)}
    for element in diagram.elements.values():
        if element.tag == "userTask":
            names[f"{element.id}_outcome"], names[f"{element.id}_by"] = "x", 1
        if element.multiple:
            names |= {f"{element.id}_{name}": 1 for name in NUMBERS}
            names[f"{element.id}_by"] = [1]
        if element.tag == "serviceTask":
            call = call_of(diagram.nodes[element.id])
            handler = handlers.get(call.handler) if call is not None else None
            names |= dict.fromkeys(handler.gives if handler is not None else ())
        if element.event == "error" and element.attached_to is not None:
            names |= {"error_code": "x", "error_message": "x"}
    for node in diagram.process.iter():
        if local(node) in ("dataObject", "inputDataItem", "outputDataItem"):
            names |= dict.fromkeys(filter(None, (node.get("id"), node.get("name"), (node.text or "").strip())))
    return names


def _usable(known: Mapping[str, Value]) -> str:
    """The names that a message offers instead of an unknown one: the first of them, for a diagram may give thousands."""
    own = [short(name) for name in islice((n for n in known if not n.endswith(("_outcome", "_by"))), _OFFERED + 1)]
    return "、".join(own[:_OFFERED]) + ("等" if len(own) > _OFFERED else "")


def _unknown(diagram: Diagram, name: str, known: Mapping[str, Value] | None, usable: str) -> str | None:
    for ending in ("_outcome", "_by"):
        if name.endswith(ending) and (known is None or name not in known):
            task = diagram.elements.get(name.removesuffix(ending))
            if (task is None or task.tag != "userTask") and (known is not None or ending == "_outcome"):
                return "没有对应的用户任务，请核对任务的 id"
    if known is not None and name not in known:
        return f"不是已有的名称，可用：{usable}，以及“任务 id”加 _outcome（结果）"
    return None


def _kind(found: _Found, known: Mapping[str, Value], names: frozenset[str]) -> Iterator[str]:
    """What shows that the expression does not give what it must: its form, and its value over examples where every name in it has one."""
    if found.truth and (why := no_truth(found.text, known)) is not None:
        yield f"{found.where}{found.what}不能使用：{short(why, 300)}"
        return
    examples = {name: known.get(name) for name in names}
    if None in examples.values() or not (found.truth or found.moment):
        return
    try:
        value = evaluate(found.text, examples)
    except WrongTypes as error:
        yield f"{found.where}{found.what}不能使用：{short(str(error), 300)}"
        return
    except ExpressionError as error:
        if found.moment:  # a condition may fail over the examples alone, as by a division
            yield f"{found.where}{found.what}不能使用：{short(str(error), 300)}"
        return
    if found.moment and not isinstance(value, datetime):
        yield f"{found.where}{found.what}没有得出时间，请写成时间，例如 now + days(3)"
