"""教师进修 through the pages: applied for, returned, corrected, agreed to; and what others may not."""

from __future__ import annotations

import io

import openpyxl

from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "study_leave.index": get("200"),
    "study_leave.show": get("404"),
    "study_leave.edit": get("404"),
    "study_leave.store": post("404"),
    "study_leave.new": get("schools: 200; 403"),
    "study_leave.create": post("schools: 302+; 403", {"act": "保存"}),
}  # fmt: skip
FORM = {"teacher": "王小明", "course": "云计算应用", "days": "10"}


def test_the_whole_way(lite: World) -> None:
    app = site(lite)
    school, province, other = user(app, "school1"), user(app, "province1"), user(app, "province2")
    assert 'href="/study-leaves/"' in school.get("/").text  # the line of the menu
    assert 'href="/study-leaves/"' not in user(app, "designer").get("/").text
    assert "申请进修" in school.get("/study-leaves/").text
    refused = school.post("/study-leaves/new", data={**FORM, "days": "0", "act": "提交"})
    assert refused.status_code == 422
    assert "云计算应用" in refused.text  # nothing typed is lost
    assert school.post("/study-leaves/new", data={**FORM, "act": "提交"}).status_code == 302
    shown = school.get("/study-leaves/").text
    assert "王小明" in shown
    assert "待审批" in shown
    task = province.get("/study-leaves/").text.split("/inbox/tasks/")[1].split('"')[0]
    assert "云计算应用" in province.get(f"/inbox/tasks/{task}").text
    assert other.get(f"/inbox/tasks/{task}").status_code == 404
    assert other.get("/study-leaves/1").status_code == 404
    assert province.post(f"/inbox/tasks/{task}", data={"outcome": "退回", "comment": "时间太长"}).status_code == 302
    assert "时间太长" in school.get("/study-leaves/1/edit").text
    assert school.post("/study-leaves/1/edit", data={**FORM, "days": "5", "act": "提交"}).status_code == 302
    task = province.get("/study-leaves/").text.split("/inbox/tasks/")[1].split('"')[0]
    assert province.post(f"/inbox/tasks/{task}", data={"outcome": "同意"}).status_code == 302
    page = school.get("/study-leaves/1").text
    assert "已同意" in page
    assert school.get("/study-leaves/1/edit").status_code == 409
    with school.post("/lists/study_leave/export", data={"all": "1"}) as answer:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][1:4] == ["王小明", 5, "已同意"]


def test_a_draft_is_deleted(lite: World) -> None:
    school = user(site(lite), "school1")
    assert school.post("/study-leaves/new", data={**FORM, "act": "保存"}).status_code == 302
    assert school.post("/records/1/messages/delete_draft", data={"name": "删除", "back": "/study-leaves/"}).status_code == 302
    assert school.get("/study-leaves/1").status_code == 404
