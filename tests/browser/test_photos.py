"""A zip of photos in a real browser: up in pieces, over a broken line and the end of the login, to a crop taken with a click."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from jobs.photos.arriving import PIECE
from tests.browser.test_walk import address, browser, log_in  # noqa: F401  # fixtures
from tests.conftest import FOREVER
from tests.jobs.photos.samples import archive, jpeg, wide

pytestmark = pytest.mark.row("5.2.3.3", "7.2")


def number_of_somebody(page: Page, address: str) -> str:  # noqa: F811
    """The id number of a candidate without a photo, from the record's page."""
    page.goto(f"{address}/candidates/?status=无照片")
    page.locator("tbody a[href^='/candidates/']").first.click()
    return page.locator("dl.values div", has_text="证件号").locator("dd").first.inner_text()


def move_the_frame(page: Page) -> None:
    """Moves the frame of the only crop with the mouse and by keyboard, and has it cut there."""
    page.click("text=调整裁剪框")
    frame, slider = page.locator("[data-whole] .crop"), page.locator("#frame-x")
    left, at = float(frame.get_attribute("x") or 0), int(slider.input_value())
    place = page.locator("[data-whole]").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 100, place["y"] + 100)
    page.mouse.down()
    page.mouse.move(place["x"] + 104, place["y"] + 100)
    page.mouse.up()
    moved = 4 * 800 / place["width"]  # pixels of the photo
    assert abs(float(frame.get_attribute("x") or 0) - left - moved) < 2
    assert int(slider.input_value()) > at
    at = int(slider.input_value())
    slider.press("ArrowLeft")
    assert int(slider.input_value()) == at - 1
    assert (page.locator("[data-result]").get_attribute("viewBox") or "").split()[0] == frame.get_attribute("x")
    page.locator("#frame-size").press("ArrowRight")
    page.get_by_role("button", name="按此裁剪", exact=True).click()
    expect(page.get_by_text("裁剪框已调整")).to_be_visible()


def test_a_zip_survives_a_broken_line_and_a_login_that_ends(browser: Browser, address: str, tmp_path: Path) -> None:  # noqa: F811
    page = log_in(browser, address, "school1")
    number = number_of_somebody(page, address)
    files = {f"{number}.jpg": jpeg(wide(3).picture)} | {f"空白{at}.jpg": bytes([at]) * 2_000_000 for at in range(3)}
    zipped = archive(tmp_path / "照片.zip", files)
    assert PIECE < zipped.stat().st_size < 4 * PIECE
    page.goto(f"{address}/candidates/photos/")

    def break_off(route: Route) -> None:
        page.context.clear_cookies()  # and when the line is there again, nobody is logged in
        route.abort()

    page.route(re.compile(f"pieces.at={PIECE}$"), break_off, times=1)
    page.set_input_files("#file", zipped)
    page.click("text=上传并导入")
    expect(page.get_by_text("登录已失效，填写的内容仍在本页")).to_be_visible()
    again = page.context.new_page()
    again.goto(f"{address}/login")
    again.fill("[name=account]", "school1")
    again.fill("[name=password]", "Pilot-2026")
    again.click("main button")
    again.wait_for_url(f"{address}/")
    again.close()
    expect(page.get_by_text("可一键裁剪 1 张，未通过 3 张")).to_be_visible()
    expect(page.locator(".thumbnail")).to_have_count(1)
    page.wait_for_function("[...document.querySelectorAll('.thumbnail img')].every((one) => one.complete && one.naturalWidth === 295)")
    move_the_frame(page)
    page.click("text=全部裁剪并采用")
    page.click("dialog [data-yes]")
    expect(page.get_by_text("已导入 1 张，可一键裁剪 0 张，未通过 3 张")).to_be_visible()
    page.click("nav.tabs >> text=未通过")
    expect(page.get_by_text("照片无对应考生：本校没有证件号为“空白0”的考生")).to_be_visible()
    page.click("nav.tabs >> text=已导入")
    page.locator(".thumbnail a").click()
    expect(page.locator("h1")).to_contain_text("信息待认证")
    assert page.locator("img.portrait").evaluate("(one) => one.naturalWidth") == 295


def test_a_zip_waits_for_room_on_the_server_and_says_so(browser: Browser, address: str, tmp_path: Path) -> None:  # noqa: F811
    page = log_in(browser, address, "school1")
    page.goto(f"{address}/candidates/photos/")
    full, pieces = list[Route](), re.compile("pieces")

    def answer(route: Route) -> None:
        full.append(route)
        route.fulfill(status=507, json={"message": "服务器的存储空间已满"})

    page.route(pieces, answer)
    page.set_input_files("#file", archive(tmp_path / "空.zip", {"空白.jpg": b"1"}))
    page.click("text=上传并导入")
    expect(page.get_by_text("服务器的存储空间已满，请联系系统管理员清理空间")).to_be_visible()
    page.unroute(pieces)
    expect(page.get_by_text("共 1 张：已导入 0 张")).to_be_visible(timeout=FOREVER * 1000)
    assert full
