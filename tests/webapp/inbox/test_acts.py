"""The inbox's lists, saved filters, bulk claiming, and handing a task over, through the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from processes import tables
from processes.errors import Refused
from processes.tasks import filters
from tests.conftest import World
from tests.counting import count, counted
from tests.processes.reviews import hire, rows
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import hand_in

pytestmark = pytest.mark.row("8.1")


def two_reviews(lite: World) -> tuple[FlaskClient, list[str]]:
    """王强's browser, and two reviews that wait for anyone of his role."""
    app = site(lite)
    for account in ("school1", "school2"):
        hand_in(user(app, account))
    return user(app, "province1"), [open_task(lite, 1).id, open_task(lite, 2).id]


def test_filters(lite: World) -> None:
    province, ids = two_reviews(lite)
    province.post(f"/inbox/tasks/{ids[0]}/claim")
    for query, both in {
        "who=mine": (True, False), "who=free": (False, True), "key=weekly_report": (True, True), "key=other": (False, False),
        "q=太湖": (False, True), "due=late": (False, False), "sort=new": (True, True), "sort=old&size=50": (True, True),
        "tab=done": (False, False), "tab=started": (False, False), "page=999999999": (True, True),
        "who=x&due=x&sort=x&size=x": (True, True),
    }.items():  # fmt: skip
        page = province.get(f"/inbox/?{query}").text
        assert (ids[0] in page, ids[1] in page) == both, query


@pytest.mark.parametrize(("days", "found"), [(0, ()), (2.5, ("soon",)), (4.4, ("today", "soon")), (4.6, ("late",))])
def test_filter_by_due_time(lite: World, days: float, found: tuple[str, ...]) -> None:
    school = user(site(lite), "school1")
    hand_in(school, "保存")  # due at the end of 2026-11-29
    lite.clock.now += timedelta(days=days)
    task = open_task(lite, 1).id
    assert tuple(due for due in ("late", "today", "soon") if task in school.get(f"/inbox/?due={due}").text) == found


def test_pages_keep_their_filter(lite: World) -> None:
    province, _ = two_reviews(lite)
    page = province.get("/inbox/?q=周报&size=50&sort=new").text
    assert "?q=%E5%91%A8%E6%8A%A5&amp;sort=new&amp;size=20" in page
    assert "共 2 条" in page


def test_saved_filters_are_a_person_s_own(lite: World) -> None:
    province, _ = two_reviews(lite)
    answer = province.post("/inbox/filters", data={"name": " 周报 ", "query": "tab=open&key=weekly_report&page=3&evil=1"})
    assert answer.location == "/inbox/?tab=open&key=weekly_report"
    assert "?tab=open&amp;key=weekly_report" in province.get("/inbox/").text
    assert "常用筛选" not in user(site(lite), "province1b").get("/inbox/").text
    assert province.post("/inbox/filters", data={"name": "", "back": "/inbox/"}).location == "/inbox/"
    assert "请为常用筛选填写" in province.get("/inbox/").text
    province.post("/inbox/filters", data={"name": "周报", "query": "key=x"})  # the same name again replaces it
    assert count(lite, tables.saved_filter) == 1
    (kept,) = saved(lite)
    assert user(site(lite), "province1b").post(f"/inbox/filters/{kept.id}/delete").status_code == 404
    assert province.post(f"/inbox/filters/{kept.id}/delete").status_code == 302
    assert count(lite, tables.saved_filter) == 0


def saved(lite: World) -> list[object]:
    with lite.runtime.database.reading() as session:
        return list(filters.filters_of(session, lite.actor("province1")))


