"""Definitions: diagrams as deployed, immutable and versioned, with what our conventions read from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from processes import tables
from processes.calls import in_order, linked, listed
from processes.correlation import started_by
from processes.decisions import tables_of
from processes.deploying import take_turn
from processes.engine import Engine
from processes.errors import DiagramInvalid, EngineFault, NotFound
from processes.instances import NUMBERS
from processes.parser import specs_of
from processes.xmlsafe import parse_xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


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
    inside: str | None = None  # id of the subprocess around it
    called: str | None = None  # key of the diagram that a call activity calls
    triggered: bool = False  # an event subprocess
    repeats: bool = False  # multi-instance or loop
    multiple: bool = False  # multi-instance

    @property
    def local(self) -> str:
        """Its id in its own diagram: an element of a called diagram is `<key>:<id>` to the one that calls it."""
        return self.id.rpartition(":")[2]

    @property
    def by_person(self) -> bool:
        """Whether somebody has to do it."""
        return self.tag in ("userTask", "manualTask")

    @property
    def voted(self) -> bool:
        """Whether it is a 会签: a task that many have to do (`votes.py`)."""
        return self.by_person and self.multiple

    @property
    def form(self) -> str | None:
        """The form's file name."""
        return self.properties.get("formJsonSchemaFilename")

    @property
    def edit_lane(self) -> str:
        """Who may edit the record while it stands here under `editForm`: its own lane, unless `editLane` names another."""
        return self.properties.get("editLane", self.lane)

    @property
    def edit_checked(self) -> bool:
        """Whether an edit must pass the form's checks (`editChecked`); drafts need not."""
        return self.properties.get("editChecked") == "true"

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The buttons of a user task; one called 提交 where the diagram names none."""
        required = listed(self.properties.get("commentRequired", ""))
        return tuple(Outcome(name, name in required) for name in listed(self.properties.get("outcomes", "提交")))


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
    called: Mapping[str, Definition] = field(default_factory=dict)  # diagrams that it calls, in the versions it was deployed with
    decisions: Mapping[str, str] = field(default_factory=dict)  # decision id → DMN file
    cancel_status: str = "已终止"  # of a record whose process was called off: property `cancelStatus` of the process

    @property
    def specs(self) -> tuple[Any, dict[str, Any]]:
        """SpiffWorkflow's specifications: shared between instances, but built anew where a diagram has an event subprocess,
        because the library changes the specification when one is triggered."""
        if any(element.triggered for element in self.elements.values()):
            return self._parsed()
        return self._shared_specs

    @cached_property
    def _shared_specs(self) -> tuple[Any, dict[str, Any]]:
        return self._parsed()

    def _parsed(self) -> tuple[Any, dict[str, Any]]:
        spec, inner = specs_of(parse_xml(self.xml.encode()), self.key, tables_of(self.decisions))
        for key, definition in self.called.items():
            inner[key], more = definition.specs
            inner.update(more)
        return spec, inner

    @cached_property
    def statuses(self) -> tuple[Status, ...]:
        """Statuses in the order in which the flow reaches them."""
        found: dict[str, Status] = {}
        for element_id in in_order(self):
            label = self.elements[element_id].properties.get("status")
            if label and label not in found:
                found[label] = Status(label, self.tone(element_id))
        return tuple(found.values())

    @cached_property
    def votes(self) -> frozenset[str]:
        """Ids of the tasks that many have to do."""
        return frozenset(element.id for element in self.elements.values() if element.voted)

    @cached_property
    def unset_outcomes(self) -> dict[str, Any]:
        """`<user task>_outcome` of every user task: None until it was completed; and the counts of multi-instance activities: 0."""
        counts = {f"{e.local}_{name}": 0 for e in self.elements.values() if e.multiple for name in NUMBERS}
        return {**{f"{e.local}_outcome": None for e in self.elements.values() if e.by_person}, **counts}

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
        return next(e for e in self.elements.values() if e.tag == "startEvent" and e.inside is None)

    @cached_property
    def first_task(self) -> Element | None:
        """The first user task along the flow."""
        return next((self.elements[e] for e in in_order(self) if self.elements[e].tag == "userTask"), None)

    @cached_property
    def record_schema(self) -> dict[str, Any]:
        """The record's own form: that of the first element, along the flow, that fills it in or edits it; empty where none does."""
        named = (self.elements[e].form or self.elements[e].properties.get("editForm") for e in in_order(self))
        return next((self.forms[name] for name in named if name and self.forms.get(name, {}).get("x-record")), {})

    @cached_property
    def late_message(self) -> str | None:
        """What a latecomer reads who opened the first form before a deadline and hands it in after it."""
        timers = [e for e in self.elements.values() if self.first_task and e.attached_to == self.first_task.id and e.event == "timer"]
        return next((t.properties["lateMessage"] for t in timers if "lateMessage" in t.properties), None)


