"""What deployment refuses: everything in a diagram that could not run, each named so that a process designer finds it (architecture §5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.handling import External
from domain.parties import ROLES
from processes import retries
from processes.definitions import BPMN, SPIFF, Element, _element, _listed, _properties, read
from processes.errors import DiagramInvalid, EngineFault
from processes.expressions import ExpressionError, names_in
from processes.xmlsafe import parse_xml, read_limited

TONES = ("draft", "waiting", "attention", "failed", "done")
MAX_STATUS = 40  # width of the status column
_KINDS = {
    "startEvent": "开始事件", "endEvent": "结束事件", "userTask": "用户任务", "manualTask": "人工任务", "serviceTask": "服务任务",
    "scriptTask": "脚本任务", "receiveTask": "接收任务", "boundaryEvent": "边界事件", "intermediateCatchEvent": "捕获事件",
    "intermediateThrowEvent": "抛出事件", "exclusiveGateway": "排他网关", "parallelGateway": "并行网关", "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关", "subProcess": "子流程", "callActivity": "调用活动", "sequenceFlow": "顺序流", "lane": "泳道",
}  # fmt: skip
_STANDS = ("userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway")
_NAMED = ("startEvent", "userTask", "manualTask", "serviceTask", "receiveTask")


@dataclass(frozen=True)
class _Diagram:
    process: Any
    elements: Mapping[str, Element]
    nodes: Mapping[str, Any]

    @cached_property
    def flows(self) -> list[Any]:
        return list(self.process.iter(f"{BPMN}sequenceFlow"))

    @cached_property
    def nexts(self) -> dict[str, list[str]]:
        """Where a token may go from each element; a boundary event is reached from what it sits on, an inner start from its subprocess."""
        found: dict[str, list[str]] = {e: [] for e in self.elements}
        for flow in self.flows:
            if flow.get("sourceRef") in found and flow.get("targetRef") in found:
                found[flow.get("sourceRef")].append(flow.get("targetRef"))
        for element in self.elements.values():
            if element.attached_to in found:
                found[element.attached_to].append(element.id)
            parent = self.nodes[element.id].getparent().get("id")
            if element.tag == "startEvent" and parent in found:
                found[parent].append(element.id)
        return found

    @cached_property
    def behind_gateway(self) -> set[str]:
        return {n for e in self.elements.values() if e.tag == "eventBasedGateway" for n in self.nexts[e.id]}


def check_file(
    path: Path,
    handlers: Mapping[str, Any],
    subjects: Mapping[str, Any],
    forms: Mapping[str, dict[str, Any]],
    roles: Sequence[str] = ROLES,
) -> list[str]:
    """The problems of the diagram in a file; its process id must be the file's name."""
    try:
        xml = read_limited(path)
    except DiagramInvalid as error:
        return list(error.problems)
    return problems(xml, path.stem, handlers, subjects, forms, roles)


def problems(
    xml: bytes,
    key: str,
    handlers: Mapping[str, Any],
    subjects: Mapping[str, Any],
    forms: Mapping[str, dict[str, Any]],
    roles: Sequence[str] = ROLES,
) -> list[str]:
    """What keeps a diagram from being deployed, in Chinese; empty when nothing does."""
    try:
        root = parse_xml(xml)
    except DiagramInvalid as error:
        return list(error.problems)
    processes = root.findall(f"{BPMN}process")
    if not processes:
        return ["文件中没有流程（process）"]
    if len(processes) > 1:
        return [f"文件中有 {len(processes)} 个流程（process），应恰有一个"]
    process = processes[0]
    elements = {e.id: e for node in process.iter() if (e := _element(node, _lanes(process))) is not None}
    diagram = _Diagram(process, elements, {n.get("id"): n for n in process.iter() if n.get("id") in elements})
    found = [
        *_process(diagram, key, subjects),
        *_lane_names(diagram, roles),
        *(line for e in elements.values() for line in _element_problems(diagram, e, handlers, forms)),
        *_flow_problems(diagram),
        *_expressions(diagram),
        *_paths(diagram),
        *_loops(diagram, handlers),
    ]
    if not found:
        try:
            read(xml, forms)
        except DiagramInvalid as error:
            found = list(error.problems)
        except EngineFault as error:
            found = [str(error)]
    return list(dict.fromkeys(found))


def _lanes(process: Any) -> dict[str | None, str]:
    return {
        (ref.text or "").strip(): lane.get("name", "") for lane in process.iter(f"{BPMN}lane") for ref in lane.findall(f"{BPMN}flowNodeRef")
    }


