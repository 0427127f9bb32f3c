"""批量修改考生信息 and 资料不完整 through the pages."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import update

from domain.exams.candidates import Candidate
from domain.ground.id_numbers import masked
from domain.platform.looks import Look
from jobs import background
from jobs.imports import amending_template
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.jobs.imports.test_candidate_changes import change, registered
from tests.webapp.clients import site, user
from tests.webapp.exams.test_candidates import add
from tests.webapp.routes import get, post

pytestmark = pytest.mark.row("5.2.3.4")
HERE = {"kind": "candidate-changes"}
CHOSEN = {"filter": "kind=院校考生", "back": "/candidates/"}
ROUTES = {  # what each account gets from each address
    "imports.index of changes": get("schools: 200; 403", **HERE),
    "imports.template of changes": get("schools: 404; 403", **HERE),
    "amending.choose": post("school1: 200; schools: 302; 403", CHOSEN, **HERE),
    "amending.template": post("school1: 200+; schools: 200; 403", CHOSEN, **HERE),
    "amending.begin_template": post("schools: 302+; 403", CHOSEN, **HERE),
}  # fmt: skip


def work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


def template(client: FlaskClient, path: Path, data: dict[str, str]) -> Path:
    with client.post("/imports/candidate-changes/filled", data=data) as answer:
        path.write_bytes(answer.data)
    return path


def upload(client: FlaskClient, path: Path) -> str:
    data = {"file": (BytesIO(path.read_bytes()), "修改.xlsx")}
    return str(client.post("/imports/candidate-changes/", data=data, content_type="multipart/form-data").location)


def test_from_ticked_rows_to_changed_records(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a")
    school = user(site(lite), "school1")
    assert "批量修改考生信息" in school.get("/candidates/").text
    page = school.post("/imports/candidate-changes/chosen", data={"ids": ["1", "2"], **CHOSEN}).text
    assert "下载修改模板（2 条）" in page
    assert 'name="ids" value="2"' in page
    assert "下载修改模板（3 条）" in school.post("/imports/candidate-changes/chosen", data=CHOSEN).text
    path = change(template(school, tmp_path / "t.xlsx", CHOSEN), {(2, "手机号"): "13922220000", (3, "手机号"): "1"})
    address = upload(school, path)
    work(lite)
    page = school.get(address).text
    assert "可修改 <b>1</b> 行，没有变化 <b>1</b> 行，有问题 <b>1</b> 行" in page
    assert "导入" not in page[page.index("<main") :]
    same = school.get(f"{address}?tab=same").text
    assert masked(str(pupil(1)["id_number"])) in same  # nothing is to be decided of it: whoever wants the whole opens the record
    assert str(pupil(1)["id_number"]) not in same
    good = school.get(f"{address}?tab=good").text
    whole = re.findall(r"\d{17}[\dX]", good)
    assert whole
    assert "<del>13911110000</del> → <ins>13922220000</ins>" in good
    fixed = school.post(f"{address}/rows", data={"3.mobile": "13933330000"}, follow_redirects=True).text
    assert "重新检查了 1 行：1 行通过" in fixed
    assert "修改 2 行" in fixed
    assert school.post(f"{address}/take").status_code == 302
    work(lite)
    done = school.get(address).text
    assert "已修改 <b>2</b> 行" in done
    taken = school.get(f"{address}?tab=taken").text
    assert "<ins>13933330000</ins>" in taken  # what was before is told afterwards too
    assert not any(number in taken for number in whole)
    assert masked(whole[0]) in taken
    assert "批量修改记录" in school.get("/imports/candidate-changes/").text
    assert "13922220000" in school.get("/candidates/1").text + school.get("/candidates/3").text


def test_failed_rows_come_back(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1, 2))
    school = user(site(lite), "school1")
    address = upload(school, change(template(school, tmp_path / "t.xlsx", CHOSEN), {(3, "手机号"): "1"}))
    work(lite)
    with school.get(f"{address}/failed.xlsx") as answer:
        book = load_workbook(BytesIO(answer.data))
    assert [cell.value for cell in book["失败明细"][2]][:4] == ["3", "手机号", "手机号应为 11 位数字，以 13–19 开头", "1"]
    assert book["考生"].max_row == 2
    again = tmp_path / "again.xlsx"
    book.save(again)
    address = upload(school, change(again, {(2, "手机号"): "13922220000"}))
    work(lite)
    assert "可修改 <b>1</b> 行" in school.get(address).text


def test_a_large_template_is_made_in_the_background(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(lite, tmp_path / "a")
    monkeypatch.setattr("webapp.imports.amending.AT_ONCE", 2)
    school = user(site(lite), "school1")
    assert school.post("/imports/candidate-changes/filled", data=CHOSEN).status_code == 307
    begun = school.post("/imports/candidate-changes/filled/begin", data=CHOSEN)
    work(lite)
    with school.get(f"{begun.location}/result") as result:
        assert load_workbook(BytesIO(result.data))["考生"].max_row == 4
    with lite.runtime.database.reading() as session:  # who took whole numbers is written down
        assert session.query(Look.why).distinct().all() == [("批量修改",)]


def test_more_than_may_be_uploaded_is_refused(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(lite, tmp_path / "a")
    monkeypatch.setattr(amending_template, "MAX_ROWS", 2)
    school = user(site(lite), "school1")
    answer = school.post("/imports/candidate-changes/filled", data=CHOSEN, follow_redirects=True).text
    assert "共 3 条，超过一次能修改的 2 条，请用查询条件缩小范围后分次修改" in answer


@pytest.mark.row("5.2.3.1")
def test_incomplete_candidates_are_listed_and_lead_to_their_template(world: World, tmp_path: Path) -> None:
    school = user(site(world), "school1")
    for number in (1, 2):
        assert add(school, **{name: str(value) for name, value in pupil(number).items()}) == 302
    others = {**pupil(3), "kind": "社会考生", "major": "", "level": "", "entry_year": ""}
    assert add(school, **{name: str(value) for name, value in others.items()}) == 302
    with world.runtime.database.writing() as session:  # one of before these fields were required, and two that are complete
        session.execute(update(Candidate).where(Candidate.id == 1).values(major=None, entry_year=None))
    page = school.get("/candidates/").text
    address = f"/candidates/?{urlencode({'kind': '院校考生', 'lacking': '不完整'})}"
    assert f'href="{address}"'.replace("&", "&amp;") in page
    incomplete = school.get(address).text
    assert "就读专业、入学年份<" in incomplete.replace("\n", "").replace("  ", "")  # a photo is no field
    assert ("王小二" in incomplete, "王小三" in incomplete) == (True, False)
    assert "王小四" not in school.get(f"/candidates/?{urlencode({'kind': '社会考生', 'lacking': '不完整'})}").text
    assert "王小三" in school.get(f"/candidates/?{urlencode({'lacking': '完整'})}").text
    path = template(school, tmp_path / "t.xlsx", {"filter": address.partition("?")[2], "back": address})
    sheet = load_workbook(path)["考生"]
    assert sheet.max_row == 2
    assert [sheet.cell(1, cell.column).value for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFF1B8"] == ["就读专业", "入学年份"]
    upload(school, change(path, {(2, "就读专业"): "护理", (2, "入学年份"): "2025"}))
    work(world)
    assert school.post("/imports/candidate-changes/1/take").status_code == 302
    work(world)
    assert "王小二" not in school.get(address).text
    assert PUPIL["level"] in school.get("/candidates/1").text
