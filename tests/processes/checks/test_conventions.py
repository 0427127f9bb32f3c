"""The properties of ours, each fault shown on a tiny diagram."""

from __future__ import annotations

import pytest

from tests.processes.checks.diagrams import END, LINE, START, STATUS, diagram, flows, found, gateway, says, service, task


def prop(name: str, value: str) -> str:
    return f'{STATUS}<s:property name="{name}" value="{value}"/>'


def boundary(name: str, id: str = "b", event: str = "<messageEventDefinition messageRef='msg'/>") -> str:
    return f'<boundaryEvent id="{id}" name="{name}" attachedToRef="t">{event}</boundaryEvent>'


def test_a_sound_diagram_passes() -> None:
    assert found(diagram(START + task() + END + LINE)) == []


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        # status: where a token waits there is one, not too long, in a tone we have
        (START + task("") + END + LINE, "用户任务“审核”(t)：流程会停在这里，但没有写明状态"),
        (START + task('<s:property name="status" value=" "/>') + END + LINE, "没有写明状态"),
        (START + task(f'<s:property name="status" value="{"很" * 41}"/>') + END + LINE, "状态超过 40 个字"),
        (START + task(prop("statusTone", "red")) + END + LINE, "statusTone 的值“red”"),
        (START + task(prop("editChecked", "是")) + END + LINE, "editChecked 的值“是”应为 true 或 false"),
        (START + task(prop("editChecked", "True")) + END + LINE, "editChecked 的值“True”应为 true 或 false"),
        # names and lanes
        (START + task(name="") + END + LINE, "用户任务(t)：缺少名称"),
        (START + task(name="  ") + END + LINE, "缺少名称"),
        (START + task(name="长" * 101) + END + LINE, "名称超过 100 个字"),
        (START + task(prop("candidateGroup", "校长")) + END + LINE, "candidateGroup 的值“校长”不是已有的角色"),
        (START + task(prop("editLane", "校长")) + END + LINE, "editLane 的值“校长”不是已有的角色"),
        # forms
        (START + task(prop("formJsonSchemaFilename", "no.json")) + END + LINE, "找不到表单“no.json”"),
        (START + task(prop("formJsonSchemaFilename", "../f.json")) + END + LINE, "找不到表单“../f.json”"),
        (START + task(prop("editForm", "no.json")) + END + LINE, "找不到表单“no.json”（属性 editForm）"),
        # buttons
        (START + task(prop("commentRequired", "退回")) + END + LINE, "commentRequired 中的“退回”"),
        (START + task(prop("signs", "签发")) + END + LINE, "signs 中的“签发”不是这一步的选项"),
        (START + task(prop("sign", "提交")) + END + LINE, "没有属性“sign”，是否应为“signs”"),
        (
            START + task().replace("userTask", "manualTask").replace(STATUS, prop("signs", "提交")) + END + LINE,
            "属性 signs 只能用在用户任务上",
        ),
        (START + task(prop("outcomes", " , ")) + END + LINE, "没有选项（属性 outcomes 为空）"),
        (START + task(prop("outcomes", "长" * 41)) + END + LINE, "超过 40 个字"),
        (START + task(prop("outcomes", "同意,同意")) + END + LINE, "2 个同名的按钮“同意”"),
        (START + task(prop("outcomes", "同意,撤回")) + boundary("撤回") + END + LINE + flows("b>z", prefix="h"), "2 个同名的按钮“撤回”"),
        (
            START + task() + boundary("撤回") + boundary("撤回", "c") + END + LINE + flows("b>z", "c>z", prefix="h"),
            "2 个同名的按钮“撤回”",
        ),
        # four eyes
        (START + task(prop("fourEyesWith", "z")) + END + LINE, "fourEyesWith 指向的“z”"),
        (START + task(prop("fourEyesWith", "t")) + END + LINE, "fourEyesWith 指向的“t”"),
        (START + task(prop("fourEyesWith", "gone")) + END + LINE, "fourEyesWith 指向的“gone”"),
        # a slip of the pen
        (START + task(prop("statustone", "done")) + END + LINE, "没有属性“statustone”，是否应为“statusTone”"),
        (START + task(prop("outcome", "同意")) + END + LINE, "没有属性“outcome”，是否应为“outcomes”"),
        # no code
        (START + task(extra="<s:preScript>x = 1</s:preScript>") + END + LINE, "不能有前置脚本"),
        (START + task(extra="<s:postScript>x = 1</s:postScript>") + END + LINE, "不能有后置脚本"),
        (
            START + task() + END + LINE + '<scriptTask id="x" name="算"><script>1</script></scriptTask>',
            "脚本任务“算”(x)：脚本不能使用：“1”不是“名称 = 表达式”形式的赋值",
        ),
        # services
        (START + service("gone") + END + flows("a>v", "v>z"), "服务任务“服务”(v)：没有名为“gone”的服务"),
        (START + service("count") + END + flows("a>v", "v>z"), "服务“count”缺少参数“of”"),
        (START + '<serviceTask id="v" name="服务"/>' + END + flows("a>v", "v>z"), "没有写明要调用的服务"),
    ],
)
def test_what_is_refused(inside: str, message: str) -> None:
    says(diagram(inside), message)


