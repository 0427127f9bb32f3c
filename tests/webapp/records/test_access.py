"""The hint `x-access`: what a step reads or does not see of a form is neither sent to it nor taken from it."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from domain.weekly.reports import WeeklyReport
from forms import read_forms
from jobs.runtime import BPMN_FOLDER
from processes import tables
from processes.checks import problems
from processes.deployment import deploying
from processes.monitor.verify import verify
from tests.conftest import World
from tests.processes.steps.test_diagram_decides import changed
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.exams.applications import FORM as SITE
from tests.webapp.exams.applications import apply
from tests.webapp.files.uploads import send
from tests.webapp.weekly.reports import FORM

pytestmark = pytest.mark.row("8.1", "8.5")
FILLED = {**FORM, "organization": "张文负责", "rules": "制度已建", "problems": "经费不足", "funds_note": "购置耗材"}


def hinted(**hints: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The forms with hints on fields of the report, and 填报质量 only read in the second review."""
    forms = read_forms()
    for name, hint in hints.items():
        forms["weekly_report.json"]["properties"][name]["x-access"] = hint
    forms["weekly_review.json"]["properties"]["quality"]["x-access"] = {"second_review": "read"}
    return forms


def deploy(lite: World) -> None:
    hints = {
        "contact": {"revise": "read"},
        "organization": {"second_review": "hidden"},
        "rules": {"省级": "hidden"},
        "problems": {"fill": "hidden"},
        "funds_note": {"试点院校": "hidden", "fill": "write", "省级": "read"},
    }
    xml = changed().decode().replace("second_review.json", "weekly_review.json").replace("同意,不同意", "同意")
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, xml.encode(), hinted(**hints), "郑工")


def answers(lite: World) -> dict[str, Any]:
    with lite.runtime.database.reading() as session:
        return dict(session.scalars(select(WeeklyReport.data)).one())


def test_who_begins_writes_only_what_the_first_task_may(lite: World) -> None:
    deploy(lite)
    school = user(site(lite), "school1")
    page = school.get("/weekly/new").text
    assert "组织机构与分工" in page
    assert "问题与建议" not in page
    assert school.post("/weekly/new", data={**FILLED, "act": "提交"}).status_code == 302
    assert "problems" not in answers(lite)
    assert answers(lite)["funds_note"] == "购置耗材"


def test_a_reviewer_is_not_sent_what_is_hidden_there(lite: World) -> None:
    deploy(lite)
    app = site(lite)
    school, province, second = user(app, "school1"), user(app, "province1"), user(app, "province1b")
    school.post("/weekly/new", data={**FILLED, "act": "提交"})
    task = open_task(lite, 1).id
    for address in (f"/inbox/tasks/{task}", "/weekly/1"):
        page = province.get(address).text
        assert "张文负责" in page, address
        assert "制度已建" not in page, address
    province.post(f"/inbox/tasks/{task}", data={"outcome": "审核通过", "quality": "好", "comment": "可以"})
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    page = second.get(address).text
    assert "张文负责" not in page
    assert "好" in page
    assert 'name="quality"' not in page
    assert "张文负责" not in second.get("/weekly/1").text
    assert second.post(address, data={"outcome": "同意", "quality": "差"}).status_code == 302
    with lite.runtime.database.reading() as session:
        kept = session.scalars(select(tables.event.c.data).where(tables.event.c.name == "同意")).one()
        assert verify(lite.runtime.engine, session) == []
    assert kept is None
    assert status(lite, 1) == "审核通过"


def test_a_hand_made_post_changes_nothing_that_is_only_read(lite: World) -> None:
    deploy(lite)
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    school.post("/weekly/new", data={**FILLED, "act": "提交"})
    province.post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核退回", "comment": "改"})
    page = school.get("/weekly/1/edit").text
    assert 'name="contact"' not in page
    assert "张文" in page
    assert "购置耗材" not in page
    forged = {**FILLED, "contact": "黑客", "funds_note": "改掉", "summary": "改过的概述"}
    school.post("/records/drafts?form=weekly_report/1", data=forged)
    page = school.get("/weekly/1/edit").text
    assert "改过的概述" in page
    assert "黑客" not in page
    for act in ("保存", "提交"):
        assert school.post("/weekly/1/edit", data={**forged, "act": act}).status_code == 302
        found = answers(lite)
        assert (found["contact"], found["funds_note"], found["summary"]) == ("张文", "购置耗材", "改过的概述"), act
    late = school.post("/weekly/1/edit", data={**forged, "act": "提交"})
    assert (late.status_code, "购置耗材" in late.text) == (409, False)
    assert "购置耗材" not in school.get("/weekly/1").text
    assert "购置耗材" in province.get("/weekly/1").text


