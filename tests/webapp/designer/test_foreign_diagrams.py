"""Diagrams that other tools drew, and files that are none, uploaded to the designer (row 8.3): what is wrong, in Chinese; nothing lost."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient

from processes.diagrams.xmlsafe import MAX_BYTES
from tests.webapp.designer.diagrams import CHANGED, XML, page, send, upload

pytestmark = pytest.mark.row("8.3")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" {}>'
)
DRAWING = (
    '<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p" bpmnElement="leave"><bpmndi:BPMNShape id="t_di" bpmnElement="t">'
    '<dc:Bounds x="1" y="1" width="100" height="80"/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
)


def foreign(space: str, task: str, inside: str = "", flow: str = "") -> str:
    """A start, a task and an end, as a tool writes them."""
    extension = f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"
    body = (
        f'<bpmn:startEvent id="a"/><bpmn:{task} id="t" name="请假">{extension}</bpmn:{task.split()[0]}><bpmn:endEvent id="z"/>'
        '<bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="t"/>'
        f'<bpmn:sequenceFlow id="f2" sourceRef="t" targetRef="z">{flow}</bpmn:sequenceFlow>'
    )
    return f'{HEAD.format(space)}<bpmn:process id="leave" isExecutable="true">{body}</bpmn:process>{DRAWING}</bpmn:definitions>'


CONDITION = "<bpmn:conditionExpression>${approved}</bpmn:conditionExpression>"
FOREIGN = {
    "Camunda 7": (
        foreign(
            'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"',
            'userTask camunda:assignee="demo"',
            '<camunda:formData><camunda:formField id="days" type="long"/></camunda:formData>',
        ),
        "用户任务“请假”(t)：含有 Camunda 的设置（assignee、formData），平台不使用，请删除并改用平台的属性",
    ),
    "Camunda 8": (
        foreign('xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"', "serviceTask", '<zeebe:taskDefinition type="mail"/>'),
        "服务任务“请假”(t)：没有写明要调用的服务（serviceTaskOperator），请选择服务",
    ),
    "Flowable": (
        foreign('xmlns:flowable="http://flowable.org/bpmn"', 'serviceTask flowable:class="org.example.Mail"', flow=CONDITION),
        "顺序流“请假 → 结束事件”(f2)：不支持任务、事件和其他网关出去的连线上的条件，请在前面加一个排他网关",
    ),
    "Signavio": (
        foreign('xmlns:signavio="http://www.signavio.com"', "task", '<signavio:signavioMetaData metaKey="bgcolor" metaValue="#fff"/>'),
        "任务“请假”(t)：不支持没有类型的任务，没有人会办理它，请改为用户任务、服务任务或其他类型",
    ),
    "bpmn.io": (
        foreign('exporter="bpmn-js (https://demo.bpmn.io)"', "userTask"),
        "用户任务“请假”(t)：不在任何泳道中，无法确定由谁办理，请把它拖入办理角色的泳道",
    ),
}


@pytest.mark.parametrize(("xml", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_another_tool_drew_is_kept_and_its_problems_are_told(designer: FlaskClient, xml: str, message: str) -> None:
    shown = upload(designer, xml.encode())
    assert designer.get("/designer/leave/model.json").json["xml"] == xml
    problems = [problem["text"] for problem in send(designer, "check", xml, key="leave", base="0").json["problems"]]
    assert any(line.startswith(message) for line in problems), problems
    assert all(re.search("请|可用", line) for line in problems), problems
    assert f"已导入为草稿，有 {len(problems)} 处问题" in shown
    for what in ("try", "deploy"):
        assert send(designer, what, xml, key="leave", base="0", note="试").json["problems"]
    assert "尚未部署" in page(designer, "/designer/")
    assert "请假" in page(designer, "/designer/leave/edit")


def zipped() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w") as file:
        file.writestr("a.bpmn", XML)
    return target.getvalue()


NO_DIAGRAMS = {
    "a DTD": XML.replace("?>", '?><!DOCTYPE d [<!ENTITY e "x">]>', 1).encode(),
    "UTF-16": XML.replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 without a mark": XML.encode("utf-16-le"),
    "GBK": XML.replace("UTF-8", "GBK").encode("gbk"),
    "GBK that says UTF-8": XML.encode("gbk"),
    "more than 5 MB": XML.encode() + b" " * MAX_BYTES,
    "no XML": "流程：请假 → 审批".encode(),
    "a zip": zipped(),
    "a page": b"<html><body>404</body></html>",
    "a table": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d"/>',
    "cut off": CHANGED.encode()[:5000],
    "a null": XML.replace("周报", "周\0报", 1).encode(),
}


@pytest.mark.parametrize("data", NO_DIAGRAMS.values(), ids=NO_DIAGRAMS)
def test_what_is_no_diagram_leaves_the_draft_as_it_is(designer: FlaskClient, data: bytes) -> None:
    send(designer, "draft", CHANGED)
    shown = upload(designer, data)
    (told,) = re.findall(r'<div class="alert alert-[a-z]+[^>]*>\s*(?:<div>)?\s*([^<]+)', shown)
    assert re.search("[\u4e00-\u9fff].*请", told), told
    assert designer.get("/designer/weekly_report/model.json").json["xml"] == CHANGED


def test_an_upload_does_not_replace_a_draft(designer: FlaskClient) -> None:
    send(designer, "draft", CHANGED)
    assert "您有 id 为“weekly_report”的流程的草稿，保存于 2026-" in upload(designer, XML.encode())
    assert designer.get("/designer/weekly_report/model.json").json["xml"] == CHANGED
    designer.post("/designer/weekly_report/discard")
    assert "已导入为草稿，没有发现问题" in upload(designer, XML.encode())


def test_a_new_process_does_not_replace_a_draft(designer: FlaskClient) -> None:
    form = {"key": "leave", "name": "请假", "subject": "weekly_report", "role": "试点院校"}
    assert designer.post("/designer/new", data=form).status_code == 302
    refused = designer.post("/designer/new", data={**form, "name": "出差"})
    assert refused.status_code == 409
    assert "请先打开它，部署或丢弃后再试" in refused.text
    assert 'name="请假"' in designer.get("/designer/leave/model.json").json["xml"]
