"""One process as it is drawn: its elements with their XML, its flows, and where a token may go.

Whoever reads a diagram – the checks, the engine, the editor – begins with `parse_diagram`, so that all of them see the same names and
references, and takes its elements from `read_diagram`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from processes.diagrams.elements import Element, properties_of, read_element, tag_of
from processes.diagrams.nodes import BPMN, SPIFF, Node
from processes.diagrams.xmlsafe import parse_xml
from processes.errors import DiagramInvalid

_NAMES = ("name", "errorCode", "escalationCode")
_REFERENCES = ("messageRef", "signalRef", "errorRef", "escalationRef", "processRef", "calledElement", "correlationPropertyRef")
_TEXTS = (f"{BPMN}flowNodeRef", f"{SPIFF}calledDecisionId")


class Flow(NamedTuple):
    """A sequence flow whose two ends exist."""

    source: str
    target: str
    node: Node


@dataclass(frozen=True)
class Diagram:
    """One process. `nodes` holds the XML of each element."""

    root: Node
    process: Node
    elements: Mapping[str, Element]
    nodes: Mapping[str, Node]

    @cached_property
    def properties(self) -> dict[str, str]:
        """The properties of the process itself."""
        return properties_of(self.process)

    @cached_property
    def parents(self) -> dict[str, str | None]:
        """Element → the subprocess around it; None for what lies in the process itself."""
        return {e.id: e.inside if e.inside in self.elements else None for e in self.elements.values()}

    @cached_property
    def flows(self) -> list[Node]:
        """The XML of all sequence flows, those of subprocesses included."""
        return list(self.process.iter(f"{BPMN}sequenceFlow"))

    @cached_property
    def sound_flows(self) -> list[Flow]:
        """The flows whose two ends exist."""
        found = (Flow(flow.get("sourceRef", ""), flow.get("targetRef", ""), flow) for flow in self.flows)
        return [flow for flow in found if flow.source in self.elements and flow.target in self.elements]

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """Element → where flows lead to from it."""
        found: dict[str, list[str]] = {e: [] for e in self.elements}
        for flow in self.sound_flows:
            found[flow.source].append(flow.target)
        return found

    @cached_property
    def sources(self) -> dict[str, list[str]]:
        """Element → where flows lead to it from."""
        found: dict[str, list[str]] = {e: [] for e in self.elements}
        for flow in self.sound_flows:
            found[flow.target].append(flow.source)
        return found

    @cached_property
    def nexts(self) -> dict[str, list[str]]:
        """Where a token may go from each element within its scope: along flows, to boundary events, and through link events."""
        found = {id: list(targets) for id, targets in self.targets.items()}
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


def parse_diagram(data: bytes) -> Node:
    """The root of a diagram, its names and references without what other tools write around them: blanks, line breaks, and the
    namespace prefix of a reference.

    An id, and what points to an element by its id, is left as it is written: the checks refuse one with blanks, for the drawing of the
    diagram would not find it.

    Raises:
        DiagramInvalid: as `parse_xml`.
    """
    root = parse_xml(data)
    for node in root.iter():
        for name in _NAMES:
            if (text := node.get(name)) is not None:
                node.set(name, text.strip())
        for name in _REFERENCES:
            if (text := node.get(name)) is not None:
                node.set(name, text.strip().rpartition(":")[2])
        if node.tag in _TEXTS:
            node.text = (node.text or "").strip()
    for node in root.iter(f"{SPIFF}property", f"{SPIFF}parameter", f"{SPIFF}serviceTaskOperator"):
        for name in ("id", "name", "value"):
            if (text := node.get(name)) is not None:
                node.set(name, text.strip())
    return root


def read_diagram(root: Node) -> Diagram:
    """The one process of a parsed diagram. What has no id, or an id a second time, is left out: the checks name it.

    Raises:
        DiagramInvalid: not exactly one process.
    """
    processes = root.findall(f"{BPMN}process")
    if len(processes) != 1:
        raise DiagramInvalid([f"流程图应恰有一个流程（process），现有 {len(processes)} 个"])
    process = processes[0]
    lanes, elements, nodes = lanes_of(process), dict[str, Element](), dict[str, Node]()
    for node in flow_nodes(process):
        id, tag = node.get("id"), tag_of(node)
        if id and tag is not None and id not in elements:
            elements[id], nodes[id] = read_element(node, tag, lanes), node
    return Diagram(root, process, elements, nodes)


def flow_nodes(process: Node) -> Iterator[Node]:
    """The XML of every event, activity and gateway, outer before inner."""
    return (node for node in process.iter() if tag_of(node) is not None)


def lanes_of(process: Node) -> dict[str, str]:
    """Element id → lane name; where lanes are nested, the innermost."""
    return {ref.text or "": lane.get("name", "") for lane in process.iter(f"{BPMN}lane") for ref in lane.iterfind(f"{BPMN}flowNodeRef")}


def closure(begin: Iterable[str], nexts: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that can be reached, the beginnings included."""
    found, todo = set(begin), list(begin)
    while todo:
        new = [n for n in nexts[todo.pop()] if n not in found]
        found.update(new)
        todo.extend(new)
    return found
