"""The pinyin of a candidate's name in a real browser: offered as the name is typed, chosen with the keyboard, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_busy import browser, live, school, visit
from tests.jobs.conftest import Live, redis, redis_server

__all__ = ["browser", "live", "redis", "redis_server", "school"]
pytestmark = pytest.mark.row("5.2.3.1")


def test_pinyin_is_offered_and_chosen_on_the_page(school: Page, live: Live, tmp_path: Path) -> None:
    faults: list[str] = []
    school.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    visit(school, "/candidates/new")
    name, pinyin, readings = school.locator("[name=name]"), school.locator("[name=pinyin]"), school.locator("#pinyin-readings")
    name.fill("覃乐")
    expect(pinyin).to_have_value("QIN LE")
    expect(readings.get_by_role("button", pressed=True)).to_have_text(["QIN", "LE"])
    pinyin.focus()  # from here on by keyboard: past the field are its readings
    for _ in range(2):
        school.keyboard.press("Tab")
    school.keyboard.press("Enter")
    expect(pinyin).to_have_value("TAN LE")
    expect(readings.get_by_role("button", pressed=True)).to_have_text(["TAN", "LE"])
    school.screenshot(path=tmp_path / "readings.png")
    name.fill("覃乐天")
    expect(pinyin).to_have_value("QIN LETIAN")
    pinyin.fill("TAN YUETIAN")  # one of its readings, by hand
    expect(readings.get_by_role("button", pressed=True)).to_have_text(["TAN", "YUE"])
    pinyin.fill("THEODORE QIN")
    name.fill("覃天")
    expect(readings.get_by_role("button")).to_have_count(2)
    expect(pinyin).to_have_value("THEODORE QIN")  # what somebody wrote stays
    name.fill("陈\U0002ebf0")
    expect(readings).to_have_text("“\U0002ebf0”的读音不在字典中，请自行填写拼音")
    name.fill("张三")
    expect(readings).to_be_hidden()
    pinyin.fill("")
    name.fill("王五")
    expect(pinyin).to_have_value("WANG WU")
    assert faults == []


def test_a_number_is_checked_as_it_is_left_and_again_with_another_kind_of_document(school: Page, live: Live) -> None:
    visit(school, "/candidates/new")
    number, said = school.locator("[name=id_number]"), school.locator("#id_number-error")
    number.fill("E12345678")
    number.blur()
    expect(said).to_contain_text("身份证号应为 18 位")
    school.select_option("[name=document]", "护照")
    expect(said).to_be_empty()
    school.select_option("[name=document]", "居民身份证")
    expect(said).to_contain_text("身份证号应为 18 位")
    number.fill("11010519491231002X")
    number.blur()
    expect(said).to_be_empty()
    major = school.locator("[name=major]")
    major.fill("护理")
    major.blur()
    major.focus()
    major.fill("")
    major.blur()
    expect(school.locator("#major-error")).to_have_text("“就读专业”必须填写")
    school.select_option("[name=kind]", "社会考生")
    expect(school.locator("#major-error")).to_be_empty()


def test_pinyin_is_offered_in_the_popup_too(school: Page, live: Live) -> None:
    visit(school, "/candidates/new")
    values = {"name": "曾明", "id_number": "11010519491231002X", "mobile": "13911110000", "major": "护理", "entry_year": "2025"}
    for name, value in values.items():
        school.fill(f"[name={name}]", value)
    school.select_option("[name=level]", "高职")
    expect(school.locator("[name=pinyin]")).to_have_value("ZENG MING")
    school.get_by_role("button", name="保存", exact=True).click()
    school.wait_for_url("**/candidates/**")
    school.get_by_role("link", name="编辑").first.click()
    popup = school.locator("dialog.popup-form")
    popup.locator("[name=name]").fill("曾乐")
    expect(popup.locator("[name=pinyin]")).to_have_value("ZENG LE")
    popup.get_by_role("button", name="乐读作 YUE").click()
    expect(popup.locator("[name=pinyin]")).to_have_value("ZENG YUE")
    popup.get_by_role("button", name="保存", exact=True).click()
    expect(popup).to_be_hidden()
    expect(school.locator("table")).to_contain_text("ZENG YUE")