def test_a_field_that_is_not_written_is_not_required_and_not_looked_at(lite: World) -> None:
    forms = hinted(contact={"fill": "hidden"})
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, changed().replace(b"second_review.json", b"weekly_review.json"), forms, "郑工")
    school = user(site(lite), "school1")
    data = {"path": "contact", "value": "x"}
    assert school.post("/fields/check?form=weekly_report/new/", data=data).json == {"problem": None}
    assert school.post("/weekly/new", data={**FORM, "act": "提交"}).status_code == 302
    assert "contact" not in answers(lite)


def test_a_draft_of_a_task_keeps_only_what_it_writes(lite: World) -> None:
    deploy(lite)
    app = site(lite)
    user(app, "school1").post("/weekly/new", data={**FILLED, "act": "提交"})
    user(app, "province1").post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核通过", "quality": "好"})
    second, task = user(app, "province1b"), open_task(lite, 1).id
    assert second.post(f"/records/drafts?form=task/{task}", data={"quality": "差", "comment": "写到一半", "x": "y"}).status_code == 200
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(tables.draft.c.data)).one() == {"comment": ["写到一半"]}


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        ({"revise": "read", "省级": "hidden"}, ""),
        ({"reviw": "read"}, "表单“weekly_report.json”的字段“填报联系人”：x-access 中的“reviw”不是本流程的用户任务或角色，可用：fill"),
        ({"revise": "readonly"}, "x-access 中“revise”的权限“readonly”应为 write、read、hidden 之一"),
        ("read", "x-access 应写明各环节的权限"),
    ],
)
def test_what_deployment_says_of_a_hint(lite: World, hint: Any, message: str) -> None:
    engine, xml = lite.runtime.engine, changed().replace(b"second_review.json", b"weekly_review.json")
    found = problems(xml, "weekly_report", engine.handlers, engine.subjects, hinted(contact=hint))
    assert [line for line in found if message in line] if message else not found


def test_a_column_of_a_table_has_no_hint_of_its_own(lite: World) -> None:
    engine, forms = lite.runtime.engine, read_forms()
    forms["weekly_report.json"]["properties"]["lines"]["items"]["properties"]["passed"]["x-access"] = {"fill": "read"}
    found = problems(changed().replace(b"second_review.json", b"weekly_review.json"), None, engine.handlers, engine.subjects, forms)
    assert found == ["表单“weekly_report.json”的字段“证书培训与考核”：列“通过人数”不能单独设置 x-access，请设置在整个字段上"]


def test_files_of_a_hidden_field_are_not_given_out_and_none_are_taken_for_a_read_one(lite: World) -> None:
    forms = hinted(attachments={"省级": "hidden", "revise": "read"})
    with lite.runtime.database.writing() as session:
        xml = changed().replace(b"second_review.json", b"weekly_review.json")
        deploying.deploy(session, lite.runtime.engine, xml, forms, "郑工")
    app = site(lite)
    school, province, second = user(app, "school1"), user(app, "province1"), user(app, "province1b")
    file_id = send(school).get_json()["id"]
    school.post("/weekly/new", data={**FORM, "attachments": str(file_id), "act": "提交"})
    assert answers(lite)["attachments"] == [file_id]
    for reader in (province, second):
        assert reader.get(f"/files/{file_id}?key=weekly_report&record=1").status_code == 404
        assert "纪要.pdf" not in reader.get("/weekly/1").text
    province.post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核退回", "comment": "改"})
    assert "纪要.pdf" in school.get("/weekly/1/edit").text
    assert send(school, form="form=weekly_report/1&field=attachments").status_code == 404
    assert school.post("/weekly/1/edit", data={**FORM, "attachments": "", "act": "提交"}).status_code == 302
    assert answers(lite)["attachments"] == [file_id]


def test_lists_and_exports_leave_out_the_column_of_a_hidden_field(lite_books: World) -> None:
    forms = read_forms()
    forms["exam_site.json"]["properties"]["head"]["x-access"] = {"培训评价组织": "hidden"}
    with lite_books.runtime.database.writing() as session:
        xml = (BPMN_FOLDER / "exam_site.bpmn").read_bytes()
        deploying.deploy(session, lite_books.runtime.engine, xml, forms, "郑工")
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert apply(school) == 302
    head = SITE["head"]
    for client, sees in ((school, True), (organization, False)):
        for query in ("", "?sort=负责人"):
            page = client.get(f"/sites/{query}").text
            assert "考位数" in page
            assert (head in page) is sees
        with client.post("/lists/exam_site/export", data={}) as book, ZipFile(BytesIO(book.get_data())) as parts:
            text = "".join(parts.read(name).decode() for name in parts.namelist())
        assert ("负责人" in text) is (head in text) is sees
