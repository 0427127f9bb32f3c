"""Ids, references, lanes and flows, and what other tools write into them."""

from __future__ import annotations

import pytest

from tests.processes.checks.diagrams import (
    END,
    LINE,
    NAMESPACES,
    START,
    STATUS,
    diagram,
    document,
    flows,
    found,
    gateway,
    process,
    says,
    task,
)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        # ids: missing, twice, not fit for an id
        (START + task(id="") + END, "用户任务“审核”(没有 id)：请在流程设计器中给它一个 id"),
        (START + task().replace(' id="t"', "") + END, "用户任务“审核”(没有 id)"),
        (START + task() + END + LINE + '<sequenceFlow sourceRef="t" targetRef="z"/>', "顺序流“审核 → 结束事件”(没有 id)"),
        (START + task() + task(name="又一") + END + LINE, "用户任务“又一”(t)：id“t”用了 2 次"),
        (START + task() + END + LINE + '<textAnnotation id="t"/>', "id“t”用了 2 次"),
        (START + task(id="1t") + END + flows("a>1t", "1t>z"), "id 应由字母"),
        (START + task(id="t']|//*['") + END, "id 应由字母"),  # would become part of an XPath expression
        (START + task(id="t t") + END, "id 应由字母"),
        (START + task(id="t" * 101) + END, "不超过 100 个字符"),
        # references that lead nowhere
        (START + task() + END + LINE + flows("t>nowhere", prefix="h"), "终点“nowhere”不存在"),
        (START + task() + END + LINE + flows("nowhere>z", prefix="h"), "起点“nowhere”不存在"),
        (START + task() + END + LINE + '<sequenceFlow id="h"/>', "起点（空）不存在"),
        (
            START + task() + END + LINE + '<boundaryEvent id="b" name="撤回" attachedToRef="gone"/>',
            "边界事件“撤回”(b)：所依附的“gone”不存在",
        ),
        (
            START + task() + END + LINE + '<boundaryEvent id="b" name="撤回" attachedToRef="t"><messageEventDefinition messageRef="gone"/>'
            "</boundaryEvent>" + flows("b>z", prefix="h"),
            "所用的消息“gone”不存在",
        ),
        (START + gateway("exclusive", default="gone") + task() + END + flows("a>g", "g>t", "t>z"), "默认流“gone”不是从这里出发的连线"),
        (START + gateway("exclusive", default="f2") + task() + END + flows("a>g", "g>t", "t>z"), "默认流“f2”不是从这里出发的连线"),
        # flows where none may be
        (START + task() + END + LINE + flows("z>t", prefix="h"), "结束事件(z)：结束事件之后不能再有连线"),
        (START + task() + END + LINE + flows("t>a", prefix="h"), "开始事件“开始”(a)：不能有指向它的连线"),
        # choices
        (
            START + task() + gateway("exclusive") + END + flows("a>t", "t>g", "g>z:t_outcome == '提交'", "g>t"),
            "通往“审核”的顺序流(f3)既没有条件",
        ),
        (START + task() + gateway("inclusive") + END + flows("a>t", "t>g", "g>z", "g>t:amount == 1"), "通往“z”的顺序流(f2)既没有条件"),
        # a flow or a boundary event written elsewhere than what it belongs to: the library would pass over it
        (
            START + '<subProcess id="s" name="内"><startEvent id="i"/><endEvent id="j"/></subProcess>' + END
            + flows("a>s", "s>z") + flows("i>j", prefix="h"),
            "顺序流“开始事件 → 结束事件”(h0)：没有写在两端所在的那一层",
        ),
        (
            START + '<subProcess id="s" name="内"><startEvent id="i"/><endEvent id="j"/>' + flows("i>j", prefix="h")
            + '<boundaryEvent id="b" name="撤回" attachedToRef="t"><messageEventDefinition messageRef="msg"/></boundaryEvent>'
            + flows("b>j", prefix="k") + "</subProcess>" + task() + END + flows("a>s", "s>t", "t>z"),
            "边界事件“撤回”(b)：与所依附的“t”不在同一层",
        ),
        # a name on several lines stays one line of the message
        (START + task("", name="审核&#10;&#9;周报 ") + END + LINE, "用户任务“审核 周报”(t)"),
        (START + task("", name="甲" * 90) + END + LINE, "甲…”(t)"),
    ],
)  # fmt: skip
def test_what_is_refused(inside: str, message: str) -> None:
    says(diagram(inside), message)


LANE = '<laneSet id="l"><lane id="l1" name="省级">{}</lane><lane id="l2" name="试点院校">{}</lane></laneSet>'
A, T = "<flowNodeRef>a</flowNodeRef>", "<flowNodeRef>t</flowNodeRef>"


