"""Uploads, downloads and who may, through the real pages; and the sweep of what nobody took."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from domain.platform.files import StoredFile, may_open, path_of
from domain.weekly.reports import WeeklyReport
from jobs.files import sweep_files
from tests.conftest import World
from tests.domain.ground.contents import PDF, png
from tests.webapp.clients import site, user
from tests.webapp.files.uploads import FORM_KEY, send
from tests.webapp.weekly.reports import FORM


def report(world: World, client: FlaskClient, file_id: int, act: str = "提交") -> None:
    opened = client.get("/weekly/new").get_data(as_text=True)
    token = opened.split('name="for" value="')[1].split('"')[0]
    answer = client.post("/weekly/new", data={**FORM, "for": token, "act": act, "attachments": str(file_id)})
    assert answer.status_code == 302


@pytest.mark.row("6.2", "6.6")
def test_a_report_carries_its_files(world: World) -> None:
    school, province = user(site(world), "school1"), user(site(world), "province1")
    kept = send(school).get_json()
    assert kept["name"] == "纪要.pdf"
    assert province.get(f"/files/{kept['id']}").status_code == 404  # nobody else's yet
    report(world, school, kept["id"])
    page = province.get("/weekly/1").get_data(as_text=True)
    assert "附件" in page
    assert "纪要.pdf" in page
    answer = province.get(f"/files/{kept['id']}?key=weekly_report&record=1")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()


@pytest.mark.row("6.6")
@pytest.mark.parametrize("account", ["school2", "school3", "province2", "organization1", "operator"])
def test_a_file_is_not_there_for_others(lite: World, account: str) -> None:
    school = user(site(lite), "school1")
    kept = send(school).get_json()
    report(lite, school, kept["id"])
    other = user(site(lite), account)
    for address in (f"/files/{kept['id']}", f"/files/{kept['id']}?key=weekly_report&record=1", f"/files/{kept['id']}?key=nothing&record=1"):
        assert other.get(address).status_code == 404


def test_another_schools_file_cannot_be_taken(lite: World) -> None:
    theirs = send(user(site(lite), "school2")).get_json()["id"]
    school = user(site(lite), "school1")
    report(lite, school, theirs, "保存")
    page = school.get("/weekly/1").get_data(as_text=True)
    assert "已移除，请重新上传" in school.get("/weekly/").get_data(as_text=True) + page
    assert "纪要.pdf" not in page
    assert school.get(f"/files/{theirs}?key=weekly_report&record=1").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "form", "code", "says"),
    [
        ("程序.exe", b"MZ" + b"\0" * 99, FORM_KEY, 422, "类型不能上传"),
        ("改名.pdf", png(), FORM_KEY, 422, "内容不是 pdf"),
        ("空.pdf", b"", FORM_KEY, 422, "文件是空的"),
        ("大.pdf", PDF[:9] + b" " * (20 * 1024 * 1024) + PDF[9:], FORM_KEY, 422, "超过 20 MB"),
        ("更大.pdf", PDF[:9] + b" " * (22 * 1024 * 1024) + PDF[9:], FORM_KEY, 413, "20 MB"),
        ("纪要.pdf", PDF, "form=weekly_report/new/&field=contact", 404, ""),  # not a field of files
        ("纪要.pdf", PDF, "form=weekly_report/99/&field=attachments", 200, None),
        ("纪要.pdf", PDF, "form=weekly_report/99&field=attachments", 404, ""),  # no such record
        ("纪要.pdf", PDF, "", 404, ""),
    ],
    ids=["kind", "renamed", "empty", "over the limit", "over any limit", "no file field", "a new record", "no record", "no form"],
)
def test_refusals_say_why(lite: World, name: str, content: bytes, form: str, code: int, says: str | None) -> None:
    answer = send(user(site(lite), "school1"), name, content, form)
    assert answer.status_code == code
    if says:
        assert says in str(answer.get_json() or answer.get_data(as_text=True))
    if code != 200:
        with lite.runtime.database.reading() as session:
            assert session.scalars(select(StoredFile)).all() == []
        files = lite.runtime.settings.home / "files"
        assert not files.exists() or not [path for path in files.rglob("*") if path.is_file()]


def test_what_no_record_took_is_swept_away(world: World) -> None:
    school = user(site(world), "school1")
    taken, left = send(school).get_json()["id"], send(school, "另存.pdf", PDF + b"\n").get_json()["id"]
    send(school, "同一内容.pdf")  # the same bytes under another row
    report(world, school, taken)
    assert sweep_files(world.runtime) == 0
    world.clock.now += timedelta(days=31)
    assert sweep_files(world.runtime) == 1
    with world.runtime.database.reading() as session:
        rows = session.scalars(select(StoredFile)).all()
        assert [row.id for row in rows] == [taken]
        assert path_of(world.runtime.settings.home, rows[0].sha256).exists()
    assert school.get(f"/files/{left}").status_code == 404


@pytest.mark.row("6.2")
def test_bytes_that_no_row_names_are_swept_away(lite: World) -> None:
    """An upload whose transaction failed, and what a killed process left; never what has just come, nor what a row names."""
    school, home = user(site(lite), "school1"), lite.runtime.settings.home
    kept = send(school).get_json()["id"]
    with lite.runtime.database.reading() as session:
        named = path_of(home, session.get_one(StoredFile, kept).sha256)
    orphan, fresh = named.with_name("0" * 62), named.with_name("1" * 62)
    elsewhere = home / "files" / f"{(int(named.parent.name, 16) + 1) % 256:02x}" / ("2" * 62)
    left = [home / "files" / "part-x", home / "imports" / "new-x"]
    old = (lite.clock.now - timedelta(days=1)).timestamp()
    for path in (orphan, fresh, elsewhere, *left, named):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (old, old) if path != fresh else None)
    hours = int(lite.clock.now.timestamp() // 3600)
    lite.clock.now += timedelta(hours=(int(named.parent.name, 16) - hours) % 256)
    os.utime(fresh, (lite.clock.now.timestamp(), lite.clock.now.timestamp()))
    assert sweep_files(lite.runtime) == 3
    assert [path.exists() for path in (orphan, *left, fresh, elsewhere, named)] == [False, False, False, True, True, True]
    assert sweep_files(lite.runtime) == 0


@pytest.mark.row("7.1", "6.6")
@pytest.mark.parametrize(
    ("account", "roles", "opens"),
    [
        ("school1", {"试点院校"}, True),
        ("school1", {"教师"}, False),  # a teacher is no staff: the school's files are not theirs
        ("school1", {"教师", "试点院校"}, True),
        ("school1", set[str](), False),
        ("school2", {"试点院校"}, False),
    ],
)
def test_who_opens_a_file_without_its_record(lite: World, account: str, roles: set[str], opens: bool) -> None:
    file = StoredFile(person_id=0, party_id=lite.actor("school1").party_id)
    assert may_open(replace(lite.actor(account), roles=frozenset(roles)), file) is opens
    file.person_id = lite.actor(account).person_id
    assert may_open(replace(lite.actor(account), roles=frozenset(roles)), file)


@contextmanager
def no_room(most: int) -> Iterator[None]:
    """The system lets no file of this process grow beyond so many bytes, as a disk does that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def left(world: World) -> list[Path]:
    return [path for path in (world.runtime.settings.home / "files").rglob("*") if path.is_file()]


