"""How a diagram becomes a version: checked, one deployment at a time, and what is called before what calls it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.database import one_at_a_time
from processes import tables
from processes.checks import problems, thrown
from processes.checks.wording import say
from processes.definitions.calls import linked
from processes.definitions.correlation import started_by
from processes.definitions.definition import Definition, read
from processes.definitions.store import cache_key, latest, load
from processes.diagrams.diagram import Diagram, parse_diagram, read_diagram
from processes.diagrams.quoting import quoted
from processes.engine import Engine
from processes.errors import DiagramInvalid, NotFound
from processes.proving import proofs


def take_turn(session: Session) -> None:
    """Waits until no other transaction deploys; what is read after it is what those before have deployed."""
    one_at_a_time(session, "deploy")


def callees_first(diagrams: Mapping[str, bytes]) -> list[str]:
    """The names of diagrams, each after those that it calls; in the given order where they call each other in a circle."""
    calls: dict[str, set[str]] = {}
    processes: dict[str, str] = {}
    for name, xml in diagrams.items():
        try:
            diagram = read_diagram(parse_diagram(xml))
        except DiagramInvalid:
            calls[name] = set()  # its deployment says why
            continue
        processes[diagram.process.get("id", "")] = name
        calls[name] = {element.called or "" for element in diagram.elements.values()}
    graph = {name: sorted({processes[key] for key in keys if key in processes}) for name, keys in calls.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(diagrams)


def deploy(
    session: Session,
    engine: Engine,
    xml: bytes,
    forms: Mapping[str, dict[str, Any]],
    by: str,
    decisions: Mapping[str, str] | None = None,
    note: str = "",
    scenarios: str | None = None,
) -> Definition:
    """Deploys a diagram as a new version; the same diagram with the same forms again is the version it already is.

    A diagram is deployed with the newest versions of those that it calls; when one of these is deployed anew, so are those that
    call it. An instance keeps the version it began with, and the versions that this one calls. `decisions`: DMN files by id. `note`: what
    changed (200 characters); `scenarios`: the YAML it was tried out with.

    Raises:
        DiagramInvalid: it does not pass the checks; `problems` names each element.
    """
    if faults := problems(xml, None, engine.handlers, engine.subjects, forms, tables=decisions):
        raise DiagramInvalid(faults)
    take_turn(session)
    found, called = read(xml, forms, decisions=decisions), dict[str, Definition]()
    for element in found.elements.values():
        if element.called and element.called not in called:
            try:
                called[element.called] = latest(session, element.called)
            except NotFound:
                faults.append(say(element, f"流程{quoted(element.called)}尚未部署，请先部署它"))
    if faults:
        raise DiagramInvalid(faults)
    linked(found, called)
    if faults := list(_uncaught(session, found, called)):
        raise DiagramInvalid(faults)
    return _keep(session, engine, found, {key: other.id for key, other in called.items()}, by, note, scenarios)


def _uncaught(session: Session, found: Definition, called: Mapping[str, Definition]) -> Iterator[str]:
    """Errors that nothing catches between the diagram and those that it calls, and between those that call it and it."""
    diagram = _diagram(found.xml)
    yield from thrown.uncaught(diagram, {key: _diagram(other.xml) for key, other in called.items()})
    if any(True for _ in thrown.thrown(diagram)):
        for row in _callers(session, found.key):
            for line in thrown.uncaught(_diagram(row.xml), {found.key: diagram}):
                yield f"调用本流程的流程“{row.name}”中，{line}"


def _diagram(xml: str) -> Diagram:
    return read_diagram(parse_diagram(xml.encode()))


def _keep(
    session: Session, engine: Engine, found: Definition, called: Mapping[str, int], by: str, note: str = "", scenarios: str | None = None
) -> Definition:
    digest = content_digest(found.xml, found.forms, called, found.decisions)
    table = tables.definition
    last = session.execute(
        select(table.c.id, table.c.version, table.c.digest).where(table.c.key == found.key).order_by(table.c.version.desc()).limit(1)
    ).first()
    if last is not None and last.digest == digest:
        return load(session, last.id)
    row = {
        "key": found.key,
        "version": (last.version if last else 0) + 1,
        "name": found.name,
        "digest": digest,
        "xml": found.xml,
        "forms": dict(found.forms),
        "called": dict(called),
        "decisions": dict(found.decisions),
        "starts_by": started_by(found),
        "deployed_at": engine.clock(),
        "deployed_by": by,
        "note": note[:200],
        "scenarios": scenarios,
    }
    created = session.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    session.execute(update(table).where(table.c.id == created).values(proofs(session, table, {**row, "id": created})))
    session.info[cache_key(session, created)] = None  # not read yet
    _renew_callers(session, engine, found.key, created, by)
    return load(session, created)


def content_digest(xml: str, forms: Mapping[str, Any], called: Mapping[str, int], decisions: Mapping[str, str]) -> str:
    """The sha256 of a version: its diagram, its forms, the versions that it calls, and its decision tables."""
    content = [forms, called, decisions] if called or decisions else forms
    return hashlib.sha256(xml.encode() + json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _renew_callers(session: Session, engine: Engine, key: str, id: int, by: str) -> None:
    for row in _callers(session, key):
        caller = read(row.xml.encode(), row.forms, decisions=row.decisions)
        _keep(session, engine, caller, {**row.called, key: id}, by)


def _callers(session: Session, key: str) -> list[Row[Any]]:
    """The newest versions of the diagrams that call this one."""
    table = tables.definition
    newest = select(func.max(table.c.id)).group_by(table.c.key)
    return [row for row in session.execute(select(table).where(table.c.id.in_(newest))) if key in row.called]
