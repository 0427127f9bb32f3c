"""What the engine does not run (the table in `processes/support.py`), said of the elements that use it."""

from __future__ import annotations

from collections.abc import Iterator

from processes.checks.diagram import Diagram, say, say_flow
from processes.checks.support import Place, conditional_flow, unsupported
from processes.diagrams.elements import BPMN


def check(diagram: Diagram) -> Iterator[str]:
    """A line for each use of what is not run."""
    for element in diagram.elements.values():
        for text in unsupported(Place(diagram.nodes[element.id], diagram.nodes)):
            yield say(element, text)
    for source, _, flow in diagram.sound_flows:
        unread = conditional_flow(diagram.nodes[source], flow.find(f"{BPMN}conditionExpression"))
        if unread is not None:
            yield say_flow(flow, unread)
