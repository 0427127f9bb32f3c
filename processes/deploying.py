"""The order of deployments: one at a time, and what is called before what calls it."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from sqlalchemy.orm import Session

from domain.database import one_at_a_time
from processes.correlation import BPMN
from processes.errors import DiagramInvalid
from processes.xmlsafe import parse_xml


def take_turn(session: Session) -> None:
    """Waits until no other transaction deploys; what is read after it is what those before have deployed."""
    one_at_a_time(session, "deploy")


def callees_first(diagrams: Mapping[str, bytes]) -> list[str]:
    """The names of diagrams, each after those that it calls; as they stand where they call each other in a circle."""
    calls: dict[str, set[str]] = {}
    processes: dict[str, str] = {}
    for name, xml in diagrams.items():
        try:
            root = parse_xml(xml)
        except DiagramInvalid:
            calls[name] = set()  # its deployment says why
            continue
        processes |= {node.get("id", ""): name for node in root.findall(f"{BPMN}process")}
        calls[name] = {node.get("calledElement", "") for node in root.iter(f"{BPMN}callActivity")}
    graph = {name: sorted({processes[key] for key in keys if key in processes}) for name, keys in calls.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(diagrams)
