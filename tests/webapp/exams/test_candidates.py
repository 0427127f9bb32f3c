"""考生 through the pages: two parts of a list, adding, editing, authentication, deleting, and what others may not."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import timedelta
from io import BytesIO
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from domain.exams.candidates import Candidate
from domain.exams.photos import keep_photo
from domain.platform.looks import Look
from jobs import background, outbox
from processes import tables
from processes.monitor.verify import verify
from processes.steps import acting
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL
from tests.jobs.conftest import Live
from tests.jobs.photos.flow import accurate
from tests.webapp.clients import site, user
from tests.webapp.exams.people import FORM as INVIGILATOR
from tests.webapp.exams.people import add as invigilator
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "candidate.index": get("200"),
    "candidate.show": get("school1: 200+; 404"),
    "candidate.edit": get("school1: 200+; 404"),
    "candidate.store": post("school1: 422; 404"),
    "candidate.new": get("schools: 200; 403"),
    "candidate.create": post("schools: 422; 403"),
}  # fmt: skip


def add(client: FlaskClient, **changes: str) -> int:
    data = {**{name: str(value) for name, value in PUPIL.items()}, **changes, "act": "保存", "for": changes.get("kind", "院校考生")}
    return int(client.post("/candidates/new", data=data).status_code)


def give_photo(world: World, content: bytes = b"photo") -> None:
    photo = keep_photo(world.runtime.settings.home, content)
    with world.runtime.database.writing() as session:
        (instance,) = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == "candidate"))
        acting.put(world.runtime.engine, session, world.actor("school1"), instance, "photo", photo)


def press(client: FlaskClient, element: str) -> str:
    data = {"ids": "1", "element": element, "back": "/candidates/"}
    return client.post("/lists/candidate/send", data=data, follow_redirects=True).text


def run_jobs(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        found = list(session.scalars(select(tables.job.c.id).where(tables.job.c.state == "pending")))
    for job_id in found:
        assert outbox.run_job(world.runtime, job_id)
    return found


@pytest.mark.row("5.2.3.6")
def test_who_is_being_compared_is_seen_and_found_in_the_list(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert add(school) == 302
    give_photo(lite_books)
    under_way, words = "/candidates/?failed=与公安系统照片比对中", '<small class="at-work">与公安系统照片比对中</small>'
    assert "<option>与公安系统照片比对中</option>" in school.get("/candidates/").text
    assert words not in school.get("/candidates/").text
    assert "王小明" not in school.get(under_way).text
    press(school, "waiting")
    assert words in school.get("/candidates/").text
    assert words in school.get(f"{under_way}&status=信息待认证").text
    assert "王小明" not in school.get("/candidates/?failed=有步骤失败").text
    assert "王小明" not in school.get("/candidates/?failed=别的").text
    give_photo(lite_books, b"another")  # which ends the comparison
    assert words not in school.get("/candidates/").text
    assert "王小明" not in school.get(under_way).text


@pytest.mark.row("5.2.3.6")
def test_the_page_says_that_the_comparison_is_away_and_that_it_was_refused(live: Live) -> None:
    world = live.world
    school = user(site(world), "school1")
    assert add(school) == 302
    give_photo(world)
    press(school, "waiting")
    live.outside.compare = "fail"
    (job,) = run_jobs(world)
    assert "公安系统照片比对忙，系统会自动重试，请稍后查看" in school.get("/candidates/1").text
    assert "正在与公安系统照片比对，请稍候" in press(school, "waiting")
    live.outside.compare = "refuse"
    assert outbox.run_job(world.runtime, job)
    page = school.get("/candidates/1").text
    assert "系统会自动重试" not in page
    failed = "流程中有一步失败，等待处理：公安系统拒绝了这次比对，请联系系统管理员"
    assert failed in page
    told = press(school, "waiting")
    assert failed in told
    assert "请稍候" not in told


@pytest.mark.row("5.2.3.6")
def test_nobody_is_told_that_a_candidate_is_authenticated_before_the_comparison_has_ended(live: Live) -> None:
    world = live.world
    school = user(site(world), "school1")
    assert add(school) == 302
    give_photo(world)
    data = {"name": "认证", "back": "/candidates/"}
    page = school.post("/records/1/messages/waiting", data=data, follow_redirects=True).text
    assert "已提交“认证”，正在与公安系统照片比对，请稍候；有结果后状态会自动变化。" in page
    assert "已认证" not in page
    give_photo(world, b"another")
    page = press(school, "waiting")
    assert "完成 1 条，失败 0 条" in page
    assert "完成的已转入“与公安系统照片比对”，有结果后状态会自动变化" in page
    page = press(school, "waiting")  # of which nothing is done
    assert "完成 0 条，失败 1 条" in page
    assert "完成的已转入" not in page
    page = school.post("/records/1/messages/delete_early", data={"name": "删除", "back": "/candidates/"}, follow_redirects=True).text
    assert "已删除。" in page


@pytest.mark.row("5.2.3.1")
def test_pupils_and_others_are_two_parts_of_one_list(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert "还没有考生" in school.get("/candidates/").text
    new = school.get("/candidates/new?for=社会考生").text
    assert "新增社会考生" in new
    assert "<option selected>社会考生</option>" in new
    assert add(school) == 302
    assert add(school, kind="社会考生", name="李四", major="", level="", entry_year="") == 302
    assert 'href="/candidates/?kind=%E7%A4%BE%E4%BC%9A%E8%80%83%E7%94%9F">考生管理' in school.get("/candidates/2").text  # back to its part
    pupils, others = school.get("/candidates/").text, school.get("/candidates/?kind=社会考生").text
    assert ("王小明" in pupils, "李四" in pupils) == (True, False)
    assert ("王小明" in others, "李四" in others) == (False, True)
    assert "110105***002X" in pupils
    assert "11010519491231002X" not in pupils
    assert "11010519491231002X" in school.get("/candidates/1").text
    assert add(school) == 409
    assert add(school, id_number="110105194912310021") == 422


@pytest.mark.row("5.2.3.6", "5.2.3.5")
def test_from_a_photo_to_accurate_information(live: Live) -> None:
    world = live.world
    school = user(site(world), "school1")
    assert add(school) == 302
    assert "无照片" in school.get("/candidates/1").text
    give_photo(world)
    listed = school.get("/candidates/").text
    places = [listed.index(f">{name} <small>") for name in ("无照片", "信息待认证", "需人工确认", "信息准确")]  # as the flow reaches them
    assert places == sorted(places)
    row = listed.split("data-tick ")[1]
    assert row.index(">编辑<") < row.index(">认证<") < row.index(">删除<")
    assert "完成 1 条" in press(school, "waiting")
    seen = re.search(r'name="seen" value="(\d+)"', school.get("/candidates/1/edit").text)
    assert seen is not None
    assert "正在与公安系统照片比对" in press(school, "waiting")  # pressed twice
    (job,) = run_jobs(world)
    assert live.outside.compared[job]["number"] == PUPIL["id_number"]
    sent = b64encode(b"photo")  # the bytes, from where photos are kept
    assert live.outside.compared[job]["photo"] == hashlib.sha256(sent).hexdigest()
    assert "cGhvdG8=" not in str(live.job(job))
    assert "信息准确" in school.get("/candidates/1").text
    form = school.get("/candidates/1/edit").text
    assert 'name="mobile"' in form
    assert not any(f'name="{name}"' in form for name in ("name", "document", "id_number", "photo"))
    edited = {**{name: str(value) for name, value in PUPIL.items()}, "mobile": "13911110009", "act": "保存", "seen": seen[1]}
    refused = school.post("/candidates/1/edit", data={**edited, "name": "王晓明"})  # from a form that was opened before the answer came
    assert refused.status_code == 409
    assert "该记录的状态已变为“信息准确”，“姓名”不能再修改" in refused.text
    assert school.post("/candidates/1/edit", data=edited).status_code == 302
    shown = school.get("/candidates/1").text
    assert "13911110009" in shown
    assert "王晓明" not in shown


@pytest.mark.row("5.2.3.6")
def test_who_does_not_match_is_confirmed_by_hand(live: Live) -> None:
    world, live.outside.compare = live.world, "mismatch"
    school = user(site(world), "school1")
    assert add(school) == 302
    give_photo(world)
    press(school, "waiting")
    run_jobs(world)
    page = school.get("/candidates/1").text
    assert "需人工确认" in page
    assert "照片与公安系统中的照片不一致（相似度 41%）" in page.split("data-tabs")[0]
    with world.runtime.database.reading() as session:
        task = session.scalars(select(tables.task.c.id).where(tables.task.c.state == "open", tables.task.c.element == "confirm")).one()
    asked = school.get(f"/inbox/tasks/{task}").text
    assert "比对未通过：照片与公安系统中的照片不一致（相似度 41%）" in asked
    assert 'data-confirm="请对照证件核对姓名、证件号和照片。' in asked
    assert school.post(f"/inbox/tasks/{task}", data={"outcome": "确认无误"}).status_code == 302
    assert "比对未通过：" not in school.get("/candidates/1").text.split("data-tabs")[0]  # it is settled
    assert "信息准确" in school.get("/candidates/1").text


@pytest.mark.row("5.2.3.7")
def test_deleting(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert add(school) == 302
    assert "批量删除" in school.get("/candidates/").text
    assert "完成 1 条" in press(school, "delete_early")
    assert school.get("/candidates/1").status_code == 404
    assert add(school) == 302


@pytest.mark.row("5.2.3.1")
def test_pinyin_that_was_left_empty_is_filled_in_from_the_name(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert add(school, name="万俟 明", pinyin="") == 302
    assert "MOQI MING" in school.get("/candidates/").text
    answer = school.post("/candidates/1/edit", data={**PUPIL, "name": "陈\U0002ebf0", "pinyin": "", "act": "保存"})
    assert (answer.status_code, "“姓名拼音”必须填写" in answer.text) == (422, True)
    assert "姓名中不能有数字" in school.post("/candidates/1/edit", data={**PUPIL, "name": "张三1", "act": "保存"}).text


@pytest.mark.row("5.2.3.1")
def test_a_new_name_has_a_new_pinyin_unless_the_old_one_was_corrected(lite_books: World) -> None:
    school = user(site(lite_books), "school1")

    def edited(**values: str) -> str:
        assert school.post("/candidates/1/edit", data={**PUPIL, **values, "act": "保存"}).status_code == 302
        with lite_books.runtime.database.reading() as session:
            return session.get_one(Candidate, 1).pinyin

    assert add(school, name="王小明", pinyin="WANG XIAOMING") == 302
    assert edited(name="李小明", pinyin="WANG XIAOMING") == "LI XIAOMING"  # a page without scripts sends it back as it was
    assert edited(name="李小明", pinyin="LEE SIUMING") == "LEE SIUMING"
    assert edited(name="李晓明", pinyin="LEE SIUMING") == "LEE SIUMING"


def looks(world: World) -> list[tuple[str, str, int]]:
    with world.runtime.database.reading() as session:
        return [(one.person, one.why, one.record_id) for one in session.scalars(select(Look).order_by(Look.id))]


@pytest.mark.row("5.2.3.1")
def test_a_year_written_with_a_point_is_what_the_proof_says(world: World) -> None:
    school = user(site(world), "school1")
    assert add(school, entry_year="2025.0") == 302
    for year, found in (("2025", True), ("2025级", True), ("２０２５", True), ("2024级", False), ("25级", False)):
        assert ("王小明" in school.get(f"/candidates/?year={year}").text) == found
    with world.runtime.database.reading() as session:
        assert session.scalars(select(Candidate.entry_year)).all() == [2025]
        assert verify(world.runtime.engine, session) == []


@pytest.mark.row("5.2.3.1")
def test_who_sees_a_number_whole_is_written_down(world: World) -> None:
    app = site(world)
    school, other = user(app, "school1"), user(app, "school2")
    assert add(school) == 302
    assert "110105***002X" in school.get("/candidates/").text
    assert looks(world) == []
    assert other.get("/candidates/1").status_code == 404
    assert other.post("/lists/candidate/export", data={"ids": "1"}).status_code == 302
    assert looks(world) == []  # nobody else saw anything
    page = school.get("/candidates/1").text
    school.get("/candidates/1")  # a page that is loaded anew is the same look
    school.get("/candidates/1/edit")
    with school.post("/lists/candidate/export", data={"ids": "1"}) as answer:
        sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][4] == PUPIL["id_number"]
    me = "张文（金陵职业技术学院）"
    assert looks(world) == [(me, "查看", 1), (me, "编辑", 1), (me, "导出", 1)]
    assert "证件号查看记录" in page
    assert f"<b>{me}</b> 查看" in page
    world.clock.now += timedelta(minutes=11)
    school.get("/candidates/1")
    assert len(looks(world)) == 4


@pytest.mark.row("5.2.3.1")
def test_who_posts_a_form_without_having_opened_it_is_written_down_too(world_books: World) -> None:
    app = site(world_books)
    school = user(app, "school1")
    assert add(school) == 302
    assert school.post("/candidates/1/edit").status_code == 422
    assert looks(world_books) == []  # what may still be changed is not shown to who has not typed it
    give_photo(world_books)
    accurate(world_books, 1)
    answer = school.post("/candidates/1/edit")
    assert (answer.status_code, PUPIL["id_number"] in answer.text) == (422, True)
    me = "张文（金陵职业技术学院）"
    assert looks(world_books) == [(me, "编辑", 1)]
    assert invigilator(school, "Web前端开发与调试（中级）") == 302
    with world_books.runtime.database.reading() as session:
        (task,) = session.scalars(select(tables.task.c.id).where(tables.task.c.role == "培训评价组织"))
    organization = user(app, "organization1")
    answer = organization.post(f"/inbox/tasks/{task}", data={"outcome": "不存在"})
    assert (answer.status_code, INVIGILATOR["id_number"] in answer.text) == (409, True)
    assert looks(world_books)[1:] == [("吴霞（华信培训评价中心）", "办理", 1)]


@pytest.mark.row("5.2.3.4")
def test_an_export_in_the_background_is_written_down(lite: World) -> None:
    school = user(site(lite), "school1")
    assert add(school) == 302
    assert school.post("/lists/candidate/export/begin", data={"ids": "1"}).status_code == 302
    assert looks(lite) == []
    for task_id in background.sweep(lite.runtime):
        assert background.run_task(lite.runtime, task_id)
    assert [why for _, why, _ in looks(lite)] == ["导出"]


@pytest.mark.row("5.2.3.1")
def test_whoever_works_in_one_part_of_the_list_stays_there(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    others = "/candidates/?kind=%E7%A4%BE%E4%BC%9A%E8%80%83%E7%94%9F"
    data = {**{name: str(value) for name, value in PUPIL.items()}, "kind": "社会考生", "act": "保存"}
    assert school.post("/candidates/new", data={**data, "for": "社会考生"}).location == others
    assert school.post("/candidates/1/edit", data={**data, "mobile": "13911110009"}).location == others
    for address in ("/candidates/new?for=社会考生", "/candidates/1/edit", "/candidates/1"):
        assert f'href="{others}"' in school.get(address).text
    assert f'href="{others}"' not in school.get("/candidates/new").text
    pupil = school.post("/candidates/new", data={**data, "kind": "院校考生", "for": "院校考生"})
    assert unquote(pupil.location) == "/candidates/?kind=院校考生"
    for subject, back, then in ((1, f"{others}&name=王", f"{others}&name=王"), (2, "/candidates/2", "/candidates/")):
        with lite_books.runtime.database.reading() as session:
            columns = tables.instance.c
            instance = session.scalars(select(columns.id).where(columns.key == "candidate", columns.subject_id == subject)).one()
        answer = school.post(f"/records/{instance}/messages/delete_early", data={"name": "删除", "back": back})
        assert unquote(answer.location) == unquote(then)


@pytest.mark.row("5.2.3.7")
def test_a_batch_that_cannot_be_undone_says_so_before(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert add(school) == 302
    page = school.get("/candidates/").text
    assert 'data-confirm="删除后不能恢复。确定对所选记录“批量删除”吗？"' in page
    assert 'data-confirm="确定对所选记录“批量认证”吗？"' in page


@pytest.mark.row("5.2.3.6", "8.4")
def test_a_comparison_that_is_away_is_seen_by_the_supervisor(live: Live) -> None:
    world, live.outside.compare = live.world, "fail"
    app = site(world)
    school, supervisor = user(app, "school1"), user(app, "supervisor")
    assert add(school) == 302
    give_photo(world)
    assert "<b>0</b>等待重试" in supervisor.get("/monitor/").text
    press(school, "waiting")
    assert "<b>0</b>等待重试" in supervisor.get("/monitor/").text  # nothing has failed yet
    run_jobs(world)
    assert "<b>1</b>等待重试" in supervisor.get("/monitor/").text
    assert "王小明" in supervisor.get("/monitor/instances/?state=等待重试").text
    live.outside.compare = "ok"
    run_jobs(world)
    assert "信息准确" in school.get("/candidates/1").text
    assert "<b>0</b>等待重试" in supervisor.get("/monitor/").text
    assert "王小明" not in supervisor.get("/monitor/instances/?state=等待重试").text


@pytest.mark.row("5.2.3.5", "8.4")
def test_a_candidate_is_called_by_the_name_of_today(lite_books: World) -> None:
    app = site(lite_books)
    school, supervisor = user(app, "school1"), user(app, "supervisor")
    assert add(school) == 302
    edited = {**{name: str(value) for name, value in PUPIL.items()}, "name": "李小明", "pinyin": "LI XIAOMING", "act": "保存"}
    assert school.post("/candidates/1/edit", data=edited).status_code == 302
    assert "<h1>李小明（110105***002X）" in school.get("/candidates/1").text
    assert "李小明" in supervisor.get("/monitor/instances/?process=考生").text
    with lite_books.runtime.database.reading() as session:
        assert not list(verify(lite_books.runtime.engine, session))
