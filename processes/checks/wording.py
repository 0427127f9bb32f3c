"""How a problem names what it is about: kind, name and id, on one line."""

from __future__ import annotations

from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import KINDS, Element
from processes.diagrams.nodes import Node
from processes.diagrams.quoting import short


def say(element: Element, text: str) -> str:
    """A message that names an element as the designer sees it."""
    return f"{named(KINDS[element.tag], element.name, element.id)}：{text}"


def say_flow(diagram: Diagram, flow: Node, text: str) -> str:
    """A message that names a sequence flow."""
    return f"{flow_named(diagram, flow)}：{text}"


def say_process(diagram: Diagram, text: str) -> str:
    """A message that names the process itself."""
    name = short(diagram.process.get("id") or diagram.process.get("name") or "")
    return f"流程“{name}”：{text}" if name else f"流程：{text}"


def flow_named(diagram: Diagram, flow: Node) -> str:
    """A sequence flow with its name, or else with the two ends by which people find it."""
    ends = [flow_end(diagram, flow.get(end)) for end in ("sourceRef", "targetRef")]
    return named("顺序流", flow.get("name") or " → ".join(end for end in ends if end), flow.get("id"))


def flow_end(diagram: Diagram, id: str | None) -> str:
    """What one end of a flow is called: its name, else its kind; the id that is written where there is no such element."""
    element = diagram.elements.get(id or "")
    return short(element.label if element is not None else id or "", 20)


def named(kind: str, name: str | None, id: str | None) -> str:
    """Kind, name and id on one line, however the name is written; without quotes where there is no name."""
    line = short(name or "")
    return f"{kind}{f'“{line}”' if line else ''}({short(id or '') or '没有 id'})"
