"""Login, logout, password, and what every page sends."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.demo import PASSWORD
from domain.ground.database import one_at_a_time
from domain.ground.parties import Person
from domain.ground.settings import BadSetting, read_settings
from domain.platform import throttle
from domain.platform.passwords import check_login
from domain.platform.throttle import MAX_BY_ACCOUNT, MAX_BY_ADDRESS, WINDOW, LoginAttempt
from tests.conftest import World
from tests.racing import race
from tests.webapp.clients import site
from webapp.account import trying
from webapp.links import is_local


def log_in(client: FlaskClient, account: str = "school1", password: str = PASSWORD, target: str = "") -> TestResponse:
    return client.post("/login", data={"account": account, "password": password, "next": target})


def test_nothing_without_login(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert "/login" in answer.location
    assert client.post("/account/password").status_code == 401


def test_every_endpoint_but_the_public_needs_a_login(app: Flask) -> None:
    public = {name for name, view in app.view_functions.items() if getattr(view, "is_public", False)}
    candidates = {f"results.{name}" for name in ("index", "enter", "mine", "objecting", "object_to", "leave")}
    candidates |= {f"checking.{name}" for name in ("index", "check", "scan", "check_file")}
    assert public == {"account.login", "account.log_in", "account.log_in_again", "account.logout", "health.healthz", *candidates}


def test_login_and_logout(client: FlaskClient) -> None:
    assert log_in(client).status_code == 302
    assert "工作台" in client.get("/").text
    client.post("/logout")
    assert client.get("/").status_code == 302


def test_a_copied_cookie_ends_with_the_logout(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    copied, cookie = app.test_client(), client.get_cookie("pilot")
    assert cookie is not None
    copied.set_cookie("pilot", cookie.value)
    assert copied.get("/").status_code == 200
    client.post("/logout")
    assert copied.get("/").status_code == 302
    assert "其他设备上的登录也已失效" in client.get("/login").text
    log_in(client)
    copied.post("/logout")  # who is not logged in ends nobody's session
    assert client.get("/").status_code == 200


def test_same_words_for_unknown_account_and_wrong_password(client: FlaskClient) -> None:
    unknown, wrong = log_in(client, "nobody"), log_in(client, "school1", "wrong")
    assert unknown.status_code == wrong.status_code == 400
    pages = [
        re.sub(r'content="[^"]+\.[^"]+"|value="[^"]+\.[^"]+"', "", page) for page in (unknown.text, wrong.text)
    ]  # CSRF tokens hold the time
    assert pages[0].replace("nobody", "school1") == pages[1]


def test_login_is_throttled(client: FlaskClient) -> None:
    for _ in range(MAX_BY_ACCOUNT):
        assert log_in(client, password="wrong").status_code == 400
    assert log_in(client).status_code == 429
    assert log_in(client, "school2").status_code == 302


def test_many_logins_at_once_are_throttled_like_one_after_the_other(world: World) -> None:
    """The right password among guesses that are made at once is no login either."""
    client = site(world).test_client()

    def fail(session: Session) -> None:
        one_at_a_time(session, "login")
        for _ in range(MAX_BY_ACCOUNT):
            throttle.failed(session, "school1", "127.0.0.1", world.clock())

    assert race(world, fail, lambda: log_in(client).status_code) == 429
    assert client.get("/").status_code == 302


def test_no_redirect_to_other_sites(client: FlaskClient) -> None:
    assert log_in(client, target="//evil.example/").location == "/"


def test_new_password_ends_other_sessions(app: Flask, client: FlaskClient) -> None:
    other = app.test_client()
    log_in(client)
    log_in(other)
    data = {"old": PASSWORD, "new": "Another-2026", "again": "Another-2026"}
    assert client.post("/account/password", data=data).status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_csrf_is_required(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert log_in(client).location == "/login"
    assert "页面停留过久" in client.get("/login").text
    assert client.post("/weekly/new").status_code == 401


def test_a_login_that_ended_is_said_and_gone_on_with(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    answer = client.post("/messages/settings", data={"shown": "urge"})
    assert answer.status_code == 401
    assert "登录已失效" in answer.text
    assert "重新登录" in answer.text
    assert client.get("/account/token").status_code == 302
    token = client.get("/login").text.split('name="csrf" content="')[1].split('"')[0]
    data = {"account": "school1", "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=data).status_code == 302
    fresh = client.get("/account/token").get_json()["token"]
    assert client.post("/messages/settings", data={"shown": "urge", "csrf_token": fresh}).status_code == 302


def test_headers_and_cookie(client: FlaskClient) -> None:
    answer = client.get("/login")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cookie = log_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_error_pages(client: FlaskClient) -> None:
    log_in(client)
    assert "没有找到" in client.get("/no-such-page").text
    assert client.get("/logout").status_code == 405


def test_behind_a_proxy_it_is_the_client_s_address_that_is_throttled(lite: World) -> None:
    """Without one nobody is believed who says that they are somebody else."""
    assert read_settings({"SECRET_KEY": "x" * 32, "TRUSTED_PROXIES": "1"}).proxies == 1
    with pytest.raises(BadSetting, match="TRUSTED_PROXIES"):
        read_settings({"SECRET_KEY": "x" * 32, "TRUSTED_PROXIES": "some"})
    for proxies, counted in ((1, "203.0.113.7"), (0, "127.0.0.1")):
        app = site(replace(lite, runtime=replace(lite.runtime, settings=replace(lite.runtime.settings, proxies=proxies))))
        form = {"account": "nobody", "password": "wrong"}
        app.test_client().post("/login", data=form, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
        with lite.runtime.database.reading() as session:
            assert session.scalars(select(LoginAttempt.address).order_by(LoginAttempt.id.desc())).first() == counted


def test_an_address_is_throttled_whatever_the_accounts(lite: World) -> None:
    client = site(lite).test_client()
    for number in range(MAX_BY_ADDRESS):
        assert log_in(client, f"nobody{number}").status_code == 400
    assert log_in(client, "school1").status_code == 429
    lite.clock.now += WINDOW + timedelta(seconds=1)
    assert log_in(client, "school1").status_code == 302


@pytest.mark.parametrize(
    "target", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "/\tevil", "javascript:alert(1)", "evil"]
)
def test_no_way_to_another_site(target: str) -> None:
    assert not is_local(target)
    assert is_local("/inbox/?tab=done")


def test_a_password_is_checked_with_no_lock_held(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is slow on purpose: SQLite has one writer at a time, and a crowd that logs in must not keep everybody from saving."""

    def meanwhile(person: Person | None, password: str, secret: str) -> bool:
        with lite.runtime.database.writing() as session:
            session.execute(text("PRAGMA busy_timeout=0"))
            session.add(LoginAttempt(account="other", address="127.0.0.1", at=lite.clock()))
        return check_login(person, password, secret)

    monkeypatch.setattr(trying, "check_login", meanwhile)
    client = site(lite).test_client()
    assert log_in(client, password="wrong").status_code == 400
    assert log_in(client).status_code == 302
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(LoginAttempt.account).order_by(LoginAttempt.id)).all() == ["other", "school1", "other"]
