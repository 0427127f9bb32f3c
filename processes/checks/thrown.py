"""Errors that an end event throws and nothing catches: the library lets the process go on as if its subprocess had ended well.

At the level of the process itself such an end is a failed end, or an error for the diagram that calls this one: `uncaught`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processes.checks.wording import say
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element
from processes.diagrams.nodes import BPMN, Node
from processes.diagrams.quoting import quoted


def check(diagram: Diagram) -> Iterator[str]:
    """Error end events inside of subprocesses that nothing around them catches."""
    for element, error in thrown(diagram):
        if (inside := _activity_around(diagram, element)) is not None and not _caught(diagram, inside, error):
            yield say(
                element,
                f"抛出的错误{_name(error)}没有任何事件捕获，流程会像正常结束那样走下去；"
                "请在外面的子流程上加一个捕获它的错误边界事件，或改为普通的结束事件",
            )


def uncaught(caller: Diagram, called: Mapping[str, Diagram]) -> Iterator[str]:
    """Errors in which called diagrams (by key) end, and that nothing around a call of theirs catches."""
    for element in caller.elements.values():
        other = called.get(element.called or "")
        for end, error in thrown(other) if other is not None else ():
            outward = other is not None and _activity_around(other, end) is None
            if outward and not _caught(caller, element.id, error):
                yield say(
                    element,
                    f"流程{quoted(element.called)}会以错误{_name(error)}结束，这里没有任何事件捕获它，流程会像正常结束那样走下去；"
                    "请在调用活动上加一个捕获它的错误边界事件",
                )


def thrown(diagram: Diagram) -> Iterator[tuple[Element, Node]]:
    """The error end events of a diagram, each with the error that it throws."""
    errors = _errors(diagram)
    for element in diagram.elements.values():
        if element.tag == "endEvent":
            for node in diagram.nodes[element.id].iterfind(f"{BPMN}errorEventDefinition"):
                if (error := errors.get(node.get("errorRef", ""))) is not None:  # else another check says that nothing is chosen
                    yield element, error


def _activity_around(diagram: Diagram, element: Element) -> str | None:
    """The subprocess that an error at this end leaves; None where it leaves the process, also out of an event subprocess of it."""
    around = diagram.parents[element.id]
    while around is not None and diagram.elements[around].triggered:
        around = diagram.parents[around]
    return around


def _errors(diagram: Diagram) -> dict[str, Node]:
    return {node.get("id", ""): node for node in diagram.root.iterfind(f"{BPMN}error")}


def _name(error: Node) -> str:
    return quoted(error.get("errorCode") or error.get("name") or error.get("id"))


def _caught(diagram: Diagram, inside: str | None, error: Node) -> bool:
    """Whether a boundary event around `inside`, or an event subprocess of the process, catches an error."""
    around: list[str] = []
    while inside is not None:
        around.append(inside)
        inside = diagram.parents[inside]
    return any(_catches(diagram, element, error) for element in diagram.elements.values() if _listens(diagram, element, around))


def _listens(diagram: Diagram, element: Element, around: list[str]) -> bool:
    if element.tag == "boundaryEvent":
        return element.attached_to in around
    parent = diagram.parents[element.id]
    return element.tag == "startEvent" and parent is not None and diagram.elements[parent].triggered and diagram.parents[parent] is None


def _catches(diagram: Diagram, element: Element, error: Node) -> bool:
    """As the library matches them: by the code; an event without an error, or whose error has no code, catches all."""
    errors = _errors(diagram)
    for node in diagram.nodes[element.id].iterfind(f"{BPMN}errorEventDefinition"):
        caught = errors.get(node.get("errorRef", ""))
        if caught is None or caught.get("errorCode") in (None, error.get("errorCode")):
            return True
    return False
