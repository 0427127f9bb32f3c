"""Imports through the pages: upload, preview, corrections, taking in, 导入记录; and what others may not see."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from jobs import background
from jobs.imports import returned_rows
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
    assert '3<small class="wrong">手机号</small>' in page
    assert '4<small class="wrong">性别</small>' in page
    assert "<b>" not in page.replace("<b>3</b>", "").replace("<b>1</b>", "").replace("<b>2</b>", "")
    assert "教师〇〇〇〇一" in school.get(f"{sent.location}?tab=good").text
    fixed = school.post(f"{sent.location}/rows", data={"3.mobile": "13900000002", "4.sex": "<b>"}, follow_redirects=True)
    assert "重新检查了 2 行：1 行通过，1 行仍有问题" in fixed.text
    failed = load_workbook(BytesIO(school.get(f"{sent.location}/failed.xlsx").data))["失败明细"]
    assert [failed["A2"].value, failed["B2"].value, failed["D2"].value] == ["4", "性别", "<b>"]
    assert school.post(f"{sent.location}/take").status_code == 302
    assert "正在导入" in school.get(sent.location).text
    work(lite)
    assert counts(lite) == (2, 2, 2)
    assert "已导入 2" in school.get(sent.location).text
    assert "下载失败数据" in school.get("/imports/teachers/").text
    assert "教师〇〇〇〇二" in school.get("/teachers/").text
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


def test_the_page_says_in_what_form_failed_rows_come_back(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = site(lite)
    school = user(app, "school1")
    address = send(school, file_of(tmp_path, teacher(1), teacher(2, 手机号="1"), teacher(3))).location
    text = send(school, "姓名,手机号\n张三,1\n".encode(), "教师.csv").location
    work(lite)
    page = school.get(address).text
    assert "得到您上传的表格，其中只留下有问题的行" in page
    assert f'href="{address}/failed.xlsx"' in page
    page = school.get(text).text
    assert "得到一份清单" in page
    assert f'href="{text}/failed.xlsx"' in page
    failed = school.get(f"{address}/failed.xlsx")
    assert "%E6%95%99%E5%B8%88-%E6%9C%AA%E9%80%9A%E8%BF%87.xlsx" in failed.headers["Content-Disposition"]
    assert [row[:2] for row in load_workbook(BytesIO(failed.data))["Sheet1"].iter_rows(values_only=True)] == [
        ("姓名", "手机号"),
        ("教师〇〇〇〇二", "1"),
    ]
    assert load_workbook(BytesIO(school.get(f"{text}/failed.xlsx").data)).sheetnames == ["未通过"]
    monkeypatch.setattr(returned_rows, "AT_ONCE", 2)
    for page in (school.get(address).text, school.get("/imports/teachers/").text):
        assert f'action="{address}/failed"' in page  # it takes longer than one waits
    assert load_workbook(BytesIO(school.get(f"{address}/failed.xlsx").data)).sheetnames == ["未通过"]


def test_only_who_may_read_the_import_gets_the_workbook(lite: World, tmp_path: Path) -> None:
    app = site(lite)
    school = user(app, "school1")
    address = send(school, file_of(tmp_path, teacher(1), teacher(2, 手机号="1"))).location
    work(lite)
    task = school.post(f"{address}/failed").location
    assert "正在排队" in school.get(task).text
    work(lite)
    assert "下载 教师-未通过.xlsx" in school.get(task).text
    with school.get(f"{task}/result") as answer:
        assert load_workbook(BytesIO(answer.data)).sheetnames == ["Sheet1", "失败明细"]
    operator = user(app, "operator")  # sees that the task ran, and nothing of the teachers
    assert operator.get(task).status_code == 200
    assert "下载 教师" not in operator.get(task).text
    assert operator.get(f"{task}/result").status_code == 404
    assert user(app, "school2").get(f"{task}/result").status_code == 404


def test_giving_up(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1))).location
    work(lite)
    assert "已放弃" in school.post(f"{address}/drop", follow_redirects=True).text
    for act in ("take", "drop", "resume"):  # as somebody does whose page is older: they see how it stands
        page = school.post(f"{address}/{act}", follow_redirects=True).text
        assert "该文件刚刚已经处理过，以下是现在的情况。" in page
        assert "没有写入任何数据" in page
    assert counts(lite) == (0, 0, 0)


def test_a_cancelled_check_can_go_on(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1))).location
    assert school.post(f"/background/{record(lite, 1).task_id}/cancel").status_code == 302
    stopped = '<span class="badge tone-attention">待继续</span>'
    assert stopped in school.get(address).text
    assert stopped in school.get("/imports/teachers/").text
    assert school.post(f"{address}/resume").status_code == 302
    assert stopped not in school.get("/imports/teachers/").text
    again = school.post(f"{address}/resume", follow_redirects=True).text
    assert "该文件刚刚已经处理过" in again
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


def test_sheets_are_chosen_on_the_page(lite: World, tmp_path: Path) -> None:
    book = load_workbook(BytesIO(file_of(tmp_path, teacher(1))))
    book.worksheets[0].title = "软件学院"
    for title, row in (("商学院", teacher(2)), ("外聘", None)):
        sheet = book.create_sheet(title)
        sheet.append(list(HEADER) if row else ["姓名", "职称"])
        sheet.append(row or ["张三", "讲师"])
    book.save(content := BytesIO())
    app = site(lite)
    school = user(app, "school1")
    address = send(school, content.getvalue()).location
    work(lite)
    page = school.get(address).text
    assert "待选工作表" in page
    for said in ("软件学院（1 行）", "商学院（1 行）", "工作表“外聘”（1 行）没有读取：表头缺少“手机号”列"):
        assert said in page
    assert page.count(" checked>") == 2  # nobody loses a sheet by not looking
    nothing = school.post(f"{address}/choose")
    assert nothing.status_code == 422
    assert "请至少选择一个工作表" in nothing.text
    assert user(app, "school2").post(f"{address}/choose", data={"sheet": "商学院"}).status_code == 404
    both = school.post(f"{address}/choose", data={"sheet": ["软件学院", "商学院"]}, follow_redirects=True)
    assert "所选的 2 个工作表分别检查、分别导入" in both.text
    assert school.post(f"{address}/choose", data={"sheet": "商学院"}).status_code == 409
    work(lite)
    page = school.get(address).text
    assert "教师.xlsx（软件学院）" in page
    assert "工作表“商学院”（1 行）不属于这次导入" in page
    assert "教师.xlsx（商学院）" in school.get("/imports/teachers/").text


def test_columns_that_are_not_imported_are_named_with_and_without_headings(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    rows = [(*HEADER, "备注"), [*teacher(1), "无"], [*teacher(2), "无", "再见"]]
    sent = send(school, workbook(tmp_path / "a", rows).read_bytes())
    work(lite)
    assert "文件中的“备注”、“I 列（没有表头）”列不在导入模板中，不会导入。" in school.get(sent.location).text


@pytest.mark.parametrize(
    ("act", "said", "onward", "listed"),
    [
        ("drop", "本次导入已放弃，不能再修改。如仍要导入，请重新上传文件", "重新上传", 2),
        ("take", "本次导入正在进行，现在不能修改", "打开本次导入", 1),  # what is stored as it was typed is not listed
    ],
)
def test_corrections_of_an_import_that_was_closed_meanwhile_are_not_lost(
    lite: World, tmp_path: Path, act: str, said: str, onward: str, listed: int
) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1), teacher(2, 手机号="1"))).location
    work(lite)
    assert school.post(f"{address}/{act}").status_code == 302  # in another window
    answer = school.post(f"{address}/rows", data={"3.mobile": "<b>1390</b>", "3.name": "教师〇〇〇〇二"})
    assert answer.status_code == 409
    for text in (said, onward, "&lt;b&gt;1390&lt;/b&gt;", "手机号"):
        assert text in answer.text
    assert answer.text.count('data-label="列"') == listed
    assert "保存其余各行的修改" not in answer.text


def test_of_corrections_those_of_rows_that_are_open_can_be_saved_again(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    address = send(school, file_of(tmp_path, teacher(1), teacher(2, 手机号="1"), teacher(3, 手机号="2"))).location
    work(lite)
    assert school.post(f"{address}/rows", data={"3.mobile": "13900000002"}).status_code == 302
    assert school.post(f"{address}/take").status_code == 302
    work(lite)
    answer = school.post(f"{address}/rows", data={"3.mobile": "13900000008", "4.mobile": "13900000003"})
    assert answer.status_code == 409
    assert "3（已导入）" in answer.text
    assert 'name="3.mobile"' not in answer.text
    kept = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n([^<]*)</textarea>', answer.text))
    assert kept == {"4.mobile": "13900000003"}
    assert "1 行通过" in school.post(f"{address}/rows", data=kept, follow_redirects=True).text


def test_rows_and_columns_that_the_sheet_does_not_show_are_told(lite: World, tmp_path: Path) -> None:
    book = load_workbook(workbook(tmp_path / "a.xlsx", [HEADER, *(teacher(n) for n in range(1, 6))]))
    sheet = book.worksheets[0]
    sheet.auto_filter.ref = "A1:G6"
    for row in (3, 4):
        sheet.row_dimensions[row].hidden = True
    for column in "EF":
        sheet.column_dimensions[column].hidden = True
    book.save(tmp_path / "b")
    school = user(site(lite), "school1")
    address = send(school, (tmp_path / "b").read_bytes()).location
    work(lite)
    page = school.get(address).text
    assert "共 <b>5</b> 行" in page
    assert "其中 2 行在表格中被隐藏（或被筛选掉），也会导入。" in page
    assert "“专业”、“职称”列在表格中被隐藏，也会导入。" in page
