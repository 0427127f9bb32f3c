"""催办, 评论 with @姓名, and 消息, through the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from processes import tables
from processes.monitor.verify import verify
from processes.notices import notices
from tests.conftest import World
from tests.counting import counted
from tests.processes.reviews import hire, rows
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import hand_in

pytestmark = pytest.mark.row("8.1")


def unread(lite: World, account: str) -> int:
    with lite.runtime.database.reading() as session:
        return session.scalar(select(notices.unread_number(lite.actor(account)))) or 0


def sound(lite: World) -> None:
    with lite.runtime.database.reading() as session:
        assert verify(lite.runtime.engine, session) == []


def test_urging_at_most_once_an_hour(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    address = f"/records/tasks/{open_task(lite, 1).id}/urge"
    assert "催办“审核周报”" in school.get("/weekly/1").text
    assert "催办“" not in province.get("/weekly/1").text
    assert school.post(address, data={"back": "/weekly/1"}).location == "/weekly/1"
    assert (unread(lite, "province1"), unread(lite, "province1b")) == (1, 1)
    school.post(address, data={"back": "/weekly/1"})
    assert "一小时内已经催办过" in school.get("/weekly/1").text
    lite.clock.now += timedelta(hours=1)
    school.post(address, data={"back": "/weekly/1"})
    assert unread(lite, "province1") == 2
    for stranger in ("school2", "province1", "organization1"):
        assert user(app, stranger).post(address).status_code == 404
    province.post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核通过"})
    school.post(address, data={"back": "/weekly/1"})
    assert "已于 2026-11-25 13:00 办理：审核通过" in school.get("/weekly/1").text
    sound(lite)


def test_a_claimed_task_is_urged_of_its_holder_alone(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    hand_in(school)
    task = open_task(lite, 1).id
    user(app, "province1").post(f"/inbox/tasks/{task}/claim")
    school.post(f"/records/tasks/{task}/urge")
    assert (unread(lite, "province1"), unread(lite, "province1b")) == (1, 0)


def test_comments_and_who_they_mention(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    assert school.post("/records/1/comments", data={"comment": "  ", "back": "/weekly/1"}).status_code == 302
    assert "请填写评论" in school.get("/weekly/1").text
    said = "请@王强 核对，@赵琳琳 @李敏 不必看 <b>"
    assert school.post("/records/1/comments", data={"comment": said, "back": "/weekly/1"}).location == "/weekly/1"
    assert "@李敏 不必看 &lt;b&gt;" in province.get("/weekly/1").text
    assert [unread(lite, account) for account in ("province1", "province1b", "school2", "school1")] == [1, 0, 0, 0]
    assert user(app, "school2").post("/records/1/comments", data={"comment": "我也看"}).status_code == 404
    province.post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核通过"})
    assert province.post("/records/1/comments", data={"comment": "办结后补充"}).status_code == 302
    assert status(lite, 1) == "审核通过"
    sound(lite)


def test_notices_are_a_person_s_own_and_lead_where_they_belong(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    task = open_task(lite, 1).id
    clerk = hire(lite, "clerk", "何文员")
    province.post(f"/inbox/tasks/{task}/ask", data={"kind": "before", "person": str(lite.actor("province1b").person_id)})
    school.post("/records/1/comments", data={"comment": "@赵琳"})
    other = user(app, "province1b")
    page = other.get("/messages/").text
    assert "王强（江苏省教育厅）请您给出意见" in page
    with lite.runtime.database.reading() as session:
        first, second = session.scalars(select(tables.notice.c.id).order_by(tables.notice.c.id)).all()
    assert province.post(f"/messages/{first}/open").status_code == 404
    opinion = rows(lite, 1)["before"].id
    assert other.post(f"/messages/{first}/open").location == f"/inbox/tasks/{opinion}"
    assert other.post(f"/messages/{second}/open").location == "/weekly/1"
    assert unread(lite, "province1b") == 0
    other.post(f"/inbox/tasks/{opinion}/give", data={"comment": "同意"})
    province.post(f"/inbox/tasks/{task}/ask", data={"kind": "after", "person": str(clerk.person_id)})
    assert (unread(lite, "province1"), unread(lite, "clerk")) == (1, 0)
    province.post(f"/inbox/tasks/{task}", data={"outcome": "审核通过"})
    assert unread(lite, "clerk") == 1
    assert province.post("/messages/read").status_code == 302
    assert unread(lite, "province1") == 0
    assert "还没有消息" in user(app, "school3").get("/messages/?page=99").text


def test_the_page_of_notices_has_a_fixed_number_of_queries(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    numbers = []
    for _ in range(2):
        school.post("/records/1/comments", data={"comment": "@王强"})
        with counted(lite) as (statements, _commits):
            assert province.get("/messages/").status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 4  # one of them is the counts of the top bar
