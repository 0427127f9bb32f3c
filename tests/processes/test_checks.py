"""What deployment refuses, each shown on a tiny diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.handling import External, Inline
from processes.checks import check_file, problems


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


HANDLERS = {"out": External(_nothing, _nothing), "in": Inline(_nothing)}
FORMS: dict[str, dict[str, Any]] = {"f.json": {"type": "object"}}
STATUS = '<s:property name="status" value="待办"/>'


def task(properties: str = STATUS, name: str = "审核", extra: str = "") -> str:
    return (
        f'<userTask id="t" name="{name}"><extensionElements><s:properties>{properties}</s:properties>{extra}</extensionElements></userTask>'
    )


def service(handler: str = "in", id: str = "v", value: str = "'x'") -> str:
    return (
        f'<serviceTask id="{id}" name="服务"><extensionElements><s:serviceTaskOperator id="{handler}"><s:parameters>'
        f'<s:parameter id="p" type="str" value="{value}"/></s:parameters></s:serviceTaskOperator></extensionElements></serviceTask>'
    )


def flows(*pairs: str) -> str:
    """`a>b` or `a>b:condition`."""
    found = ""
    for number, pair in enumerate(pairs):
        ends, _, condition = pair.partition(":")
        source, target = ends.split(">")
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        found += f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
    return found


START, END = '<startEvent id="a" name="开始"/>', '<endEvent id="z"/>'
LINE = flows("a>t", "t>z")
NEEDS = ("a", "t", "m")


def diagram(inside: str, lane: str = "省级", id: str = "p", subject: str = "r") -> bytes:
    refs = "".join(f"<flowNodeRef>{n}</flowNodeRef>" for n in NEEDS if f'id="{n}"' in inside)
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d">'
        '<message id="msg" name="撤回"/>'
        f'<process id="{id}" name="流" isExecutable="true"><extensionElements><s:properties><s:property name="subject" value="{subject}"/>'
        f'</s:properties></extensionElements><laneSet id="l"><lane id="l1" name="{lane}">{refs}</lane></laneSet>'
        f"{inside}</process></definitions>"
    ).encode()


def found(xml: bytes) -> list[str]:
    return problems(xml, "p", HANDLERS, {"r": object}, FORMS)


def test_a_sound_diagram_passes() -> None:
    assert found(diagram(START + task() + END + LINE)) == []


GATE = '<exclusiveGateway id="g" name="是否"/>'
TIMER = (
    '<boundaryEvent id="b" name="到期" attachedToRef="t">'
    '<timerEventDefinition id="bt"><timeDate>{}</timeDate></timerEventDefinition></boundaryEvent>'
)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (START + task("") + END + LINE, "用户任务“审核”(t)：流程会停在这里，但没有写明状态"),
        (START + task(name="") + END + LINE, "用户任务“”(t)：缺少名称"),
        (START + task(STATUS + '<s:property name="statusTone" value="red"/>') + END + LINE, "statusTone 的值“red”"),
        (START + task(STATUS + '<s:property name="formJsonSchemaFilename" value="no.json"/>') + END + LINE, "找不到表单“no.json”"),
        (START + task(STATUS + '<s:property name="editForm" value="no.json"/>') + END + LINE, "找不到表单“no.json”（属性 editForm）"),
        (START + task(STATUS + '<s:property name="fourEyesWith" value="z"/>') + END + LINE, "fourEyesWith 指向的“z”"),
        (START + task(STATUS + '<s:property name="commentRequired" value="退回"/>') + END + LINE, "commentRequired 中的“退回”"),
        (START + task(STATUS + '<s:property name="due" value="now.x"/>') + END + LINE, "用户任务“审核”(t)：办理期限（属性 due）不能使用"),
        (START + task(extra="<s:preScript>x = 1</s:preScript>") + END + LINE, "不能有前置脚本"),
        (START + task(extra="<s:postScript>x = 1</s:postScript>") + END + LINE, "不能有后置脚本"),
        (
            START + task() + END + LINE + '<scriptTask id="x" name="算"><script>1</script></scriptTask>',
            "脚本任务“算”(x)：流程图中不能有脚本任务",
        ),
        (START + service("gone") + END + flows("a>v", "v>z"), "服务任务“服务”(v)：没有名为“gone”的服务"),
        (START + service(value="open('x')") + END + flows("a>v", "v>z"), "参数“p”不能使用"),
        (START + '<serviceTask id="v" name="服务"/>' + END + flows("a>v", "v>z"), "没有写明要调用的服务"),
        (START + task() + TIMER.format("x.y") + END + LINE + flows("b>z"), "边界事件“到期”(b)：定时器不能使用"),
        (START + task() + END + flows("a>t"), "用户任务“审核”(t)：从这里走不到任何结束事件"),
        (START + task() + END + flows("a>z", "t>z"), "用户任务“审核”(t)：从开始事件走不到这里"),
        (START + task() + END + LINE + flows("t>nowhere"), "终点“nowhere”不存在"),
        (START + task() + GATE + END + flows("a>t", "t>g", "g>z:t_outcome == '提交'", "g>t"), "既没有条件，也不是默认流"),
        (START + task() + GATE + END + flows("a>t", "t>g", "g>z:x()", "g>t:1 == 1"), "条件不能使用"),
        (START + task() + GATE + END + flows("a>t", "t>g", "g>z:q_outcome == '提交'", "g>t:1 == 1"), "“q_outcome”没有对应的用户任务"),
        (START + service() + GATE + END + flows("a>v", "v>g", "g>z:1 == 2", "g>v:1 == 1"), "循环中没有任何等待"),
        (task() + END + flows("t>z"), "应恰有一个开始事件，现有 0 个"),
        (START + task() + flows("a>t"), "没有结束事件"),
    ],
)
def test_what_is_refused(inside: str, message: str) -> None:
    assert any(message in line for line in found(diagram(inside))), found(diagram(inside))


def test_a_loop_through_an_external_service_waits() -> None:
    assert found(diagram(START + service("out") + GATE + END + flows("a>v", "v>g", "g>z:1 == 2", "g>v:1 == 1"))) == []


def test_names_of_process_lane_and_subject() -> None:
    inside = START + task() + END + LINE
    assert found(diagram(inside, id="q")) == ["流程的 id“q”与文件名“p”不一致"]
    assert found(diagram(inside, lane="校长"))[0].startswith("泳道“校长”(l1)：不是已有的角色")
    assert found(diagram(inside, subject="x"))[0].startswith("流程“p”：属性 subject 的值“x”")


def test_one_process_a_file() -> None:
    head = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">'
    assert found(f"{head}</definitions>".encode()) == ["文件中没有流程（process）"]
    assert found(f'{head}<process id="p"/><process id="q"/></definitions>'.encode()) == ["文件中有 2 个流程（process），应恰有一个"]
    assert found(b"<a>")[0].startswith("不是有效的 XML")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "p.bpmn"
    assert check_file(path, HANDLERS, {"r": object}, FORMS) == ["不能读取：文件不存在"]
    path.write_bytes(diagram(START + task() + END + LINE))
    assert check_file(path, HANDLERS, {"r": object}, FORMS) == []
