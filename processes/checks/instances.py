"""Multi-instance activities (会签): what repeats, over what, and when the result is clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from processes.checks.diagram import KINDS, Diagram, say, short
from processes.diagrams import quorum
from processes.diagrams.elements import BPMN, Element
from processes.diagrams.expressions import ExpressionError
from processes.spiff.instances import MAX_ASKED, MAX_INSTANCES, PEOPLE

VOTED = ("userTask", "manualTask")
REPEATED = (*VOTED, "serviceTask", "subProcess", "callActivity")
_PROPERTIES = ("collection", "quorum", "agreeWhen")
_REFUSED = {  # children and attributes of the BPMN standard that the engine does not act on
    "loopDataOutputRef": "汇总的结果（loopDataOutputRef）",
    "outputDataItem": "汇总的结果（outputDataItem）",
    "complexBehaviorDefinition": "复杂行为（complexBehaviorDefinition）",
}


def check(diagram: Diagram, forms: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """All problems of multi-instance activities."""
    for element in diagram.elements.values():
        loop = diagram.nodes[element.id].find(f"{BPMN}multiInstanceLoopCharacteristics")
        if loop is None:
            for name in _PROPERTIES:
                if name in element.properties:
                    yield say(element, f"属性 {name} 只能用在多实例活动上，请删除，或把活动改为多实例")
            continue
        yield from (say(element, text) for text in _problems(diagram, element, loop, forms))


def _problems(diagram: Diagram, element: Element, loop: Any, forms: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    if element.tag not in REPEATED or diagram.on_event(element):
        yield f"{KINDS.get(element.tag, element.tag)}不能是多实例，可以是：{'、'.join(KINDS[tag] for tag in REPEATED)}"
        return
    yield from _collection(element, loop)
    yield from _result(element, loop)
    yield from _not_run(element, loop)
    form = forms.get(element.properties.get("formJsonSchemaFilename", ""), {})
    if element.tag in VOTED and form.get("x-record"):
        yield "会签的表单不能是记录本身的表单，请换成审核人填写的表单"
    if element.tag in VOTED and "editForm" in element.properties:
        yield "会签时不能修改记录（属性 editForm），请去掉"


def _collection(element: Element, loop: Any) -> Iterator[str]:
    texts = [
        element.properties.get("collection", ""),
        *(loop.findtext(f"{BPMN}{tag}") or "" for tag in ("loopDataInputRef", "loopCardinality")),
    ]
    texts = [text.strip() for text in texts]
    given = [text for text in texts if text]
    if len(given) != 1:
        yield f"请写明由谁办理或办理哪些项：集合（属性 collection，可以是 {PEOPLE} 或得出列表的表达式）或次数（loopCardinality），只写一个"
    most = MAX_ASKED if element.tag in VOTED else MAX_INSTANCES
    if given == texts[2:] and given[0].isdecimal() and int(given[0][:9]) > most:
        yield f"次数（loopCardinality）是 {short(given[0])}，{'会签' if element.tag in VOTED else '这类活动'}最多 {most} 项，请减少"
    if given == [PEOPLE] and element.tag not in VOTED:
        yield f"集合 {PEOPLE}（每个有办理角色的人）只能用在用户任务上，请改写为得出列表的表达式"
    item = loop.find(f"{BPMN}inputDataItem")
    if item is not None and not (item.get("id") or "").isidentifier():
        yield f"办理项的名称“{short(item.get('id') or '')}”不能在表达式中使用，请改为字母开头的名称"


def _result(element: Element, loop: Any) -> Iterator[str]:
    rule = element.properties.get("quorum")
    if rule is None:
        return
    if (loop.findtext(f"{BPMN}completionCondition") or "").strip():
        yield "会签规则（属性 quorum）与完成条件（completionCondition）只能写一个，请删除其中一个"
    try:
        quorum.check_rule(rule)
    except ExpressionError as error:
        words = "、".join(quorum.WORDS)
        yield f"会签规则（属性 quorum）不能使用：{short(str(error), 200)}；可以是 {words}、2/3、60%、人数或表达式"


def _not_run(element: Element, loop: Any) -> Iterator[str]:
    for tag, label in _REFUSED.items():
        if loop.find(f"{BPMN}{tag}") is not None:
            names = "、".join(f"{element.id}_{name}" for name in ("total", "answered", "agreed"))
            yield f"多实例的{label}不能使用，请删除；结果在 {element.id}_outcome 和 {names} 中"
    if loop.get("behavior", "All") != "All":
        yield f"多实例的行为“{short(loop.get('behavior'))}”不能使用，请用 All"