def _say(element: Element, text: str) -> str:
    return f"{_KINDS.get(element.tag, element.tag)}“{element.name}”({element.id})：{text}"


def _process(diagram: _Diagram, key: str, subjects: Mapping[str, Any]) -> Iterator[str]:
    found = diagram.process.get("id")
    if not found:
        yield "流程缺少 id"
    elif found != key:
        yield f"流程的 id“{found}”与文件名“{key}”不一致"
    subject = _properties(diagram.process).get("subject")
    if subject not in subjects:
        yield f"流程“{found}”：属性 subject 的值“{subject or ''}”不是已有的业务记录，可用：{'、'.join(sorted(subjects))}"
    starts = [e for e in diagram.elements.values() if e.tag == "startEvent" and diagram.nodes[e.id].getparent() is diagram.process]
    if len(starts) != 1:
        yield f"流程“{found}”：应恰有一个开始事件，现有 {len(starts)} 个"
    if not any(e.tag == "endEvent" for e in diagram.elements.values()):
        yield f"流程“{found}”：没有结束事件"


def _lane_names(diagram: _Diagram, roles: Sequence[str]) -> Iterator[str]:
    for lane in diagram.process.iter(f"{BPMN}lane"):
        if lane.get("name") not in roles:
            yield f"泳道“{lane.get('name', '')}”({lane.get('id', '')})：不是已有的角色，可用：{'、'.join(roles)}"


