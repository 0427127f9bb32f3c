"""Messages as a diagram writes them: which element waits for or throws which, and by what the right instance is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element
from processes.diagrams.nodes import BPMN, Node, text_in

CATCHES = ("startEvent", "boundaryEvent", "intermediateCatchEvent", "receiveTask")
"""The elements that wait for a message."""
_THROWS = ("intermediateThrowEvent", "endEvent", "sendTask")


@dataclass(frozen=True)
class Correlation:
    """A `correlationProperty`: what a message must carry, and what the instance expects, to belong together."""

    id: str
    name: str
    reads: Mapping[str, str]
    """Id of a message → the expression over what it carries (`messagePath`)."""
    expected: str
    """The expression over the data of the process (`dataPath` of its binding); empty where nothing is bound."""


@dataclass(frozen=True)
class Messages:
    """The messages of one diagram."""

    diagram: Diagram

    @cached_property
    def names(self) -> dict[str, str]:
        """Id of a message → its name."""
        return {node.get("id", ""): node.get("name", "") for node in self.diagram.root.iterfind(f"{BPMN}message")}

    @cached_property
    def references(self) -> dict[str, str]:
        """Element → id of the message that it waits for or throws."""
        found: dict[str, str] = {}
        for element in self.diagram.elements.values():
            node = self.diagram.nodes[element.id]
            own = [node] if element.tag in ("receiveTask", "sendTask") else []
            for part in (*own, *node.iterfind(f"{BPMN}messageEventDefinition")):
                found.setdefault(element.id, part.get("messageRef", ""))
        return found

    @cached_property
    def correlations(self) -> list[Correlation]:
        """The correlation properties, in the order of the file."""
        bound = self._bindings()
        return [
            Correlation(node.get("id", ""), node.get("name", ""), _reads(node), bound.get(node.get("id", ""), ""))
            for node in self.diagram.root.iter(f"{BPMN}correlationProperty")
        ]

    def of(self, element: str) -> str:
        """Name of the message that an element waits for or throws; empty where it has none."""
        reference = self.references.get(element)
        return self.names.get(reference, "") if reference else ""

    def caught(self) -> set[str]:
        """Names of the messages that elements of the diagram wait for."""
        return {self.of(element.id) for element in self.diagram.elements.values() if element.tag in CATCHES} - {""}

    def thrown(self) -> dict[str, str]:
        """Element → name of the message that it throws to others: what the diagram itself catches is not among them."""
        caught = self.caught()
        named = {element.id: self.of(element.id) for element in self.diagram.elements.values() if element.tag in _THROWS}
        return {id: name for id, name in named.items() if name and name not in caught}

    def _bindings(self) -> dict[str, str]:
        found = self.diagram.root.iter(f"{BPMN}correlationPropertyBinding")
        return {node.get("correlationPropertyRef", ""): text_in(node, f"{BPMN}dataPath") for node in found}


def is_message(element: Element) -> bool:
    """Whether an element waits for a message or throws one."""
    return element.event == "message" or element.tag == "sendTask"


def _reads(correlation: Node) -> dict[str, str]:
    retrievals = correlation.iterfind(f"{BPMN}correlationPropertyRetrievalExpression")
    return {node.get("messageRef", ""): _path(node) for node in retrievals}


def _path(retrieval: Node) -> str:
    # BPMN calls it messagePath; some editors write the formal expression of older drafts
    return text_in(retrieval, f"{BPMN}messagePath") or text_in(retrieval, f"{BPMN}formalExpression")
