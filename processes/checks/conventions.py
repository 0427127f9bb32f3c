"""The properties of ours (CONTRIBUTING.md, conventions of diagrams): statuses, forms, buttons, roles, handlers; and no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from domain.ground.handling import Handler
from domain.ground.parties import ROLES_IN
from domain.ground.subjects import Subject
from domain.ground.tones import Tone
from processes.checks.wording import say, say_process
from processes.diagrams import retries
from processes.diagrams.activities import call_of, script_of
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import ANY, STANDS, Element, listed
from processes.diagrams.expressions import ExpressionError, evaluate, names_in
from processes.diagrams.nodes import BPMN, SPIFF, Node, text_in
from processes.diagrams.quoting import quoted

MAX_STATUS = 40  # widths of the columns that hold them
MAX_OUTCOME = 40
MAX_ROLE = 20
PROPERTIES = (
    "status", "statusTone", "formJsonSchemaFilename", "editForm", "editChecked", "outcomes", "commentRequired", "button", "bulk", "confirm",
    "due", "candidateGroup", "fourEyesWith", "lateMessage", "blockedAction", "blockedMessage", "returnable", "copyTo",
    "editLane", "editButton", "pressLane", "transferRoles", "retryMax", "retryDelay", "withdrawable", "collection", "quorum",
    "agreeWhen", "signs", "messageFrom", "messageGives", "messageSubject",
)  # fmt: skip
_SWITCHES = ("editChecked", "withdrawable")
_NAMED = ("startEvent", "userTask", "manualTask", "serviceTask", "receiveTask")


def check(
    diagram: Diagram,
    handlers: Mapping[str, Handler],
    subjects: Mapping[str, type[Subject]],
    forms: Mapping[str, Mapping[str, Any]],
    roles: Sequence[str],
) -> Iterator[str]:
    """All problems of properties."""
    subject = diagram.properties.get("subject", "")
    if subject not in subjects:
        wrong = f"属性 subject 的值{quoted(subject)}不是已有的业务记录" if subject else "没有写明业务记录（属性 subject）"
        yield say_process(diagram, f"{wrong}，可用：{'、'.join(sorted(subjects))}")
    if len(diagram.properties.get("cancelStatus", "")) > MAX_STATUS:
        yield say_process(diagram, f"终止后的状态（属性 cancelStatus）超过 {MAX_STATUS} 个字，请缩短")
    if diagram.properties.get("lifecycle", "true") not in ("true", "false"):
        yield say_process(diagram, f"属性 lifecycle 的值{quoted(diagram.properties['lifecycle'])}应为 true 或 false")
    yield from (say_process(diagram, text) for text in _twice(diagram.process))
    for element in diagram.elements.values():
        yield from _people(diagram, element, roles)
        yield from _status(diagram, element)
        yield from _form(diagram, element, forms)
        yield from _buttons(diagram, element)
        yield from _four_eyes(diagram, element)
        yield from (say(element, text) for text in (*_retries(element), *_going_back(element, diagram.elements)))
        yield from _switches(element)
        yield from _spelling(element)
        yield from (say(element, text) for text in _twice(diagram.nodes[element.id]))
        yield from _scripts(diagram.nodes[element.id], element)
        yield from _handler(diagram.nodes[element.id], element, handlers)


def _by_people(element: Element) -> bool:
    return element.by_person or (element.event == "message" and element.tag in ("boundaryEvent", *STANDS))


def _people(diagram: Diagram, element: Element, roles: Sequence[str]) -> Iterator[str]:
    inner_start = element.tag == "startEvent" and diagram.parents[element.id] is not None
    if not element.name and not inner_start and (element.tag in _NAMED or _by_people(element)):
        yield say(element, "缺少名称，请填写")
    if not element.lane and not inner_start and (_by_people(element) or element.tag == "startEvent"):
        yield say(element, "不在任何泳道中，无法确定由谁办理，请把它拖入办理角色的泳道")
    yield from (say(element, text) for text in _nobody(element, roles))
    for name in ("candidateGroup", "editLane", "pressLane"):
        role = element.properties.get(name)
        if role is not None and (role not in roles or len(role) > MAX_ROLE):
            yield say(element, f"属性 {name} 的值{quoted(role)}不是已有的角色，可用：{'、'.join(roles)}")
    for name in ("transferRoles", "copyTo"):
        for role in sorted(set(listed(element.properties.get(name, ""))) - set(roles)):
            yield say(element, f"属性 {name} 中的{quoted(role)}不是已有的角色，可用：{'、'.join(roles)}")
    if "copyTo" in element.properties and element.tag != "userTask":
        yield say(element, "属性 copyTo 只能用在用户任务上，请删除")
    if "pressLane" in element.properties and not _has_button(diagram, element):
        yield say(element, "属性 pressLane 只能用在等待消息的事件上，请删除")


def _has_button(diagram: Diagram, element: Element) -> bool:
    """Whether it waits for a message that somebody may send by a button."""
    waits = element.tag in ("boundaryEvent", *STANDS) or (element.tag == "startEvent" and diagram.parents[element.id] is not None)
    return element.event == "message" and waits


def _nobody(element: Element, roles: Sequence[str]) -> Iterator[str]:
    """Why nobody can do a task: no party has both its lane and its role, or it is the platform's own."""
    if not element.by_person or element.lane not in roles or element.role not in roles:
        return
    if element.role == "系统":
        yield "办理角色是“系统”，没有人能办理，请把它拖入别的泳道，或改为服务任务"
        return
    parties = [held for held in ROLES_IN.values() if element.lane in held]
    if parties and element.role not in parties[0]:
        yield (
            f"泳道“{element.lane}”的机构中没有人能担任{quoted(element.role)}（属性 candidateGroup），"
            f"可用：{'、'.join(parties[0])}；也可以把它拖入别的泳道"
        )


