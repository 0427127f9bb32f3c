"""Everything as `make run` starts it, walked through in a real browser by both roles, and stopped with no process left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import FOREVER, free_port, missing
from tests.jobs.conftest import wait_for

PATIENCE = FOREVER * 1000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def group_members(home: Path) -> list[str]:
    """Processes whose environment names this home: all parts, and whatever they started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"PILOT_HOME={home}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue  # it ended meanwhile
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    environment = {**os.environ, "PILOT_HOME": str(home), "PORT": str(port)}
    log = (home / "run.log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "webapp", "run"], env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        while "演示账号" not in (home / "run.log").read_text():
            assert process.poll() is None, (home / "run.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(FOREVER) == 0
        log.close()
        assert group_members(home) == []


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


def log_in(browser: Browser, address: str, account: str) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/login")
    page.fill("[name=account]", account)
    page.fill("[name=password]", "Pilot-2026")
    page.click("main button")
    page.wait_for_url(f"{address}/")
    return page


def fill_trained(page: Page, number: str) -> None:
    """The form comes with a line for each certificate that the school pilots."""
    for field in page.locator("tbody [name$='.trained']").all():
        field.fill(number)


def open_task(page: Page, address: str, title: str) -> None:
    """The page of the waiting task about the record with this title."""
    page.goto(f"{address}/inbox/")
    page.locator("main tbody tr").filter(has_text=title).get_by_role("link", name="办理").click()


@pytest.mark.row("1.1", "6.2", "6.4", "6.5", "6.6", "8.1", "8.2")
def test_a_report_is_returned_corrected_and_passed(browser: Browser, address: str) -> None:
    school = log_in(browser, address, "school1")
    faults: list[str] = []
    school.on("pageerror", lambda error: faults.append(str(error)))
    school.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    school.goto(f"{address}/weekly/")
    school.locator(".toolbar").get_by_role("link", name="提交周报").click()
    school.fill("[name=contact]", "张文")
    school.fill("[name=mobile]", "13900000000")
    school.fill("[name=summary]", "本周完成培训")
    school.get_by_role("button", name="保存").click()
    newest = school.locator("main tbody tr").first
    expect(newest.locator(".badge")).to_have_text("未提交")
    newest.get_by_role("link", name="编辑").click()
    school.fill("[name='lines.0.certificate']", "Web前端开发")
    fill_trained(school, "30")
    school.get_by_role("button", name="增加一行").click()
    school.locator("tbody [name$='.certificate']").last.fill("物联网安装调试")
    school.locator("tbody [name$='.trained']").last.fill("12")
    school.get_by_role("button", name="提交", exact=True).click()
    expect(newest.locator(".badge")).to_have_text("待审核")
    title = newest.get_by_role("link").first.inner_text()

    province = log_in(browser, address, "province1")
    open_task(province, address, title)
    province.get_by_role("button", name="审核退回").click()
    expect(province.get_by_role("alert")).to_contain_text("选择“审核退回”时须填写意见")
    province.fill("[name=comment]", "请核对人数")
    province.get_by_role("button", name="审核退回").click()

    school.goto(f"{address}/weekly/")
    newest.get_by_role("link", name="编辑").click()
    school.fill("[name='lines.0.trained']", "31")
    school.get_by_role("button", name="提交", exact=True).click()
    open_task(province, address, title)
    province.get_by_role("button", name="审核通过").click()

    school.goto(f"{address}/weekly/")
    newest.get_by_role("link", name=title).click()
    expect(school.locator("h1 .badge")).to_have_text("审核通过")
    school.get_by_role("tab", name="审核记录").click()
    expect(school.get_by_text("请核对人数").first).to_be_visible()
    school.get_by_role("tab", name="流程图").click()
    expect(school.locator(".djs-element.token")).to_have_count(1)
    expect(school.locator("[data-element-id=f_approved].taken")).to_have_count(1)
    assert faults == []


@pytest.mark.row("6.5")
def test_the_sms_went_all_the_way_out(browser: Browser, address: str) -> None:
    school = log_in(browser, address, "school2")
    school.goto(f"{address}/weekly/new")
    for name, value in {
        "contact": "李敏",
        "mobile": "13900000001",
        "summary": "本周培训",
        "lines.0.certificate": "证书甲",
    }.items():
        school.fill(f"[name='{name}']", value)
    fill_trained(school, "3")
    school.get_by_role("button", name="提交", exact=True).click()
    newest = school.locator("main tbody tr").first.get_by_role("link").first.get_attribute("href")

    def told() -> bool:
        school.goto(f"{address}{newest}")
        return "短信通知审核人" in school.content().split("timeline")[-1]

    wait_for(told)


def test_a_phone_sees_no_sideways_scrolling(browser: Browser, address: str) -> None:
    page = log_in(browser, address, "school1")
    for width in (360, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("/", "/weekly/", "/inbox/", "/weekly/1", "/declarations/", "/declarations/plans", "/account/password"):
            page.goto(f"{address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.mark.row("4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.6")
def test_a_school_applies_and_two_people_of_the_province_approve(browser: Browser, address: str) -> None:
    school = log_in(browser, address, "school1")
    faults: list[str] = []
    school.on("pageerror", lambda error: faults.append(str(error)))
    school.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    school.goto(f"{address}/declarations/")
    school.get_by_role("link", name="申报证书试点").click()
    school.get_by_role("link", name="立即申报").click()
    expect(school.locator("[name='contacts.0.name']")).to_have_value("张文")
    school.select_option("[name='lines.0.certificate']", "软件测试实施（中级）")
    majors = school.locator("[data-choices='lines.0.majors']")
    majors.locator("summary").click()
    majors.get_by_label("510203 软件技术").check()
    expect(majors.locator("summary")).to_contain_text("510203 软件技术")
    school.select_option("[name='lines.0.certificate']", "网店运营（中级）")  # other majors belong to it
    expect(majors.locator("summary [data-chosen]")).to_have_text("请选择")
    school.select_option("[name='lines.0.certificate']", "软件测试实施（中级）")
    majors.get_by_placeholder("输入文字筛选").fill("510203")
    majors.get_by_label("510203 软件技术").check()
    expect(majors.get_by_role("checkbox")).to_have_count(1)
    school.fill("[name='lines.0.people']", "60")
    school.get_by_role("button", name="保存并提交").click()
    expect(school.locator("tbody .badge").first).to_have_text("待初审")
    record = school.locator("tbody a").first.get_attribute("href")
    for account, act in (("province1", "初审"), ("province1b", "复审")):
        province = log_in(browser, address, account)
        province.goto(f"{address}{record}")
        province.locator(".record-head").get_by_role("link", name=act, exact=True).click()
        province.get_by_role("button", name="审核通过").click()
        province.wait_for_load_state()
    school.goto(f"{address}{record}")
    expect(school.locator("h1 .badge")).to_have_text("审核通过")
    for tab in ("院校基本信息", "联系人信息", "申报明细", "审核信息记录"):
        school.get_by_role("tab", name=tab).click()
    expect(school.get_by_role("cell", name="赵琳（江苏省教育厅）")).to_be_visible()
    school.goto(f"{address}/declarations/")
    with school.expect_download() as saved:
        school.get_by_role("button", name="按证书导出申报明细").click()
    assert saved.value.suggested_filename.startswith("证书试点申报明细")
    assert faults == []


@pytest.mark.row("1.1", "6.2")
def test_a_login_that_ends_while_somebody_types_loses_nothing(browser: Browser, address: str) -> None:
    page = log_in(browser, address, "school3")
    page.clock.install()
    page.goto(f"{address}/weekly/new")
    page.context.clear_cookies()
    page.fill("[name=summary]", "写了很久的内容")
    page.clock.run_for(5000)  # the draft is due, and there is nobody to keep it for
    expect(page.get_by_role("alert")).to_contain_text("登录已失效，填写的内容仍在本页")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[name=summary]")).to_have_value("写了很久的内容")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    login = opened.value
    login.fill("[name=account]", "school3")
    login.fill("[name=password]", "Pilot-2026")
    login.click("main button")
    login.wait_for_url(f"{address}/")
    login.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alert")).to_contain_text("已重新登录")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("周报已保存")
    page.locator("main tbody a").first.click()
    expect(page.locator("main")).to_contain_text("写了很久的内容")


def test_health(address: str) -> None:
    assert httpx.get(f"{address}/healthz").json() == {"ok": True}


@pytest.mark.row("8.3")
def test_a_designer_changes_checks_and_deploys(browser: Browser, address: str) -> None:
    page = log_in(browser, address, "designer")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/designer/weekly_report/edit")
    review = page.locator('.djs-element[data-element-id="review"] .djs-hit').first
    review.click()
    status = page.get_by_label("状态", exact=True)
    expect(status).to_have_value("待审核")
    status.fill("")
    status.press("Tab")
    page.click("[data-act=check]")
    page.click("text=流程会停在这里，但没有写明状态")
    status.fill("待审核")
    status.press("Tab")
    page.get_by_label("办理期限").fill("now + days(3)")
    page.get_by_label("办理期限").press("Tab")
    page.click("[data-act=try]")
    expect(page.locator("[data-report]")).to_contain_text("0 个失败，每条连线都走到了")
    page.click("[data-act=deploy]")
    page.fill("#note", "审核三天内办理")
    page.click("[data-act=deploy-now]")
    page.wait_for_url(f"{address}/designer/weekly_report/running")  # reports are under way on the version before
    expect(page.locator("main")).to_contain_text("已部署为第 2 版")
    page.get_by_role("link", name="保持旧版本").click()
    page.wait_for_url(f"{address}/designer/weekly_report/")
    page.click("text=与上一版比较")
    expect(page.locator("main")).to_contain_text("due：（空） → now + days(3)")
    assert faults == []


@pytest.mark.row("8.1")
def test_by_keyboard_a_task_is_claimed_and_a_colleague_completes_it(browser: Browser, address: str) -> None:
    province, colleague = log_in(browser, address, "province1"), log_in(browser, address, "province1b")
    faults: list[str] = []
    for page in (province, colleague):
        page.on("pageerror", lambda error: faults.append(str(error)))
    province.goto(f"{address}/inbox/?key=weekly_report")  # a step that both may do
    first = province.locator("[data-row]").first
    title = first.locator("[data-row-link]").inner_text()
    for key in ("j", "j", "k", "k", "x"):
        province.keyboard.press(key)
    expect(first.locator("[data-tick]")).to_be_checked()
    province.keyboard.press("c")
    expect(province.locator("main")).to_contain_text("已签收，其他人员不能再办理此事项")
    province.get_by_text("转办", exact=True).first.click()
    province.get_by_label("转办给").select_option(label="赵琳")
    province.locator("form", has=province.get_by_label("转办给")).get_by_role("button", name="转办").click()
    province.get_by_role("button", name="确定").click()
    expect(province.locator("main")).to_contain_text("已转办。")

    colleague.goto(f"{address}/inbox/?who=mine")
    colleague.keyboard.press("j")
    colleague.keyboard.press("Enter")
    expect(colleague.locator("h1")).to_contain_text(title)
    colleague.get_by_role("button", name="审核通过").click()
    expect(colleague.locator("main")).to_contain_text(f"已办理：{title}")
    colleague.goto(f"{address}/inbox/?tab=done")
    colleague.get_by_role("link", name=title).click()
    colleague.get_by_role("tab", name="历史").click()
    for said in ("签收“审核周报”", "转办给赵琳", "审核通过"):
        expect(colleague.locator("#history")).to_contain_text(said)
    assert faults == []


@pytest.mark.row("4.3.5")
def test_a_declaration_is_edited_in_a_popup_over_the_list(browser: Browser, address: str) -> None:
    school = log_in(browser, address, "school2")
    listed = f"{address}/declarations/?size=20"
    school.goto(listed)
    popup, name = school.get_by_role("dialog", name="编辑："), "[name='contacts.0.name']"
    school.get_by_role("link", name="编辑").press("Enter")
    expect(popup.locator(name)).to_be_focused()
    school.keyboard.press("Escape")  # nothing was typed: nothing is asked
    expect(popup).to_have_count(0)
    school.get_by_role("link", name="编辑").press("Enter")
    popup.locator(name).fill("李敏改")
    school.keyboard.press("Escape")
    expect(school.get_by_role("dialog", name="修改还没有保存")).to_be_visible()
    school.keyboard.press("Escape")  # no
    expect(popup.locator(name)).to_have_value("李敏改")
    school.keyboard.press("Escape")
    with school.expect_response("**/drafts?**"):
        school.get_by_role("button", name="确定").click()
    expect(popup).to_have_count(0)
    school.get_by_role("link", name="编辑").click()
    expect(popup.get_by_role("status").first).to_have_text("已恢复您上次未保存的草稿。")
    popup.locator("[name='lines.0.people']").fill("")
    popup.get_by_role("button", name="保存并提交").click()
    expect(popup.get_by_role("alert")).to_contain_text("“申报人数”必须填写")
    expect(popup.locator(name)).to_have_value("李敏改")
    popup.get_by_role("button", name="保存", exact=True).click()
    expect(school.locator("main .alert")).to_have_text("证书试点申报已保存。")
    assert school.url == listed
    school.set_viewport_size({"width": 390, "height": 844})
    school.get_by_role("link", name="编辑").click()
    school.wait_for_url(f"{address}/declarations/*/edit")
    expect(school.locator(name)).to_have_value("李敏改")


@pytest.mark.row("7.1")
def test_the_file_of_a_form_is_chosen_by_a_control_of_ours(browser: Browser, address: str) -> None:
    school = log_in(browser, address, "school1")
    school.on("filechooser", lambda _: None)  # caught from here on: the browser learns of it some time after it is asked
    school.goto(f"{address}/imports/teachers/")
    chosen = school.locator("[data-chosen]")
    expect(chosen).to_have_text("未选择文件")
    school.get_by_role("button", name="上传并检查").click()
    expect(school.get_by_role("alert")).to_have_text("请先选择要导入的文件")
    school.set_input_files("#file", {"name": "名单.xlsx", "mimeType": "application/zip", "buffer": b"x" * 3000})
    expect(chosen).to_have_text("名单.xlsx（3 KB）")
    school.get_by_role("button", name="删除").press("Enter")
    expect(chosen).to_have_text("未选择文件")
    expect(school.locator("#file")).to_be_focused()
    with school.expect_file_chooser():
        school.keyboard.press("Space")
