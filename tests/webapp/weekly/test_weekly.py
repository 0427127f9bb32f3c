"""周报 through the pages: the whole way, the deadline without a scheduler, what others may not see, and what it costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.weekly.periods import current_period
from domain.weekly.reports import WeeklyReport, known_beforehand
from jobs.scheduler import turn
from processes import tables
from tests.conftest import NOON, World
from tests.counting import count, counted
from tests.processes.steps.test_weekly_report import LATE, PERIOD_END, open_task, status
from tests.webapp.clients import site, user
from tests.webapp.routes import get, post
from tests.webapp.weekly.reports import FORM, hand_in

ROUTES = {  # what each account gets from each address
    "weekly_report.index": get("200"),
    "weekly_report.show": get("school1 province1 province1b: 200; 404"),
    "weekly_report.edit": get("school1 province1 province1b: 409; 404"),
    "weekly_report.store": post("school1 province1 province1b: 409; 404", {**FORM, "act": "提交"}),
    "weekly_report.new": get("school1: 302; school2 school3: 200; 403"),
    "weekly_report.create": post("school1: 409; school2 school3: 302+; 403", {**FORM, "act": "保存"}),
    "weekly_report.periods": get("200"),
    "weekly_report.set_periods": post("provinces: 409; 403"),
}  # fmt: skip

SECOND = "本周周报已提交，请勿重复提交"


@pytest.mark.row("6.1", "6.2", "6.4", "6.5")
def test_the_whole_way(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    assert "2026年第48周" in school.get("/weekly/new").text
    hand_in(school, "保存")
    assert "周报已保存。" in school.get("/weekly/").text
    assert status(lite, 1) == "未提交"
    assert school.post("/weekly/1/edit", data={**FORM, "contact": "王芳", "act": "提交"}).status_code == 302
    assert status(lite, 1) == "待审核"
    task = f"/inbox/tasks/{open_task(lite, 1).id}"
    assert task in province.get("/weekly/").text
    page = province.get(task).text
    assert "王芳" in page
    refused = province.post(task, data={"outcome": "审核退回", "quality": "差", "comment": ""})
    assert refused.status_code == 422
    assert "选择“审核退回”时须填写意见" in refused.text
    assert "<option selected>差" in refused.text
    assert province.post(task, data={"outcome": "审核退回", "quality": "差", "comment": "人数不对"}).status_code == 302
    assert status(lite, 1) == "审核退回"
    shown = school.get("/weekly/1").text
    assert "人数不对" in shown
    assert "填报质量" in shown
    correcting = school.get("/weekly/1/edit").text
    assert "王芳" in correcting
    assert "<strong>审核退回</strong>：人数不对" in correcting  # why it came back
    assert "截止：2026-12-07 00:00" in correcting  # a returned report has until the end of the next period
    assert 'href="/weekly/1/edit">编辑' in school.get(f"/inbox/tasks/{open_task(lite, 1).id}").text
    assert school.post("/weekly/1/edit", data={**FORM, "contact": "赵六", "act": "提交"}).status_code == 302
    task = f"/inbox/tasks/{open_task(lite, 1).id}"
    assert province.post(task, data={"outcome": "审核通过"}).status_code == 302
    assert status(lite, 1) == "审核通过"
    for client in (school, province):
        assert "赵六" in client.get("/weekly/1").text
    drawing = school.get("/records/weekly_report/1/diagram.json").json
    assert drawing is not None
    assert drawing["tokens"] == ["end_approved"]
    assert "f_resubmit" in drawing["path"]
    assert len(drawing["notes"]["review"]) == 2
    assert school.get("/weekly/1/edit").status_code == 409


@pytest.mark.row("6.2")
def test_an_invalid_form_comes_back_and_nothing_is_kept(lite: World) -> None:
    school = user(site(lite), "school1")
    answer = school.post("/weekly/new", data={**FORM, "mobile": "123", "summary": "已打的字很多", "act": "提交"})
    assert answer.status_code == 422
    assert 'href="#f-mobile"' in answer.text
    assert "已打的字很多" in answer.text
    assert 'value="123"' in answer.text
    assert count(lite, WeeklyReport) == count(lite, tables.instance) == count(lite, tables.job) == 0
    hand_in(school)
    assert status(lite, 1) == "待审核"


@pytest.mark.row("6.2")
def test_a_second_report_is_refused(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school)
    assert school.get("/weekly/new").status_code == 302
    assert SECOND in school.get("/weekly/").text
    answer = school.post("/weekly/new", data={**FORM, "summary": "第二份的文字", "act": "保存"})
    assert answer.status_code == 409
    assert SECOND in answer.text
    assert "第二份的文字" in answer.text
    assert count(lite, WeeklyReport) == 1


@pytest.mark.row("6.4")
def test_withdraw_and_delete(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school)
    assert "/records/1/messages/withdraw" in school.get("/weekly/").text
    school.post("/records/1/messages/withdraw", data={"name": "撤回"})
    assert status(lite, 1) == "未提交"
    school.post("/records/drafts?form=weekly_report/1", data={**FORM, "contact": "旧草稿"})
    school.post("/records/1/messages/delete_draft", data={"name": "删除", "back": "/weekly/"})
    assert count(lite, WeeklyReport) == 0
    assert school.get("/weekly/1").status_code == 404
    hand_in(school, "保存")  # the period is free again
    assert "旧草稿" not in school.get("/weekly/1/edit").text


@pytest.mark.row("6.3")
def test_one_second_late(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    lite.clock.now = PERIOD_END + timedelta(seconds=1)
    answer = school.post("/weekly/1/edit", data={**FORM, "summary": "迟到的文字", "act": "提交"})
    assert answer.status_code == 409
    assert LATE in answer.text
    assert "迟到的文字" in answer.text
    with lite.runtime.database.reading() as session:  # no scheduler runs, yet the state shows it
        assert session.execute(select(tables.instance.c.position, tables.instance.c.tone)).one() == ("expired", "failed")
        assert session.scalar(select(tables.task.c.closed_as)) == LATE


@pytest.mark.row("6.3", "6.4")
def test_the_row_buttons_after_the_deadline(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    lite.clock.now = PERIOD_END
    old = f"/records/tasks/{open_task(lite, 1).id}"
    for address in (old, old, "/records/1/blocked/expired"):
        assert school.post(address, data={"outcome": "提交", "back": "/weekly/"}).location == "/weekly/"
        assert LATE in school.get("/weekly/").text
        assert status(lite, 1) == "未提交"
    school.post("/records/1/messages/expired", data={"name": "删除"})
    assert count(lite, WeeklyReport) == 0


@pytest.mark.row("6.3", "6.4")
def test_a_late_delete_shows_the_new_state(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    lite.clock.now = PERIOD_END
    school.post("/records/1/messages/delete_draft", data={"name": "删除", "back": "/weekly/"})
    assert "/records/1/messages/expired" in school.get("/weekly/").text


@pytest.mark.row("6.2")
def test_drafts_survive(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    with lite.runtime.database.reading() as session:
        period = current_period(session, lite.actor("school1").province_id, lite.clock())
    assert period is not None
    address = f"/records/drafts?form=weekly_report/new/{period.id}"
    assert school.post(address, data={**FORM, "contact": "草稿人"}).json == {"saved": True}
    assert "草稿人" in user(app, "school1").get("/weekly/new").text
    assert "草稿人" not in user(app, "school2").get("/weekly/new").text
    assert school.post("/weekly/new", data={**FORM, "for": period.id, "act": "提交"}).status_code == 302
    assert count(lite, tables.draft) == 0
    assert school.post("/records/drafts?form=elsewhere", data=FORM).status_code == 404


@pytest.mark.row("6.6")
def test_periods(lite: World) -> None:
    app = site(lite)
    province, school = user(app, "province1"), user(app, "school1")
    data = {"cycle": "周", "first": "2027-03-01", "last": "2027-03-14", "reminder_hours": "24"}
    assert province.post("/weekly/periods", data=data).status_code == 302
    page = province.get("/weekly/periods").text
    assert "已设置 2 个报送周期" in page
    assert "未开始 <small>2</small>" in page  # each has a process of its own
    lite.clock.now = datetime.fromisoformat("2027-03-08T00:00:00+08:00")
    for _ in range(2):
        turn(lite.runtime, "test")
    assert "报送中 <small>1</small>" in province.get("/weekly/periods?status=报送中").text
    assert "已结束 <small>1</small>" in province.get("/weekly/periods").text
    lite.clock.now = NOON
    assert school.get("/weekly/periods").status_code == 200
    assert school.post("/weekly/periods", data=data).status_code == 403
    assert province.post("/weekly/periods", data={**data, "first": "x"}).status_code == 409


@pytest.mark.row("6.1", "8.1")
def test_queries_do_not_grow_with_the_rows(lite: World) -> None:
    app = site(lite)
    province = user(app, "province1")
    numbers = []
    for account in ("school1", "school2"):
        hand_in(user(app, account))
        found = []
        for address in ("/weekly/", "/inbox/", "/inbox/?tab=done", "/inbox/?tab=started"):
            with counted(lite) as (statements, commits):
                assert province.get(address).status_code == 200
            found.append(len(statements))
            assert not commits
        numbers.append(found)
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) <= 8


@pytest.mark.row("6.5", "8.1")
@pytest.mark.parametrize(("outcome", "most"), [("审核通过", 10), ("审核退回", 12)])  # a return makes a task and an SMS
def test_what_a_task_costs(lite: World, outcome: str, most: int) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    province = user(app, "province1")
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    with counted(lite) as (statements, commits):
        assert province.post(address, data={"outcome": outcome, "comment": "好"}).status_code == 302
    assert len(commits) == 1
    assert len(statements) <= most, "\n".join(statements)


@pytest.mark.row("6.2", "6.4")
@pytest.mark.parametrize("way", ["the edit form", "the edit form, with a draft", "the row's button"])
def test_what_handing_in_costs(lite: World, way: str) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    page = school.get("/weekly/1/edit").text
    task = open_task(lite, 1).id
    assert f'name="task" value="{task}"' in page
    if "draft" in way:
        school.post("/records/drafts?form=weekly_report/1", data=FORM)
    with counted(lite) as (statements, commits):
        if "edit" in way:
            answer = school.post("/weekly/1/edit", data={**FORM, "contact": "王芳", "act": "提交", "task": task})
        else:
            answer = school.post(f"/records/tasks/{task}", data={"outcome": "提交", "back": "/weekly/"})
        assert answer.status_code == 302
    assert status(lite, 1) == "待审核"
    assert len(commits) == 1
    assert len(statements) <= 12, "\n".join(s[:110].replace("\n", " ") for s in statements)


@pytest.mark.row("6.2", "8.1")
def test_saving_and_handing_in_at_once_is_one_step(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    with counted(lite) as (statements, commits):
        hand_in(school)
    assert len(commits) == 1
    assert len(statements) <= 13, "\n".join(s[:110].replace("\n", " ") for s in statements)
    assert "填写周报" in school.get("/inbox/?tab=done").text


@pytest.mark.row("6.2")
def test_what_the_system_knows_is_filled_in_beforehand(lite_books: World) -> None:
    with lite_books.runtime.database.reading() as session:
        known = known_beforehand(session, lite_books.actor("school1"))
    assert known["lines"]
    page = user(site(lite_books), "school1").get("/weekly/new").text
    assert 'value="张文"' in page
    for line in known["lines"]:
        assert f'value="{line["certificate"]}"' in page


@pytest.mark.row("6.4")
def test_the_back_button_after_handing_in_leads_on_to_the_record(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school)
    page = school.get("/weekly/1/edit")
    assert page.status_code == 409
    assert "该周报目前的状态是“待审核”，不能修改。" in page.text
    assert '<a class="btn btn-primary" href="/weekly/1">查看记录</a>' in page.text
