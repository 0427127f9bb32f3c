"""流程设计 (row 8.3): versions, drafts, check, trial run, deployment, comparison, import and export."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.runtime import deploy_all
from processes.diagrams.xmlsafe import MAX_BYTES
from tests.webapp.designer.diagrams import CHANGED, SCENARIOS, XML, page, send, upload

pytestmark = pytest.mark.row("8.3")


def test_only_designers_come_in(app: Flask, client: FlaskClient) -> None:
    client.post("/login", data={"account": "school1", "password": "Pilot-2026"})
    for address in ("/designer/", "/designer/weekly_report/", "/designer/weekly_report/edit", "/designer/weekly_report/model.json"):
        assert client.get(address).status_code == 403
    assert send(client, "deploy", CHANGED, note="改").status_code == 403
    assert "流程设计" not in page(client, "/")


def test_list_and_versions(designer: FlaskClient) -> None:
    assert "周报" in page(designer, "/designer/")
    assert "第 1 版" in page(designer, "/designer/weekly_report/")
    shown = page(designer, "/designer/weekly_report/1/")
    assert "审核周报" in shown  # the text version
    assert designer.get("/designer/weekly_report/1/diagram.json").json["xml"] == XML
    exported = designer.get("/designer/weekly_report/1/export")
    assert exported.get_data(as_text=True) == XML
    assert "attachment; filename=weekly_report.bpmn" in exported.headers["Content-Disposition"]


@pytest.mark.parametrize("address", ["gone/", "gone/edit", "gone/model.json", "gone/compare", "weekly_report/9/", "weekly_report/9/export"])
def test_what_is_not_there(designer: FlaskClient, address: str) -> None:
    assert designer.get(f"/designer/{address}").status_code == 404


def test_the_editor_offers_what_there_is(designer: FlaskClient) -> None:
    model = designer.get("/designer/weekly_report/model.json").json
    assert model["xml"] == XML
    assert model["scenarios"] == SCENARIOS
    assert model["base"] == 1
    choices = model["choices"]
    assert {"value": "sms.notify", "needs": ["role", "text"], "outside": True} in choices["handlers"]
    assert "period_end" in choices["facts"]
    assert "weekly_review.json" in {form["value"] for form in choices["forms"]}
    answer = designer.get("/designer/weekly_report/edit")
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"].split("style-src")[0]


def test_a_draft_is_kept_until_thrown_away(designer: FlaskClient) -> None:
    assert send(designer, "draft", CHANGED, scenarios="- a").json == {"message": "草稿已保存"}
    model = designer.get("/designer/weekly_report/model.json").json
    assert (model["xml"], model["scenarios"]) == (CHANGED, "- a")
    assert "继续编辑草稿" in page(designer, "/designer/weekly_report/")
    designer.post("/designer/weekly_report/discard")
    assert designer.get("/designer/weekly_report/model.json").json["xml"] == XML


def test_problems_name_their_element(designer: FlaskClient) -> None:
    found = send(designer, "check", XML.replace('value="待审核"', 'value=""')).json["problems"]
    assert found == [{"text": "用户任务“审核周报”(review)：流程会停在这里，但没有写明状态（属性 status），请填写", "element": "review"}]
    assert send(designer, "check").json == {"problems": []}


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<a>",
        b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
        b"<a>" + b" " * MAX_BYTES + b"</a>",
        b"<a>" * 10_000 + b"</a>" * 10_000,
        b"\xff\xfe",
        XML.replace("review_outcome == '审核通过'", "__import__('os').system('id')").encode(),
    ],
    ids=["empty", "broken", "entity", "large", "deep", "binary", "expression"],
)
@pytest.mark.parametrize("what", ["check", "try", "deploy"])
def test_hostile_diagrams_are_refused(designer: FlaskClient, what: str, xml: bytes) -> None:
    answer = send(designer, what, xml, note="改")
    assert answer.status_code in (200, 409)
    assert answer.json.get("problems") or answer.json["message"]
    assert "第 2 版" not in page(designer, "/designer/weekly_report/")


def test_trying_out_tells_what_happened_and_leaves_nothing(designer: FlaskClient) -> None:
    before = page(designer, "/weekly_report/") if designer.get("/weekly_report/").status_code == 200 else ""
    forms, first, *_ = SCENARIOS.split("\n- name")
    first = f"{forms}\n- name{first}"
    found = send(designer, "try", scenarios=first).json
    (shown,) = found["shown"]
    assert shown["failure"] is None
    assert "第 2 步 school1 新建 → 未提交，待办：填写周报" in shown["lines"]
    assert {"id": "f_withdraw", "text": "撤回 → 填写周报"} in found["missed"]
    assert "f_approved" in found["taken"]
    after = page(designer, "/weekly_report/") if before else ""
    assert after == before
    assert '运行中">0' in page(designer, "/designer/weekly_report/")


def test_a_scenario_that_the_change_breaks(designer: FlaskClient) -> None:
    found = send(designer, "try", CHANGED).json
    assert "待省级审核" in found["shown"][0]["failure"]


def test_deployment_is_a_new_version(app: Flask, designer: FlaskClient) -> None:
    send(designer, "draft", CHANGED)
    assert "请填写版本说明" in send(designer, "deploy", CHANGED).json["message"]
    answer = send(designer, "deploy", CHANGED, note="状态写明是省级审核")
    assert answer.json == {"address": "/designer/weekly_report/"}
    shown = page(designer, "/designer/weekly_report/")
    assert "状态写明是省级审核" in shown
    assert "郑工（平台运营）" in shown
    assert "草稿" not in shown.split("<table", 1)[1]
    compared = page(designer, "/designer/weekly_report/compare")
    assert "status：待审核 → 待省级审核" in compared
    assert "没有不同" in page(designer, "/designer/weekly_report/compare?old=2&amp;new=2".replace("&amp;", "&"))
    # a restart does not put the product's diagram over the designer's
    assert "weekly_report" not in {definition.key for definition in deploy_all(app.extensions["pilot"])}
    assert "第 3 版" not in page(designer, "/designer/weekly_report/")
    # who began from the first version must look first
    refused = send(designer, "deploy", XML.replace('value="待审核"', 'value="待审"'), note="改")
    assert refused.status_code == 409
    assert "您的草稿基于第 1 版" in refused.json["message"]


def test_a_new_process(designer: FlaskClient) -> None:
    form = {"key": "leave", "name": '请假<"&@ROLE@', "subject": "weekly_report", "role": "试点院校"}
    assert designer.post("/designer/new", data=form).headers["Location"] == "/designer/leave/edit"
    assert "请假&lt;&#34;&amp;@ROLE@" in page(designer, "/designer/leave/edit")
    assert "尚未部署" in page(designer, "/designer/")
    model = designer.get("/designer/leave/model.json").json
    assert send(designer, "check", model["xml"], key="leave", base="0").json == {"problems": []}
    assert send(designer, "deploy", model["xml"], key="leave", base="0", note="新流程", scenarios="").status_code == 200
    assert "第 1 版" in page(designer, "/designer/leave/")


@pytest.mark.parametrize(
    ("field", "value"), [("key", "1a"), ("key", "a b"), ("key", "weekly_report"), ("name", " "), ("subject", "gone"), ("role", "校长")]
)
def test_a_new_process_with_a_wrong_beginning(designer: FlaskClient, field: str, value: str) -> None:
    form = {"key": "leave", "name": "请假", "subject": "weekly_report", "role": "试点院校", field: value}
    assert designer.post("/designer/new", data=form).status_code == 409


def test_import(designer: FlaskClient) -> None:
    shown = upload(designer, b"\xef\xbb\xbf" + CHANGED.encode())
    assert "已导入为草稿" in shown
    model = designer.get("/designer/weekly_report/model.json").json
    assert (model["xml"], model["base"], model["scenarios"]) == (CHANGED, 1, SCENARIOS)


NO_DRAWING = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="{}"><startEvent id="a"/></process></definitions>'
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "文件是空的"),
        (b"PK\x03\x04", "编码"),
        (b"<a/>", "不是 BPMN 流程图"),
        (b"x" * (MAX_BYTES + 10), "超过 5 MB"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (NO_DRAWING.format("p").encode(), "没有图形"),
        (NO_DRAWING.format("../p").encode(), "应由字母"),
    ],
)
def test_import_of_what_is_no_diagram(designer: FlaskClient, data: bytes, message: str) -> None:
    assert message in upload(designer, data)