def _element_problems(
    diagram: _Diagram, element: Element, handlers: Mapping[str, Any], forms: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    properties = element.properties
    by_people = element.tag in ("userTask", "manualTask") or (element.event == "message" and element.tag in ("boundaryEvent", *_STANDS))
    if not element.name and (element.tag in _NAMED or by_people):
        yield _say(element, "缺少名称")
    if not element.lane and (by_people or element.tag == "startEvent"):
        yield _say(element, "不在任何泳道中，无法确定由谁办理")
    if element.tag in _STANDS and element.id not in diagram.behind_gateway and not properties.get("status"):
        yield _say(element, "流程会停在这里，但没有写明状态（属性 status）")
    if len(properties.get("status", "")) > MAX_STATUS:
        yield _say(element, f"状态超过 {MAX_STATUS} 个字")
    if "statusTone" in properties and properties["statusTone"] not in TONES:
        yield _say(element, f"属性 statusTone 的值“{properties['statusTone']}”应为 {'、'.join(TONES)} 之一")
    for name in ("formJsonSchemaFilename", "editForm"):
        if name in properties and properties[name] not in forms:
            yield _say(element, f"找不到表单“{properties[name]}”（属性 {name}）")
    for name in sorted(set(_listed(properties.get("commentRequired", ""))) - {o.name for o in element.outcomes}):
        yield _say(element, f"属性 commentRequired 中的“{name}”不是这一步的选项")
    other = properties.get("fourEyesWith")
    if other is not None and (other == element.id or other not in diagram.elements or diagram.elements[other].tag != "userTask"):
        yield _say(element, f"属性 fourEyesWith 指向的“{other}”不是另一个用户任务")
    if element.attached_to is not None and element.attached_to not in diagram.elements:
        yield _say(element, f"所依附的“{element.attached_to}”不存在")
    yield from (_say(element, text) for text in retries.problems(element))
    yield from _code(diagram.nodes[element.id], element, handlers)


def _code(node: Any, element: Element, handlers: Mapping[str, Any]) -> Iterator[str]:
    # Assignments would be harmless, but the engine runs no script at all: what it would not run is not deployed.
    if element.tag == "scriptTask":
        yield _say(element, "流程图中不能有脚本任务")
    for name, label in (("preScript", "前置脚本"), ("postScript", "后置脚本")):
        if any((script.text or "").strip() for script in node.iterfind(f"{BPMN}extensionElements/{SPIFF}{name}")):
            yield _say(element, f"不能有{label}（{name}）")
    if element.tag == "serviceTask":
        handler = _handler(node)
        if handler is None:
            yield _say(element, "没有写明要调用的服务（serviceTaskOperator）")
        elif handler not in handlers:
            yield _say(element, f"没有名为“{handler}”的服务，可用：{'、'.join(sorted(handlers))}")


def _handler(node: Any) -> str | None:
    operator = node.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    return None if operator is None else operator.get("id", "")


def _flow_problems(diagram: _Diagram) -> Iterator[str]:
    defaults = {e: diagram.nodes[e].get("default") for e in diagram.elements}
    leaving: dict[str, int] = {}
    for flow in diagram.flows:
        leaving[flow.get("sourceRef", "")] = leaving.get(flow.get("sourceRef", ""), 0) + 1
    for flow in diagram.flows:
        where = f"顺序流“{flow.get('name', '')}”({flow.get('id', '')})"
        for end, label in (("sourceRef", "起点"), ("targetRef", "终点")):
            if flow.get(end) not in diagram.elements:
                yield f"{where}：{label}“{flow.get(end, '')}”不存在"
        source = diagram.elements.get(flow.get("sourceRef", ""))
        if source is None or source.tag not in ("exclusiveGateway", "inclusiveGateway") or leaving[source.id] < 2:
            continue
        if flow.find(f"{BPMN}conditionExpression") is None and defaults[source.id] != flow.get("id"):
            yield _say(source, f"通往“{flow.get('name') or flow.get('targetRef')}”的{where}既没有条件，也不是默认流")


def _expressions(diagram: _Diagram) -> Iterator[str]:
    for where, what, text in _all_expressions(diagram):
        try:
            names = names_in(text)
        except ExpressionError as error:
            yield f"{where}：{what}不能使用：{error}"
            continue
        for name in sorted(n for n in names if n.endswith(("_outcome", "_by"))):
            task = diagram.elements.get(name.removesuffix("_outcome").removesuffix("_by"))
            if name.endswith("_outcome") and (task is None or task.tag != "userTask"):
                yield f"{where}：{what}中的“{name}”没有对应的用户任务"


def _all_expressions(diagram: _Diagram) -> Iterator[tuple[str, str, str]]:
    for flow in diagram.flows:
        condition = flow.find(f"{BPMN}conditionExpression")
        if condition is not None:
            yield f"顺序流“{flow.get('name', '')}”({flow.get('id', '')})", "条件", condition.text or ""
    for element in diagram.elements.values():
        node, where = diagram.nodes[element.id], _say(element, "").removesuffix("：")
        if "due" in element.properties:
            yield where, "办理期限（属性 due）", element.properties["due"]
        for timer in node.findall(f"{BPMN}timerEventDefinition"):
            for part in timer:
                yield where, "定时器", part.text or ""
        for parameter in node.iterfind(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator/{SPIFF}parameters/{SPIFF}parameter"):
            yield where, f"参数“{parameter.get('id', '')}”", parameter.get("value", "")
        for tag in ("loopCardinality", "completionCondition", "loopCondition"):
            for part in node.iterfind(f"{BPMN}*/{BPMN}{tag}"):
                yield where, tag, part.text or ""


def _paths(diagram: _Diagram) -> Iterator[str]:
    before: dict[str, list[str]] = {e: [] for e in diagram.elements}
    for source, targets in diagram.nexts.items():
        for target in targets:
            before[target].append(source)
    starts = [e.id for e in diagram.elements.values() if e.tag == "startEvent" and diagram.nodes[e.id].getparent() is diagram.process]
    reached = _closure(starts, diagram.nexts)
    ending = _closure([e.id for e in diagram.elements.values() if e.tag == "endEvent"], before)
    for element in diagram.elements.values():
        if element.id not in reached:
            yield _say(element, "从开始事件走不到这里")
        if element.id not in ending:
            yield _say(element, "从这里走不到任何结束事件")


def _closure(begin: Iterable[str], nexts: Mapping[str, Sequence[str]]) -> set[str]:
    found, todo = set(begin), list(begin)
    while todo:
        new = [n for n in nexts[todo.pop()] if n not in found]
        found.update(new)
        todo.extend(new)
    return found


def _loops(diagram: _Diagram, handlers: Mapping[str, Any]) -> Iterator[str]:
    # Peel off what nothing leads to until only rings, and what hangs off them, are left; one message is enough to find the ring.
    free = {e.id for e in diagram.elements.values() if not _waits(diagram, e, handlers)}
    while True:
        led_to = {t for s in free for t in diagram.nexts[s]}
        leads = {s for s in free if any(t in free for t in diagram.nexts[s])}
        kept = free & led_to & leads
        if kept == free:
            break
        free = kept
    if free:
        ring = "、".join(f"“{diagram.elements[e].name or e}”" for e in diagram.elements if e in free)
        first = next(diagram.elements[e] for e in diagram.elements if e in free)
        yield _say(first, f"经过{ring}的循环中没有任何等待，会无休止地运行")


def _waits(diagram: _Diagram, element: Element, handlers: Mapping[str, Any]) -> bool:
    if element.tag == "serviceTask":
        return isinstance(handlers.get(_handler(diagram.nodes[element.id]) or ""), External)
    return element.tag in _STANDS or (element.tag == "boundaryEvent" and element.event in ("message", "timer", "conditional", "signal"))
