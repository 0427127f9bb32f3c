"""What an activity or a flow says of its work: the handler it calls, the table it asks, its script, its condition, its timer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from processes.diagrams.nodes import BPMN, SPIFF, Node, local, text_in

TimerKind: TypeAlias = Literal["timeDate", "timeDuration", "timeCycle"]
_TIMERS: tuple[TimerKind, ...] = ("timeDate", "timeDuration", "timeCycle")


@dataclass(frozen=True)
class Call:
    """What a service task calls."""

    handler: str
    parameters: Mapping[str, str]
    """Name → expression."""


@dataclass(frozen=True)
class Timer:
    """When a timer fires: an expression, and what it gives – a moment, a length of time, or how often and how far apart."""

    kind: TimerKind
    text: str


def call_of(node: Node) -> Call | None:
    """What a service task calls; None where it names no handler."""
    operator = node.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    if operator is None or not operator.get("id"):
        return None
    found = operator.iterfind(f"{SPIFF}parameters/{SPIFF}parameter")
    return Call(operator.get("id", ""), {p.get("id", ""): p.get("value", "") for p in found})


def decision_of(node: Node) -> str:
    """Id of the decision table that a business rule task asks; empty where it names none."""
    return text_in(node, f"{BPMN}extensionElements/{SPIFF}calledDecisionId")


def script_of(node: Node) -> str:
    """The assignments of a script task."""
    return "\n".join(part.text or "" for part in node.iterfind(f"{BPMN}script"))


def condition_of(flow: Node) -> str | None:
    """The condition of a sequence flow; None where it has none."""
    found = flow.find(f"{BPMN}conditionExpression")
    return None if found is None else (found.text or "").strip()


def event_condition_of(node: Node) -> str | None:
    """The condition that a conditional event waits for; None where the element is none."""
    found = node.find(f"{BPMN}conditionalEventDefinition")
    return None if found is None else text_in(found, f"{BPMN}condition")


def timer_of(node: Node) -> Timer | None:
    """When the timer inside an event fires; None where there is no timer, or one without a time."""
    definition = node.find(f"{BPMN}timerEventDefinition")
    for part in definition if definition is not None else ():
        kind = next((kind for kind in _TIMERS if kind == local(part)), None)
        if kind is not None:
            return Timer(kind, (part.text or "").strip())
    return None