@pytest.mark.row("9.1")
def test_an_upload_to_a_full_disk_is_refused_in_words_and_leaves_nothing(lite: World) -> None:
    school = user(site(lite), "school1")
    large = PDF[:9] + b" " * 300_000 + PDF[9:]  # less than what is written to a temporary file before a view sees it
    with no_room(200_000):
        answer = send(school, content=large)
    assert (answer.status_code, "存储空间不足" in answer.get_data(as_text=True)) == (507, True)
    assert left(lite) == []
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(StoredFile)).all() == []
    assert send(school, content=large).status_code == 200


@pytest.mark.row("9.1")
def test_a_database_on_a_full_disk_says_so_and_keeps_nothing(lite: World) -> None:
    school = user(site(lite), "school1")
    pages = []

    def full(connection: Any, record: Any, proxy: Any) -> None:
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        pages.append(connection.execute(f"PRAGMA max_page_count={size}").fetchone())

    event.listen(lite.runtime.database.engine, "checkout", full)
    opened = school.get("/weekly/new").get_data(as_text=True)
    token = opened.split('name="for" value="')[1].split('"')[0]
    answer = school.post("/weekly/new", data={**FORM, "summary": "长" * 60_000, "for": token, "act": "保存"})
    event.remove(lite.runtime.database.engine, "checkout", full)
    assert pages
    assert (answer.status_code, "存储空间不足" in answer.get_data(as_text=True)) == (507, True)
    with lite.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(WeeklyReport)) == 0
