"""Definitions: diagrams as deployed, immutable and versioned, with what our conventions read from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from processes import tables
from processes.engine import Engine
from processes.errors import DiagramInvalid, EngineFault, NotFound
from processes.spiff import Parser
from processes.xmlsafe import parse_xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
WAITS = ("userTask", "manualTask", "intermediateCatchEvent", "receiveTask", "eventBasedGateway")


@dataclass(frozen=True)
class Outcome:
    """One button of a user task."""

    name: str
    comment_required: bool


@dataclass(frozen=True)
class Element:
    """One node of the diagram, with the properties of our conventions (architecture §5)."""

    id: str
    tag: str
    name: str
    lane: str
    properties: Mapping[str, str]
    attached_to: str | None = None
    interrupting: bool = True
    event: str | None = None  # message, timer, … : the kind of event definition inside

    @property
    def form(self) -> str | None:
        """The form's file name."""
        return self.properties.get("formJsonSchemaFilename")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The buttons of a user task; one called 提交 where the diagram names none."""
        required = _listed(self.properties.get("commentRequired", ""))
        return tuple(Outcome(name, name in required) for name in _listed(self.properties.get("outcomes", "提交")))


@dataclass(frozen=True)
class Status:
    """A status that records of this process can have."""

    label: str
    tone: str


@dataclass(frozen=True)
class Definition:
    """One deployed (or only parsed) version of a diagram."""

    id: int
    key: str
    version: int
    name: str
    subject: str
    xml: str
    forms: Mapping[str, dict[str, Any]]
    elements: Mapping[str, Element]
    flows: Mapping[str, tuple[str, str]]  # sequence flow → (source, target)

    @cached_property
    def specs(self) -> tuple[Any, dict[str, Any]]:
        """SpiffWorkflow's specifications; shared between instances (no element we run changes them)."""
        parser = Parser()
        parser.add_bpmn_xml(parse_xml(self.xml.encode()))
        return parser.get_spec(self.key), parser.get_subprocess_specs(self.key)

    @cached_property
    def statuses(self) -> tuple[Status, ...]:
        """Statuses in the order in which the flow reaches them."""
        found: dict[str, Status] = {}
        for element_id in self._in_order():
            label = self.elements[element_id].properties.get("status")
            if label and label not in found:
                found[label] = Status(label, self.tone(element_id))
        return tuple(found.values())

    @cached_property
    def unset_outcomes(self) -> dict[str, None]:
        """`<user task>_outcome` of every user task: None until it was completed."""
        return {f"{e.id}_outcome": None for e in self.elements.values() if e.tag == "userTask"}

    @cached_property
    def flow_between(self) -> dict[tuple[str, str], str]:
        """(source, target) → sequence flow."""
        return {ends: flow for flow, ends in self.flows.items()}

    def tone(self, element_id: str) -> str:
        """The badge's tone: the property, else by the element (ui.md, Status badges)."""
        element = self.elements[element_id]
        if "statusTone" in element.properties:
            return element.properties["statusTone"]
        if element.tag == "endEvent":
            return "failed" if element.event == "error" else "done"
        return "draft" if element.lane == self.start.lane else "waiting"

    def record_form(self, element: Element) -> bool:
        """Whether the task's form is the record's own (`x-record`), not a reviewer's."""
        return bool(element.form and self.forms.get(element.form, {}).get("x-record"))

    @cached_property
    def start(self) -> Element:
        """Where the process begins: its lane says who may begin one, its property `button` what the button is called."""
        return next(e for e in self.elements.values() if e.tag == "startEvent")

    @cached_property
    def first_task(self) -> Element | None:
        """The first user task along the flow."""
        return next((self.elements[e] for e in self._in_order() if self.elements[e].tag == "userTask"), None)

    @cached_property
    def record_schema(self) -> dict[str, Any]:
        """The record's own form: that of the first user task, along the flow, that fills it in; empty where none does."""
        tasks = (self.elements[e] for e in self._in_order() if self.elements[e].tag == "userTask")
        return next((self.forms[task.form] for task in tasks if task.form and self.record_form(task)), {})

    @cached_property
    def late_message(self) -> str | None:
        """What a latecomer reads who opened the first form before a deadline and hands it in after it."""
        timers = [e for e in self.elements.values() if self.first_task and e.attached_to == self.first_task.id and e.event == "timer"]
        return next((t.properties["lateMessage"] for t in timers if "lateMessage" in t.properties), None)

    def _in_order(self) -> list[str]:
        order = [e.id for e in self.elements.values() if e.tag == "startEvent"]
        for here in order:  # grows while it is walked: breadth first
            nexts = [target for source, target in self.flows.values() if source == here]
            nexts += [e.id for e in self.elements.values() if e.attached_to == here]
            order += [n for n in nexts if n not in order and n in self.elements]
        return order