@pytest.mark.parametrize(
    ("lanes", "message"),
    [
        (LANE.format(A + T, "<flowNodeRef>gone</flowNodeRef>"), "泳道“试点院校”(l2)：其中的“gone”不存在"),
        (LANE.format(A + T, "<flowNodeRef>l1</flowNodeRef>"), "其中的“l1”不存在"),  # a lane in a lane, round and round
        (LANE.format(A + T, "<flowNodeRef/>"), "其中的（空）不存在"),
        (LANE.format(A + T, T), "用户任务“审核”(t)：同时在泳道“省级”和“试点院校”中"),
        (LANE.format(A + T, "").replace("省级", "校长"), "泳道“校长”(l1)：不是已有的角色，可用：试点院校、"),
        (LANE.format(A, ""), "用户任务“审核”(t)：不在任何泳道中"),
        ("", "开始事件“开始”(a)：不在任何泳道中"),
        ('<laneSet id="l"><lane/></laneSet>', "泳道(没有 id)：不是已有的角色"),
    ],
)
def test_lanes(lanes: str, message: str) -> None:
    says(diagram(START + task() + END + LINE, lanes=lanes), message)


def test_the_innermost_lane_counts() -> None:
    nested = (
        '<laneSet id="l"><lane id="l1" name="江苏">'
        + A
        + T
        + '<childLaneSet id="c"><lane id="l2" name="省级">'
        + A
        + T
        + "</lane></childLaneSet>"
        "</lane></laneSet>"
    )
    assert found(diagram(START + task() + END + LINE, lanes=nested)) == []


def test_the_process_id() -> None:
    inside = START + task() + END + LINE
    assert found(diagram(inside, id="q")) == ["流程的 id“q”与文件名“p”不一致，请改为相同"]
    assert found(diagram(inside, id="q"), key=None) == []
    says(diagram(inside, id=""), "流程缺少 id")
    says(diagram(inside, id="审 批"), "流程的 id“审 批”应由字母")
    says(diagram(inside, id="p" * 61), "不超过 60 个字符")


BOUNDARY = (
    '<boundaryEvent id="b" name="撤回" attachedToRef="t" cancelActivity="{}"><messageEventDefinition messageRef="msg"/></boundaryEvent>'
)
TIMES = '<multiInstanceLoopCharacteristics isSequential="{}"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>'


@pytest.mark.parametrize("value", ["1", "0", "True", " true", "yes", ""])
def test_truth_is_written_in_full(value: str) -> None:
    said = f"的值{f'“{value.strip()}”' if value else '（空）'}不能使用，请改为 true 或 false"
    says(
        diagram(START + task() + BOUNDARY.format(value) + END + LINE + flows("b>z", prefix="h")),
        f"边界事件“撤回”(b)：cancelActivity {said}",
    )
    many = task().replace("</userTask>", TIMES.format(value) + "</userTask>")
    says(diagram(START + many + END + LINE), f"用户任务“审核”(t)：isSequential {said}")


VENDORS = (
    ("http://camunda.org/schema/1.0/bpmn", "Camunda"),
    ("http://camunda.org/schema/zeebe/1.0", "Camunda 8"),
    ("http://flowable.org/bpmn", "Flowable"),
    ("http://activiti.org/bpmn", "Activiti"),
)


@pytest.mark.parametrize(("space", "vendor"), VENDORS)
def test_settings_of_other_engines_are_named(space: str, vendor: str) -> None:
    inside = START + task(extra="<v:formData/>").replace("<userTask", '<userTask v:assignee="x"') + END + LINE
    xml = diagram(inside).replace(b"<definitions", f'<definitions xmlns:v="{space}"'.encode())
    says(xml, f"用户任务“审核”(t)：含有 {vendor} 的设置（assignee、formData），平台不使用")


def test_a_modeler_leaves_what_does_no_harm() -> None:
    xml = diagram(START + task() + END + LINE).replace(
        b"<definitions",
        b'<definitions xmlns:modeler="http://camunda.org/schema/modeler/1.0" modeler:executionPlatform="Camunda Cloud" '
        b'xmlns:signavio="http://www.signavio.com" exporter="Signavio" targetNamespace="x"',
    )
    assert found(xml.replace(b"<s:properties>", b'<signavio:signavioMetaData metaKey="bgcolor"/><s:properties>')) == []


def test_a_collaboration_around_one_process() -> None:
    inside = process(START + task() + END + LINE)
    participants = '<collaboration id="c"><participant id="x" processRef="{}"/><participant id="y" name="公安"/></collaboration>'
    assert found(document(participants.format("p") + inside)) == []
    says(document(participants.format("gone") + inside), "参与者(x)：所指的流程“gone”不存在")


def test_prefixes_do_not_matter() -> None:
    plain = diagram(START + task() + END + LINE).decode()
    prefixed = plain.replace("<s:", "<@").replace("</s:", "</@").replace("</", "</bpmn2:").replace("<", "<bpmn2:")
    prefixed = prefixed.replace("<bpmn2:/bpmn2:", "</bpmn2:").replace("bpmn2:@", "s:").replace("xmlns=", "xmlns:bpmn2=")
    assert found(prefixed.encode()) == []
    assert NAMESPACES in plain
    assert STATUS in plain


def test_what_is_attached_without_being_a_boundary_event() -> None:
    attached = task().replace("<userTask", '<userTask attachedToRef="gone"')
    says(diagram(START + attached + END + LINE), "用户任务“审核”(t)：所依附的“gone”不存在，请把它移到任务或子流程上")
