"""What of BPMN the engine does not run. Deployment and `pilot check` refuse it by name: nothing in a diagram is passed over in silence.

Each line was tried: the library leaves it out, runs it wrongly, or runs it only until the instance is saved and loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
EVENTS = {
    "message": "消息", "timer": "定时", "signal": "信号", "error": "错误", "escalation": "升级", "conditional": "条件",
    "terminate": "终止", "cancel": "取消", "compensate": "补偿", "link": "链接", "": "空白",
}  # fmt: skip
RUNS: dict[str, tuple[str, ...]] = {  # where an event stands → the kinds that run there; "" is an event without a definition
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
_PLACES = {
    "start": "流程的开始事件", "inner start": "子流程的开始事件", "triggered start": "事件子流程的开始事件",
    "nested triggered start": "子流程里的事件子流程的开始事件", "boundaryEvent": "边界事件", "intermediateCatchEvent": "捕获事件",
    "behind a gateway": "事件网关之后的捕获事件", "intermediateThrowEvent": "抛出事件", "endEvent": "结束事件",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A node of a diagram, with what the lines of the table ask of it."""

    node: Any
    """Its XML."""
    nodes: Mapping[str, Any]
    """Every node by id."""

    @property
    def tag(self) -> str:
        """The element's name without its namespace."""
        return _local(self.node)

    @property
    def events(self) -> list[str]:
        """The kinds of its event definitions: message, timer, …"""
        found = [_local(child) for child in self.node if isinstance(child.tag, str)]
        return [name.removesuffix("EventDefinition") for name in found if name.endswith("EventDefinition")]

    @property
    def stand(self) -> str:
        """Its key in RUNS; empty for what is no event."""
        if self.tag == "startEvent":
            return self._start()
        if self.tag == "intermediateCatchEvent" and any(_local(n) == "eventBasedGateway" for n in self.before):
            return "behind a gateway"
        return self.tag if self.tag in RUNS else ""

    @property
    def before(self) -> list[Any]:
        """The nodes from which flows lead here."""
        ends = {flow.get("sourceRef", "") for flow in self._flows() if flow.get("targetRef") == self.node.get("id")}
        return [self.nodes[end] for end in ends if end in self.nodes]

    @property
    def after(self) -> list[Any]:
        """The nodes to which flows lead from here."""
        ends = {flow.get("targetRef", "") for flow in self._flows() if flow.get("sourceRef") == self.node.get("id")}
        return [self.nodes[end] for end in ends if end in self.nodes]

    def attribute(self, name: str) -> str | None:
        """An attribute of the node."""
        value: str | None = self.node.get(name)
        return value

    def _flows(self) -> Iterator[Any]:
        around = self.node.getparent()
        yield from () if around is None else around.iterchildren(f"{BPMN}sequenceFlow")

    def _start(self) -> str:
        around = self.node.getparent()
        if around is None or _local(around) == "process":
            return "start"
        if not is_triggered(around):
            return "inner start"
        return "triggered start" if _local(around.getparent()) == "process" else "nested triggered start"


def _local(node: Any) -> str:
    return str(etree.QName(node).localname)


def is_triggered(node: Any) -> bool:
    """Whether a node is an event subprocess, which no flow leads to."""
    return bool(node.get("triggeredByEvent") in ("true", "1"))


def _cycles_once(place: Place) -> bool:
    if place.node.find(f"{BPMN}timerEventDefinition/{BPMN}timeCycle") is None:
        return False
    interrupts = {"boundaryEvent": "cancelActivity", "triggered start": "isInterrupting", "nested triggered start": "isInterrupting"}
    attribute = interrupts.get(place.stand)
    return attribute is None or place.attribute(attribute) != "false"


def _unnamed_message(place: Place) -> bool:
    if place.tag in ("sendTask", "receiveTask"):
        return not place.attribute("messageRef")
    return any(not node.get("messageRef") for node in place.node.findall(f"{BPMN}messageEventDefinition"))


def _has(place: Place, tag: str) -> bool:
    return any(place.node.find(f"{path}{SPIFF}{tag}") is not None for path in ("", f"{BPMN}*/", f"{BPMN}*/{BPMN}*/", f"{BPMN}*/{SPIFF}*/"))


def _lacks(tag: str, path: str) -> Callable[[Place], bool]:
    return lambda place: place.tag == tag and not (place.node.findtext(path) or "").strip()


@dataclass(frozen=True)
class Refused:
    """One line of the table: what it is called, what to draw instead, and how to tell it."""

    what: str
    instead: str
    applies: Callable[[Place], bool]


