"""任务收件箱 through the pages: claiming, stale pages, drafts, batches."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jobs.lists.batches import GONE
from processes import tables
from tests.conftest import World
from tests.counting import count
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in


@pytest.mark.row("8.1")
def test_the_three_lists(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    assert "金陵职业技术学院 2026年第48周周报" in province.get("/inbox/").text
    assert "没有符合条件的事项" in province.get("/inbox/?q=%25").text
    assert "金陵" in school.get("/inbox/?tab=started").text
    assert "填写周报" in school.get("/inbox/?tab=done").text
    assert school.get("/inbox/?tab=x&page=99").status_code == 200
    hand_in(user(app, "school2"), "保存")
    assert "没有符合条件的事项" in user(app, "school2").get("/inbox/?due=soon").text


@pytest.mark.row("8.1")
def test_a_stale_page_says_who_was_first_and_keeps_the_comment(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    first, second = user(app, "province1"), user(app, "province1")
    assert first.post(address, data={"outcome": "审核通过"}).status_code == 302
    answer = second.post(address, data={"outcome": "审核退回", "comment": "我的长意见", "quality": "差"})
    assert answer.status_code == 409
    assert "王强（江苏省教育厅）已于 2026-11-25 12:00 办理：审核通过" in answer.text
    assert "我的长意见" in answer.text
    assert "已于 2026-11-25 12:00 办理：审核通过" in second.get(address).text
    assert status(lite, 1) == "审核通过"


@pytest.mark.row("8.1")
def test_a_page_of_a_deleted_record(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    with lite.runtime.database.reading() as session:
        tasks = {row.element: f"/inbox/tasks/{row.id}" for row in session.execute(select(tables.task))}
    school.post("/records/1/messages/withdraw", data={"name": "撤回"})
    assert "撤回" in province.post(tasks["review"], data={"outcome": "审核通过"}).text
    school.post("/records/1/messages/delete_draft", data={"name": "删除"})
    assert province.post(tasks["review"], data={"outcome": "审核通过"}).status_code == 404
    # on SQLite the next record, of another province, gets the same id
    assert user(app, "school3").post("/weekly/new", data={**FORM, "summary": "钱塘的秘密", "act": "提交"}).status_code == 302
    for client, address in ((school, tasks["fill"]), (province, tasks["review"])):
        for answer in (client.get(address), client.post(address, data={"outcome": "提交"})):
            assert answer.status_code == 404
            assert "钱塘" not in answer.text


@pytest.mark.row("8.1")
def test_claim_and_release(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    province = user(app, "province1")
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    assert province.post(f"{address}/claim").status_code == 302
    assert open_task(lite, 1).assignee_id == lite.actor("province1").person_id
    assert "释放" in province.get("/inbox/").text
    assert province.post(f"{address}/claim", data={"back": "/inbox/"}).status_code == 302
    assert "此事项已被他人签收或办理" in province.get("/inbox/").text
    other = user(app, "province1b")
    assert "没有等待您办理的事项" in other.get("/inbox/").text
    held = other.post(address, data={"outcome": "审核通过", "comment": "同意的话"})
    assert held.status_code == 409
    assert "此事项已被其他人员签收" in held.text
    assert "同意的话" in held.text
    assert province.post(f"{address}/release").status_code == 302
    assert open_task(lite, 1).assignee_id is None
    assert other.post(f"{address}/claim").status_code == 302


@pytest.mark.row("8.1")
def test_a_review_s_draft_survives(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    task_id = open_task(lite, 1).id
    data = {"comment": "写到一半", "quality": "一般"}
    assert user(app, "province1").post(f"/records/drafts?form=task/{task_id}", data=data).status_code == 200
    province = user(app, "province1")
    page = province.get(f"/inbox/tasks/{task_id}").text
    assert "写到一半" in page
    assert "<option selected>一般" in page
    province.post(f"/inbox/tasks/{task_id}", data={"outcome": "审核通过"})
    assert count(lite, tables.draft) == 0


@pytest.mark.row("6.5", "8.2")
def test_batch_review(lite: World) -> None:
    app = site(lite)
    for account in ("school1", "school2"):
        hand_in(user(app, account))
    province = user(app, "province1")
    ids = [open_task(lite, 1).id, open_task(lite, 2).id]
    page = province.post("/inbox/batch", data={"ids": ids}).text
    assert "（2 条）" in page
    assert all(task_id in page for task_id in ids)
    page = province.post("/inbox/batch/finish", data={"ids": ids, "outcome": "审核退回", "comment": ""}, follow_redirects=True).text
    assert "完成 0 条，失败 2 条" in page
    assert "须填写意见" in page
    province.post(f"/inbox/tasks/{ids[0]}", data={"outcome": "审核通过"})
    page = province.post("/inbox/batch/finish", data={"ids": ids, "outcome": "审核通过"}, follow_redirects=True).text
    assert "完成 1 条，失败 1 条" in page
    assert GONE in page
    assert status(lite, 1) == status(lite, 2) == "审核通过"
    assert province.post("/inbox/batch", data={"ids": ids}).status_code == 302


@pytest.mark.row("8.2")
def test_a_batch_is_of_one_review_step(lite: World) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")
    assert school.post("/inbox/batch", data={"ids": [open_task(lite, 1).id]}).status_code == 302
    assert "批量办理只能选择同一环节的审核事项" in school.get("/inbox/").text
