"""Budgets of a person and a party: what is used up is said with what to do, and nothing is left over of the refused request."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from domain.ground.settings import BadSetting, Budget, Budgets, read_settings
from domain.platform.background import BackgroundTask, begin
from domain.platform.files import StoredFile, attach
from domain.platform.imports import ImportRecord
from jobs import background
from jobs.runtime import Runtime
from jobs.work import Work
from tests.conftest import World
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
    assert "贵单位上传后还没有随表单提交的文件已有 0 MB，最多 1 MB" in refused.get_json()["message"]
    assert count(lite, StoredFile) == 1
    assert not list((lite.runtime.settings.home / "files").glob("part-*"))


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
    for text in ("3", "0,5", "3,-1", "a,b"):
        with pytest.raises(BadSetting, match="BUDGET_TASKS 应为用逗号隔开的两个正整数"):
            read_settings({"PILOT_HOME": str(tmp_path), "SECRET_KEY": "x" * 32, "BUDGET_TASKS": text})
