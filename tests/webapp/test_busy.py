"""A database that somebody holds: the page says so soon, holds all that was typed and sent, and pressing again saves it."""

from __future__ import annotations

import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from domain.demo import PASSWORD
from domain.ground.base import utc_now
from domain.ground.settings import Settings
from domain.institutions.seals import SchoolSeal
from domain.platform import unsent
from domain.platform.imports import ImportRecord
from domain.weekly.reports import WeeklyReport
from jobs import confinement
from jobs.files import sweep_files
from jobs.runtime import build
from jobs.seals import read_key_apart
from tests.conftest import World
from tests.domain.institutions import pkcs12
from tests.jobs.conftest import ROOT, Live, live_on_both, redis, redis_server
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.processes.steps.test_weekly_report import begin
from tests.webapp.account.test_unsent_forms import hidden, token
from tests.webapp.clients import site, user
from tests.webapp.files.uploads import send as send_file
from tests.webapp.imports.uploads import send
from tests.webapp.institutions.test_seals import upload
from tests.webapp.weekly.reports import FORM
from webapp.institutions import seals
from webapp.serving import INHERITED, listen

__all__ = ["live_on_both", "redis", "redis_server"]
pytestmark = pytest.mark.row("9.1")
TYPED = {**FORM, "summary": '第一行\n"引号"与<b>尖括号</b>', "act": "保存"}
HOLDER = """
import os, sys
from domain.ground.settings import read_settings
from jobs.runtime import build
from sqlalchemy import text
with build(read_settings(os.environ)).database.writing() as session:
    session.execute(text("UPDATE process_instance SET title = title"))
    print("locked", flush=True)
    sys.stdin.readline()
"""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    own = {"PILOT_HOME": str(settings.home), "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return {**os.environ, **own, "SMS_URL": settings.sms_url, "SECRET_KEY": settings.secret_key, **more}


@contextmanager
def served(settings: Settings) -> Iterator[httpx.Client]:
    """The real web server, and a browser."""
    listening = listen("127.0.0.1", 0)
    own = environment(settings, **{INHERITED: str(listening.fileno())})
    server = subprocess.Popen([sys.executable, "-m", "webapp.serving"], env=own, cwd=ROOT, pass_fds=(listening.fileno(),))
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=300, trust_env=False) as browser:
            yield browser
    finally:
        server.kill()
        server.wait()
        listening.close()


