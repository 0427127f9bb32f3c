"""A diagram as lines of text: for screen readers and phones."""

from __future__ import annotations

from dataclasses import dataclass

from processes.checks import documents
from processes.diagrams.diagram import Diagram, parse_diagram, read_diagram
from processes.diagrams.elements import KINDS, Element


@dataclass(frozen=True)
class Line:
    """One element."""

    kind: str
    name: str
    lane: str
    status: str
    form: str
    outcomes: str
    leads: str


def outline(xml: str) -> list[Line]:
    """The elements of a diagram in the order of the file; none where it is not one process."""
    root = parse_diagram(xml.encode())
    if any(True for _ in documents.check(root)):
        return []
    diagram = read_diagram(root)
    return [_line(diagram, element) for element in diagram.elements.values()]


def _line(diagram: Diagram, element: Element) -> Line:
    ends = [(flow, diagram.elements[target]) for source, target, flow in diagram.sound_flows if source == element.id]
    properties = element.properties
    return Line(
        KINDS[element.tag],
        element.name,
        element.lane,
        properties.get("status", ""),
        properties.get("formJsonSchemaFilename", ""),
        properties.get("outcomes", ""),
        "、".join(f"{target.label}" + (f"（{flow.get('name')}）" if flow.get("name") else "") for flow, target in ends),
    )
