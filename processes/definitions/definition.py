"""Definitions: diagrams as deployed, immutable and versioned, with what our conventions read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from domain.ground.tones import Tone
from processes.diagrams.activities import decision_of
from processes.diagrams.decisions import tables_of
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.elements import STANDS, Element
from processes.diagrams.expressions import Value
from processes.errors import DiagramInvalid, EngineFault
from processes.spiff.instances import NUMBERS
from processes.spiff.library import ValidationException, WorkflowException
from processes.spiff.parser import specs_of
from processes.spiff.tree import Specs


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
    lifecycle: bool = False  # its instances are lives of records entered by the thousand: property `lifecycle` of the process

    @property
    def specs(self) -> Specs:
        """SpiffWorkflow's specifications: shared between instances, but built anew where a diagram has an event subprocess,
        because the library changes the specification when one is triggered."""
        if any(element.triggered for element in self.elements.values()):
            return self._parsed()
        return self._shared_specs

    @cached_property
    def _shared_specs(self) -> Specs:
        return self._parsed()

    def _parsed(self) -> Specs:
        spec, inner = specs_of(parse_diagram(self.xml.encode()), self.key, tables_of(self.decisions))
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

    def depth(self, element_id: str) -> int:
        """In how many subprocesses an element is."""
        element = self.elements.get(element_id)
        return 0 if element is None or element.inside is None else 1 + self.depth(element.inside)

    @cached_property
    def votes(self) -> frozenset[str]:
        """Ids of the tasks that many have to do."""
        return frozenset(element.id for element in self.elements.values() if element.voted)

    @cached_property
    def unset_outcomes(self) -> dict[str, Value]:
        """`<user task>_outcome` of every user task: None until it was completed; and the counts of multi-instance activities: 0."""
        counts: dict[str, Value] = {f"{e.local}_{name}": 0 for e in self.elements.values() if e.multiple for name in NUMBERS}
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
            return Tone.FAILED if element.event == "error" else Tone.DONE
        return Tone.DRAFT if element.lane == self.start.lane else Tone.WAITING

    def tasks_beside(self, element: Element) -> list[Element]:
        """The user tasks of the same part of the diagram to which a token of `element` may be moved: none that repeats."""
        called = element.id.rpartition(":")[0]
        tasks = [e for e in self.elements.values() if e.tag == "userTask" and not e.repeats]
        return [e for e in tasks if e.inside == element.inside and e.id.rpartition(":")[0] == called]

    def record_form(self, element: Element) -> bool:
        """Whether the task's form is the record's own (`x-record`), not a reviewer's."""
        return bool(element.form and self.forms.get(element.form, {}).get("x-record"))

    @cached_property
    def start(self) -> Element:
        """Where the process begins: its lane says who may begin one, its property `button` what the button is called."""
        return next(e for e in self.elements.values() if e.tag == "startEvent" and e.inside is None)

    @cached_property
    def first_task(self) -> Element | None:
        """The user task that a new record comes to at once, of those who begin it; None where it comes to another wait first, or to
        somebody else."""
        first = next((self.elements[e] for e in in_order(self) if self.elements[e].tag in STANDS), None)
        return first if first is not None and first.tag == "userTask" and first.role == self.start.lane else None

    @cached_property
    def record_schema(self) -> dict[str, Any]:
        """The record's own form: that of the first element, along the flow, that fills it in or edits it; empty where none does."""
        named = (self.elements[e].form or self.elements[e].edit_form for e in in_order(self))
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
    diagram = read_diagram(parse_diagram(xml))
    key = diagram.process.get("id")
    if not key:
        raise DiagramInvalid(["流程缺少 id，请填写"])
    used = {name for e in diagram.elements.values() for name in (e.form, e.edit_form) if name}
    asked = {decision_of(node) for node in diagram.nodes.values()}
    definition = Definition(
        id,
        key,
        version,
        diagram.process.get("name", "") or key,
        diagram.properties.get("subject", ""),
        xml.decode("utf-8"),
        {name: schema for name, schema in forms.items() if name in used},
        diagram.elements,
        {flow.get("id", ""): (flow.get("sourceRef", ""), flow.get("targetRef", "")) for flow in diagram.flows},
        decisions={name: dmn for name, dmn in (decisions or {}).items() if name in asked},
        cancel_status=diagram.properties.get("cancelStatus", "") or "已终止",
        lifecycle=diagram.properties.get("lifecycle") == "true",
    )
    try:
        _ = definition.specs
    except (ValidationException, WorkflowException, EngineFault, LookupError, AttributeError, TypeError, ValueError) as error:
        raise DiagramInvalid([_why(error, definition)]) from error
    return definition


def _why(error: Exception, definition: Definition) -> str:
    """Why SpiffWorkflow cannot run a diagram, as people read it: its own words are of its code, and in English."""
    if isinstance(error, EngineFault):
        return f"流程图不能运行：{error}"
    if "RecursionError" in str(error):
        return "流程图中一条路上的环节过多，请拆成几个流程，用调用活动连接"
    element = definition.elements.get(getattr(error, "id", None) or "")
    where = f"“{element.name or element.id}”({element.id})" if element is not None else "其中一个环节"
    return f"流程图不能运行：{where}的设置有误，请在流程设计器中删除后重新绘制"


def in_order(definition: Definition) -> list[str]:
    """Ids of a diagram's elements, as the flow reaches them from its start: what is inside a subprocess before what follows it."""
    order = _walked(definition, definition.start.id, [])
    return order + [e for e in definition.elements if e not in order]  # last what only an event reaches


def _walked(definition: Definition, start: str, order: list[str]) -> list[str]:
    """`order` with the elements that are reached from the start of a scope behind it."""
    found = [start]
    for here in found:  # grows while it is walked: breadth first
        order.append(here)
        for inside in definition.elements.values():
            if inside.inside == here and inside.tag == "startEvent":
                _walked(definition, inside.id, order)
        nexts = [target for source, target in definition.flows.values() if source == here]
        nexts += [e.id for e in definition.elements.values() if e.attached_to == here]
        found += [n for n in nexts if n not in found and n not in order and n in definition.elements]
    return order
