"""A database that another process holds, in a real browser: what was typed stays where it is, and goes out once the lock is free."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from domain.certificates.declarations import Declaration
from domain.ground.base import SHANGHAI, utc_now
from domain.ground.settings import Settings
from domain.platform.files import StoredFile
from domain.platform.imports import ImportRow, RowState
from domain.weekly.reports import WeeklyReport
from jobs import background
from tests.browser.test_walk import FLAGS, PATIENCE, log_in
from tests.conftest import filled_database, missing
from tests.jobs.conftest import Live, redis, redis_server, running
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.processes.steps.test_weekly_report import begin
from tests.webapp.clients import site, user
from tests.webapp.declarations.applications import FORM, PLAN
from tests.webapp.imports.uploads import send
from tests.webapp.test_busy import goes_on, served, stopped_holder

__all__ = ["redis", "redis_server"]
pytestmark = pytest.mark.row("9.1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def live(request: pytest.FixtureRequest, settings: Settings, redis_server: str, redis: object) -> Iterator[Live]:
    """A product on SQLite with the books."""
    with filled_database(request, settings, "books") as there, running(there, redis_server) as made:
        yield made


@pytest.fixture
def school(browser: Browser, live: Live) -> Iterator[Page]:
    """school1, logged in to the real web server."""
    with served(live.world.runtime.settings) as client:
        page = log_in(browser, str(client.base_url).rstrip("/"), "school1")
        yield page
        page.context.close()


def visit(page: Page, path: str) -> None:
    page.goto(page.url[: page.url.index("/", 8)] + path)


def test_a_popup_keeps_what_was_typed_and_saves_it_afterwards(school: Page, live: Live) -> None:
    world = live.world
    around = {"starts_at": utc_now() - timedelta(days=1), "ends_at": utc_now() + timedelta(days=30)}
    times = {name: f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" for name, moment in around.items()}
    assert user(site(world), "province1").post("/declaration-plans/new", data={**PLAN, **times, "act": "发布"}).status_code == 302
    assert user(site(world), "school1").post("/declarations/new", data={**FORM, "for": 1, "act": "保存"}).status_code == 302
    visit(school, "/declarations/")
    school.get_by_role("link", name="编辑").first.click()
    popup = school.locator("dialog.popup-form")
    field = popup.locator("[name='contacts.0.department']")
    with stopped_holder(world.runtime.settings) as holder:
        field.fill("就业指导中心")
        popup.get_by_role("button", name="保存", exact=True).click()
        expect(popup.locator("[data-draft-note]")).to_contain_text("系统繁忙")
        expect(field).to_have_value("就业指导中心")
        goes_on(holder)
    popup.get_by_role("button", name="保存", exact=True).click()
    expect(popup).to_be_hidden()
    with world.runtime.database.reading() as session:
        assert "就业指导中心" in str(session.get_one(Declaration, 1).answers())


def test_a_draft_says_that_it_could_not_be_kept_and_is_kept_afterwards(school: Page, live: Live) -> None:
    report, _ = begin(live.world)
    visit(school, f"/weekly/{report}/edit")
    note = school.locator("[data-draft-note]")
    with stopped_holder(live.world.runtime.settings) as holder:
        school.fill("[name=summary]", "第一行")
        expect(note).to_contain_text("系统繁忙，草稿稍后再存；内容仍在本页")
        goes_on(holder)
    expect(note).to_contain_text("已自动保存")
    school.context.new_page().goto(school.url)
    again = school.context.pages[-1]
    expect(again.locator("[name=summary]")).to_have_value("第一行")
    with live.world.runtime.database.reading() as session:
        assert "第一行" not in str(session.get_one(WeeklyReport, report).data)  # it is a draft


def test_a_file_is_sent_again_by_itself(school: Page, live: Live, tmp_path: Path) -> None:
    report, _ = begin(live.world)
    pdf = tmp_path / "纪要.pdf"
    pdf.write_bytes(b"%PDF-1.4\nstartxref\n9\n%%EOF\n")
    visit(school, f"/weekly/{report}/edit")
    line = school.locator("[data-files] .file")
    with stopped_holder(live.world.runtime.settings) as holder:
        school.set_input_files("[data-uploads=attachments] input[type=file]", pdf)
        expect(line).to_contain_text("系统繁忙，稍后自动重新上传")
        goes_on(holder)
    expect(line.get_by_role("link", name="纪要.pdf")).to_have_attribute("href", "/files/1")
    with live.world.runtime.database.reading() as session:
        assert session.scalars(select(StoredFile.name)).all() == ["纪要.pdf"]


def test_corrections_of_rows_are_sent_again(school: Page, live: Live, tmp_path: Path) -> None:
    world = live.world
    content = workbook(tmp_path / "a", [HEADER, teacher(1, 手机号="1")]).read_bytes()
    address = send(user(site(world), "school1"), content).location
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)
    visit(school, address)
    with stopped_holder(world.runtime.settings) as holder:
        school.fill("[name='2.mobile']", "13900000001")
        school.get_by_role("button", name="保存修改并重新检查本页").click()
        expect(school.get_by_role("heading", name="系统繁忙")).to_be_visible()
        goes_on(holder)
    school.get_by_role("button", name="再次提交").click()
    expect(school.get_by_text("重新检查了 1 行：1 行通过")).to_be_visible()
    with world.runtime.database.reading() as session:
        assert session.scalars(select(ImportRow.state)).all() == [RowState.GOOD]
