"""What is done to many rows of a list: export at once and in the background, batch review, and what others may not."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from flask.testing import FlaskClient

from domain.platform.background import BackgroundTask
from jobs import background
from jobs.lists import batches, exports
from processes.history import instance_of
from tests.conftest import World
from tests.jobs.lists.many import hand_in_many
from tests.processes.steps.test_weekly_report import ANSWERS, act, send, status
from tests.webapp.clients import site, user

REVIEW = {"element": "review", "back": "/weekly/"}


def rows_of(client: FlaskClient, **data: object) -> list[str]:
    with client.post("/lists/weekly_report/export", data=data) as answer:
        assert answer.mimetype == exports.MEDIA_TYPE
        assert "attachment" in answer.headers["Content-Disposition"]
        return [row[0] for row in openpyxl.load_workbook(BytesIO(answer.data)).active.iter_rows(min_row=2, values_only=True)]


def task_at(world: World, address: str) -> BackgroundTask:
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, int(address.rsplit("/", 1)[1]))


@pytest.mark.row("2.1.3")
def test_ticked_rows_or_all_under_the_filter_are_exported_at_once(lite: World) -> None:
    ids = hand_in_many(lite, 3)
    province = user(site(lite), "province1")
    assert "批量导出" in province.get("/weekly/").text
    assert len(rows_of(province)) == 3
    assert len(rows_of(province, ids=ids[:2])) == 2
    assert len(rows_of(province, ids=ids[:2], all="1")) == 3
    assert len(rows_of(province, filter="status=待审核&page=2&size=20")) == 3
    empty = province.post("/lists/weekly_report/export", data={"filter": "status=审核退回", "back": "/weekly/"}, follow_redirects=True)
    assert "没有可导出的内容" in empty.text
    assert (
        "没有可导出的内容" in user(site(lite), "school2").post("/lists/weekly_report/export", data={"ids": ids}, follow_redirects=True).text
    )
    assert province.post("/lists/nothing/export").status_code == 404


@pytest.mark.row("2.1.3")
def test_a_large_export_is_a_background_task(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    hand_in_many(lite, 3)
    province = user(site(lite), "province1")
    asked = province.post("/lists/weekly_report/export", data={"back": "/weekly/?status=待审核", "filter": "status=待审核"})
    assert asked.status_code == 307
    begun = province.post(asked.location, data={"back": "/weekly/?status=待审核", "filter": "status=待审核"})
    task = task_at(lite, begun.location)
    assert (task.kind, task.params["values"]) == ("export", {"status": "待审核"})
    assert background.run_task(lite.runtime, task.id)
    page = province.get(begun.location).text
    assert "完成 3 条，失败 0 条" in page
    assert "下载 周报管理" in page


@pytest.mark.row("6.5", "8.2")
def test_batch_review_of_few_shows_its_result_at_once(lite: World) -> None:
    ids = hand_in_many(lite, 3)
    province = user(site(lite), "province1")
    assert "批量审核" in province.get("/weekly/").text
    page = province.post("/lists/weekly_report/review", data={**REVIEW, "ids": ids}).text
    assert "批量审核（3 条）" in page
    unsaid = province.post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids, "outcome": "审核退回"})
    assert unsaid.status_code == 422
    assert "须填写意见" in unsaid.text
    province.post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids[:1], "outcome": "审核退回", "comment": "请补充"})
    page = province.post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids, "outcome": "审核通过"}, follow_redirects=True).text
    assert "完成 2 条，失败 1 条" in page
    assert f'href="/weekly/{ids[0]}"' in page
    assert "当前状态为“审核退回”，不能审核通过" in page
    assert [status(lite, one) for one in ids] == ["审核退回", "审核通过", "审核通过"]


@pytest.mark.row("6.5", "8.2")
def test_a_batch_does_not_decide_on_what_was_handed_in_after_its_list_was_opened(lite: World) -> None:
    first, second = hand_in_many(lite, 2)
    province = user(site(lite), "province1")

    def opened() -> dict[str, object]:
        found = re.search(r'name="seen" value="([^"]+)"', province.get("/weekly/").text)
        assert found is not None
        return {**REVIEW, "ids": [first, second], "seen": found[1], "outcome": "审核通过"}

    form = opened()
    assert f'name="seen" value="{form["seen"]}"' in province.post("/lists/weekly_report/review", data=form).text
    lite.clock.now += timedelta(minutes=1)
    with lite.runtime.database.reading() as session:
        row = instance_of(session, "weekly_report", first)
    assert row is not None
    instance = row.id
    send(lite, "school1", instance, "withdraw")
    act(lite, "school1", instance, "提交", {**ANSWERS, "summary": "又有新问题"})
    page = province.post("/lists/weekly_report/finish", data=form, follow_redirects=True).text
    assert "完成 1 条，失败 1 条" in page
    assert batches.UNSEEN in page
    assert [status(lite, one) for one in (first, second)] == ["待审核", "审核通过"]
    for wrong in ("nan", "x", "-1", "1e300"):  # as from a page that says nothing of it
        assert province.post("/lists/weekly_report/finish", data={**form, "ids": [second], "seen": wrong}).status_code == 302
    province.post("/lists/weekly_report/finish", data=opened())
    assert status(lite, first) == "审核通过"


@pytest.mark.row("6.5", "8.2")
def test_all_under_the_filter_are_reviewed_in_the_background(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    ids = hand_in_many(lite, 4)
    province = user(site(lite), "province1")
    data = {**REVIEW, "all": "1", "filter": "status=待审核"}
    assert "批量审核（4 条）" in province.post("/lists/weekly_report/review", data=data).text
    begun = province.post("/lists/weekly_report/finish", data={**data, "outcome": "审核通过"})
    task = task_at(lite, begun.location)
    assert (task.state, task.total) == ("waiting", 4)
    user(site(lite), "province1b").post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids[:1], "outcome": "审核通过"})
    assert background.run_task(lite.runtime, task.id)
    assert "完成 3 条，失败 0 条" in province.get(begun.location).text  # the first was no longer under the filter
    assert {status(lite, one) for one in ids} == {"审核通过"}


@pytest.mark.row("6.5")
def test_the_failures_are_a_file(lite: World) -> None:
    ids = hand_in_many(lite, 2)
    province = user(site(lite), "province1")
    data = {**REVIEW, "ids": ids, "outcome": "审核通过"}
    province.post("/lists/weekly_report/finish", data=data)
    address = province.post("/lists/weekly_report/finish", data=data).location
    with province.get(f"{address}/failures") as answer:
        sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    assert [cell.value for cell in sheet[1]] == ["序号", "记录", "失败原因"]
    assert sheet.max_row == 3
    assert user(site(lite), "province1b").get(f"{address}/failures").status_code == 404


@pytest.mark.row("6.5")
@pytest.mark.parametrize("address", ["review", "finish", "send"])
def test_bulk_buttons_are_only_for_those_whom_the_diagram_names(lite: World, address: str) -> None:
    ids = hand_in_many(lite, 1)
    school = user(site(lite), "school1")
    assert school.post(f"/lists/weekly_report/{address}", data={**REVIEW, "ids": ids, "outcome": "审核通过"}).status_code == 404
    province = user(site(lite), "province1")
    assert province.post(f"/lists/weekly_report/{address}", data={"element": "withdraw", "ids": ids}).status_code == 404
    assert status(lite, ids[0]) == "待审核"
