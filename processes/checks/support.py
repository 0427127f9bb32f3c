"""What of BPMN the engine does not run. Deployment and `pilot check` refuse it by name: nothing in a diagram is passed over in silence.

Each line was tried: the library leaves it out, runs it wrongly, or runs it only until the instance is saved and loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from processes.diagrams.activities import decision_of, event_condition_of, timer_of
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import EVENTS, Element, EventType, Tag, event_definitions
from processes.diagrams.nodes import BPMN, SPIFF, Node

Position: TypeAlias = Literal[
    "start", "inner start", "triggered start", "nested triggered start", "boundaryEvent", "intermediateCatchEvent", "behind a gateway",
    "intermediateThrowEvent", "endEvent",
]  # fmt: skip
RUNS: Mapping[Position, tuple[EventType | Literal[""], ...]] = {  # the kinds that run there; "" is an event without a definition
    "start": ("", "message"),
    "inner start": ("",),
    "triggered start": ("message", "timer", "signal", "error", "escalation"),
    "nested triggered start": ("timer",),
    "boundaryEvent": ("message", "timer", "signal", "error", "escalation", "conditional"),
    "intermediateCatchEvent": ("message", "timer", "signal", "conditional"),
    "behind a gateway": ("message", "timer", "signal"),
    "intermediateThrowEvent": ("", "message", "signal", "escalation"),
    "endEvent": ("", "message", "signal", "error", "escalation", "terminate"),
}
_NAMES: Mapping[str, str] = {"": "空白"} | {kind: name for kind, name in EVENTS.items()}
_POSITIONS: Mapping[Position, str] = {
    "start": "流程的开始事件", "inner start": "子流程的开始事件", "triggered start": "事件子流程的开始事件",
    "nested triggered start": "子流程里的事件子流程的开始事件", "boundaryEvent": "边界事件", "intermediateCatchEvent": "捕获事件",
    "behind a gateway": "事件网关之后的捕获事件", "intermediateThrowEvent": "抛出事件", "endEvent": "结束事件",
}  # fmt: skip


@dataclass(frozen=True)
class Usage:
    """An element in its diagram, as the lines of the table look at it."""

    diagram: Diagram
    element: Element

    @property
    def node(self) -> Node:
        """Its XML."""
        return self.diagram.nodes[self.element.id]

    @property
    def tag(self) -> Tag:
        """Which event, activity or gateway it is."""
        return self.element.tag

    @property
    def events(self) -> list[str]:
        """The kinds of all its event definitions: message, timer, …"""
        return event_definitions(self.node)

    @property
    def position(self) -> Position | None:
        """Its key in RUNS; None for what is no event."""
        if self.tag == "startEvent":
            return self._start()
        if self.tag == "intermediateCatchEvent" and any(before.tag == "eventBasedGateway" for before in self.before):
            return "behind a gateway"
        return next((position for position in RUNS if position == self.tag), None)

    @property
    def before(self) -> list[Element]:
        """The elements from which flows lead here."""
        return [self.diagram.elements[id] for id in self.diagram.sources[self.element.id]]

    @property
    def after(self) -> list[Element]:
        """The elements to which flows lead from here."""
        return [self.diagram.elements[id] for id in self.diagram.targets[self.element.id]]

    @property
    def on(self) -> Element | None:
        """What a boundary event is attached to; None where there is no such element."""
        return self.diagram.elements.get(self.element.attached_to or "")

    def attribute(self, name: str) -> str | None:
        """An attribute of its XML."""
        return self.node.get(name)

    def has(self, tag: str) -> bool:
        """Whether an extension of this tag lies in it."""
        paths = ("", f"{BPMN}*/", f"{BPMN}*/{BPMN}*/", f"{BPMN}*/{SPIFF}*/")
        return any(self.node.find(f"{path}{SPIFF}{tag}") is not None for path in paths)

    def _start(self) -> Position:
        parents, around = self.diagram.parents, self.diagram.parents[self.element.id]
        if around is None:
            return "start"
        if not self.diagram.elements[around].triggered:
            return "inner start"
        return "triggered start" if parents[around] is None else "nested triggered start"


def _cycles_once(usage: Usage) -> bool:
    timer = timer_of(usage.node)
    if timer is None or timer.kind != "timeCycle":
        return False
    beside = usage.position in ("boundaryEvent", "triggered start", "nested triggered start")
    return usage.element.interrupting or not beside


def _unnamed_message(usage: Usage) -> bool:
    if usage.tag in ("sendTask", "receiveTask"):
        return not usage.attribute("messageRef")
    return any(not node.get("messageRef") for node in usage.node.iterfind(f"{BPMN}messageEventDefinition"))


def _no_time(usage: Usage) -> bool:
    timer = timer_of(usage.node)
    return usage.events == ["timer"] and (timer is None or not timer.text)


def _no_signal(usage: Usage) -> bool:
    return any(not node.get("signalRef") for node in usage.node.iterfind(f"{BPMN}signalEventDefinition"))


def _no_code(usage: Usage) -> bool:
    """Whether it throws an error or an escalation without saying which: nothing could catch it by its code."""
    references = {"error": "errorRef", "escalation": "escalationRef"}
    kind = next(iter(usage.events), "")
    if usage.position not in ("endEvent", "intermediateThrowEvent") or kind not in references:
        return False
    return any(not node.get(references[kind]) for node in usage.node.iterfind(f"{BPMN}{kind}EventDefinition"))


@dataclass(frozen=True)
class Refused:
    """One line of the table: what it is called, what to draw instead, and how to tell it."""

    what: str
    instead: str
    applies: Callable[[Usage], bool]


REFUSED: tuple[Refused, ...] = (
    Refused("自由子流程", "请改为子流程，用网关画出先后", lambda u: u.tag == "adHocSubProcess"),
    Refused("事务子流程", "请改为子流程，失败时用错误边界事件处理", lambda u: u.tag == "transaction"),
    Refused("复杂网关", "请改为排他、并行或包容网关", lambda u: u.tag == "complexGateway"),
    Refused("补偿", "请画出撤销的步骤", lambda u: "compensate" in u.events or u.attribute("isForCompensation") == "true"),
    Refused("取消事件", "请改为错误事件", lambda u: "cancel" in u.events),
    Refused("链接事件", "请直接连线", lambda u: "link" in u.events),
    Refused("一个事件中的多个事件定义", "请分为几个事件，例如接在事件网关之后", lambda u: len(u.events) > 1),
    Refused("没有类型的任务", "没有人会办理它，请改为用户任务、服务任务或其他类型", lambda u: u.tag == "task"),
    Refused("没有指明消息的收发", "请选择消息", _unnamed_message),
    Refused(
        "没有写明时间的定时器", "请填写时刻（timeDate，如 now + days(3)）、时长（timeDuration，如 days(3)）或循环（timeCycle）", _no_time
    ),
    Refused("没有指明信号的事件", "请选择信号", _no_signal),
    Refused("抛出错误或升级而没有指明是哪一个", "请选择错误或升级", _no_code),
    Refused(
        "没有写明条件的条件事件",
        "请填写条件，例如 now > deadline",
        lambda u: u.events == ["conditional"] and not event_condition_of(u.node),
    ),
    Refused("由接收任务或事件网关开始的流程", "请用消息开始事件", lambda u: u.attribute("instantiate") == "true"),
    Refused("并行的事件网关", "请用并行网关分开，每条路各等一个事件", lambda u: u.attribute("eventGatewayType") == "Parallel"),
    Refused(
        "事件网关之后的这种环节",
        "事件网关只能通往捕获事件和接收任务",
        lambda u: u.tag == "eventBasedGateway" and any(n.tag not in ("intermediateCatchEvent", "receiveTask") for n in u.after),
    ),
    Refused("会中断或只等一次的循环定时", "请改为不中断的边界事件，或改用 timeDuration", _cycles_once),
    Refused(
        "不中断的错误边界事件",
        "错误总会中断所在的环节，请改为中断，或改用升级事件",
        lambda u: u.tag == "boundaryEvent" and u.events == ["error"] and not u.element.interrupting,
    ),
    Refused(
        "不在任务或子流程上的边界事件",
        "请把它移到任务、子流程或调用活动上",
        lambda u: u.tag == "boundaryEvent" and not _is_activity(u.on),
    ),
    Refused(
        "连着线的事件子流程",
        "事件子流程由事件触发，请删除连线和它上面的边界事件",
        lambda u: u.element.triggered and bool(u.before or u.after or _has_boundary(u)),
    ),
    Refused("消息变量（messageVariable）", "请改用属性 messageGives 列出要接收的名称", lambda u: u.has("messageVariable")),
    Refused("processVariableCorrelation", "请改用 correlationPropertyBinding", lambda u: u.has("processVariableCorrelation")),
    Refused("服务里的重试设置（retry）", "请改用属性 retryMax 和 retryDelay", lambda u: u.has("retry")),
    Refused(
        "没有指明决策表的业务规则任务",
        "请填写决策表的 id（calledDecisionId）",
        lambda u: u.tag == "businessRuleTask" and not decision_of(u.node),
    ),
    Refused("没有指明流程的调用活动", "请填写流程的 id（calledElement）", lambda u: u.tag == "callActivity" and not u.element.called),
)


def _is_activity(element: Element | None) -> bool:
    # where it points to nothing at all, another check names that
    return element is None or not element.tag.endswith(("Event", "Gateway"))


def _has_boundary(usage: Usage) -> bool:
    return any(other.attached_to == usage.element.id for other in usage.diagram.elements.values())


def unsupported(diagram: Diagram, element: Element) -> Iterator[str]:
    """Why an element would not run, in Chinese; nothing where it runs."""
    usage = Usage(diagram, element)
    lines = [f"不支持{line.what}，{line.instead}" for line in REFUSED if line.applies(usage)]
    yield from lines
    position = usage.position
    if lines or position is None:
        return
    event = next(iter(usage.events), "")
    if event not in RUNS[position]:
        kinds = "、".join(_NAMES[kind] for kind in RUNS[position])
        yield f"{_POSITIONS[position]}不支持“{_NAMES.get(event, event)}”类型，可用：{kinds}"