@contextmanager
def stopped_holder(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the product that was stopped in the middle of a transaction."""
    pipe = subprocess.PIPE
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], env=environment(settings), cwd=ROOT, stdin=pipe, stdout=pipe)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"locked\n"
        holder.send_signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(holder.pid, os.WUNTRACED)[1])
        yield holder
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def goes_on(holder: subprocess.Popen[bytes]) -> None:
    """The stopped process continues, and ends its transaction."""
    assert holder.stdin is not None
    holder.send_signal(signal.SIGCONT)
    holder.stdin.write(b"\n")
    holder.stdin.flush()
    assert holder.wait() == 0


def test_a_stopped_process_that_holds_the_lock_loses_nobody_s_words(live_on_both: Live) -> None:
    world = live_on_both.world
    report, _ = begin(world)
    address, settings = f"/weekly/{report}/edit", world.runtime.settings
    with served(settings) as browser:
        login = {"account": "school1", "password": PASSWORD, "csrf_token": token(browser.get("/login").text)}
        assert browser.post("/login", data=login).status_code == 302
        opened = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(address).text))
        with stopped_holder(settings) as holder:
            page = browser.post(address, data={**opened, **TYPED})
            assert page.status_code == 503  # and the lock is still held
            assert "系统繁忙" in page.text
            kept = {**hidden(page.text), "csrf_token": token(page.text)}
            assert TYPED.items() <= kept.items()
            assert browser.post(address, data=kept).status_code == 503
            goes_on(holder)
        assert browser.post(address, data=kept).status_code == 302
    with world.runtime.database.reading() as session:
        assert (session.get_one(WeeklyReport, report).data or {})["summary"] == TYPED["summary"]


def test_thirty_who_save_at_once_are_told_while_others_read(live_on_both: Live) -> None:
    world = live_on_both.world
    report, _ = begin(world)
    address, settings = f"/weekly/{report}/edit", world.runtime.settings
    with served(settings) as browser, ThreadPoolExecutor(31) as people:
        login = {"account": "school1", "password": PASSWORD, "csrf_token": token(browser.get("/login").text)}
        assert browser.post("/login", data=login).status_code == 302
        opened = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(address).text))

        def save() -> int:
            return browser.post(address, data={**opened, **TYPED}).status_code

        with stopped_holder(settings) as holder:
            savers = [people.submit(save) for _ in range(30)]
            for page in ("/healthz", "/weekly/", "/healthz"):
                assert browser.get(page).status_code == 200
            assert {one.result() for one in savers} == {503}
            goes_on(holder)
        assert save() == 302


def test_the_web_is_less_patient_than_workers_and_commands(live_on_both: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = live_on_both.world.runtime.settings
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    web = runpy.run_module("webapp.wsgi")["app"].extensions["pilot"]
    patience = {"sqlite": (text("PRAGMA busy_timeout"), 3_000, 15_000), "postgresql": (text("SHOW lock_timeout"), "3s", "0")}
    asked, short, long = patience[web.database.engine.dialect.name]
    for runtime, expected in ((web, short), (build(settings), long)):
        with runtime.database.engine.connect() as connection:
            assert connection.scalar(asked) == expected
        runtime.database.engine.dispose()


@pytest.fixture
def hurried(lite: World) -> Iterator[World]:
    """A product on SQLite that waits for no lock."""
    made = replace(lite, runtime=build(lite.runtime.settings, lite.clock, timedelta(milliseconds=1)))
    yield made
    made.runtime.database.engine.dispose()


@contextmanager
def held(world: World) -> Iterator[None]:
    """The write lock is somebody else's."""
    with world.runtime.database.writes() as session:
        session.execute(select(WeeklyReport.id))
        yield
        session.rollback()


def waiting(world: World) -> list[Path]:
    return list((world.runtime.settings.home / "unsent").glob("*/*"))


def again(client: FlaskClient, address: str, page: str, **more: str) -> int:
    """再次提交."""
    tokens = re.findall(r'name="unsent_file" value="([^"]+)"', page)
    return client.post(address, data={**hidden(page), **more, "unsent_file": tokens}).status_code


def test_a_file_that_was_sent_with_a_form_goes_out_again_with_it(hurried: World, tmp_path: Path) -> None:
    school = user(site(hurried), "school1")
    content = workbook(tmp_path / "upload", [HEADER, teacher(1)]).read_bytes()
    with held(hurried):
        page = send(school, content)
        assert page.status_code == 503
        assert "已保留文件：教师.xlsx" in page.text
        (path,) = waiting(hurried)
        assert path.read_bytes() == content
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert again(school, "/imports/teachers/", page.text) == 503
        assert waiting(hurried) == [path]  # it is kept once
    assert again(school, "/imports/teachers/", page.text) == 302
    assert waiting(hurried) == []
    with hurried.runtime.database.reading() as session:
        assert session.scalars(select(ImportRecord.file_name)).all() == ["教师.xlsx"]


def test_what_could_not_be_looked_at_for_the_moment_waits_too(hurried: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    school = user(site(hurried), "school1")
    content = workbook(tmp_path / "upload", [HEADER, teacher(1)]).read_bytes()
    with monkeypatch.context() as others:
        others.setattr(confinement, "PATIENCE", 0)
        others.setattr(confinement, "_TURNS", threading.BoundedSemaphore(1))
        assert confinement._TURNS.acquire(blocking=False)  # others are at it
        page, script = send(school, content), send_file(school)
    assert (page.status_code, script.status_code) == (503, 503)
    assert "已保留文件：教师.xlsx" in page.text
    assert again(school, "/imports/teachers/", page.text) == 302


def test_a_password_is_asked_for_again_and_kept_nowhere(hurried: World) -> None:
    school = user(site(hurried), "school1")
    with held(hurried):
        page = upload(school)
    assert page.status_code == 503
    assert pkcs12.PASSWORD not in page.text
    assert 'name="password" type="password"' in page.text
    assert again(school, "/institutions/seals/new", page.text, password=pkcs12.PASSWORD) == 302
    with hurried.runtime.database.reading() as session:
        assert session.get_one(SchoolSeal, 1).version == 1


def test_a_lock_that_is_taken_while_the_view_works_keeps_the_files_too(hurried: World, monkeypatch: pytest.MonkeyPatch) -> None:
    school = user(site(hurried), "school1")
    with monkeypatch.context() as patch:
        locked = hurried.runtime.database.writes()

        def lock(content: bytes, password: str) -> object:
            locked.execute(select(WeeklyReport.id))
            return read_key_apart(content, password)

        patch.setattr(seals, "read_key_apart", lock)
        page = upload(school)
        locked.close()
    assert (page.status_code, page.text.count("已保留文件")) == (503, 2)
    assert again(school, "/institutions/seals/new", page.text, password=pkcs12.PASSWORD) == 302


def test_nobody_else_sends_a_file_that_waits(hurried: World, tmp_path: Path) -> None:
    app = site(hurried)
    school = user(app, "school1")
    with held(hurried):
        page = send(school, workbook(tmp_path / "upload", [HEADER, teacher(1)]).read_bytes())
    assert again(user(app, "school2"), "/imports/teachers/", page.text) == 422
    assert len(waiting(hurried)) == 1


def test_where_there_is_no_room_the_file_is_chosen_again(hurried: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    school = user(site(hurried), "school1")

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unsent, "keep", full)
    with held(hurried):
        page = send(school, workbook(tmp_path / "upload", [HEADER, teacher(1)]).read_bytes())
    assert page.status_code == 503
    assert "请重新选择文件：教师.xlsx" in page.text
    assert 'type="file"' in page.text


def test_a_person_s_files_do_not_pile_up(hurried: World, tmp_path: Path) -> None:
    home = hurried.runtime.settings.home
    names = [unsent.keep(home, 1, BytesIO(bytes([number]))) for number in range(1, unsent.MOST + 3)]
    assert {path.name for path in waiting(hurried)} <= set(names)
    assert len(waiting(hurried)) == unsent.MOST
    hurried.clock.now = utc_now()
    sweep_files(hurried.runtime)
    assert len(waiting(hurried)) == unsent.MOST
    hurried.clock.now += unsent.FOR + timedelta(minutes=1)
    sweep_files(hurried.runtime)
    assert waiting(hurried) == []


def test_a_log_in_keeps_the_account_and_what_waits_for_it(hurried: World) -> None:
    client = site(hurried).test_client()
    with held(hurried):
        page = client.post("/login", data={"account": "school1", "password": PASSWORD})
        assert page.status_code == 503
        assert 'value="school1"' in page.text
        assert PASSWORD not in page.text
        kept = {"address": "/weekly/new", "kept": '[["summary", "第一行"]]', "account": "school1", "password": PASSWORD}
        page = client.post("/login/again", data=kept)
        assert page.status_code == 503
        assert hidden(page.text) == {"kept": kept["kept"]}


def test_a_script_is_told_in_a_sentence(hurried: World) -> None:
    school = user(site(hurried), "school1")
    with held(hurried):
        answer = school.post("/records/drafts?form=weekly_report/new/", data=TYPED, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, "没有保存" in answer.get_json()["message"]) == (503, True)
