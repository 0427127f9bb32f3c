"""From the list of what is incomplete to changed candidates in a real browser: template, upload, before → after, confirmation."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from domain.exams.candidates import Candidate
from tests.browser.test_busy import browser, live, school, visit
from tests.jobs.conftest import Live, redis, redis_server
from tests.jobs.imports.test_candidate_changes import change, registered, told

__all__ = ["browser", "live", "redis", "redis_server", "school"]


@pytest.mark.row("5.2.3.1", "5.2.3.4")
def test_what_is_lacking_is_filled_in_by_a_workbook(school: Page, live: Live, tmp_path: Path) -> None:
    world = live.world
    registered(world, tmp_path / "a")
    with world.runtime.database.writing() as session:
        session.execute(update(Candidate).values(photo="0" * 64))
        session.execute(update(Candidate).where(Candidate.id == 2).values(major=None))
    live.start_worker()
    visit(school, "/candidates/")
    school.locator(".toolbar summary", has_text="更多").click()
    school.get_by_role("link", name="资料不完整").click()
    expect(school.locator("tbody tr")).to_have_count(1)
    expect(school.get_by_role("cell", name="就读专业", exact=True)).to_be_visible()
    school.get_by_role("button", name="批量修改考生信息").click()
    with school.expect_download() as download:
        school.get_by_role("button", name="下载修改模板（1 条）").click()
    path = tmp_path / "t.xlsx"
    download.value.save_as(path)
    school.set_input_files("#file", str(change(path, {(2, "就读专业"): "护理", (2, "姓名"): "曾小明"})))
    school.get_by_role("button", name="上传并检查").click()
    expect(school.locator("ins")).to_have_text(["曾小明", "护理"])
    school.get_by_role("button", name="修改 1 行").click()
    school.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(school.get_by_role("status")).to_contain_text("已修改 1 行")
    assert (told(world, 2)["name"], told(world, 2)["major"]) == ("曾小明", "护理")
