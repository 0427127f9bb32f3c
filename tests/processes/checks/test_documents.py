"""Files that are no diagram of one process, each class as other tools write it; folders; and sizes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from processes.checks import MAX_PROBLEMS, check_file, diagrams_in
from tests.processes.checks.diagrams import (
    END,
    FORMS,
    HANDLERS,
    LINE,
    NAMESPACES,
    START,
    SUBJECTS,
    diagram,
    document,
    drawn,
    found,
    process,
    task,
)
from webapp.cli import main

SOUND = START + task() + END + LINE


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (document(""), "文件中没有流程（process）"),
        (document('<collaboration id="c"><participant id="x"/></collaboration>'), "文件中只有协作图，没有流程"),
        (document('<choreography id="c"/>'), "文件中只有编排图，没有流程"),
        (document('<process id="p"/>'), "流程是空的"),
        (
            document('<process id="p" name="甲"/><process id="q"/><process/>'),
            "文件中有 3 个流程（process）：“甲”、“q”、（没有名称）；应恰有一个",
        ),
        (b'<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd"/>', "这是决策表（DMN）文件"),
        (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "这是决策表（DMN）文件"),
        (b'<c:definitions xmlns:c="http://www.omg.org/spec/CMMN/20151109/MODEL"/>', "这是案例图（CMMN）文件"),
        (b'<Package xmlns="http://www.wfmc.org/2009/XPDL2.2"/>', "这是 XPDL 文件"),
        (b'<process xmlns="http://docs.oasis-open.org/wsbpel/2.0/process/executable"/>', "这是 BPEL 文件"),
        (b"<mxfile><diagram/></mxfile>", "这是 draw.io 图"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "这是图片"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "这是网页"),
        (b"<AML/>", "这是 ARIS 导出文件"),
        (b'<definitions><process id="p"/></definitions>', "不是 BPMN 2.0 流程图（没有命名空间）"),
        (b'<definitions xmlns="http://schema.omg.org/spec/BPMN/2.0"/>', "命名空间“http://schema.omg.org/spec/BPMN/2.0”"),
        (b'<process xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="p"/>', "不是 BPMN 流程图（根元素为“process”）"),
        (b"<a/>", "不是 BPMN 流程图（根元素为“a”）"),
    ],
)
def test_files_of_another_kind(xml: bytes, message: str) -> None:
    (line,) = found(xml)
    assert message in line


def test_elements_outside_every_namespace_are_passed_over() -> None:
    xml = f'<definitions {NAMESPACES}><process id="p"><x:thing xmlns:x="urn:x" id="t"/><startEvent id="a"/></process></definitions>'
    assert any("没有结束事件" in line for line in found(xml.encode()))


def test_how_large_a_diagram_may_be() -> None:
    many = "".join(f'<userTask id="t{n}"/>' for n in range(301))
    assert found(diagram(many)) == ["流程有 301 个环节，超过 300 个，请拆成几个流程，用调用活动连接"]
    lines = "".join(f'<sequenceFlow id="f{n}" sourceRef="a" targetRef="a"/>' for n in range(1001))
    assert found(diagram(START + lines)) == ["流程有 1001 条连线，超过 1000 条，请拆成几个流程，用调用活动连接"]


def test_how_many_problems_are_listed() -> None:
    lines = found(diagram("".join(f'<userTask id="t{n}"/>' for n in range(300))))
    assert len(lines) == MAX_PROBLEMS + 1
    assert lines[-1].startswith("另有 ")


def test_a_lane_that_names_its_elements_a_hundred_thousand_times() -> None:
    lanes = (
        f'<laneSet id="l"><lane id="l1" name="省级">{"<flowNodeRef>a</flowNodeRef>" * 60_000}<flowNodeRef>t</flowNodeRef></lane></laneSet>'
    )
    assert found(diagram(SOUND, lanes=lanes)) == []


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "p.bpmn"
    assert check_file(path, HANDLERS, SUBJECTS, FORMS) == ["不能读取：文件不存在"]
    path.write_bytes(drawn(diagram(SOUND)))
    assert check_file(path, HANDLERS, SUBJECTS, FORMS) == []
    named = tmp_path / "p.bpmn20.xml"  # as Activiti and Flowable call them
    named.write_bytes(drawn(diagram(SOUND)))
    assert check_file(named, HANDLERS, SUBJECTS, FORMS) == []


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "p.bpmn"
    path.write_bytes(b"\xef\xbb\xbf" + drawn(diagram(SOUND)))
    assert check_file(path, HANDLERS, SUBJECTS, FORMS) == []


def test_folders(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "loop").symlink_to(tmp_path, target_is_directory=True)
    (inner / "x.bpmn").write_bytes(document(""))
    (inner / "y.BPMN").write_bytes(document(""))
    (inner / "z.bpmn20.xml").write_bytes(document(""))
    (inner / "folder.bpmn").mkdir()
    (inner / "other.txt").write_text("x")
    (inner / "gone.bpmn").symlink_to(inner / "nowhere")
    assert [path.name for path in diagrams_in(tmp_path)] == ["gone.bpmn", "x.bpmn", "y.BPMN", "z.bpmn20.xml"]


def test_the_command_says_a_line_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.bpmn").write_bytes(diagram(START.replace("开始", "开&#10;始") + END))
    (tmp_path / "binary.bpmn").write_bytes(bytes(range(256)) * 10)
    strange = tmp_path / os.fsdecode(b"\xff\xfe.bpmn")
    strange.write_bytes(b"<a/>")
    os.mkfifo(tmp_path / "pipe.bpmn")
    result = CliRunner().invoke(main, ["check", str(tmp_path), str(tmp_path / "empty"), str(tmp_path / "gone.bpmn"), "/dev/zero"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    lines = result.output.splitlines()
    for expected in (
        "文件夹中没有流程图",
        "gone.bpmn: 不能读取：文件不存在",
        "/dev/zero: 不是普通文件",
        "pipe.bpmn: 不是普通文件",
        "binary.bpmn: ",
    ):
        assert any(expected in line for line in lines), lines
    assert all(": " in line for line in lines)


def test_the_command_is_silent_where_all_is_well() -> None:
    result = CliRunner().invoke(main, ["check", str(Path(__file__).parents[3] / "bpmn")])
    assert (result.exit_code, result.output) == (0, "")


def test_two_processes_in_one_pool_each() -> None:
    xml = document('<collaboration id="c"><participant id="x" processRef="p"/></collaboration>' + process(SOUND) + process(SOUND, id="q"))
    assert "应恰有一个" in found(xml)[0]
