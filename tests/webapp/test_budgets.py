"""Budgets of a person and a party: what is used up is said with what to do, and nothing is left over of the refused request."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain.ground.database import Database
from domain.ground.settings import BadSetting, Budget, Budgets, read_settings
from domain.platform.background import BackgroundTask, begin
from domain.platform.budgets import Kept, UsedUp, check_bytes, check_imports, check_tasks, check_uploads
from domain.platform.files import StoredFile, attach
from domain.platform.imports import ImportRecord
from jobs import background
from jobs.keeping import kept_bytes
from jobs.runtime import Runtime
from jobs.work import Work
from tests.conftest import World
from tests.jobs.conftest import wait_for
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.webapp.clients import site, user
from tests.webapp.files.uploads import send as send_file
from tests.webapp.imports.uploads import send

pytestmark = pytest.mark.row("9.1")


def limited(world: World, **budgets: Budget) -> World:
    """The product with other budgets."""
    settings = replace(world.runtime.settings, budgets=Budgets(**budgets))
    return replace(world, runtime=replace(world.runtime, settings=settings))


def count(world: World, table: type[BackgroundTask] | type[ImportRecord] | type[StoredFile]) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


@pytest.mark.parametrize(("budget", "who"), [(Budget(1, 9), "您"), (Budget(9, 1), "贵单位")])
def test_background_tasks(lite: World, budget: Budget, who: str) -> None:
    school = user(site(limited(lite, tasks=budget)), "school1")
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302
    refused = school.post("/lists/weekly_report/export/begin", data={"ids": "1"})
    assert refused.status_code == 409
    assert f"{who}有 1 个任务还在处理中，请等待其中一个完成后再提交。" in refused.text
    assert count(lite, BackgroundTask) == 1
    other = user(site(limited(lite, tasks=budget)), "school2")  # another party has its own
    assert other.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302


def test_imports_that_are_not_over(lite: World, tmp_path: Path) -> None:
    school = user(site(limited(lite, imports=Budget(1, 9))), "school1")
    first, second = (workbook(tmp_path / str(n), [HEADER, teacher(n)]).read_bytes() for n in (1, 2))
    assert send(school, first).status_code == 302
    refused = send(school, second)
    assert refused.status_code == 422
    assert "您有 1 个导入还没有办完，最多 1 个，请先在“导入记录”中导入或放弃其中一些，再上传。" in refused.text
    assert count(lite, ImportRecord) == 1
    assert len(list((lite.runtime.settings.home / "imports").iterdir())) == 1
    work(lite)
    assert school.post("/imports/teachers/1/drop").status_code == 302
    assert send(school, second).status_code == 302


def test_of_many_sheets_some_are_chosen_and_the_others_later(lite: World, tmp_path: Path) -> None:
    world = limited(lite, imports=Budget(2, 9))
    school = user(site(world), "school1")
    book = Workbook()
    for at in range(4):
        sheet = book.create_sheet(f"班级{at}")
        sheet.append(list(HEADER))
        sheet.append(teacher(at))
    book.save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    page = send(school, content).headers["Location"]
    work(world)
    refused = school.post(f"{page}/choose", data={"sheet": ["班级0", "班级2", "班级3"]})
    assert refused.status_code == 422
    assert "同时办理的导入最多 2 个，现在最多可选 2 个工作表（已选 3 个）。" in refused.text
    assert "办完后重新上传本文件" in refused.text
    assert re.findall(r'value="(班级\d)" checked', refused.text) == ["班级0", "班级2", "班级3"]  # what was ticked stays so
    assert school.post(f"{page}/choose", data={"sheet": ["班级0", "班级2"]}).status_code == 302
    work(world)
    for import_id in (1, 2):
        assert school.post(f"/imports/teachers/{import_id}/take").status_code == 302
    work(world)
    again = send(school, content).headers["Location"]
    work(world)
    assert re.findall(r'value="(班级\d)" (checked|disabled)', school.get(again).text) == [
        ("班级0", "disabled"),
        ("班级1", "checked"),
        ("班级2", "disabled"),
        ("班级3", "checked"),
    ]


def test_files_that_no_record_has_taken(lite: World) -> None:
    world = limited(lite, uploads=Budget(2, 9))
    school = user(site(world), "school1")
    kept = [send_file(school).get_json()["id"] for _ in range(2)]
    refused = send_file(school)
    assert refused.status_code == 422
    assert "您有 2 个上传的文件还没有随表单提交，请先保存或提交填写中的表单" in refused.get_json()["message"]
    with world.runtime.database.writing() as session:
        attach(session, world.actor("school1"), kept[:1], world.clock())
    assert send_file(school).status_code == 200


def test_bytes_of_files_that_no_record_has_taken(lite: World) -> None:
    school = user(site(limited(lite, upload_mb=Budget(9, 1))), "school1")
    pdf = b"%PDF-1.4\n" + b" " * 700_000 + b"\nstartxref\n9\n%%EOF\n"
    assert send_file(school, content=pdf).status_code == 200
    refused = send_file(school, content=pdf)
    assert refused.status_code == 422
    assert "贵单位保留的文件已有 0 MB，最多 1 MB（没有随表单提交的上传、" in refused.get_json()["message"]
    assert count(lite, StoredFile) == 1
    assert not list((lite.runtime.settings.home / "files").glob("part-*"))


def test_bytes_of_imports_and_of_files_to_download_count_too(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = limited(lite, upload_mb=Budget(9, 1))
    school = user(site(world), "school1")
    noise = Random(1).randbytes(900_000)

    def book(number: int) -> bytes:
        made = BytesIO(workbook(tmp_path / str(number), [HEADER, teacher(number)]).read_bytes())
        with ZipFile(made, "a") as more:
            more.writestr("xl/media/image1.png", noise[:450_000])
        return made.getvalue()

    assert [send(school, book(number)).status_code for number in (1, 2)] == [302, 302]
    pdf = b"%PDF-1.4\n" + b" " * 300_000 + b"\nstartxref\n9\n%%EOF\n"
    assert "贵单位保留的文件已有 0 MB" in send_file(school, content=pdf).get_json()["message"]
    refused = send(school, book(3))
    assert refused.status_code == 422
    assert "办完或放弃一些导入" in refused.text
    assert len(list((world.runtime.settings.home / "imports").iterdir())) == 2
    work(world)
    for number in (1, 2):  # their workbooks lie there until they are swept, and do not count
        assert school.post(f"/imports/teachers/{number}/drop").status_code == 302
    assert send_file(school, content=pdf).status_code == 200

    def succeed(runtime: Runtime, work: Work) -> None:
        work.file("周报.xlsx").write_bytes(noise)

    monkeypatch.setitem(background.KINDS, "export", succeed)
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302
    work(world)
    assert send(school, book(3)).status_code == 422
    refused = school.post("/lists/weekly_report/export/begin", data={"ids": "1"})
    assert refused.status_code == 409
    assert "或在“后台任务”中删除不再需要的文件" in refused.text
    assert school.post("/background/3/forget").status_code == 302
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302


def test_a_workbook_of_which_several_sheets_are_imported_counts_once(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    book = Workbook()
    for at in range(3):
        sheet = book.create_sheet(f"班级{at}")
        sheet.append(list(HEADER))
        sheet.append(teacher(at, 手机号="1"))
    book.save(tmp_path / "a")
    page = send(school, (tmp_path / "a").read_bytes()).location
    work(lite)
    assert school.post(f"{page}/choose", data={"sheet": ["班级0", "班级1", "班级2"]}).status_code == 302
    size = (tmp_path / "a").stat().st_size
    with lite.runtime.database.reading() as session:
        assert kept_bytes(session, lite.runtime.settings, lite.actor("school1"), lite.clock()) == Kept(size, size)
        assert kept_bytes(session, lite.runtime.settings, lite.actor("school2"), lite.clock()) == Kept(0, 0)
    paths = sorted((lite.runtime.settings.home / "imports").iterdir())
    assert len(paths) == 3
    assert {path.stat().st_ino for path in paths} == {paths[0].stat().st_ino}
    assert school.post(f"{page}/drop").status_code in (302, 409)
    paths[0].unlink()
    assert paths[1].read_bytes() == (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("what", ["files", "bytes", "imports", "tasks"])
def test_of_two_at_the_same_moment_the_second_counts_the_first(world: World, what: str) -> None:
    database, now = world.runtime.database, world.clock()
    budgets = Budgets(tasks=Budget(1, 9), imports=Budget(1, 9), uploads=Budget(1, 9), upload_mb=Budget(1, 9))

    def add(session: Session) -> None:
        who = world.actor("school1")
        owner = {"party_id": who.party_id, "person_id": who.person_id}
        if what == "tasks":
            begin(session, who, "batch", "批量", {}, now)
            check_tasks(session, budgets, who)
        elif what == "imports":
            check_imports(session, budgets, who)
            session.add(ImportRecord(kind="teachers", file_name="a", created_at=now, **owner))
        else:
            check_uploads(session, budgets, who) if what == "files" else check_bytes(session, budgets, who, Kept(0, 0), 700_000)
            session.add(StoredFile(sha256="0" * 64, name="a", media_type="a", size=700_000, created_at=now, **owner))
        session.flush()

    second: list[bool] = []

    def other() -> None:
        try:
            with database.writing() as session:
                add(session)
        except UsedUp:
            second.append(False)
        else:
            second.append(True)

    thread = threading.Thread(target=other)
    with database.writing() as session:
        add(session)
        thread.start()
        wait_for(lambda: second or database.engine.dialect.name == "sqlite" or waits(database))
    thread.join()
    assert second == [False]


def waits(database: Database) -> bool:
    """Whether somebody waits for a lock of PostgreSQL."""
    with database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_files_to_download(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def succeed(runtime: Runtime, work: Work) -> None:
        work.file("周报.xlsx").write_bytes(b"PK")

    monkeypatch.setitem(background.KINDS, "export", succeed)
    world = limited(lite, results=Budget(1, 9))
    school = user(site(world), "school1")
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302
    work(world)
    refused = school.post("/lists/weekly_report/export/begin", data={"ids": "1"})
    assert refused.status_code == 409
    assert "您保留的导出文件已有 1 个，请先在“后台任务”中删除不再需要的文件，或等待其 7 天后自动删除。" in refused.text
    assert "删除文件" in school.get("/background/1").text
    assert "文件已删除" in school.post("/background/1/forget", follow_redirects=True).text
    assert school.get("/background/1/result").status_code == 404
    background.delete_expired(world.runtime)
    assert not background.folder_of(world.runtime.settings, 1).exists()
    assert "没有可以删除的文件" in school.post("/background/1/forget", follow_redirects=True).text
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302


def test_a_file_is_deleted_by_whoever_it_was_made_for(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        begin(session, lite.actor("school1"), "export", "导出", {}, lite.clock())
    assert user(site(lite), "operator").post("/background/1/forget").status_code == 404


def test_budgets_are_settings(tmp_path: Path) -> None:
    read = read_settings({"PILOT_HOME": str(tmp_path), "SECRET_KEY": "x" * 32, "BUDGET_TASKS": "3,40"})
    assert read.budgets.tasks == Budget(3, 40)
    assert read.budgets.imports == Budgets().imports
    for wrong in ("3", "0,5", "3,-1", "a,b"):
        with pytest.raises(BadSetting, match="BUDGET_TASKS 应为用逗号隔开的两个正整数"):
            read_settings({"PILOT_HOME": str(tmp_path), "SECRET_KEY": "x" * 32, "BUDGET_TASKS": wrong})