REFUSED: tuple[Refused, ...] = (
    Refused("自由子流程", "请改为子流程，用网关画出先后", lambda p: p.tag == "adHocSubProcess"),
    Refused("事务子流程", "请改为子流程，失败时用错误边界事件处理", lambda p: p.tag == "transaction"),
    Refused("复杂网关", "请改为排他、并行或包容网关", lambda p: p.tag == "complexGateway"),
    Refused("补偿", "请画出撤销的步骤", lambda p: "compensate" in p.events or p.attribute("isForCompensation") == "true"),
    Refused("取消事件", "请改为错误事件", lambda p: "cancel" in p.events),
    Refused("链接事件", "请直接连线", lambda p: "link" in p.events),
    Refused("一个事件中的多个事件定义", "请分为几个事件，例如接在事件网关之后", lambda p: len(p.events) > 1),
    Refused("没有类型的任务", "没有人会办理它，请改为用户任务、服务任务或其他类型", lambda p: p.tag == "task"),
    Refused("没有指明消息的收发", "请选择消息", _unnamed_message),
    Refused("由接收任务或事件网关开始的流程", "请用消息开始事件", lambda p: p.attribute("instantiate") == "true"),
    Refused("并行的事件网关", "请用并行网关分开，每条路各等一个事件", lambda p: p.attribute("eventGatewayType") == "Parallel"),
    Refused(
        "事件网关之后的这种环节",
        "事件网关只能通往捕获事件和接收任务",
        lambda p: p.tag == "eventBasedGateway" and any(_local(n) not in ("intermediateCatchEvent", "receiveTask") for n in p.after),
    ),
    Refused("会中断或只等一次的循环定时", "请改为不中断的边界事件，或改用 timeDuration", _cycles_once),
    Refused(
        "不中断的错误边界事件",
        "错误总会中断所在的环节，请改为中断，或改用升级事件",
        lambda p: p.tag == "boundaryEvent" and p.events == ["error"] and p.attribute("cancelActivity") == "false",
    ),
    Refused(
        "不在任务或子流程上的边界事件",
        "请把它移到任务、子流程或调用活动上",
        lambda p: p.tag == "boundaryEvent" and not _is_activity(p.nodes.get(p.attribute("attachedToRef") or "")),
    ),
    Refused(
        "连着线的事件子流程",
        "事件子流程由事件触发，请删除连线和它上面的边界事件",
        lambda p: is_triggered(p.node) and bool(p.before or p.after or _has_boundary(p)),
    ),
    Refused("消息变量（messageVariable）", "请改用属性 messageGives 列出要接收的名称", lambda p: _has(p, "messageVariable")),
    Refused("processVariableCorrelation", "请改用 correlationPropertyBinding", lambda p: _has(p, "processVariableCorrelation")),
    Refused("服务里的重试设置（retry）", "请改用属性 retryMax 和 retryDelay", lambda p: _has(p, "retry")),
    Refused(
        "没有指明决策表的业务规则任务", "请填写决策表的 id（calledDecisionId）", _lacks("businessRuleTask", f".//{SPIFF}calledDecisionId")
    ),
    Refused(
        "没有指明流程的调用活动", "请填写流程的 id（calledElement）", lambda p: p.tag == "callActivity" and not p.attribute("calledElement")
    ),
)


def _is_activity(node: Any) -> bool:
    # where it points to nothing at all, another check says so
    return node is None or _local(node).endswith(("Task", "task", "subProcess", "transaction", "SubProcess", "callActivity"))


def _has_boundary(place: Place) -> bool:
    return any(node.get("attachedToRef") == place.node.get("id") for node in place.nodes.values())


def unsupported(place: Place) -> Iterator[str]:
    """Why a node would not run, in Chinese; nothing where it runs."""
    lines = [f"不支持{line.what}，{line.instead}" for line in REFUSED if line.applies(place)]
    yield from lines
    if lines or not place.stand:
        return
    event = next(iter(place.events), "")
    if event not in RUNS[place.stand]:
        kinds = "、".join(EVENTS[name] for name in RUNS[place.stand])
        yield f"{_PLACES[place.stand]}不支持“{EVENTS.get(event, event)}”类型，可用：{kinds}"


def conditional_flow(source: Any, condition: Any) -> str | None:
    """Why a condition on a flow would not be looked at; None where it is. `source` is the node that the flow leaves."""
    if condition is None or _local(source) in ("exclusiveGateway", "inclusiveGateway"):
        return None
    return "不支持任务、事件和其他网关出去的连线上的条件，请在前面加一个排他网关"
