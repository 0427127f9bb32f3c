"""Row 8.5: a process changed in BPMN alone changes inbox, tabs, buttons, forms, deadline and history, with no line of Python."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from forms import read_forms
from jobs.runtime import BPMN_FOLDER
from processes import tables
from processes.deployment import deploying
from processes.errors import FourEyes
from processes.history import events_of
from processes.steps import acting
from processes.tasks import inbox
from processes.tasks.actions import actions_for
from tests.conftest import NOON, World
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin, open_task, status
from webapp.app import create_app

SECOND_REVIEW = """
    <bpmn:userTask id="second_review" name="复审周报">
      <bpmn:extensionElements><spiffworkflow:properties>
        <spiffworkflow:property name="status" value="待复审" />
        <spiffworkflow:property name="formJsonSchemaFilename" value="second_review.json" />
        <spiffworkflow:property name="button" value="复审" />
        <spiffworkflow:property name="outcomes" value="同意,不同意" />
        <spiffworkflow:property name="due" value="now + days(3)" />
        <spiffworkflow:property name="fourEyesWith" value="review" />
      </spiffworkflow:properties></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f_second" sourceRef="second_review" targetRef="end_approved" />
"""
DRAWING = """
      <bpmndi:BPMNShape bpmnElement="lane_second"><dc:Bounds x="100" y="3000" width="900" height="200" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape bpmnElement="second_review"><dc:Bounds x="400" y="3050" width="120" height="80" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge bpmnElement="f_second"><di:waypoint x="520" y="3090" /><di:waypoint x="900" y="400" /></bpmndi:BPMNEdge>
"""
FORM = {"title": "复审", "type": "object", "required": ["score"], "properties": {"score": {"title": "评分", "type": "integer"}}}


def changed() -> bytes:
    """The diagram with a second review by 省级复审 put in: XML edits only."""
    xml = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    xml = xml.replace('sourceRef="decision" targetRef="end_approved"', 'sourceRef="decision" targetRef="second_review"')
    lane = '<bpmn:lane id="lane_second" name="省级复审"><bpmn:flowNodeRef>second_review</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    xml = xml.replace("</bpmn:laneSet>", lane).replace("  </bpmn:process>", SECOND_REVIEW + "  </bpmn:process>")
    return xml.replace("</bpmndi:BPMNPlane>", f"{DRAWING}</bpmndi:BPMNPlane>").encode()


@pytest.mark.row("8.5")
def test_a_second_review_is_a_change_of_the_diagram_alone(world: World) -> None:
    old_report, old = begin(world)
    with world.runtime.database.writing() as session:
        deployed = deploying.deploy(session, world.runtime.engine, changed(), {**read_forms(), "second_review.json": FORM}, "郑工")
    assert deployed.version == 2
    assert [s.label for s in deployed.statuses] == ["未提交", "待审核", "待复审", "审核通过", "审核退回"]

    report, instance = begin(world, "school2")
    act(world, "school2", instance, "提交", ANSWERS)
    act(world, "province1", instance, "审核通过")
    assert status(world, report) == "待复审"
    task = open_task(world, instance)
    assert (task.name, task.role, task.due_at) == ("复审周报", "省级复审", NOON + timedelta(days=3))
    with world.runtime.database.reading() as session:
        assert [t.id for t in session.execute(inbox.open_tasks(world.actor("province1b")))] == [task.id]
        assert session.execute(inbox.open_tasks(world.actor("province1"))).all() == []
        (button,) = actions_for(session, world.actor("province1b"), "weekly_report", [report])[report]
        assert (button.name, button.form, [o.name for o in button.outcomes]) == ("复审", "second_review.json", ["同意", "不同意"])
    act(world, "province1b", instance, "同意", {"score": 95})
    assert status(world, report) == "审核通过"
    with world.runtime.database.reading() as session:
        assert [(e.name, e.data) for e in events_of(session, instance)][-1] == ("同意", {"score": 95})

    # what was running finishes on the version it began with
    act(world, "school1", old, "提交", ANSWERS)
    act(world, "province1", old, "审核通过")
    assert status(world, old_report) == "审核通过"
    with world.runtime.database.reading() as session:
        versions = session.scalars(select(tables.instance.c.definition_id).order_by(tables.instance.c.id)).all()
    assert versions[0] != versions[1]


@pytest.mark.row("8.5")
def test_the_list_shows_the_new_tab_with_its_count(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, changed(), {**read_forms(), "second_review.json": FORM}, "郑工")
    _, instance = begin(lite)
    act(lite, "school1", instance, "提交", ANSWERS)
    act(lite, "province1", instance, "审核通过")
    app = create_app(lite.runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"account": "province1b", "password": "Pilot-2026"})
    page = client.get("/weekly/").get_data(as_text=True)
    assert "待复审 <small>1</small></a>" in page
    assert ">复审</a>" in page
    task = client.get(f"/inbox/tasks/{open_task(lite, instance).id}").get_data(as_text=True)
    assert "评分" in task
    assert "不同意" in task


@pytest.mark.row("8.5")
def test_four_eyes_is_a_property_too(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        forms = {**read_forms(), "second_review.json": FORM}
        deploying.deploy(
            session, lite.runtime.engine, changed().replace(b'name="\xe7\x9c\x81\xe7\xba\xa7"', 'name="省级复审"'.encode()), forms, "郑工"
        )
    _, instance = begin(lite, "school3")  # 周涛 of Zhejiang holds both roles
    act(lite, "school3", instance, "提交", ANSWERS)
    act(lite, "province2", instance, "审核通过")
    with pytest.raises(FourEyes):
        act(lite, "province2", instance, "同意", {"score": 1})
    task = tables.task
    with lite.runtime.database.writing() as session:
        still = session.scalars(select(task.c.state).where(task.c.element == "second_review")).one()
        assert still == "open"
        assert acting.tick(lite.runtime.engine, session, instance) == []
