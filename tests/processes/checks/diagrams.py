"""Tiny diagrams, written beside the assertions out of these pieces."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from domain.ground.handling import External, Inline
from processes.checks import problems
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.nodes import BPMN


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


class Record:
    """A record type as far as the checks look at it."""

    FACTS = {"deadline": datetime, "amount": int, "kind": str}  # noqa: RUF012


HANDLERS = {
    "out": External(_nothing, _nothing),
    "in": Inline(_nothing),
    "count": Inline(_nothing, needs=("of",), gives=("counted",)),
}
FORMS: dict[str, dict[str, Any]] = {"f.json": {"type": "object", "properties": {"note": {"title": "说明", "type": "string"}}}}
SUBJECTS = {"r": Record, "plain": object}
STATUS = '<s:property name="status" value="待办"/>'
START, END = '<startEvent id="a" name="开始"/>', '<endEvent id="z"/>'
NAMESPACES = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core"'


def task(properties: str = STATUS, name: str = "审核", extra: str = "", id: str = "t", inside: str = "") -> str:
    extensions = f"<extensionElements><s:properties>{properties}</s:properties>{extra}</extensionElements>"
    return f'<userTask id="{id}" name="{name}">{extensions}{inside}</userTask>'


def service(handler: str = "in", id: str = "v", value: str = "'x'", parameter: str = "p") -> str:
    return (
        f'<serviceTask id="{id}" name="服务"><extensionElements><s:serviceTaskOperator id="{handler}"><s:parameters>'
        f'<s:parameter id="{parameter}" type="str" value="{value}"/></s:parameters></s:serviceTaskOperator></extensionElements>'
        "</serviceTask>"
    )


def gateway(kind: str, id: str = "g", default: str = "") -> str:
    return f'<{kind}Gateway id="{id}" name="{id}"' + (f' default="{default}"' if default else "") + "/>"


def flows(*pairs: str, prefix: str = "f") -> str:
    """`a>b` or `a>b:condition`."""
    found = ""
    for number, pair in enumerate(pairs):
        ends, _, condition = pair.partition(":")
        source, target = ends.split(">")
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        found += f'<sequenceFlow id="{prefix}{number}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
    return found


LINE = flows("a>t", "t>z")


def process(inside: str, lane: str = "省级", id: str = "p", subject: str = "r", lanes: str | None = None) -> str:
    """A process element; every start, user task and event by a message stands in the one lane."""
    peopled = re.findall(r'<(?:startEvent|userTask|manualTask|receiveTask|boundaryEvent|intermediateCatchEvent) id="([^"]*)"', inside)
    refs = "".join(f"<flowNodeRef>{n}</flowNodeRef>" for n in dict.fromkeys(peopled))
    one = f'<laneSet id="l"><lane id="l1" name="{lane}">{refs}</lane></laneSet>'
    return (
        f'<process id="{id}" name="流" isExecutable="true"><extensionElements><s:properties><s:property name="subject" value="{subject}"/>'
        f"</s:properties></extensionElements>{one if lanes is None else lanes}{inside}</process>"
    )


def document(inside: str) -> bytes:
    return f'<definitions {NAMESPACES} id="d"><message id="msg" name="撤回"/>{inside}</definitions>'.encode()


def diagram(inside: str, **given: Any) -> bytes:
    return document(process(inside, **given))


DI = (
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
)


def shape(id: str, x: int, y: int, width: int = 100, height: int = 80) -> str:
    bounds = f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>'
    return f'<bpmndi:BPMNShape id="{id}_di" bpmnElement="{id}">{bounds}</bpmndi:BPMNShape>'


def edge(id: str) -> str:
    points = '<di:waypoint x="0" y="0"/><di:waypoint x="9" y="9"/>'
    return f'<bpmndi:BPMNEdge id="{id}_di" bpmnElement="{id}">{points}</bpmndi:BPMNEdge>'


def drawn(xml: bytes) -> bytes:
    """The diagram with a drawing: each lane is a stripe, and each element lies in its own; all that is in no lane below them."""
    found = read_diagram(parse_diagram(xml))
    lanes = {lane.get("id", ""): lane.get("name", "") for lane in found.process.iter(f"{BPMN}lane")}
    rows = {name: number for number, name in enumerate(lanes.values())}
    wide = 120 * (len(found.elements) + 1)
    parts = [shape(id, 0, 100 * rows[name], wide) for id, name in lanes.items()]
    parts += [shape(e.id, 120 * n, 100 * rows.get(e.lane, len(rows))) for n, e in enumerate(found.elements.values())]
    parts += [edge(flow.get("id", "")) for flow in found.flows]
    plane = f'<bpmndi:BPMNDiagram {DI} id="drawing"><bpmndi:BPMNPlane id="plane">{"".join(parts)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    return xml.replace(b"</definitions>", f"{plane}</definitions>".encode())


def found(xml: bytes, key: str | None = "p") -> list[str]:
    return problems(xml, key, HANDLERS, SUBJECTS, FORMS)


def says(xml: bytes, *messages: str) -> None:
    """Each message is among the problems, and every problem is one line."""
    lines = found(xml)
    assert all("\n" not in line for line in lines)
    for message in messages:
        assert any(message in line for line in lines), lines
