"""Every expression of a diagram: inside the language, reading names that can exist, and giving a time where a time is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from processes.checks.diagram import Diagram, called, handler_name, say, say_flow, short
from processes.diagrams import quorum, retries
from processes.diagrams.assignments import read_assignments
from processes.diagrams.decisions import INPUT, Table, read_table
from processes.diagrams.elements import BPMN, SPIFF, Element, listed, properties_of
from processes.diagrams.expressions import ExpressionError, evaluate, names_in
from processes.errors import DiagramInvalid
from processes.spiff.instances import COUNTED, NUMBERS, PEOPLE

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_EXAMPLES: dict[type, Any] = {datetime: _MOMENT, int: 1, float: 1.0, str: "x", bool: True, list: ["x"]}
_FOREIGN = re.compile(r"[$#]\{|^\s*=")  # Camunda, Flowable, Activiti; FEEL of Camunda 8
_ISO = re.compile(r"(R\d*/.*|P(?=.*\d)[\dYMWDTHS]+|\d{4}-\d\d-\d\d.*|[\d*?/,-]+( [\d*?/,A-Z-]+){4,})", re.IGNORECASE)  # and cron
_LABELS = {"loopCardinality": "次数", "completionCondition": "完成条件", "loopCondition": "循环条件"}


@dataclass(frozen=True)
class _Found:
    """One expression: where it stands, what it is, its text, and whether it must give a time."""

    where: str
    what: str
    text: str
    moment: bool = False
    name: str | None = None  # what is given this value, where it is an assignment
    fault: str | None = None  # it is no list of assignments
    reads: frozenset[str] = frozenset()  # names that it may read beside those that every expression may


def check(diagram: Diagram, handlers: Mapping[str, Any], subjects: Mapping[str, Any], decisions: Mapping[str, str]) -> Iterator[str]:
    """All problems of expressions; `decisions` holds DMN files by decision id."""
    subject = subjects.get(properties_of(diagram.process).get("subject", ""))
    facts = getattr(subject, "FACTS", None)
    tables = dict(_tables(diagram, decisions))
    expressions = [*all_expressions(diagram), *_cells(diagram, tables)]
    given = {found.name for found in expressions if found.name} | {name for table in tables.values() for name in table.outputs}
    given |= {name for element in diagram.elements.values() for name in listed(element.properties.get("messageGives", ""))}
    known = _known(diagram, handlers, facts, given)
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
            f"{found.where}{found.what}中的“{short(name)}”{why}" for name in sorted(names) if (why := _unknown(diagram, name, known))
        ]
        yield from unknown
        if found.moment and known is not None and not unknown:
            yield from _moment(found, known, names)


def all_expressions(diagram: Diagram) -> Iterator[_Found]:
    """Every text of the diagram that is evaluated."""
    for flow in diagram.flows:
        condition = flow.find(f"{BPMN}conditionExpression")
        if condition is not None:
            yield _Found(say_flow(flow, ""), "条件", condition.text or "")
    for element in diagram.elements.values():
        node, where = diagram.nodes[element.id], say(element, "")
        if "due" in element.properties:
            yield _Found(where, "办理期限（属性 due）", element.properties["due"], moment=True)
        for name, label in retries.PROPERTIES.items():
            if name in element.properties:
                yield _Found(where, f"{label}（属性 {name}）", element.properties[name])
        for timer in node.findall(f"{BPMN}timerEventDefinition"):
            for part in timer.iterchildren(f"{BPMN}*"):
                yield _Found(
                    where,
                    "定时器",
                    part.text or "",
                    moment=part.tag == f"{BPMN}timeDate" or bool(_ISO.fullmatch((part.text or "").strip())),
                )
        for condition in node.findall(f"{BPMN}conditionalEventDefinition/{BPMN}condition"):
            yield _Found(where, "条件", condition.text or "")
        for parameter in node.iterfind(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator/{SPIFF}parameters/{SPIFF}parameter"):
            yield _Found(where, f"参数“{short(parameter.get('id', ''))}”", parameter.get("value", ""))
        for tag, label in _LABELS.items():
            for part in node.iterfind(f"{BPMN}*/{BPMN}{tag}"):
                yield _Found(where, label, part.text or "", reads=frozenset(COUNTED if tag == "completionCondition" else ()))
        yield from _of_votes(element, node, where)
        if "messageSubject" in element.properties:
            text = element.properties["messageSubject"]
            yield _Found(where, "业务记录（属性 messageSubject）", text, reads=_carried(text))
        if element.tag == "scriptTask":
            yield from _assigned(where, "脚本", "".join(part.text or "" for part in node.findall(f"{BPMN}script")))
        for part in node.iter(f"{SPIFF}messagePayload"):
            yield from _assigned(where, "消息内容", part.text or "")
        for name in ("signalPayloadExpression", "payloadExpression"):
            for part in node.iter(f"{SPIFF}{name}"):
                yield _Found(where, "消息内容", part.text or "")
    for expression in diagram.root.iterfind(f".//{BPMN}correlationPropertyRetrievalExpression/{BPMN}*"):
        if isinstance(expression.tag, str) and expression.tag.endswith(("messagePath", "formalExpression")):
            owner = expression.getparent().getparent()
            text = expression.text or ""
            yield _Found(f"{called('关联属性', owner.get('name'), owner.get('id'))}：", "表达式", text, reads=_carried(text))
    for binding in diagram.root.iterfind(f".//{BPMN}correlationPropertyBinding/{BPMN}dataPath"):
        where = f"关联属性“{short(binding.getparent().get('correlationPropertyRef', ''))}”："
        yield _Found(where, "本流程期望的值", binding.text or "")
    for payload in diagram.root.iterfind(f"{BPMN}message/{BPMN}extensionElements/{SPIFF}messagePayload"):
        owner = payload.getparent().getparent()
        yield from _assigned(f"{called('消息', owner.get('name'), owner.get('id'))}：", "内容", payload.text or "")


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
        return frozenset()  # said where it is checked


def _rules(diagram: Diagram, decisions: Mapping[str, str]) -> Iterator[str]:
    """Business rule tasks whose table is missing or cannot run."""
    for element, id in _called(diagram):
        if id not in decisions:
            yield say(element, f"找不到决策表“{short(id)}”，请把它的 .dmn 文件放在流程图旁边")
            continue
        try:
            read_table(decisions[id])
        except DiagramInvalid as error:
            yield from (say(element, line) for line in error.problems)


def _called(diagram: Diagram) -> Iterator[tuple[Element, str]]:
    for element in diagram.elements.values():
        id = (diagram.nodes[element.id].findtext(f"{BPMN}extensionElements/{SPIFF}calledDecisionId") or "").strip()
        if element.tag == "businessRuleTask" and id:
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


def _of_votes(element: Element, node: Any, where: str) -> Iterator[_Found]:
    """The expressions of a multi-instance activity beside its condition."""
    references = [part.text or "" for part in node.iterfind(f"{BPMN}multiInstanceLoopCharacteristics/{BPMN}loopDataInputRef")]
    for text in [*references, element.properties.get("collection", PEOPLE)]:
        if text.strip() != PEOPLE:
            yield _Found(where, "集合", text)
    if "agreeWhen" in element.properties:
        yield _Found(where, "同意的条件（属性 agreeWhen）", element.properties["agreeWhen"])
    if quorum.is_expression(element.properties.get("quorum", quorum.ALL)):
        yield _Found(where, "会签规则（属性 quorum）", element.properties["quorum"])


def _hint(found: _Found) -> str | None:
    """What to write instead of what other engines take."""
    if _FOREIGN.search(found.text):
        return f"“{short(found.text)}”是其他平台的写法，请不用 ${{ }} 和开头的等号，用名称、and、or、not 和比较运算书写"
    return None


def _known(diagram: Diagram, handlers: Mapping[str, Any], facts: Mapping[str, type] | None, given: Iterable[str]) -> dict[str, Any] | None:
    """Every name that can exist, with an example of its value; None where that cannot be told."""
    if facts is None or any(e.tag == "callActivity" for e in diagram.elements.values()):
        return None  # what these give is not written in this file
    names = {name: _EXAMPLES.get(kind) for name, kind in facts.items()}
    names |= {"now": _MOMENT, "title": "x", **dict.fromkeys(given)}
    for element in diagram.elements.values():
        if element.tag == "userTask":
            names[f"{element.id}_outcome"], names[f"{element.id}_by"] = "x", 1
        if diagram.nodes[element.id].find(f"{BPMN}multiInstanceLoopCharacteristics") is not None:
            names |= {f"{element.id}_{name}": 1 for name in NUMBERS}
            names[f"{element.id}_by"] = [1]
        if element.tag == "serviceTask":
            gives = getattr(handlers.get(handler_name(diagram.nodes[element.id]) or ""), "gives", ())
            names |= dict.fromkeys(gives)
        if element.event == "error" and element.attached_to is not None:
            names |= {"error_code": "x", "error_message": "x"}
    for node in diagram.process.iter():
        if isinstance(node.tag, str) and node.tag.rpartition("}")[2] in (
            "dataObject",
            "inputDataItem",
            "outputDataItem",
        ):
            names |= dict.fromkeys(filter(None, (node.get("id"), node.get("name"), (node.text or "").strip())))
    return names


def _unknown(diagram: Diagram, name: str, known: Mapping[str, Any] | None) -> str | None:
    for ending in ("_outcome", "_by"):
        if name.endswith(ending) and (known is None or name not in known):
            task = diagram.elements.get(name.removesuffix(ending))
            if any(e.tag == "callActivity" for e in diagram.elements.values()):
                continue  # a called diagram has user tasks of its own
            if (task is None or task.tag != "userTask") and (known is not None or ending == "_outcome"):
                return "没有对应的用户任务，请核对任务的 id"
    if known is not None and name not in known:
        own = [n for n in known if not n.endswith(("_outcome", "_by"))]
        return f"不是已有的名称，可用：{'、'.join(own)}，以及“任务 id”加 _outcome（结果）"
    return None


def _moment(found: _Found, known: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    """Tries it out on examples; only where every name has one."""
    examples = {name: known[name] for name in names}
    if None in examples.values():
        return
    try:
        value = evaluate(found.text, examples)
    except ExpressionError as error:
        yield f"{found.where}{found.what}不能使用：{short(str(error), 300)}"
        return
    if not isinstance(value, datetime):
        yield f"{found.where}{found.what}没有得出时间，请写成时间，例如 now + days(3)"
