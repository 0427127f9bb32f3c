"""A login that ended while a form was filled in: the page to log in again keeps what was typed, and it goes out once it is confirmed."""

from __future__ import annotations

import html
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from domain.demo import PASSWORD
from domain.ground.parties import Person
from domain.weekly.reports import WeeklyReport
from tests.conftest import World
from tests.webapp.clients import site
from tests.webapp.weekly.reports import FORM

pytestmark = pytest.mark.row("1.1", "6.2")
HERE = {"Origin": "http://localhost"}
TYPED = {**FORM, "summary": '第一行\n"引号"与<b>尖括号</b>', "act": "保存"}


def real(world: World) -> Flask:
    app = site(world)
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def log_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    data = {"account": "school1", "password": PASSWORD, "csrf_token": token(client.get("/login").text)}
    assert client.post("/login", data=data).status_code == 302
    return client


def hidden(page: str) -> dict[str, str]:
    """The fields that wait in a page."""
    return {name: html.unescape(text) for name, text in re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)}


def reports(world: World) -> list[dict[str, object]]:
    with world.runtime.database.reading() as session:
        return [dict(data or {}) for data in session.scalars(select(WeeklyReport.data))]


def again(client: FlaskClient, page: TestResponse, password: str = PASSWORD) -> TestResponse:
    form = {"address": "/weekly/new", "kept": hidden(page.text)["kept"], "csrf_token": token(page.text)}
    return client.post("/login/again", data={**form, "account": "school1", "password": password})


def test_what_was_typed_outlives_the_login(lite: World) -> None:
    client = log_in(real(lite))
    form = {**TYPED, "csrf_token": token(client.get("/weekly/new").text)}
    client.delete_cookie("pilot")
    page = client.post("/weekly/new", data=form, headers=HERE)
    assert page.status_code == 401
    assert "登录已失效" in page.text
    assert "csrf_token" not in hidden(page.text)["kept"]
    wrong = again(client, page, "wrong")
    assert (wrong.status_code, hidden(wrong.text)) == (400, hidden(page.text))
    back = again(client, wrong)
    assert back.status_code == 200
    assert "张文" in back.text
    assert reports(lite) == []  # it waits for a person to press the button
    fields = hidden(back.text)
    assert fields == {name: value for name, value in TYPED.items()}
    assert client.post("/weekly/new", data={**fields, "csrf_token": token(back.text)}).status_code == 302
    assert [report["summary"] for report in reports(lite)] == [TYPED["summary"]]


def test_who_has_logged_in_again_in_another_window_only_confirms(lite: World) -> None:
    app = real(lite)
    client = log_in(app)
    form = {**TYPED, "csrf_token": token(client.get("/weekly/new").text)}
    client.delete_cookie("pilot")
    data = {"account": "school1", "password": PASSWORD, "csrf_token": token(client.get("/login").text)}
    client.post("/login", data=data)
    page = client.post("/weekly/new", data=form, headers=HERE)
    assert "继续提交" in page.text
    assert client.post("/weekly/new", data={**hidden(page.text), "csrf_token": token(page.text)}).status_code == 302
    assert len(reports(lite)) == 1


def test_a_password_changed_elsewhere_ends_the_login_and_keeps_what_was_typed(lite: World) -> None:
    client = log_in(real(lite))
    form = {**TYPED, "csrf_token": token(client.get("/weekly/new").text)}
    with lite.runtime.database.writing() as session:
        session.execute(update(Person).where(Person.account == "school1").values(stamp="another"))
    page = client.post("/weekly/new", data=form, headers=HERE)
    assert page.status_code == 401
    assert json.loads(hidden(page.text)["kept"])[0] == ["contact", "张文"]


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
def test_what_another_site_sends_is_not_kept(lite: World, headers: dict[str, str]) -> None:
    page = real(lite).test_client().post("/weekly/new", data=TYPED, headers=headers)
    assert page.status_code == 401
    assert "第一行" not in page.text


def test_neither_files_nor_passwords_are_kept(lite: World) -> None:
    client = real(lite).test_client()
    assert client.post("/account/password", data={"new": "Geheim-2026"}, headers=HERE).status_code == 401
    assert "Geheim" not in client.post("/institutions/seals/new", data={"password": "Geheim-2026"}, headers=HERE).text


def test_a_script_is_told_in_a_sentence(lite: World) -> None:
    answer = real(lite).test_client().post("/records/drafts?form=weekly_report/new/", headers={**HERE, "X-Requested-With": "fetch"})
    assert (answer.status_code, "登录已变化" in answer.get_json()["message"]) == (401, True)


@pytest.mark.parametrize(("address", "text"), [("//evil.example/", "[]"), ("/weekly/new", "{"), ("/weekly/new", "{}"), ("/weekly/new", "")])
def test_a_page_made_by_hand_leads_to_the_login(lite: World, address: str, text: str) -> None:
    answer = site(lite).test_client().post("/login/again", data={"address": address, "kept": text})
    assert answer.location == "/login"