def test_a_message_boundary_event_needs_a_lane() -> None:
    lanes = '<laneSet id="l"><lane id="l1" name="省级"><flowNodeRef>a</flowNodeRef><flowNodeRef>t</flowNodeRef></lane></laneSet>'
    inside = START + task() + boundary("撤回") + END + LINE + flows("b>z", prefix="h")
    says(diagram(inside, lanes=lanes), "边界事件“撤回”(b)：不在任何泳道中")
    assert found(diagram(inside)) == []


def test_the_same_button_for_different_people_is_no_fault() -> None:
    lanes = (
        '<laneSet id="l"><lane id="l1" name="省级"><flowNodeRef>t</flowNodeRef></lane>'
        '<lane id="l2" name="试点院校"><flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef></lane></laneSet>'
    )
    inside = START + task(prop("outcomes", "同意,撤销")) + boundary("撤销") + END + LINE + flows("b>z", prefix="h")
    assert found(diagram(inside, lanes=lanes)) == []


def test_what_stands_behind_an_event_gateway_needs_no_status() -> None:
    catch = '<intermediateCatchEvent id="{0}" name="{0}"><{1}EventDefinition>{2}</{1}EventDefinition></intermediateCatchEvent>'
    inside = START + gateway("eventBased") + catch.format("m", "message", "") + catch.format("n", "timer", "<timeDate>deadline</timeDate>")
    says(diagram(inside + END + flows("a>g", "g>m", "g>n", "m>z", "n>z")), "事件网关“g”(g)：流程会停在这里，但没有写明状态")


@pytest.mark.parametrize(("value", "said"), [("true", []), ("false", []), ("x", ["流程“p”：属性 lifecycle 的值“x”应为 true 或 false"])])
def test_lifecycle(value: str, said: list[str]) -> None:
    drawn = diagram(START + task() + END + LINE).decode()
    subject = '<s:property name="subject"'
    assert subject in drawn
    assert found(drawn.replace(subject, f'<s:property name="lifecycle" value="{value}"/>{subject}').encode()) == said


def test_subject() -> None:
    inside = START + task() + END + LINE
    says(diagram(inside, subject="x"), "流程“p”：属性 subject 的值“x”不是已有的业务记录，可用：plain、r")
    says(diagram(inside, subject=""), "流程“p”：没有写明业务记录（属性 subject），可用：plain、r")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, None),
        ({"retryMax": "0", "retryDelay": "0.5"}, None),
        ({"retryMax": "50", "retryDelay": "minutes(5)"}, None),
        ({"retryMax": "3 if amount > 1 else 9"}, None),  # names are known only when it runs
        ({"retryMax": "51"}, "0 到 50"),
        ({"retryMax": "-1"}, "0 到 50"),
        ({"retryMax": "1.5"}, "0 到 50"),
        ({"retryMax": "True"}, "0 到 50"),
        ({"retryMax": "'3'"}, "0 到 50"),
        ({"retryDelay": "0"}, "大于 0"),
        ({"retryDelay": "days(2)"}, "不超过一天"),
    ],
)
def test_how_often_a_service_is_tried_again(properties: dict[str, str], message: str | None) -> None:
    lines = "".join(f'<s:property name="{name}" value="{value}"/>' for name, value in properties.items())
    drawn = service("out").replace("<extensionElements>", f"<extensionElements><s:properties>{lines}</s:properties>")
    problems = found(diagram(START + drawn + END + flows("a>v", "v>z")))
    assert (problems == []) if message is None else (len(problems) == 1 and message in problems[0])


def test_only_service_tasks_are_tried_again() -> None:
    says(diagram(START + task(prop("retryMax", "1")) + END + LINE), "用户任务“审核”(t)：属性 retryMax 只能用在服务任务上，请删除")
