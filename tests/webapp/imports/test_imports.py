"""Imports through the pages: upload, preview, corrections, taking in, 导入记录; and what others may not see."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from jobs import background
from tests.conftest import World
from tests.counting import counted
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.jobs.imports.flow import counts, record
from tests.webapp.clients import site, user
from tests.webapp.imports.uploads import send

pytestmark = pytest.mark.row("7.1")


def file_of(tmp_path: Path, *rows: list[object]) -> bytes:
    return workbook(tmp_path / "upload", [HEADER, *rows]).read_bytes()


def work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


def test_the_whole_way(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    assert "还没有导入过教师" in school.get("/imports/teachers/").text
    template = school.get("/imports/teachers/template.xlsx")
    assert load_workbook(BytesIO(template.data)).sheetnames == ["教师", "填写说明"]
    content = file_of(tmp_path, teacher(1), teacher(2, 手机号="1"), teacher(3, 性别="<b>"))
    sent = send(school, content)
    assert sent.location == "/imports/teachers/1"
    assert "data-progress" in school.get(sent.location).text
    assert school.get("/imports/teachers/1.json").json["over"] is False
    work(lite)
    assert school.get("/imports/teachers/1.json").json["over"] is True
    page = school.get(sent.location).text
    assert "导入 1 行" in page
    assert 'name="3.mobile"' in page
    assert "手机号应为 11 位数字" in page
    assert "<b>" not in page.replace("<b>3</b>", "").replace("<b>1</b>", "").replace("<b>2</b>", "")
    assert "教师00001" in school.get(f"{sent.location}?tab=good").text
    fixed = school.post(f"{sent.location}/rows", data={"3.mobile": "13900000002", "4.sex": "<b>"}, follow_redirects=True)
    assert "重新检查了 2 行：1 行通过，1 行仍有问题" in fixed.text
    failed = load_workbook(BytesIO(school.get(f"{sent.location}/failed.xlsx").data)).active
    assert failed is not None
    assert [failed["A2"].value, failed["B2"].value, failed["D2"].value] == ["4", "性别", "<b>"]
    assert school.post(f"{sent.location}/take").status_code == 302
    assert "正在导入" in school.get(sent.location).text
    work(lite)
    assert counts(lite) == (2, 2, 2)
    assert "已导入 2" in school.get(sent.location).text
    assert "下载失败数据" in school.get("/imports/teachers/").text
    assert "教师00002" in school.get("/teachers/").text
    assert "没有重复导入" in school.get(send(school, content).location).text
    assert counts(lite) == (2, 2, 2)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [(b"", "", "请先选择"), (b"", "教师.xlsx", "空的"), (b"x", "教师.pdf", "不是 Excel 文件"), (b"PK\x03\x04", "教师.xlsx", "已损坏")],
)
def test_a_wrong_file_is_refused_at_once(lite: World, content: bytes, name: str, said: str) -> None:
    school = user(site(lite), "school1")
    answer = send(school, content, name)
    assert answer.status_code == 422
    assert said in answer.text
    assert "还没有导入过教师" in school.get("/imports/teachers/").text


def test_too_large_an_upload(lite: World) -> None:
    school = user(site(lite), "school1")
    told = {"CONTENT_LENGTH": str(200 * 1024 * 1024)}  # what a browser says before it sends the rest
    answer = school.post("/imports/teachers/", data=b"", content_type="multipart/form-data; boundary=x", environ_overrides=told)
    assert answer.status_code == 413
    assert "20 MB" in answer.text


def test_other_schools_and_roles_reach_nothing(lite: World, tmp_path: Path) -> None:
    app = site(lite)
    send(user(app, "school1"), file_of(tmp_path, teacher(1), teacher(2, 手机号="1")))
    work(lite)
    for account, code in (("school2", 404), ("province1", 403)):
        client = user(app, account)
        for address in ("", ".json", "/failed.xlsx"):
            assert client.get(f"/imports/teachers/1{address}").status_code == code
        for act in ("rows", "take", "drop", "resume"):
            assert client.post(f"/imports/teachers/1/{act}").status_code == code
    assert user(app, "school1").get("/imports/nothing/").status_code == 404
    assert "教师.xlsx" not in user(app, "school2").get("/imports/teachers/").text
    assert record(lite, 1).state == "ready"


def test_giving_up(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1))).location
    work(lite)
    assert "已放弃" in school.post(f"{address}/drop", follow_redirects=True).text
    assert school.post(f"{address}/take").status_code == 409
    assert "没有写入任何数据" in school.get(address).text
    assert counts(lite) == (0, 0, 0)


def test_a_cancelled_check_can_go_on(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1))).location
    assert school.post(f"/background/{record(lite, 1).task_id}/cancel").status_code == 302
    assert "继续" in school.get(address).text
    assert school.post(f"{address}/resume").status_code == 302
    assert school.post(f"{address}/resume").status_code == 409
    work(lite)
    assert "导入 1 行" in school.get(address).text


def test_a_page_of_a_large_import_costs_what_a_small_one_does(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    found = []
    for rows in (1, 60):
        address = send(school, file_of(tmp_path, *(teacher(n, 手机号="1") for n in range(rows)))).location
        work(lite)
        with counted(lite) as (statements, _):
            page = school.get(address).text
        found.append(len(statements))
    assert found[0] == found[1]
    assert "第 1/3 页" in page
    assert 'name="22.mobile"' not in page
    assert 'name="22.mobile"' in school.get(f"{address}?page=2").text
