"""教师: added by the school, told by SMS, made to choose a password at the first login, then 已激活."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.ground.parties import Person
from domain.institutions.teachers import Teacher, store_teachers
from domain.platform.passwords import first_password
from jobs import outbox
from processes import tables
from tests.conftest import World
from tests.jobs.conftest import Live
from tests.webapp.clients import site, user
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "teacher.index": get("200"),
    "teacher.show": get("school1 teacher1: 200+; 404"),
    "teacher.edit": get("school1: 200+; teacher1: 409; 404"),
    "teacher.store": post("school1: 422; teacher1: 403; 404"),
    "teacher.new": get("schools: 200; 403"),
    "teacher.create": post("schools: 422; 403"),
}  # fmt: skip

FORM = {"name": "王小明", "mobile": "13911110000", "id_number": "11010519491231002x", "rank": "讲师"}
CHOSEN = "Chosen-2026"


def add(client: FlaskClient, **changes: str) -> Any:
    return client.post("/teachers/new", data={**FORM, **changes, "act": "保存"})


def job_ids(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(tables.job.c.id).where(tables.job.c.state == "pending")))


def status(world: World) -> tuple[str, str]:
    with world.runtime.database.reading() as session:
        row = session.execute(select(Teacher.status, Teacher.tone)).one()
    return row.status, row.tone


def log_in(client: FlaskClient, account: str, password: str) -> int:
    return client.post("/login", data={"account": account, "password": password}).status_code


@pytest.mark.row("7.2")
def test_from_the_sms_to_an_active_account(live: Live) -> None:
    world = live.world
    app = site(world)
    school = user(app, "school1")
    assert add(school).status_code == 302
    assert status(world) == ("未激活", "waiting")
    (job_id,) = job_ids(world)
    assert outbox.run_job(world.runtime, job_id)
    (message,) = live.outside.sent[job_id]["messages"]
    assert message["to"] == "13911110000"
    found = re.search(r"首次登录密码：(\w{10})。", message["text"])
    assert found is not None
    password = found[1]
    teacher = app.test_client()
    assert log_in(teacher, "13911110000", "wrong") == 400
    assert log_in(teacher, "13911110000", password.lower()) == 302  # people type small letters
    for address in ("/", "/teachers/", "/inbox/", "/background/"):
        assert teacher.get(address).location == "/account/password"  # nothing else is reachable
    assert teacher.post("/records/drafts?form=teacher/1").status_code == 403
    assert teacher.post("/account/password", data={"new": password, "again": password}).status_code == 400
    assert teacher.post("/account/password", data={"new": CHOSEN, "again": "x"}).status_code == 400
    assert status(world) == ("未激活", "waiting")
    assert teacher.post("/account/password", data={"new": CHOSEN, "again": CHOSEN}).status_code == 302
    assert status(world) == ("已激活", "done")
    home = teacher.get("/").text
    assert "王小明" in home
    assert log_in(app.test_client(), "13911110000", password) == 400  # the first password has ended
    assert log_in(app.test_client(), "13911110000", CHOSEN) == 302
    assert "王小明（金陵职业技术学院）" in school.get("/teachers/1").text  # history says who logged in


@pytest.mark.row("7.2")
def test_the_first_password_is_kept_nowhere(live: Live) -> None:
    world = live.world
    add(user(site(world), "school1"))
    (job_id,) = job_ids(world)
    assert outbox.run_job(world.runtime, job_id)
    with world.runtime.database.reading() as session:
        nonce = session.scalars(select(Person.first_nonce).where(Person.account == "13911110000")).one()
        job = session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()
    password = first_password(world.runtime.settings.secret_key, nonce or "")
    assert password in live.outside.sent[job_id]["messages"][0]["text"]
    assert password not in str(job)
    with world.runtime.database.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "13911110000" in dump
    assert password not in dump
    assert first_password("another installation's key" * 2, nonce or "") != password


@pytest.mark.row("7.2")
def test_a_new_sms_ends_the_password_before(live: Live) -> None:
    world = live.world
    app = site(world)
    school = user(app, "school1")
    add(school)
    assert "重发短信" in school.get("/teachers/").text
    live.outside.mode = "refuse"
    (job_id,) = job_ids(world)
    assert outbox.run_job(world.runtime, job_id)
    with world.runtime.database.reading() as session:
        row = session.execute(select(tables.instance)).one()
        old = session.scalars(select(Person.first_nonce).where(Person.account == "13911110000")).one()
    assert row.incident is not None
    live.outside.mode = "ok"
    wait = next(w["element"] for w in row.waits if w["role"] == "试点院校")
    sent = school.post(f"/records/{row.id}/messages/{wait}", data={"name": "重发短信", "back": "/teachers/"}, follow_redirects=True).text
    assert "已提交“重发短信”，正在发送首次登录密码，请稍候。" in sent  # nobody knows yet whether it goes out
    new = next(one for one in job_ids(world) if one != job_id)
    assert outbox.run_job(world.runtime, new)
    secret = world.runtime.settings.secret_key
    assert log_in(app.test_client(), "13911110000", first_password(secret, old or "")) == 400
    text = live.outside.sent[new]["messages"][0]["text"]
    password = re.search(r"首次登录密码：(\w{10})", text)
    assert password is not None
    assert log_in(app.test_client(), "13911110000", password[1]) == 302
    with world.runtime.database.reading() as session:
        after = session.execute(select(tables.instance)).one()
    assert [w for w in after.waits if w["role"] == "试点院校"] == []  # not again for ten minutes


@pytest.mark.row("7.1")
def test_adding_and_editing(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    page = add(school, mobile="1")
    assert page.status_code == 422
    assert "王小明" in page.text  # nothing typed is lost
    assert add(school).status_code == 302
    assert "该手机号" in add(school).text or "本校已有使用该手机号的账号" in add(school).text
    assert add(user(app, "school2")).status_code == 409
    assert school.post("/teachers/1/edit", data={**FORM, "mobile": "2", "act": "保存"}).status_code == 422
    changed = school.post("/teachers/1/edit", data={**FORM, "mobile": "13911110009", "act": "保存"})
    assert changed.status_code == 302
    listed = school.get("/teachers/?name=王小明").text
    assert "13911110009" in listed
    assert "110105***002X" in listed
    assert "修改" in listed
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(Person.account).where(Person.name == "王小明")).all() == ["13911110009"]
    assert add(school, name="李四", id_number="").status_code == 302
    taken = school.post("/teachers/2/edit", data={**FORM, "mobile": "13911110009", "act": "保存"})
    assert taken.status_code == 409
    assert "已有账号" in taken.text


@pytest.mark.row("7.1")
def test_another_school_sees_no_teacher(lite: World) -> None:
    app = site(lite)
    add(user(app, "school1"))
    other = user(app, "school2")
    assert "王小明" not in other.get("/teachers/").text
    assert other.get("/teachers/1").status_code == 404
    assert other.post("/teachers/1/edit", data={**FORM, "act": "保存"}).status_code == 404
    assert user(app, "province1").get("/teachers/new").status_code == 403


@pytest.mark.row("7.1", "7.2")
def test_the_list_shows_and_finds_whose_sms_could_not_be_sent(live: Live) -> None:
    world = live.world
    school = user(site(world), "school1")
    add(school)
    add(school, name="李小红", mobile="13911110001", id_number="")
    first, second = sorted(job_ids(world), key=lambda job: live.job(job).instance_id)
    live.outside.mode = "refuse"
    outbox.run_job(world.runtime, first)
    live.outside.mode = "ok"
    outbox.run_job(world.runtime, second)
    page = school.get("/teachers/").text
    assert page.count('class="failed-step"') == 1
    assert "有一步失败，等待处理：短信平台拒绝发送，请核对接收人的手机号后重发" in page
    found = school.get("/teachers/?failed=有步骤失败").text
    assert "王小明" in found
    assert "李小红" not in found
    text = school.get("/teachers/1").text.partition("<body")[2]  # the addresses of styles, before it, end with digests
    assert "短信平台拒绝发送" in text
    assert "422" not in text


@pytest.mark.row("7.1")
def test_teachers_whose_process_an_import_is_about_to_start_are_counted_and_told(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    assert add(school).status_code == 302
    with lite.runtime.database.writing() as session:
        store_teachers(session, lite.actor("school1"), [{"name": "李小红", "mobile": "13911110022"}], lite.clock())
    page = school.get("/teachers/").text
    assert "全部 <small>2</small>" in page
    assert "流程启动中 <small>1</small>" in page
    assert '<span class="text-secondary">流程启动中</span></td>' in page.replace("\n", "").replace("  ", "")
    starting = school.get("/teachers/2")
    assert starting.status_code == 409  # it is there, and nobody may think that it was deleted
    assert "这条记录刚刚导入，流程还在启动" in starting.text
    assert user(app, "school2").get("/teachers/2").status_code == 404
