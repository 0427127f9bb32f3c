"""A diagram as the checks read it: its elements, scopes and flows, and how a message names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree

from domain.ground.handling import External
from processes.diagrams.elements import BPMN, SPIFF, Element, properties_of

KINDS = {
    "startEvent": "开始事件", "endEvent": "结束事件", "boundaryEvent": "边界事件", "intermediateCatchEvent": "捕获事件",
    "intermediateThrowEvent": "抛出事件", "task": "任务", "userTask": "用户任务", "manualTask": "人工任务", "serviceTask": "服务任务",
    "sendTask": "发送任务", "receiveTask": "接收任务", "scriptTask": "脚本任务", "businessRuleTask": "业务规则任务",
    "exclusiveGateway": "排他网关", "parallelGateway": "并行网关", "inclusiveGateway": "包容网关", "eventBasedGateway": "事件网关",
    "complexGateway": "复杂网关", "subProcess": "子流程", "transaction": "事务子流程", "adHocSubProcess": "自由子流程",
    "callActivity": "调用活动",
}  # fmt: skip
SCOPES = ("subProcess", "transaction", "adHocSubProcess")
STANDS = ("userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway")


@dataclass(frozen=True)
class Diagram:
    """One process. `nodes` holds the XML of each element; `parents` the id of the subprocess around it, or None."""

    root: Any
    process: Any
    elements: Mapping[str, Element]
    nodes: Mapping[str, Any]
    parents: Mapping[str, str | None]

    @cached_property
    def flows(self) -> list[Any]:
        """All sequence flows, those of subprocesses included."""
        return list(self.process.iter(f"{BPMN}sequenceFlow"))

    @cached_property
    def sound_flows(self) -> list[tuple[str, str, Any]]:
        """(source, target, flow) where both ends exist."""
        found = ((flow.get("sourceRef", ""), flow.get("targetRef", ""), flow) for flow in self.flows)
        return [(s, t, flow) for s, t, flow in found if s in self.elements and t in self.elements]

    @cached_property
    def nexts(self) -> dict[str, list[str]]:
        """Where a token may go from each element within its scope: along flows, to boundary events, and through link events."""
        found: dict[str, list[str]] = {e: [] for e in self.elements}
        for source, target, _ in self.sound_flows:
            found[source].append(target)
        links = {e.name: e.id for e in self.elements.values() if e.event == "link" and e.tag == "intermediateCatchEvent"}
        for element in self.elements.values():
            if element.attached_to in found:
                found[element.attached_to].append(element.id)
            if element.event == "link" and element.tag == "intermediateThrowEvent" and element.name in links:
                found[element.id].append(links[element.name])
        return found

    @cached_property
    def before(self) -> dict[str, list[str]]:
        """`nexts` the other way round."""
        found: dict[str, list[str]] = {e: [] for e in self.elements}
        for source, targets in self.nexts.items():
            for target in targets:
                found[target].append(source)
        return found

    @cached_property
    def scopes(self) -> dict[str | None, list[Element]]:
        """The elements of the process (None) and of each subprocess."""
        found: dict[str | None, list[Element]] = {None: []}
        for element in self.elements.values():
            found.setdefault(self.parents[element.id], []).append(element)
        return found

    @cached_property
    def behind_gateway(self) -> set[str]:
        """What an event-based gateway leads to: the status stands at the gateway."""
        return {n for e in self.elements.values() if e.tag == "eventBasedGateway" for n in self.nexts[e.id]}

    def starts(self, scope: str | None) -> list[Element]:
        """Start events directly in a scope."""
        return [e for e in self.scopes.get(scope, ()) if e.tag == "startEvent"]

    def on_event(self, element: Element) -> bool:
        """Whether it is an event subprocess, which no flow leads to."""
        return bool(self.nodes[element.id].get("triggeredByEvent") == "true")

    def lane(self, element: Element) -> str:
        """The lane of the element, or of the subprocess around it."""
        here: str | None = element.id
        while here is not None:
            if self.elements[here].lane:
                return self.elements[here].lane
            here = self.parents[here]
        return ""


def read_diagram(root: Any) -> Diagram:
    """The one process of a document that `documents.check` let pass."""
    process = root.find(f"{BPMN}process")
    lanes = lanes_of(process)
    elements, nodes, parents = {}, {}, {}
    for node in flow_nodes(process):
        id = node.get("id")
        if not id or id in elements:
            continue  # `structure` names these
        elements[id], nodes[id] = _element(node, lanes), node
        parent = node.getparent()
        parents[id] = parent.get("id") if parent is not process and parent.get("id") in elements else None
    return Diagram(root, process, elements, nodes, parents)


def flow_nodes(process: Any) -> Iterator[Any]:
    """The XML of every event, activity and gateway, outer before inner."""
    return (node for node in process.iter() if isinstance(node.tag, str) and node.tag.startswith(BPMN) and local(node) in KINDS)


def lanes_of(process: Any) -> dict[str, str]:
    """Element id → lane name; where lanes are nested, the innermost."""
    return {
        (ref.text or "").strip(): lane.get("name", "") for lane in process.iter(f"{BPMN}lane") for ref in lane.findall(f"{BPMN}flowNodeRef")
    }


def local(node: Any) -> str:
    """The tag without its namespace."""
    return str(etree.QName(node).localname)


def _element(node: Any, lanes: Mapping[str, str]) -> Element:
    events = [local(child) for child in node if isinstance(child.tag, str) and child.tag.endswith("EventDefinition")]
    return Element(
        node.get("id"),
        local(node),
        node.get("name", ""),
        lanes.get(node.get("id"), ""),
        properties_of(node),
        node.get("attachedToRef"),
        node.get("cancelActivity", "true") == "true",
        events[0].removesuffix("EventDefinition") if events else None,
    )


def say(element: Element, text: str) -> str:
    """A message that names an element as the designer sees it."""
    return f"{called(KINDS.get(element.tag, element.tag), element.name, element.id)}：{text}"


def say_flow(flow: Any, text: str) -> str:
    """A message that names a sequence flow."""
    return f"{called('顺序流', flow.get('name', ''), flow.get('id', ''))}：{text}"


def called(kind: str, name: str | None, id: str | None) -> str:
    """Kind, name and id on one line, however the name is written."""
    return f"{kind}“{short(name or '')}”({short(id or '没有 id')})"


def short(text: str, limit: int = 60) -> str:
    """A text on one line, cut where it is too long for a message."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def handler_name(node: Any) -> str | None:
    """The handler a service task names; None where it names none."""
    operator = node.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    return None if operator is None else operator.get("id", "")


def waits(diagram: Diagram, element: Element, handlers: Mapping[str, Any]) -> bool:
    """Whether a token certainly rests here for somebody or something outside the step."""
    if element.tag == "serviceTask":
        return isinstance(handlers.get(handler_name(diagram.nodes[element.id]) or ""), External)
    if element.tag in SCOPES or element.tag == "callActivity":
        return element.tag == "callActivity" or any(waits(diagram, e, handlers) for e in diagram.scopes.get(element.id, ()))
    catches = element.event in ("message", "timer", "conditional", "signal")
    return element.tag in STANDS or (element.tag == "boundaryEvent" and catches)


def closure(begin: Iterable[str], nexts: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that can be reached, the beginnings included."""
    found, todo = set(begin), list(begin)
    while todo:
        new = [n for n in nexts[todo.pop()] if n not in found]
        found.update(new)
        todo.extend(new)
    return found
