"""The frame of every page: the menu and the counts of the top bar."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from webapp import menu
from webapp.menu import Entry


def log_in(client: FlaskClient, account: str) -> None:
    client.post("/login", data={"account": account, "password": "Pilot-2026"})


def test_an_entry_appears_with_its_page_and_for_its_roles(app: Flask, client: FlaskClient) -> None:
    log_in(client, "school1")
    page = client.get("/").get_data(as_text=True)
    assert "周报管理" in page
    assert "建设中" not in page
    log_in(client, "operator")
    assert "周报管理" not in client.get("/account/password").get_data(as_text=True)


def test_every_address_of_the_menu_answers(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context("/"):
        pages = [one for part in menu.MENU for entry in part for one in (entry.under or (entry,))]
        shown = [one for one in pages if one.endpoint in app.view_functions]
    adapter = app.url_map.bind("localhost")
    for account in ("school1", "province1", "organization1", "designer", "supervisor", "operator"):
        log_in(client, account)
        home = client.get("/").get_data(as_text=True)
        for entry in shown:
            address = adapter.build(entry.endpoint)
            if f'href="{address}"' in home:
                assert client.get(address).status_code == 200, (account, entry.name)


def test_the_deepest_page_is_the_current_one(app: Flask, client: FlaskClient, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    part = (Entry("甲", under=(Entry("收件箱", endpoint="inbox.index"), Entry("没有的页面", endpoint="nowhere.index"))),)
    monkeypatch.setattr(menu, "MENU", ((Entry("工作台", "home", "home.index"),), part))
    log_in(client, "school1")
    with client:
        client.get("/inbox/")
        from webapp.context import actor

        work, manual = menu.sections(actor())
    assert not work[0].current
    assert manual[0].current
    assert [(line.name, line.current) for line in manual[0].under] == [("收件箱", True)]


def test_the_top_bar_counts_what_waits(client: FlaskClient) -> None:
    log_in(client, "province1")
    assert "待办事项，" not in client.get("/").get_data(as_text=True)


def test_every_figure_of_the_home_page_opens_its_list(client: FlaskClient) -> None:
    log_in(client, "school1")
    figures = re.findall(r'<a href="([^"]+)"[^>]*><b>\d+</b>', client.get("/").get_data(as_text=True))
    assert len(figures) == 5
    assert all(client.get(address).status_code == 200 for address in figures)
