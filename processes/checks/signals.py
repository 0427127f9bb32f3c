"""Signals stay inside their instance: one that no event of the diagram throws would be waited for for ever."""

from __future__ import annotations

from collections.abc import Iterator

from processes.checks.wording import say
from processes.diagrams.diagram import Diagram
from processes.diagrams.nodes import BPMN
from processes.diagrams.quoting import quoted

_THROWS = ("intermediateThrowEvent", "endEvent")


def check(diagram: Diagram) -> Iterator[str]:
    """Events that wait for a signal which nothing throws; a diagram that is called may throw it."""
    if any(element.tag == "callActivity" for element in diagram.elements.values()):
        return
    named = {node.get("id"): node.get("name", "") or node.get("id", "") for node in diagram.root.findall(f"{BPMN}signal")}
    signals = [
        (element, named[ref])
        for element in diagram.elements.values()
        for node in diagram.nodes[element.id].findall(f"{BPMN}signalEventDefinition")
        if (ref := node.get("signalRef")) in named
    ]
    thrown = {name for element, name in signals if element.tag in _THROWS}
    for element, name in signals:
        if element.tag not in _THROWS and name not in thrown:
            yield say(element, f"等待的信号{quoted(name)}没有任何事件抛出，永远等不到；请加上抛出它的事件，或改用消息")
