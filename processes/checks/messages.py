"""Messages between processes: names, what a process started by one is about, and by what the right instance is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from processes.checks.wording import named, say
from processes.definitions.correlation import FROM_ANY
from processes.diagrams.assignments import unfit_name
from processes.diagrams.decisions import SUFFIX as DMN
from processes.diagrams.diagram import Diagram, parse_diagram, read_diagram
from processes.diagrams.elements import Element, listed
from processes.diagrams.messages import CATCHES, Messages, is_message
from processes.diagrams.quoting import quoted
from processes.diagrams.xmlsafe import read_limited
from processes.errors import DiagramInvalid

MAX_NAME = 100
_OURS = ("messageFrom", "messageGives", "messageSubject")


def check(diagram: Diagram) -> Iterator[str]:
    """All problems of messages."""
    messages = Messages(diagram)
    for one in messages.correlations:
        if not one.id or not one.reads or not all(ref and text for ref, text in one.reads.items()):
            where = named("关联属性", one.name, one.id)
            yield f"{where}：应有 id，并写明从哪条消息（messageRef）、用什么表达式（messagePath）取值"
    for element in diagram.elements.values():
        if not is_message(element):
            used = [name for name in _OURS if name in element.properties]
            yield from (say(element, f"属性 {name} 只能用在等待消息的事件上，请删除") for name in used)
            continue
        name = messages.of(element.id)
        if not name or len(name) > MAX_NAME or not name.isprintable():
            yield say(element, f"所用的消息没有名称，或名称超过 {MAX_NAME} 个字、含有不可见的字符，请修改消息的名称")
        if element.tag in CATCHES:
            yield from (say(element, text) for text in _caught(diagram, messages, element))


def unheard(path: Path, diagram: Diagram) -> Iterator[str]:
    """Messages that no diagram of the folder waits for; asked of files alone, because what is deployed may come from elsewhere."""
    sent = Messages(diagram).thrown()
    if not sent:
        return
    heard: set[str] = set()
    for other in path.parent.glob("*"):
        if other != path and other.is_file() and not other.name.endswith(DMN) and ".bpmn" in other.name.lower():
            heard |= _heard(other)
    for id, name in sent.items():
        if name not in heard:
            yield f"消息{quoted(name)}由{quoted(id)}发出，但同一文件夹的流程图都不等待它，请核对消息的名称，或加上等待它的流程图"


def _heard(path: Path) -> set[str]:
    try:
        return Messages(read_diagram(parse_diagram(read_limited(path)))).caught()
    except DiagramInvalid:
        return set()


def _caught(diagram: Diagram, messages: Messages, element: Element) -> Iterator[str]:
    if element.properties.get("messageFrom", FROM_ANY) != FROM_ANY:
        yield f"属性 messageFrom 应为 {FROM_ANY}：其他机构的记录也可以发来；不写则只接收本机构的"
    for name in listed(element.properties.get("messageGives", "")):
        why = unfit_name(name)
        if why is not None:
            yield f"属性 messageGives 中的{quoted(name)}{why}"
    if element.tag == "startEvent" and diagram.parents[element.id] is None:
        yield from _begins(element)
        return
    if "messageSubject" in element.properties:
        yield "属性 messageSubject 只能用在流程的消息开始事件上，请删除"
    reference = messages.references.get(element.id, "")
    reading = [one for one in messages.correlations if reference and reference in one.reads]
    if not reading and {"messageFrom", "messageGives"} & element.properties.keys():
        yield "没有关联属性读取这条消息，其他流程的消息到不了这里，请加上 correlationProperty"
    for one in reading:
        if not one.expected:
            where = named("关联属性", one.name, one.id)
            yield f"{where}没有写明本流程期望的值（correlationPropertyBinding 的 dataPath），请填写"


def _begins(element: Element) -> Iterator[str]:
    if not element.properties.get("messageSubject", ""):
        yield "由消息开始的流程须写明是关于哪条记录的（属性 messageSubject：得出记录 id 的表达式，可用消息带来的名称）"
    if element.lane != "系统":
        yield "由消息开始，请放在“系统”泳道"
