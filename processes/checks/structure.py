"""Ids, references, lanes and flows: what must hold before a diagram can be walked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from processes.checks.wording import flow_named, named, say, say_flow, say_process
from processes.diagrams.diagram import Diagram, flow_nodes
from processes.diagrams.elements import KINDS, tag_of
from processes.diagrams.nodes import BPMN, INCLUDES, Node, local
from processes.diagrams.quoting import quoted, short

MAX_ID = 100  # widths of the columns that hold them
MAX_KEY = 60
MAX_NAME = 100
_ID = re.compile(r"[^\W\d][\w.\-]*")  # an XML NCName; the library puts ids into XPath expressions
_VENDORS = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda",
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://activiti.org/bpmn": "Activiti",
    "http://activiti.com/modeler": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://www.jboss.org/drools": "jBPM",
}
_REFERENCES = {  # attribute → what it points to
    "messageRef": "消息",
    "signalRef": "信号",
    "errorRef": "错误",
    "escalationRef": "升级",
}

_OURS = ("python", "text/python", "application/x-python")  # what editors of this engine's library write: our expressions look like it
_BOOLEANS = ("cancelActivity", "isInterrupting", "triggeredByEvent", "isForCompensation", "instantiate", "isSequential")


def check(diagram: Diagram, key: str | None, roles: Sequence[str]) -> Iterator[str]:
    """All problems of structure."""
    yield from _process(diagram, key)
    yield from _ids(diagram)
    yield from _lanes(diagram, roles)
    yield from _starts(diagram)
    yield from _flow_ends(diagram)
    yield from _choices(diagram)
    yield from _references(diagram)
    yield from _booleans(diagram)
    yield from _vendors(diagram)
    yield from _languages(diagram)
    if next(diagram.root.iter(f"{INCLUDES}*"), None) is not None:
        yield "不能引入其他文件（XInclude），请把内容直接写在流程图中"


def _named(diagram: Diagram, node: Node) -> str:
    """An element or a flow, also one without a sound id."""
    tag = tag_of(node)
    return flow_named(diagram, node) if tag is None else named(KINDS[tag], node.get("name"), node.get("id"))


def is_key(text: str) -> bool:
    """Whether a text can be the id of a process."""
    return bool(_ID.fullmatch(text)) and len(text) <= MAX_KEY


def _process(diagram: Diagram, key: str | None) -> Iterator[str]:
    found = diagram.process.get("id")
    if not found:
        yield "流程缺少 id，请填写"
    elif not is_key(found):
        yield f"流程的 id{quoted(found)}应由字母、数字、下划线组成，以字母开头，不超过 {MAX_KEY} 个字符"
    elif key is not None and found != key:
        yield f"流程的 id{quoted(found)}与文件名{quoted(key)}不一致，请改为相同"
    if diagram.process.get("isExecutable", "true") != "true":
        yield say_process(diagram, "没有设为可执行，请把 isExecutable 改为 true")
    if len(diagram.process.get("name", "")) > MAX_NAME:
        yield f"流程名称超过 {MAX_NAME} 个字，请缩短"


def _ids(diagram: Diagram) -> Iterator[str]:
    nodes = [*flow_nodes(diagram.process), *diagram.flows]
    times = Counter(node.get("id") for node in diagram.root.iter() if node.get("id"))
    for node in nodes:
        id, where = node.get("id"), _named(diagram, node)
        if not id:
            yield f"{where}：请在流程设计器中给它一个 id"
        elif not _ID.fullmatch(id) or len(id) > MAX_ID:
            yield f"{where}：id 应由字母、数字、下划线、点、连字符组成，以字母开头，不超过 {MAX_ID} 个字符"
        elif times[id] > 1:
            yield f"{where}：id{quoted(id)}用了 {times[id]} 次，请改为各不相同的 id"
        if len(node.get("name", "")) > MAX_NAME:
            yield f"{where}：名称超过 {MAX_NAME} 个字，请缩短"


def _lanes(diagram: Diagram, roles: Sequence[str]) -> Iterator[str]:
    owner: dict[str, Node] = {}
    for lane in diagram.process.iter(f"{BPMN}lane"):
        where = named("泳道", lane.get("name"), lane.get("id"))
        if lane.find(f"{BPMN}childLaneSet/{BPMN}lane") is None and lane.get("name") not in roles:
            yield f"{where}：不是已有的角色，可用：{'、'.join(roles)}"
        for ref in lane.findall(f"{BPMN}flowNodeRef"):
            id = ref.text or ""
            if id not in diagram.elements:
                yield f"{where}：其中的{quoted(id)}不存在，请删除对它的引用（flowNodeRef）"
            elif id in owner and not _nested(owner[id], lane):
                yield say(
                    diagram.elements[id],
                    f"同时在泳道{quoted(owner[id].get('name'))}和{quoted(lane.get('name'))}中，请只留在一个泳道中",
                )
            owner[id] = lane


def _nested(one: Node, other: Node) -> bool:
    return one is other or one in other.iterancestors() or other in one.iterancestors()


def _starts(diagram: Diagram) -> Iterator[str]:
    if (count := len(diagram.starts(None))) != 1:
        yield say_process(diagram, _one_start(count))
    if not any(e.tag == "endEvent" for e in diagram.scopes[None]):
        yield say_process(diagram, "没有结束事件，请加上")
    for element in diagram.elements.values():
        if element.tag in ("subProcess", "transaction") and (count := len(diagram.starts(element.id))) != 1:
            yield say(element, f"里面{_one_start(count)}")


def _one_start(count: int) -> str:
    return f"应恰有一个开始事件，现有 {count} 个，请{'只留一个' if count else '加上'}"


def _flow_ends(diagram: Diagram) -> Iterator[str]:
    for flow in diagram.flows:
        for end, label in (("sourceRef", "起点"), ("targetRef", "终点")):
            if flow.get(end) not in diagram.elements:
                yield say_flow(diagram, flow, f"{label}{quoted(flow.get(end))}不存在，请重新连线")
    for begin, end, flow in diagram.sound_flows:
        if diagram.parents[begin] != diagram.parents[end]:
            yield say_flow(diagram, flow, "穿过了子流程的边界，请连到子流程本身")
        elif flow.getparent() is not diagram.nodes[begin].getparent():  # the library would not see it
            yield say_flow(diagram, flow, "没有写在两端所在的那一层（流程或子流程）里，请在流程设计器中删除后重新连线")
        if diagram.elements[begin].tag == "endEvent":
            yield say(diagram.elements[begin], "结束事件之后不能再有连线，请删除")
        if diagram.elements[end].tag in ("startEvent", "boundaryEvent"):
            yield say(diagram.elements[end], "不能有指向它的连线，请删除或连到别处")


def _choices(diagram: Diagram) -> Iterator[str]:
    leaving: dict[str, list[Node]] = {}
    for source, _, flow in diagram.sound_flows:
        leaving.setdefault(source, []).append(flow)
    for id, flows in leaving.items():
        element, default = diagram.elements[id], diagram.nodes[id].get("default")
        if default is not None and default not in {flow.get("id") for flow in flows}:
            yield say(element, f"默认流{quoted(default)}不是从这里出发的连线，请重新选择默认流")
        if len(flows) > 1 and not element.tag.endswith("Gateway"):
            yield say(element, f"有 {len(flows)} 条出去的连线，请用并行网关（都走）或排他网关（选一条）分开")
        if element.tag not in ("exclusiveGateway", "inclusiveGateway") or len(flows) < 2:
            continue
        for flow in flows:
            if flow.find(f"{BPMN}conditionExpression") is None and default != flow.get("id"):
                target = diagram.elements[flow.get("targetRef", "")]
                where = named("顺序流", flow.get("name"), flow.get("id"))
                yield say(
                    element,
                    f"通往{quoted(flow.get('name') or target.name or target.id)}的{where}既没有条件，也不是默认流，请写明条件或设为默认流",
                )


def _references(diagram: Diagram) -> Iterator[str]:
    known = {child.get("id") for child in diagram.root}
    for element in diagram.elements.values():
        attached = element.tag == "boundaryEvent" or element.attached_to is not None
        if attached and element.attached_to not in diagram.elements:
            yield say(element, f"所依附的{quoted(element.attached_to)}不存在，请把它移到任务或子流程上")
        elif element.attached_to is not None and diagram.parents[element.id] != diagram.parents[element.attached_to]:
            yield say(element, f"与所依附的{quoted(element.attached_to)}不在同一层，请把它移到任务或子流程的边上")
        for node in [diagram.nodes[element.id], *diagram.nodes[element.id]]:
            for attribute, kind in _REFERENCES.items():
                ref = node.get(attribute)
                if ref and ref not in known:
                    yield say(element, f"所用的{kind}{quoted(ref)}不存在，请重新选择")
    ids = {process.get("id") for process in diagram.root.findall(f"{BPMN}process")}
    for participant in diagram.root.iter(f"{BPMN}participant"):
        ref = participant.get("processRef")
        if ref and ref not in ids:
            where = named("参与者", participant.get("name"), participant.get("id"))
            yield f"{where}：所指的流程{quoted(ref)}不存在，请删除这个参与者或改正所指的流程"


def _booleans(diagram: Diagram) -> Iterator[str]:
    """XML Schema has 1 and 0 too; the library and the drawing take a 1 for false, so that an interrupting event would not interrupt."""
    for element in diagram.elements.values():
        node = diagram.nodes[element.id]
        for part in (node, *node.findall(f"{BPMN}multiInstanceLoopCharacteristics")):
            for name in _BOOLEANS:
                if part.get(name, "true") not in ("true", "false"):
                    yield say(element, f"{name} 的值{quoted(part.get(name, ''))}不能使用，请改为 true 或 false")


def _languages(diagram: Diagram) -> Iterator[str]:
    """Expressions and scripts that say they are written in another language than ours."""
    for node in [*diagram.nodes.values(), *diagram.flows]:
        inner = [child for child in node if tag_of(child) is None and local(child) != "sequenceFlow"]  # those are looked at by themselves
        for part in (node, *(part for child in inner for part in child.iter())):
            for name in ("language", "scriptFormat"):
                if (language := part.get(name, "")) and language.lower() not in _OURS:
                    yield f"{_named(diagram, node)}：不支持用 {short(language)} 书写（{name}），请改用平台的写法，并删除这一设置"


def _vendors(diagram: Diagram) -> Iterator[str]:
    """Settings of other engines would be passed over in silence; whoever made them must know."""
    for node in [*diagram.nodes.values(), *diagram.flows]:
        found: dict[str, list[str]] = {}
        extensions = [child for part in node.findall(f"{BPMN}extensionElements") for child in part]
        for tag in [*map(str, node.attrib), *(child.tag for child in extensions)]:
            space, _, name = tag.removeprefix("{").partition("}")
            if space in _VENDORS and name:
                found.setdefault(_VENDORS[space], []).append(name)
        for vendor, names in found.items():
            settings = short("、".join(dict.fromkeys(names)))
            yield f"{_named(diagram, node)}：含有 {vendor} 的设置（{settings}），平台不使用，请删除并改用平台的属性"
