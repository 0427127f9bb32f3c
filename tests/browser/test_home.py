"""The pictures of 工作台 in a real browser: drawn under the strict policy, pressed like links, and a table without them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_walk import PATIENCE, address, browser, log_in

__all__ = ["address", "browser"]
pytestmark = pytest.mark.row("8.1")


@pytest.mark.parametrize("width", [1366, 390])
def test_a_piece_of_a_bar_opens_its_list(browser: Browser, address: str, width: int) -> None:
    page = log_in(browser, address, "school1")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{address}/")
    picture, numbers = page.locator("[data-standing]"), page.locator("[data-standing-numbers]")
    expect(picture.locator("canvas")).to_be_visible()
    expect(numbers.locator("table")).to_be_hidden()  # the same is not shown twice
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first = numbers.locator("tbody tr").first.locator(".tags a").first
    wanted = first.get_attribute("href")
    room = 150 if width > 600 else 92
    picture.click(position={"x": room + 8, "y": 23})
    page.wait_for_url(f"{address}{wanted}")
    page.go_back()
    numbers.locator("summary").press("Enter")  # by keyboard the numbers are one step away
    expect(first).to_be_visible()
    assert complaints == []
    page.context.close()


def test_without_scripts_the_numbers_stand_in_a_table(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/login")
    page.fill("[name=account]", "organization1")
    page.fill("[name=password]", "Pilot-2026")
    page.click("main button")
    expect(page.locator("[data-standing]")).to_be_hidden()
    page.locator("[data-standing-numbers] a").filter(has_text=re.compile("待认证")).click()
    expect(page.locator("main h1")).to_have_text("监考人员认证")
    context.close()
