"""The page of a diagram in a real browser, without a server: the drawing shows what it can, also where a step is not drawn."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from jobs.runtime import BPMN_FOLDER
from tests.conftest import FOREVER, missing

STATIC = Path(__file__).parents[2] / "webapp" / "static"
SITE = "http://pilot.invalid/"
PAGE = (
    '<div data-diagram="diagram.json" style="width: 900px; height: 500px"></div><p data-diagram-note>没有问题</p>'
    '<script src="vendor/bpmn-js/bpmn-navigated-viewer.min.js" defer></script><script src="js/diagram.js" defer></script>'
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=FOREVER * 1000)
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


def shown(browser: Browser, xml: str, tokens: list[str], path: list[str], heat: dict[str, dict[str, int]]) -> Page:
    answer = {"xml": xml, "tokens": tokens, "path": path, "notes": {}, "heat": heat}

    def serve(route: Route) -> None:
        name = route.request.url.removeprefix(SITE)
        if name == "":
            route.fulfill(body=PAGE, content_type="text/html; charset=utf-8")
        elif name == "diagram.json":
            route.fulfill(body=json.dumps(answer), content_type="application/json")
        else:
            route.fulfill(path=STATIC / name)

    page = browser.new_page()
    page.route("**/*", serve)
    page.goto(SITE)
    return page


@pytest.mark.row("8.3")
@pytest.mark.parametrize(
    "pattern",
    [
        '<bpmndi:BPMNShape id="fill_di".*?</bpmndi:BPMNShape>',
        '<bpmndi:BPMNShape id="withdraw_di".*?</bpmndi:BPMNShape>',
        '<bpmndi:BPMNEdge id="f_start_di".*?</bpmndi:BPMNEdge>',
    ],
)
def test_a_page_shows_what_is_drawn(browser: Browser, pattern: str) -> None:
    whole = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    xml, count = re.subn(pattern, "", whole, count=1, flags=re.DOTALL)
    assert count == 1
    flows = re.findall(r'<bpmn:sequenceFlow id="(\w+)"', whole)
    heat = {id: {"level": 3, "count": 2} for id in ("fill", "review")}
    page = shown(browser, xml, ["fill", "review"], flows, heat)
    expect(page.locator("[data-element-id=review].token")).to_be_visible()
    assert page.locator(".djs-connection.taken").count() > 10
    assert page.locator(".heat-count").count() == (1 if "fill" in pattern else 2)
    told = "有 1 个所在的环节没有画在图上" if "fill" in pattern else "没有问题"
    expect(page.locator("[data-diagram-note]")).to_contain_text(told)
