"""Messages between processes: names, what a process started by one is about, and by what the right instance is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from processes.checks.diagram import Diagram, called, say, short
from processes.definitions.correlation import BPMN, FROM_ANY, bindings, message_of, text_of
from processes.diagrams.assignments import unfit_name
from processes.diagrams.decisions import SUFFIX as DMN
from processes.diagrams.elements import Element, listed
from processes.diagrams.xmlsafe import parse_xml, read_limited
from processes.errors import DiagramInvalid

MAX_NAME = 100
_CATCHES = ("startEvent", "boundaryEvent", "intermediateCatchEvent", "receiveTask")
_OURS = ("messageFrom", "messageGives", "messageSubject")


def check(diagram: Diagram) -> Iterator[str]:
    """All problems of messages."""
    read = {ref for one in diagram.root.iter(f"{BPMN}correlationPropertyRetrievalExpression") if (ref := one.get("messageRef"))}
    yield from _properties_read(diagram.root)
    for element in diagram.elements.values():
        if not _is_message(element):
            used = [name for name in _OURS if name in element.properties]
            yield from (say(element, f"属性 {name} 只能用在等待消息的事件上，请删除") for name in used)
            continue
        name = message_of(diagram.root, element.id)
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            yield say(element, f"所用的消息没有名称，或名称超过 {MAX_NAME} 个字、含有不可见的字符，请修改消息的名称")
        if element.tag in _CATCHES:
            yield from _caught(diagram, element, read)


def thrown(root: Any) -> dict[str, str]:
    """Element → name of the message that it throws to others: what the diagram itself catches is not among them."""
    caught = {message_of(root, id) for id in _ids(root, _CATCHES)}
    found = {id: message_of(root, id) for id in _ids(root, ("intermediateThrowEvent", "endEvent", "sendTask"))}
    return {id: name for id, name in found.items() if name and name not in caught}


def unheard(path: Path, root: Any) -> Iterator[str]:
    """Messages that no diagram of the folder waits for; said of files alone, for what is deployed may come from elsewhere."""
    sent = thrown(root)
    if not sent:
        return
    heard: set[str] = set()
    for other in path.parent.glob("*"):
        if other != path and other.is_file() and not other.name.endswith(DMN) and ".bpmn" in other.name.lower():
            heard |= _heard(other)
    for id, name in sent.items():
        if name not in heard:
            yield f"消息“{short(name)}”由“{short(id)}”发出，但同一文件夹的流程图都不等待它，请核对消息的名称，或加上等待它的流程图"


def _heard(path: Path) -> set[str]:
    try:
        root = parse_xml(read_limited(path))
    except DiagramInvalid:
        return set()
    return {message_of(root, id) for id in _ids(root, _CATCHES)}


def _ids(root: Any, tags: tuple[str, ...]) -> list[str]:
    return [node.get("id", "") for tag in tags for node in root.iter(f"{BPMN}{tag}")]


def _is_message(element: Element) -> bool:
    return element.event == "message" or element.tag in ("sendTask", "receiveTask")


def _caught(diagram: Diagram, element: Element, read: set[str]) -> Iterator[str]:
    node = diagram.nodes[element.id]
    references = [child.get("messageRef", "") for child in node.findall(f"{BPMN}messageEventDefinition")]
    taken = {node.get("messageRef", ""), *references} & read
    begins = element.tag == "startEvent" and diagram.parents[element.id] is None
    if element.properties.get("messageFrom", FROM_ANY) != FROM_ANY:
        yield say(element, f"属性 messageFrom 应为 {FROM_ANY}：其他机构的记录也可以发来；不写则只接收本机构的")
    for name in listed(element.properties.get("messageGives", "")):
        why = unfit_name(name)
        if why is not None:
            yield say(element, f"属性 messageGives 中的“{short(name)}”{why}")
    if begins:
        yield from _begins(diagram, element)
        return
    if "messageSubject" in element.properties:
        yield say(element, "属性 messageSubject 只能用在流程的消息开始事件上，请删除")
    if not taken and {"messageFrom", "messageGives"} & element.properties.keys():
        yield say(element, "没有关联属性读取这条消息，其他流程的消息到不了这里，请加上 correlationProperty")
    if taken:
        bound = bindings(diagram.root)
        for one in diagram.root.iter(f"{BPMN}correlationProperty"):
            reads = {r.get("messageRef", "") for r in one.findall(f"{BPMN}correlationPropertyRetrievalExpression")}
            if reads & taken and not bound.get(one.get("id", "")):
                where = called("关联属性", one.get("name"), one.get("id"))
                yield say(element, f"{where}没有写明本流程期望的值（correlationPropertyBinding 的 dataPath），请填写")


def _begins(diagram: Diagram, element: Element) -> Iterator[str]:
    if not element.properties.get("messageSubject", "").strip():
        yield say(element, "由消息开始的流程须写明是关于哪条记录的（属性 messageSubject：得出记录 id 的表达式，可用消息带来的名称）")
    if diagram.lane(element) != "系统":
        yield say(element, "由消息开始，请放在“系统”泳道")


def _properties_read(root: Any) -> Iterator[str]:
    for one in root.iter(f"{BPMN}correlationProperty"):
        where = called("关联属性", one.get("name"), one.get("id"))
        retrievals = one.findall(f"{BPMN}correlationPropertyRetrievalExpression")
        if not one.get("id") or not retrievals or any(not r.get("messageRef") or not text_of(r) for r in retrievals):
            yield f"{where}：应有 id，并写明从哪条消息（messageRef）、用什么表达式（messagePath）取值"
