"""An element of a diagram, with the properties of our conventions, as it is read from the XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


def listed(text: str) -> list[str]:
    """The parts of a property that holds several, separated by commas."""
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


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


def read_element(node: Any, lanes: Mapping[str | None, str]) -> Element | None:
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
        properties_of(node),
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


def properties_of(node: Any) -> dict[str, str]:
    found = node.findall(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {p.get("name", ""): p.get("value", "") for p in found}