def _status(diagram: Diagram, element: Element) -> Iterator[str]:
    status = element.properties.get("status", "")
    if element.tag in STANDS and element.id not in diagram.behind_gateway and not status:
        yield say(element, "流程会停在这里，但没有写明状态（属性 status），请填写")
    if len(status) > MAX_STATUS:
        yield say(element, f"状态超过 {MAX_STATUS} 个字，请缩短")
    tone = element.properties.get("statusTone")
    if tone is not None and tone not in list(Tone):
        yield say(element, f"属性 statusTone 的值{quoted(tone)}应为 {'、'.join(Tone)} 之一")


def _form(diagram: Diagram, element: Element, forms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name in ("formJsonSchemaFilename", "editForm"):
        if name in element.properties and element.properties[name] not in forms:
            yield say(element, f"找不到表单{quoted(element.properties[name])}（属性 {name}），可用：{'、'.join(sorted(forms))}")


def _buttons(diagram: Diagram, element: Element) -> Iterator[str]:
    outcomes = [outcome.name for outcome in element.outcomes]
    for which in ("commentRequired", "signs"):
        for name in sorted(set(listed(element.properties.get(which, ""))) - set(outcomes)):
            yield say(element, f"属性 {which} 中的{quoted(name)}不是这一步的选项，请改为属性 outcomes 中的选项")
    if "signs" in element.properties and element.tag != "userTask":
        yield say(element, "属性 signs 只能用在用户任务上，请删除")
    for name in outcomes:
        if len(name) > MAX_OUTCOME:
            yield say(element, f"选项{quoted(name)}超过 {MAX_OUTCOME} 个字，请缩短")
    if element.tag == "userTask" and not outcomes:
        yield say(element, "没有选项（属性 outcomes 为空），办理人无法完成，请填写，例如 提交")
    attached = [e for e in diagram.elements.values() if e.attached_to == element.id and e.event == "message"] if outcomes else []
    shown = outcomes if element.tag == "userTask" else []
    shown = [*shown, *(e.name for e in attached if e.press_lane == element.lane or element.tag != "userTask")]
    for name, count in Counter(shown).items():
        if count > 1 and name:
            yield say(element, f"这里有 {count} 个同名的按钮{quoted(name)}，请改为不同的名称")


def _four_eyes(diagram: Diagram, element: Element) -> Iterator[str]:
    other = element.properties.get("fourEyesWith")
    if other is not None and (other == element.id or other not in diagram.elements or diagram.elements[other].tag != "userTask"):
        yield say(element, f"属性 fourEyesWith 指向的{quoted(other)}不是另一个用户任务，请填写另一个用户任务的 id")


def _spelling(element: Element) -> Iterator[str]:
    for name in element.properties:
        close = [] if name in PROPERTIES else get_close_matches(name[:40], PROPERTIES, 1, 0.82)
        if close:
            yield say(element, f"没有属性{quoted(name)}，是否应为“{close[0]}”")


def _twice(node: Node) -> Iterator[str]:
    """Properties and parameters that are written several times, as where elements were merged: only the last would count."""
    named = [("属性", "properties", "property", "name"), ("参数", "serviceTaskOperator/parameters", "parameter", "id")]
    for what, around, tag, name in named:
        path = "/".join(f"{SPIFF}{part}" for part in (*around.split("/"), tag))
        for text, count in Counter(one.get(name, "") for one in node.iterfind(f"{BPMN}extensionElements/{path}")).items():
            if count > 1 and text:
                yield f"{what}{quoted(text)}写了 {count} 次，请只留一个"


def _scripts(node: Node, element: Element) -> Iterator[str]:
    if element.tag == "scriptTask" and not script_of(node).replace(";", "").strip():
        yield say(element, "脚本是空的，请填写“名称 = 表达式”形式的赋值，或删除这一步")
    for name, label in (("preScript", "前置脚本"), ("postScript", "后置脚本")):
        if text_in(node, f"{BPMN}extensionElements/{SPIFF}{name}"):
            yield say(element, f"不能有{label}（{name}），请删除；要计算的内容请画成脚本任务")


def _handler(node: Node, element: Element, handlers: Mapping[str, Handler]) -> Iterator[str]:
    if element.tag != "serviceTask":
        return
    call = call_of(node)
    if call is None:
        yield say(element, "没有写明要调用的服务（serviceTaskOperator），请选择服务")
        return
    if call.handler not in handlers:
        yield say(element, f"没有名为{quoted(call.handler)}的服务，可用：{'、'.join(sorted(handlers))}")
        return
    for needed in handlers[call.handler].needs:
        if needed not in call.parameters:
            yield say(element, f"服务“{call.handler}”缺少参数“{needed}”，请填写")


def _retries(element: Element) -> Iterator[str]:
    """What is wrong with the retries as drawn. Whether they are expressions at all, and of known names, is the check of expressions."""
    for name in retries.PROPERTIES:
        if name not in element.properties:
            continue
        if element.tag != "serviceTask":
            yield f"属性 {name} 只能用在服务任务上，请删除"
            continue
        try:
            if names_in(element.properties[name]):
                continue  # its value is known only when it runs
        except ExpressionError:
            continue
        try:
            problem = retries.out_of_bounds(name, evaluate(element.properties[name], {}))
        except ExpressionError as error:
            problem = f"{retries.PROPERTIES[name]}（属性 {name}）不能使用：{error}"
        if problem is not None:
            yield problem


def _switches(element: Element) -> Iterator[str]:
    for name in _SWITCHES:
        if element.properties.get(name, "true") not in ("true", "false"):
            yield say(element, f"属性 {name} 的值{quoted(element.properties[name])}应为 true 或 false")


def _going_back(element: Element, elements: Mapping[str, Element]) -> Iterator[str]:
    """What is wrong with the properties of 撤回 and 退回."""
    for name in ("withdrawable", "returnable"):
        if name in element.properties and element.tag != "userTask":
            yield f"属性 {name} 只能用在用户任务上，请删除"
            return
    if "returnable" not in element.properties or element.returnable == (ANY,):
        return
    if not element.returnable:
        yield f"属性 returnable 应为 {ANY}，或用逗号分开的用户任务 id"
    for other in element.returnable:
        if other == element.id or other not in elements or elements[other].tag != "userTask":
            yield f"属性 returnable 中的{quoted(other)}不是另一个用户任务，请填写另一个用户任务的 id"
