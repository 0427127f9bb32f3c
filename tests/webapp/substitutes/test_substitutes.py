"""离岗代理 through its page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.demo import PASSWORD
from domain.ground.parties import Person
from domain.platform.passwords import hash_password, new_stamp
from processes import tables
from processes.rights import substitutes
from tests.conftest import World
from tests.counting import count, counted
from tests.processes.reviews import appoint, hire, history
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in

pytestmark = pytest.mark.row("8.1")


def test_a_substitution_from_one_day_to_another(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    province, other = user(app, "province1b"), user(app, "province1")
    clerk = hire(lite, "clerk", "何文员")
    assert "何文员" in province.get("/substitutes/").text
    data = {"person": str(clerk.person_id), "first": "2026-11-25", "last": "2026-11-25", "keys": ["weekly_report", "x"], "existing": "1"}
    assert province.post("/substitutes/", data=data).status_code == 302
    page = province.get("/substitutes/").text
    assert "2026-11-25 至 2026-11-25" in page
    assert "代理中" in page
    refused = province.post("/substitutes/", data=data)
    assert refused.status_code == 409
    assert "已经设置了代理人" in refused.text
    assert f'value="{clerk.person_id}" selected' in refused.text
    assert other.post("/substitutes/1/end").status_code == 404
    assert "还没有离岗代理" in other.get("/substitutes/").text
    assert province.post("/substitutes/1/end").status_code == 302
    assert "已结束" in province.get("/substitutes/").text
    assert status(lite, 1) == "待审核"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"first": "x"}, "请填写开始日期和结束日期"),
        ({"last": "2026-11-01"}, "结束时间应晚于开始时间"),
        ({"first": "2200-01-01"}, "2000–2100"),
        ({"person": "abc"}, "没有找到这位代理人"),
        ({"person": "1"}, "没有找到这位代理人"),
    ],
)
def test_bad_input(lite: World, changed: dict[str, str], message: str) -> None:
    province = user(site(lite), "province1")
    data = {"person": str(lite.actor("province1b").person_id), "first": "2026-11-25", "last": "2026-11-30", **changed}
    answer = province.post("/substitutes/", data=data)
    assert answer.status_code == 409
    assert message in answer.text
    assert count(lite, tables.substitute) == 0


def test_a_substitute_s_inbox_and_task_page(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    hire(lite, "clerk", "何文员", "监控")
    province = user(app, "province1")
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    stand_in = lite.actor("province1b").person_id
    province.post(f"{address}/claim")
    province.post("/substitutes/", data={"person": str(stand_in), "first": "2026-11-25", "last": "2026-11-26", "existing": "1"})
    substitute = user(app, "province1b")
    assert "代办" in substitute.get("/inbox/").text
    assert substitute.post(address, data={"outcome": "审核通过"}).status_code == 302
    assert "赵琳（代王强）（江苏省教育厅）" in user(app, "school1").get("/weekly/1").text


def test_a_substitute_s_buttons_on_the_list_and_the_record_s_page(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    hire(lite, "clerk", "何文员", "监控")
    with lite.runtime.database.writing() as session:
        person = session.get_one(Person, lite.actor("clerk").person_id)
        person.password_hash = hash_password(PASSWORD)
    clerk = user(app, "clerk")
    task = open_task(lite, 1).id
    address = f'href="/inbox/tasks/{task}"'
    assert address not in clerk.get("/weekly/").text
    appoint(lite, "province1", "clerk")
    with counted(lite) as (statements, _):
        page = clerk.get("/weekly/").text
    assert address in page
    assert len(statements) <= 8
    assert address in clerk.get("/weekly/1").text
    batch = clerk.post("/inbox/batch/finish", data={"ids": task, "outcome": "审核通过"}, follow_redirects=True).text
    assert "完成 1 条" in batch
    assert history(lite, 1)[-1][:2] == ("何文员（代王强）（江苏省教育厅）", "审核通过")


def test_a_substitute_of_an_author_edits_and_hands_in_and_reads_no_more_than_that(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"), "保存")
    with lite.runtime.database.writing() as session:
        party = lite.actor("school1").party_id
        aide = Person(account="aide", name="曹助理", mobile="13900000077", party_id=party, stamp=new_stamp())
        aide.password_hash = hash_password(PASSWORD)
        session.add(aide)
        session.flush()
        aide_id = aide.id
    stand_in, data = user(app, "aide"), {**FORM, "summary": "代为填写的概述"}
    assert stand_in.get("/weekly/1").status_code == stand_in.get("/weekly/1/edit").status_code == 404
    assert stand_in.post("/weekly/1/edit", data={**data, "act": "保存"}).status_code == 404
    now = lite.clock()
    with lite.runtime.database.writing() as session:
        substitutes.appoint(session, lite.actor("school1"), aide_id, now, now + timedelta(days=1), [], True, now)
    assert "编辑" in stand_in.get("/weekly/1").text
    assert stand_in.get("/weekly/1/edit").status_code == 200
    for act in ("保存", "提交"):
        assert stand_in.post("/weekly/1/edit", data={**data, "act": act}).status_code == 302
        assert history(lite, 1)[-1][:2] == ("曹助理（代张文）（金陵职业技术学院）", act)
    assert status(lite, 1) == "待审核"
    page = stand_in.get("/weekly/1").text
    assert "/records/1/messages/withdraw" in page
    stand_in.post("/records/1/messages/withdraw", data={"name": "撤回"})
    assert status(lite, 1) == "未提交"
    assert history(lite, 1)[-1][:2] == ("曹助理（代张文）（金陵职业技术学院）", "撤回")
    stand_in.post("/weekly/1/edit", data={**data, "act": "提交"})
    user(app, "province1").post(f"/inbox/tasks/{open_task(lite, 1).id}", data={"outcome": "审核通过"})
    assert stand_in.get("/weekly/1").status_code == 404  # nothing of it is theirs to do any more


def test_a_substitute_s_bulk_buttons(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    hire(lite, "clerk", "何文员", "监控")
    with lite.runtime.database.writing() as session:
        person = session.get_one(Person, lite.actor("clerk").person_id)
        person.password_hash = hash_password(PASSWORD)
    clerk, chosen = user(app, "clerk"), {"element": "review", "ids": "1"}
    assert "批量审核" not in clerk.get("/weekly/").text
    assert clerk.post("/lists/weekly_report/review", data=chosen).status_code == 404
    appoint(lite, "province1", "clerk", keys=["teacher"])  # of another process
    assert clerk.post("/lists/weekly_report/review", data=chosen).status_code == 404
    appoint(lite, "province1", "clerk", keys=["weekly_report"])
    assert "批量审核" in clerk.get("/weekly/").text
    assert "审核通过" in clerk.post("/lists/weekly_report/review", data=chosen).text
    clerk.post("/lists/weekly_report/finish", data={**chosen, "outcome": "审核通过"})
    assert status(lite, 1) == "审核通过"
    assert history(lite, 1)[-1][:2] == ("何文员（代王强）（江苏省教育厅）", "审核通过")
    assert "批量审核" not in clerk.get("/weekly/").text
