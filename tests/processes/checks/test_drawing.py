"""Everything is drawn, and drawn in the lane that it belongs to; who may press a button is a property."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.subjects import SUBJECTS as RECORDS
from forms import read_forms
from handlers import HANDLERS as PRODUCT
from jobs.runtime import BPMN_FOLDER
from processes.checks import check_file, problems
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.errors import NotAllowed
from tests.processes.bpmn.play import Play, boundary, end, flows, message, start, user
from tests.processes.bpmn.play import diagram as of_play
from tests.processes.checks.diagrams import (
    END,
    FORMS,
    HANDLERS,
    LINE,
    START,
    STATUS,
    SUBJECTS,
    diagram,
    drawn,
    found,
    says,
    shape,
    task,
)

SOUND = diagram(START + task() + END + LINE)
BUTTON = '<boundaryEvent id="b" name="撤回" attachedToRef="t"><messageEventDefinition messageRef="msg"/></boundaryEvent>'


def without(xml: bytes, pattern: str) -> bytes:
    changed = re.sub(pattern, "", xml.decode(), count=1)
    assert changed.encode() != xml
    return changed.encode()


def test_a_whole_drawing_has_no_problems() -> None:
    assert found(drawn(SOUND)) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r'<bpmndi:BPMNShape id="t_di".*?</bpmndi:BPMNShape>', "用户任务“审核”(t)：没有画在图上"),
        (r'<dc:Bounds x="240"[^>]*>', "用户任务“审核”(t)：没有画在图上"),
        (r'<bpmndi:BPMNShape id="a_di".*?</bpmndi:BPMNShape>', "开始事件“开始”(a)：没有画在图上"),
        (r'<bpmndi:BPMNEdge id="f1_di".*?</bpmndi:BPMNEdge>', "顺序流“审核 → 结束事件”(f1)：没有画在图上"),
        (r'<di:waypoint x="9" y="9"/>', "顺序流“开始 → 审核”(f0)：没有画在图上"),
        (r'<bpmndi:BPMNShape id="l1_di".*?</bpmndi:BPMNShape>', "泳道“省级”(l1)：没有画在图上"),
    ],
)
def test_what_is_not_drawn_is_named(pattern: str, line: str) -> None:
    ids = ["a", "t", "z"]
    xml = drawn(SOUND)
    at = read_diagram(parse_diagram(xml)).elements
    assert list(at) == ids
    pattern = pattern.replace("240", str(120 * ids.index("t")))
    says(without(xml, pattern), f"{line}")


@pytest.mark.parametrize("bad", ["NaN", "inf", "", "x", "1e99"])
def test_a_place_that_is_no_number_is_none(bad: str) -> None:
    says(drawn(SOUND).replace(b'x="120"', f'x="{bad}"'.encode()), "用户任务“审核”(t)：没有画在图上")


def test_labels_and_notes() -> None:
    bounds = '<dc:Bounds x="1" y="1" width="9" height="9"/>'
    label = f"<bpmndi:BPMNLabel>{bounds}</bpmndi:BPMNLabel></bpmndi:BPMNEdge>"
    xml = drawn(SOUND).replace(b"</bpmndi:BPMNEdge>", label.encode(), 1)
    assert found(xml) == []
    says(xml.replace(bounds.encode(), b'<dc:Bounds x="1" y="1" height="9"/>'), "标签(f0)：没有位置和大小")
    note = '<textAnnotation id="note"><text>先看附件</text></textAnnotation>'
    says(drawn(SOUND).replace(b"</process>", f"{note}</process>".encode()), "注释“先看附件”(note)：没有画在图上")


def test_what_is_drawn_twice_is_named() -> None:
    twice = shape("t", 120, 0)
    says(drawn(SOUND).replace(b"</bpmndi:BPMNPlane>", f"{twice}</bpmndi:BPMNPlane>".encode()), "用户任务“审核”(t)：在图上画了 2 次")


def test_a_file_without_any_drawing_is_refused(tmp_path: Path) -> None:
    assert found(SOUND) == []  # it runs, and pages list its steps
    (tmp_path / "p.bpmn").write_bytes(SOUND)
    (line,) = check_file(tmp_path / "p.bpmn", HANDLERS, SUBJECTS, FORMS)
    assert "没有图形" in line
    assert problems(SOUND, "p", HANDLERS, SUBJECTS, FORMS, drawn=True) == [line]


def lanes(*of_school: str) -> str:
    names = {"试点院校": of_school, "省级": tuple({"a", "t", "b"} - set(of_school))}
    rows = "".join(
        f'<lane id="l{number}" name="{name}">{"".join(f"<flowNodeRef>{id}</flowNodeRef>" for id in sorted(ids))}</lane>'
        for number, (name, ids) in enumerate(names.items())
    )
    return f'<laneSet id="l">{rows}</laneSet>'


WITHDRAWN = START + task() + BUTTON + END + LINE + '<sequenceFlow id="f9" sourceRef="b" targetRef="z"/>'


def test_a_button_drawn_in_another_lane_than_the_one_that_lists_it() -> None:
    """The editor lists what it draws: after the next save, others could press the button."""
    xml = drawn(diagram(WITHDRAWN, lanes=lanes("a", "b")))
    assert found(xml) == []
    row = re.search(rb'<bpmndi:BPMNShape id="b_di"[^>]*><dc:Bounds x="(\d+)" y="0"', xml)
    assert row is not None
    moved = xml.replace(row[0], row[0].replace(b'y="0"', b'y="100"'))
    says(moved, "边界事件“撤回”(b)：画在泳道“省级”里，却登记在泳道“试点院校”，请在流程设计器中移动一下", "用属性 pressLane 写明角色")
    outside = xml.replace(row[0], row[0].replace(b'y="0"', b'y="900"'))
    says(outside, "边界事件“撤回”(b)：画在所有泳道之外")


def pressed_by(lane: str) -> str:
    return f'<extensionElements><s:properties><s:property name="pressLane" value="{lane}"/></s:properties></extensionElements>'


def test_it_names_a_role_and_stands_where_there_is_a_button() -> None:
    says(diagram(WITHDRAWN.replace('"t">', f'"t">{pressed_by("校长")}')), "边界事件“撤回”(b)：属性 pressLane 的值“校长”不是已有的角色")
    misplaced = task(STATUS + '<s:property name="pressLane" value="省级"/>')
    says(diagram(START + misplaced + END + LINE), "用户任务“审核”(t)：属性 pressLane 只能用在等待消息的事件上")


def play_of(press: str | None) -> bytes:
    event = boundary("b", "t", (pressed_by(press) if press else "") + message(), lane="省级")
    return of_play(start() + user("t") + event + user("u", lane="试点院校") + end() + flows("start>t t>end b>u u>end"))


def test_the_property_says_who_may_press(play: Play) -> None:
    play.deploy(play_of("试点院校"))
    play.begin()
    assert [(wait["element"], wait["role"]) for wait in play.row.waits] == [("b", "试点院校")]
    with pytest.raises(NotAllowed):
        play.send("b", "province1")
    play.send("b", "school1")
    assert play.tasks() == ["u"]


def test_without_it_the_lane_says_so(play: Play) -> None:
    """As in all versions that were deployed before there was the property."""
    play.deploy(play_of(None))
    play.begin()
    assert [(wait["element"], wait["role"]) for wait in play.row.waits] == [("b", "省级")]
    with pytest.raises(NotAllowed):
        play.send("b", "school1")
    play.send("b", "province1")
    assert play.tasks() == ["u"]


@pytest.mark.parametrize("path", sorted(BPMN_FOLDER.glob("*.bpmn")), ids=lambda path: path.stem)
def test_the_product_s_diagrams_are_drawn_whole(path: Path) -> None:
    assert check_file(path, PRODUCT, RECORDS, read_forms()) == []
    elements = read_diagram(parse_diagram(path.read_bytes())).elements.values()
    pressed = {e.id for e in elements if "pressLane" in e.properties}
    others = {
        "certificate_withdrawal": {"cancel"},
        "exam_plan": {"withdraw"},
        "exam_site": {"withdraw"},
        "invigilator_certificate": {"corrected", "corrected_returned", "delete_waiting"},
        "issuance": {"again_org", "again_site"},
        "payment_slip": {"delete"},
        "registration_correction": {"cancel"},
        "score_objection": {"moved", "moved_again"},
        "teacher": {"resend", "resend_unsent"},
        "weekly_report": {"withdraw"},
    }
    assert pressed == others.get(path.stem, set())