def read(xml: bytes, forms: Mapping[str, dict[str, Any]], id: int = 0, version: int = 0) -> Definition:
    """Reads a diagram without deploying it.

    Raises:
        DiagramInvalid: not XML, not BPMN, or SpiffWorkflow cannot run it.
    """
    root = parse_xml(xml)
    processes = root.findall(f"{BPMN}process")
    if len(processes) != 1 or not processes[0].get("id"):
        raise DiagramInvalid([f"流程图应恰有一个带 id 的流程（process），现有 {len(processes)} 个"])
    process = processes[0]
    lanes = {ref.text: lane.get("name", "") for lane in process.iter(f"{BPMN}lane") for ref in lane.findall(f"{BPMN}flowNodeRef")}
    elements = {e.id: e for node in process.iter() if (e := _element(node, lanes)) is not None}
    flows = {f.get("id", ""): (f.get("sourceRef", ""), f.get("targetRef", "")) for f in process.iter(f"{BPMN}sequenceFlow")}
    key = process.get("id", "")
    used = {n for e in elements.values() for n in (e.form, e.properties.get("editForm")) if n}
    definition = Definition(
        id,
        key,
        version,
        process.get("name") or key,
        _properties(process).get("subject", ""),
        xml.decode("utf-8"),
        {name: schema for name, schema in forms.items() if name in used},
        elements,
        flows,
    )
    try:
        _ = definition.specs
    except (ValidationException, WorkflowException, EngineFault, KeyError, AttributeError, IndexError) as error:
        raise DiagramInvalid([f"流程图不能运行：{error}"]) from error
    return definition


def deploy(session: Session, engine: Engine, xml: bytes, forms: Mapping[str, dict[str, Any]], by: str) -> Definition:
    """Deploys a diagram as a new version; the same diagram with the same forms again is the version it already is.

    Raises:
        DiagramInvalid: it does not pass the checks; `problems` names each element.
    """
    from processes.checks import problems  # checks read definitions too

    faults = problems(xml, None, engine.handlers, engine.subjects, forms)
    if faults:
        raise DiagramInvalid(faults)
    found = read(xml, forms)
    digest = hashlib.sha256(xml + json.dumps(found.forms, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
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
        "deployed_at": engine.clock(),
        "deployed_by": by,
    }
    created = session.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    return load(session, created)


def latest(session: Session, key: str) -> Definition:
    """The newest version of a diagram.

    Raises:
        NotFound: nothing of this key is deployed.
    """
    newest = session.execute(select(func.max(tables.definition.c.id)).where(tables.definition.c.key == key)).scalar()
    if newest is None:
        raise NotFound(f"流程“{key}”尚未部署")
    return load(session, newest)


def load(session: Session, definition_id: int) -> Definition:
    """A version by its id, from the cache after the first time (versions never change)."""
    database = str(session.get_bind().engine.url)
    cached = _CACHE.get((database, definition_id))
    if cached is None:
        row = session.execute(select(tables.definition).where(tables.definition.c.id == definition_id)).one()
        cached = _read_cached(row.xml, json.dumps(row.forms), row.id, row.version)
        _CACHE[(database, definition_id)] = cached
    return cached


_CACHE: dict[tuple[str, int], Definition] = {}


@lru_cache(maxsize=500)
def _read_cached(xml: str, forms: str, id: int, version: int) -> Definition:
    return read(xml.encode(), json.loads(forms), id, version)


def _element(node: Any, lanes: Mapping[str | None, str]) -> Element | None:
    if not isinstance(node.tag, str) or not node.tag.startswith(BPMN) or node.get("id") is None:
        return None
    tag = node.tag[len(BPMN) :]
    if not tag.endswith(("Task", "Event", "Gateway", "task", "subProcess", "callActivity")):
        return None
    events = [etree.QName(child).localname for child in node if isinstance(child.tag, str) and child.tag.endswith("EventDefinition")]
    return Element(
        node.get("id"),
        tag,
        node.get("name", ""),
        lanes.get(node.get("id"), ""),
        _properties(node),
        node.get("attachedToRef"),
        node.get("cancelActivity", "true") == "true",
        events[0].removesuffix("EventDefinition") if events else None,
    )


def _properties(node: Any) -> dict[str, str]:
    found = node.findall(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {p.get("name", ""): p.get("value", "") for p in found}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
