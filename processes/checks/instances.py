"""Multi-instance activities (会签): what repeats, over what, and when the result is clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from processes.checks.wording import say
from processes.diagrams import quorum
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import KINDS, Element, Tag
from processes.diagrams.expressions import MAX_LENGTH, ExpressionError
from processes.diagrams.loops import PEOPLE, Loop, read_loop
from processes.diagrams.nodes import BPMN, Node, text_in
from processes.diagrams.quoting import quoted, short
from processes.spiff.instances import MAX_ASKED, MAX_INSTANCES

REPEATED: tuple[Tag, ...] = ("userTask", "manualTask", "serviceTask", "subProcess", "callActivity")
_PROPERTIES = ("collection", "quorum", "agreeWhen")
_REFUSED = {  # children of the BPMN standard that the engine does not act on
    "loopDataOutputRef": "汇总的结果（loopDataOutputRef）",
    "outputDataItem": "汇总的结果（outputDataItem）",
    "complexBehaviorDefinition": "复杂行为（complexBehaviorDefinition）",
}


def check(diagram: Diagram, forms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """All problems of multi-instance activities."""
    for element in diagram.elements.values():
        loop = read_loop(diagram.nodes[element.id])
        if loop is None:
            for name in _PROPERTIES:
                if name in element.properties:
                    yield say(element, f"属性 {name} 只能用在多实例活动上，请删除，或把活动改为多实例")
            continue
        yield from (say(element, text) for text in _problems(diagram, element, loop, forms))


def _problems(diagram: Diagram, element: Element, loop: Loop, forms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if element.tag not in REPEATED or element.triggered:
        yield f"{KINDS[element.tag]}不能是多实例，可以是：{'、'.join(KINDS[tag] for tag in REPEATED)}"
        return
    nodes = diagram.nodes[element.id].findall(f"{BPMN}multiInstanceLoopCharacteristics")
    yield from _collection(element, loop, nodes[0])
    yield from _result(loop, "quorum" in element.properties)
    yield from _not_run(element, nodes[0])
    if element.voted and forms.get(element.form or "", {}).get("x-record"):
        yield "会签的表单不能是记录本身的表单，请换成审核人填写的表单"
    if element.voted and element.edit_form is not None:
        yield "会签时不能修改记录（属性 editForm），请去掉"


def _collection(element: Element, loop: Loop, node: Node) -> Iterator[str]:
    texts = (element.properties.get("collection", ""), text_in(node, f"{BPMN}loopDataInputRef"), loop.cardinality or "")
    if sum(bool(text) for text in texts) != 1:
        yield f"请写明由谁办理或办理哪些项：集合（属性 collection，可以是 {PEOPLE} 或得出列表的表达式）或次数（loopCardinality），只写一个"
        return
    most = MAX_ASKED if element.voted else MAX_INSTANCES
    if loop.cardinality is not None and loop.cardinality.isdecimal() and int(loop.cardinality[:9]) > most:
        yield f"次数（loopCardinality）是 {short(loop.cardinality)}，{'会签' if element.voted else '这类活动'}最多 {most} 项，请减少"
    if loop.people and not element.voted:
        yield f"集合 {PEOPLE}（每个有办理角色的人）只能用在用户任务上，请改写为得出列表的表达式"
    if loop.item is not None and not loop.item.isidentifier():
        yield f"办理项的名称{quoted(loop.item)}不能在表达式中使用，请改为字母开头的名称"


def _result(loop: Loop, named: bool) -> Iterator[str]:
    if max(len(loop.rule), len(loop.condition or "")) > MAX_LENGTH:  # as written: the rule of a 会签 is kept so
        yield f"会签规则或完成条件超过 {MAX_LENGTH} 个字符，请缩短"
    if not named:
        return
    if loop.condition is not None:
        yield "会签规则（属性 quorum）与完成条件（completionCondition）只能写一个，请删除其中一个"
    try:
        quorum.check_rule(loop.rule)
    except ExpressionError as error:
        words = "、".join(quorum.WORDS)
        yield f"会签规则（属性 quorum）不能使用：{short(str(error), 200)}；可以是 {words}、2/3、60%、人数或表达式"


def _not_run(element: Element, node: Node) -> Iterator[str]:
    for tag, label in _REFUSED.items():
        if node.find(f"{BPMN}{tag}") is not None:
            names = "、".join(f"{element.id}_{name}" for name in ("total", "answered", "agreed"))
            yield f"多实例的{label}不能使用，请删除；结果在 {element.id}_outcome 和 {names} 中"
    if (behavior := node.get("behavior", "All")) != "All":
        yield f"多实例的行为{quoted(behavior)}不能使用，请用 All"
