"""An element of a diagram, with the properties of our conventions, as it is read from the XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from processes.diagrams.nodes import BPMN, SPIFF, Node, local

Tag: TypeAlias = Literal[
    "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent", "task", "userTask", "manualTask",
    "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "exclusiveGateway", "parallelGateway", "inclusiveGateway",
    "eventBasedGateway", "complexGateway", "subProcess", "transaction", "adHocSubProcess", "callActivity",
]  # fmt: skip
EventType: TypeAlias = Literal[
    "message", "timer", "signal", "error", "escalation", "conditional", "terminate", "cancel", "compensate", "link"
]
KINDS: Mapping[Tag, str] = {
    "startEvent": "开始事件", "endEvent": "结束事件", "boundaryEvent": "边界事件", "intermediateCatchEvent": "捕获事件",
    "intermediateThrowEvent": "抛出事件", "task": "任务", "userTask": "用户任务", "manualTask": "人工任务", "serviceTask": "服务任务",
    "sendTask": "发送任务", "receiveTask": "接收任务", "scriptTask": "脚本任务", "businessRuleTask": "业务规则任务",
    "exclusiveGateway": "排他网关", "parallelGateway": "并行网关", "inclusiveGateway": "包容网关", "eventBasedGateway": "事件网关",
    "complexGateway": "复杂网关", "subProcess": "子流程", "transaction": "事务子流程", "adHocSubProcess": "自由子流程",
    "callActivity": "调用活动",
}  # fmt: skip
EVENTS: Mapping[EventType, str] = {
    "message": "消息", "timer": "定时", "signal": "信号", "error": "错误", "escalation": "升级", "conditional": "条件",
    "terminate": "终止", "cancel": "取消", "compensate": "补偿", "link": "链接",
}  # fmt: skip
SCOPES: tuple[Tag, ...] = ("subProcess", "transaction", "adHocSubProcess")
"""What has elements inside."""
STANDS: tuple[Tag, ...] = ("userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway")
"""Where a token rests until somebody or something outside the step moves it."""
ANY = "any"
"""Of the property `returnable`: every earlier user task."""
_TAGS: Mapping[str, Tag] = {tag: tag for tag in KINDS}
_EVENTS: Mapping[str, EventType] = {kind: kind for kind in EVENTS}


def listed(text: str) -> list[str]:
    """The parts of a property that holds several, separated by commas."""
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


@dataclass(frozen=True)
class Outcome:
    """One button of a user task."""

    name: str
    comment_required: bool
    signs: bool = False
    """Whether whoever gives it signs: they have given their password shortly before (`Actor.has_proved`)."""


@dataclass(frozen=True)
class Element:
    """One node of the diagram, with the properties of our conventions (CONTRIBUTING.md, conventions of diagrams)."""

    id: str
    tag: Tag
    name: str
    lane: str
    """The lane it lies in; an element inside a subprocess lies where the subprocess does, unless a lane names it itself."""
    properties: Mapping[str, str]
    attached_to: str | None = None
    interrupting: bool = True
    event: EventType | None = None
    """The kind of the event definition inside; that of a receive task is `message`."""
    inside: str | None = None
    """Id of the subprocess around it."""
    called: str | None = None
    """Key of the diagram that a call activity calls."""
    triggered: bool = False
    """Whether it is an event subprocess, which an event starts and no flow leads to."""
    repeats: bool = False
    """Whether it is a multi-instance or a loop."""
    multiple: bool = False
    """Whether it is a multi-instance."""

    @property
    def local(self) -> str:
        """Its id in its own diagram: an element of a called diagram is `<key>:<id>` to the one that calls it."""
        return self.id.rpartition(":")[2]

    @property
    def label(self) -> str:
        """What messages call it: its name, else what kind of element it is."""
        return self.name or KINDS[self.tag]

    @property
    def by_person(self) -> bool:
        """Whether somebody has to do it."""
        return self.tag in ("userTask", "manualTask")

    @property
    def voted(self) -> bool:
        """Whether it is a 会签: a task that many have to do (`votes.py`)."""
        return self.by_person and self.multiple

    @property
    def role(self) -> str:
        """The role whose people do it: that of its lane, unless `candidateGroup` names another."""
        return self.properties.get("candidateGroup", self.lane)

    @property
    def form(self) -> str | None:
        """The form's file name."""
        return self.properties.get("formJsonSchemaFilename")

    @property
    def edit_form(self) -> str | None:
        """File name of the form in which the record may be edited while it stands here; None: it may not."""
        return self.properties.get("editForm")

    @property
    def edit_lane(self) -> str:
        """Who may edit the record while it stands here under `editForm`: its own lane, unless `editLane` names another."""
        return self.properties.get("editLane", self.lane)

    @property
    def press_lane(self) -> str:
        """Who presses the button of an event that waits for a message: its own lane, unless `pressLane` names another."""
        return self.properties.get("pressLane", self.lane)

    @property
    def edit_checked(self) -> bool:
        """Whether an edit must pass the form's checks (`editChecked`); drafts need not."""
        return self.properties.get("editChecked") == "true"

    @property
    def withdrawable(self) -> bool:
        """Whether who completed it may take that back (撤回)."""
        return self.properties.get("withdrawable") == "true"

    @property
    def returnable(self) -> tuple[str, ...]:
        """Ids of the earlier user tasks that whoever has it may send the process back to (退回); `ANY` alone: all of them."""
        return tuple(listed(self.properties.get("returnable", "")))

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The buttons of a user task; one called 提交 where the diagram names none."""
        required = listed(self.properties.get("commentRequired", ""))
        signs = listed(self.properties.get("signs", ""))
        return tuple(Outcome(name, name in required, name in signs) for name in listed(self.properties.get("outcomes", "提交")))

    @property
    def signs(self) -> bool:
        """Whether one of its outcomes is a signature."""
        return any(outcome.signs for outcome in self.outcomes)


def tag_of(node: Node) -> Tag | None:
    """Which event, activity or gateway a node is; None for everything else."""
    return _TAGS.get(local(node)) if node.tag.startswith(BPMN) else None


def read_element(node: Node, tag: Tag, lanes: Mapping[str, str]) -> Element:
    """The element of a node that has an id; `lanes`: element id → lane, of the elements that lanes name."""
    id = node.get("id", "")
    around = node.getparent()
    events = event_definitions(node)
    return Element(
        id,
        tag,
        node.get("name", ""),
        next((lanes[name] for outer in (node, *node.iterancestors()) if (name := outer.get("id", "")) in lanes), ""),
        properties_of(node),
        node.get("attachedToRef"),
        node.get("isInterrupting" if tag == "startEvent" else "cancelActivity", "true") == "true",
        "message" if tag == "receiveTask" else _EVENTS.get(events[0]) if events else None,
        around.get("id") if around is not None and tag_of(around) in SCOPES else None,
        node.get("calledElement"),
        node.get("triggeredByEvent") == "true",
        any(node.find(f"{BPMN}{loop}LoopCharacteristics") is not None for loop in ("multiInstance", "standard")),
        node.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None,
    )


def event_definitions(node: Node) -> list[str]:
    """The kinds of event definitions inside a node, as BPMN writes them without their ending: `message`, `timer`, …"""
    return [local(child).removesuffix("EventDefinition") for child in node if child.tag.endswith("EventDefinition")]


def properties_of(node: Node) -> dict[str, str]:
    """The properties of our conventions that a node carries, by name."""
    found = node.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {p.get("name", ""): p.get("value", "") for p in found}