def test_not_too_many_saved_filters(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        for number in range(filters.MOST):
            filters.keep(session, lite.actor("province1"), str(number), "q=x")
        with pytest.raises(Refused, match="最多保存"):
            filters.keep(session, lite.actor("province1"), "再一个", "q=x")


def test_bulk_claim_and_release(lite: World) -> None:
    province, ids = two_reviews(lite)
    other = user(site(lite), "province1b")
    other.post(f"/inbox/tasks/{ids[1]}/claim")
    province.post("/inbox/claim", data={"ids": [*ids, "x"], "back": "/inbox/?q=x"})
    assert "已签收 1 条。其余 2 条已被签收或办理。" in province.get("/inbox/").text
    province.post("/inbox/release", data={"ids": ids})
    assert "已释放 1 条。其余 1 条不在您名下，或已委派。" in province.get("/inbox/").text
    province.post("/inbox/claim", data={})
    assert "请先勾选要签收的事项。" in province.get("/inbox/").text


def test_hand_over_through_the_pages(lite: World) -> None:
    province, ids = two_reviews(lite)
    clerk = hire(lite, "clerk", "何文员")
    other = lite.actor("province1b")
    address = f"/inbox/tasks/{ids[0]}"
    page = province.get(address).text
    assert "转办" in page
    assert f'<option value="{other.person_id}">赵琳</option>' in page
    kept = province.post(f"{address}/transfer", data={"to": str(clerk.person_id), "reason": "我的长说明"})
    assert kept.status_code == 409
    assert "没有“省级”角色" in kept.text
    assert "我的长说明" in kept.text
    assert province.post(f"{address}/ask", data={"kind": "before", "person": "", "back": address}).status_code == 302
    assert province.post(f"{address}/ask", data={"kind": "x", "person": "1"}).status_code == 404
    assert province.post(f"{address}/ask", data={"kind": "after", "person": str(clerk.person_id)}).status_code == 302
    assert (
        province.post(f"{address}/ask", data={"kind": "before", "person": str(other.person_id), "note": "请核对<人数>"}).status_code == 302
    )
    assert "前加签：赵琳（等待意见）" in province.get(address).text
    assert "等待赵琳的意见" in province.get("/inbox/").text
    refused = province.post(address, data={"outcome": "审核通过", "comment": "我的长意见"})
    assert (refused.status_code, "我的长意见" in refused.text) == (409, True)

    opinion = f"/inbox/tasks/{rows(lite, 1)['before'].id}"
    colleague = user(site(lite), "province1b")
    shown = colleague.get(opinion).text
    assert "给出意见" in shown
    assert "请核对<人数>" not in shown
    assert '请您给出意见：<span class="pre">“请核对&lt;人数&gt;”' in shown
    assert colleague.post(f"{opinion}/give", data={"comment": " "}).status_code == 422
    assert colleague.post(f"{opinion}/give", data={"comment": "同意"}).status_code == 302
    assert province.post(address, data={"outcome": "审核通过"}).status_code == 302
    assert "待确认" in province.get("/inbox/?tab=done").text
    assert status(lite, 1) == "待审核"
    after = rows(lite, 1)["after"].id
    assert province.post(f"/inbox/tasks/{after}/recall", data={"back": address}).location == address
    assert status(lite, 1) == "审核通过"


def test_a_batch_takes_no_opinions(lite: World) -> None:
    province, ids = two_reviews(lite)
    province.post(f"/inbox/tasks/{ids[0]}/ask", data={"kind": "before", "person": str(lite.actor("province1b").person_id)})
    other = user(site(lite), "province1b")
    for chosen in ([rows(lite, 1)["before"].id], [rows(lite, 1)["before"].id, ids[1]]):
        assert other.post("/inbox/batch", data={"ids": chosen}).status_code == 302
        assert "批量办理只能选择同一环节的审核事项" in other.get("/inbox/").text


def test_the_page_s_queries_do_not_grow_with_opinions(lite: World) -> None:
    province, ids = two_reviews(lite)
    numbers = []
    for task in ids:
        province.post(f"/inbox/tasks/{task}/ask", data={"kind": "before", "person": str(lite.actor("province1b").person_id)})
        with counted(lite) as (statements, _):
            assert province.get("/inbox/").status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 8
