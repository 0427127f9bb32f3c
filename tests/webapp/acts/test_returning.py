"""撤回 and 退回 on the pages."""

from __future__ import annotations

import pytest

from forms import read_forms
from jobs.runtime import BPMN_FOLDER
from processes.deployment import deploying
from processes.tasks import opinions
from tests.conftest import World
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin, open_task, status
from webapp.app import create_app


def changed() -> bytes:
    """周报 where the reviewer may send back to the author's first task, and the author take back what they handed in."""
    xml = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    for element, name, value in (("fill", "withdrawable", "true"), ("review", "returnable", "fill")):
        head, mark, tail = xml.partition(f'<bpmn:userTask id="{element}"')
        opened = "<spiffworkflow:properties>"
        xml = head + mark + tail.replace(opened, f'{opened}<spiffworkflow:property name="{name}" value="{value}" />', 1)
    return xml.encode()


@pytest.mark.row("8.1")
def test_sending_back_asks_where_and_why_and_loses_nothing(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, changed(), read_forms(), "郑工")
    report, instance = begin(lite)
    act(lite, "school1", instance, "提交", ANSWERS)
    app = create_app(lite.runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"account": "province1", "password": "Pilot-2026"})
    address = f"/records/tasks/{open_task(lite, instance).id}/return"
    assert address in client.get(f"/inbox/tasks/{open_task(lite, instance).id}").get_data(as_text=True)
    page = client.get(f"/weekly/{report}").get_data(as_text=True)
    assert address in page
    with lite.runtime.database.writing() as session:
        asked = (open_task(lite, instance).id, "before", lite.actor("province1b").person_id, "")
        opinions.ask(lite.runtime.engine, session, lite.actor("province1"), *asked)
    form = client.get(address).get_data(as_text=True)
    assert "正在等待赵琳的意见，退回后不再等待" in form
    assert "填写周报" in form
    assert "修改周报" not in form  # not allowed by the diagram, nor done
    refused = client.post(address, data={"comment": "请补充经费"})
    assert refused.status_code == 422
    assert "请补充经费" in refused.get_data(as_text=True)
    assert client.post(address, data={"to": "fill", "comment": ""}).status_code == 422
    assert client.post(address, data={"to": "fill", "comment": "请补充经费"}).status_code == 302
    assert status(lite, report) == "未提交"
    page = client.get(f"/weekly/{report}").get_data(as_text=True)
    assert "退回到“填写周报”" in page
    assert "不再等待赵琳（前加签）" in page

    other = app.test_client()
    other.post("/login", data={"account": "province2", "password": "Pilot-2026"})
    assert other.get(address).status_code == 404
    assert other.post(address, data={"to": "fill", "comment": "看看"}).status_code == 404


@pytest.mark.row("8.1")
def test_taking_back_is_a_button(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, changed(), read_forms(), "郑工")
    report, instance = begin(lite)
    done = open_task(lite, instance).id
    act(lite, "school1", instance, "提交", ANSWERS)
    app = create_app(lite.runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"account": "school1", "password": "Pilot-2026"})
    address = f"/records/tasks/{done}/withdraw"
    assert address in client.get(f"/weekly/{report}").get_data(as_text=True)
    client.post(address)
    assert status(lite, report) == "未提交"
    assert address not in client.get(f"/weekly/{report}").get_data(as_text=True)