def read(
    xml: bytes, forms: Mapping[str, dict[str, Any]], id: int = 0, version: int = 0, decisions: Mapping[str, str] | None = None
) -> Definition:
    """Reads a diagram without deploying it; the diagrams that it calls are not looked for.

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
    key, own = process.get("id", ""), _properties(process)
    used = {n for e in elements.values() for n in (e.form, e.properties.get("editForm")) if n}
    decided = {node.text for node in process.iter(f"{SPIFF}calledDecisionId")}
    definition = Definition(
        id,
        key,
        version,
        process.get("name") or key,
        own.get("subject", ""),
        xml.decode("utf-8"),
        {name: schema for name, schema in forms.items() if name in used},
        elements,
        flows,
        decisions={name: dmn for name, dmn in (decisions or {}).items() if name in decided},
        cancel_status=own.get("cancelStatus", "").strip() or "已终止",
    )
    try:
        _ = definition.specs
    except (ValidationException, WorkflowException, EngineFault, KeyError, AttributeError, IndexError) as error:
        raise DiagramInvalid([f"流程图不能运行：{error}"]) from error
    return definition


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
    call it. An instance keeps the version it began with, and all of this. `decisions`: DMN files by id. `note`: what changed (200
    characters); `scenarios`: the YAML it was tried out with.

    Raises:
        DiagramInvalid: it does not pass the checks; `problems` names each element.
    """
    from processes.checks import problems  # checks read definitions too

    if faults := problems(xml, None, engine.handlers, engine.subjects, forms, tables=decisions):
        raise DiagramInvalid(faults)
    take_turn(session)
    found, called = read(xml, forms, decisions=decisions), dict[str, Definition]()
    for element in found.elements.values():
        if element.called and element.called not in called:
            try:
                called[element.called] = latest(session, element.called)
            except NotFound:
                faults.append(f"调用活动“{element.name}”({element.id})：流程“{element.called}”尚未部署，请先部署它")
    if faults:
        raise DiagramInvalid(faults)
    linked(found, called)
    return _keep(session, engine, found, {key: other.id for key, other in called.items()}, by, note, scenarios)


def _keep(
    session: Session, engine: Engine, found: Definition, called: Mapping[str, int], by: str, note: str = "", scenarios: str | None = None
) -> Definition:
    content = [found.forms, called, found.decisions] if called or found.decisions else found.forms
    digest = hashlib.sha256(found.xml.encode() + json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
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
    session.info[_place(session, created)] = None  # not read yet
    _renew_callers(session, engine, found.key, created, by)
    return load(session, created)


def _renew_callers(session: Session, engine: Engine, key: str, id: int, by: str) -> None:
    table = tables.definition
    newest = select(func.max(table.c.id)).group_by(table.c.key)
    for row in session.execute(select(table).where(table.c.id.in_(newest))).all():
        if key in row.called:
            caller = read(row.xml.encode(), row.forms, decisions=row.decisions)
            _keep(session, engine, caller, {**row.called, key: id}, by)


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
    """A version by its id, from the cache after the first time (versions never change).

    One that this session has deployed stays with the session: where that is rolled back, SQLite gives its id to another.
    """
    place = _place(session, definition_id)
    cache = session.info if place in session.info else _CACHE
    found: Definition | None = cache.get(place)
    if found is None:
        found = cache[place] = _load(session, definition_id)
    return found


def _load(session: Session, definition_id: int) -> Definition:
    row = session.execute(select(tables.definition).where(tables.definition.c.id == definition_id)).one()
    found = _read_cached(row.xml, json.dumps(row.forms), row.id, row.version, json.dumps(row.decisions))
    return linked(found, {key: load(session, id) for key, id in row.called.items()}) if row.called else found


def _place(session: Session, definition_id: int) -> tuple[str, int]:
    return str(session.get_bind().engine.url), definition_id


def forget(session: Session) -> None:
    """Drops what is cached of a database that is about to go away."""
    for place in [place for place in _CACHE if place[0] == _place(session, 0)[0]]:
        del _CACHE[place]


_CACHE: dict[tuple[str, int], Definition] = {}


@lru_cache(maxsize=500)
def _read_cached(xml: str, forms: str, id: int, version: int, decisions: str) -> Definition:
    return read(xml.encode(), json.loads(forms), id, version, json.loads(decisions))


def _element(node: Any, lanes: Mapping[str | None, str]) -> Element | None:
    if not isinstance(node.tag, str) or not node.tag.startswith(BPMN) or node.get("id") is None:
        return None
    tag = node.tag[len(BPMN) :]
    if not tag.endswith(("Task", "Event", "Gateway", "task", "subProcess", "callActivity")):
        return None
    events = [etree.QName(child).localname for child in node if isinstance(child.tag, str) and child.tag.endswith("EventDefinition")]
    around = node.getparent()
    return Element(
        node.get("id"),
        tag,
        node.get("name", ""),
        _lane(node, lanes),
        _properties(node),
        node.get("attachedToRef"),
        node.get("cancelActivity", "true") == "true",
        "message" if tag == "receiveTask" else events[0].removesuffix("EventDefinition") if events else None,
        around.get("id") if around is not None and around.tag == f"{BPMN}subProcess" else None,
        node.get("calledElement"),
        node.get("triggeredByEvent") == "true",
        any(node.find(f"{BPMN}{loop}LoopCharacteristics") is not None for loop in ("multiInstance", "standard")),
        node.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None,
    )


def _lane(node: Any, lanes: Mapping[str | None, str]) -> str:
    """The lane it lies in; an element inside a subprocess lies where the subprocess does."""
    return next((lanes[around.get("id")] for around in (node, *node.iterancestors()) if around.get("id") in lanes), "")


def _properties(node: Any) -> dict[str, str]:
    found = node.findall(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {p.get("name", ""): p.get("value", "") for p in found}
