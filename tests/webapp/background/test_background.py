"""后台任务: the list, the progress, the result, cancel and retry; another person's is 404."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from domain.demo import PASSWORD
from domain.ground.errors import DomainError
from domain.ground.parties import Person, PersonRole, actor_of
from domain.platform.background import BackgroundTask, begin
from jobs import background
from jobs.runtime import Runtime
from jobs.work import Work


def log_in(client: FlaskClient, account: str) -> None:
    assert client.post("/login", data={"account": account, "password": PASSWORD}).status_code == 302


def begun(app: Flask, account: str = "school1") -> int:
    runtime: Runtime = app.extensions["pilot"]
    with runtime.database.writing() as session:
        actor = actor_of(session, session.scalars(select(Person.id).where(Person.account == account)).one())
        assert actor is not None
        return begin(session, actor, "test", "导出周报", {"back": "/reports/"}, runtime.engine.clock(), 10).id


def run(app: Flask, monkeypatch: pytest.MonkeyPatch, task_id: int, kind: Any) -> None:
    monkeypatch.setitem(background.KINDS, "test", kind)
    assert background.run_task(app.extensions["pilot"], task_id)


def succeed(runtime: Runtime, work: Work) -> None:
    work.file("周报.xlsx").write_bytes(b"PK")
    work.progress(9, 1)


def fail(runtime: Runtime, work: Work) -> None:
    work.progress(4, 0)
    raise DomainError("没有符合条件的记录")


def test_progress_result_and_the_way_back(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(client, "school1")
    assert "还没有后台任务" in client.get("/background/").get_data(as_text=True)
    task_id = begun(app)
    page = client.get(f"/background/{task_id}").get_data(as_text=True)
    assert f'data-progress="/background/{task_id}.json"' in page
    assert client.get(f"/background/{task_id}.json").get_json()["over"] is False
    assert client.get(f"/background/{task_id}/result").status_code == 404
    run(app, monkeypatch, task_id, succeed)
    page = client.get(f"/background/{task_id}").get_data(as_text=True)
    assert "完成 9 条，失败 1 条" in page
    assert "下载 周报.xlsx" in page
    assert 'href="/reports/"' in page
    with client.get(f"/background/{task_id}/result") as answer:
        assert answer.data == b"PK"
    assert "导出周报" in client.get("/background/").get_data(as_text=True)


def test_failure_and_retry(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(client, "school1")
    task_id = begun(app)
    run(app, monkeypatch, task_id, fail)
    page = client.get(f"/background/{task_id}").get_data(as_text=True)
    assert "没有符合条件的记录" in page
    assert client.post(f"/background/{task_id}/retry", follow_redirects=True).status_code == 200
    run(app, monkeypatch, task_id, succeed)
    assert "无须重试" in client.post(f"/background/{task_id}/retry", follow_redirects=True).get_data(as_text=True)


def test_cancel(app: Flask, client: FlaskClient) -> None:
    log_in(client, "school1")
    task_id = begun(app)
    assert "已取消" in client.post(f"/background/{task_id}/cancel", follow_redirects=True).get_data(as_text=True)
    assert "不能取消" in client.post(f"/background/{task_id}/cancel", follow_redirects=True).get_data(as_text=True)
    assert not background.run_task(app.extensions["pilot"], task_id)


@pytest.mark.parametrize(("account", "status"), [("school2", 404), ("province1", 404), ("operator", 200)])
def test_another_persons_task_is_not_there(app: Flask, client: FlaskClient, account: str, status: int) -> None:
    task_id = begun(app)
    log_in(client, account)
    assert client.get(f"/background/{task_id}").status_code == status
    assert client.get(f"/background/{task_id}.json").status_code == status
    for act in ("cancel", "retry"):
        assert client.post(f"/background/{task_id}/{act}").status_code == (404 if status == 404 else 302)


def test_the_list_has_pages(app: Flask, client: FlaskClient) -> None:
    for _ in range(21):
        begun(app)
    log_in(client, "school1")
    assert "第 2/2 页" in client.get("/background/?page=9").get_data(as_text=True)
    runtime: Runtime = app.extensions["pilot"]
    with runtime.database.reading() as session:
        assert len(session.scalars(select(BackgroundTask)).all()) == 21


@pytest.mark.row("9.1")
def test_who_only_runs_the_system_reads_neither_title_nor_result_nor_failures(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = begun(app)
    run(app, monkeypatch, task_id, succeed)
    log_in(client, "operator")
    pages = client.get("/background/").text + client.get(f"/background/{task_id}").text
    assert "导出周报" not in pages
    assert "内容只有发起人能看到" in pages
    assert f"/background/{task_id}/result" not in pages
    for address in ("result", "failures"):
        assert client.get(f"/background/{task_id}/{address}").status_code == 404


@pytest.mark.row("9.1")
def test_a_result_is_read_with_the_roles_it_was_made_with(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    task_id = begun(app)
    run(app, monkeypatch, task_id, succeed)
    log_in(client, "school1")
    with client.get(f"/background/{task_id}/result") as answer:
        assert answer.status_code == 200
    runtime: Runtime = app.extensions["pilot"]
    with runtime.database.writing() as session:
        person_id = session.scalars(select(Person.id).where(Person.account == "school1")).one()
        session.execute(update(PersonRole).where(PersonRole.person_id == person_id).values(role="教师"))
    answer = client.get(f"/background/{task_id}/result")
    assert (answer.status_code, "角色在生成此文件之后有变化" in answer.text) == (404, True)


def test_the_number_of_what_goes_on_opens_as_many_rows(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(client, "school1")
    assert "现在没有进行中的后台任务" in client.get("/background/?state=live").get_data(as_text=True)
    run(app, monkeypatch, begun(app), succeed)
    begun(app)
    begun(app)
    begun(app, "school2")
    assert '<a href="/background/?state=live"><b>2</b>后台任务进行中</a>' in client.get("/").get_data(as_text=True)
    assert "共 2 条，第 1/1 页" in client.get("/background/?state=live").get_data(as_text=True)
    assert "共 3 条，第 1/1 页" in client.get("/background/").get_data(as_text=True)
    monkeypatch.setattr("webapp.background.views.SIZE", 1)
    assert 'href="?state=live&amp;page=2"' in client.get("/background/?state=live").get_data(as_text=True)
    operator = app.test_client()
    log_in(operator, "operator")  # who sees that others have some
    assert "<b>3</b>后台任务进行中" in operator.get("/").get_data(as_text=True)
    assert "共 3 条，第 1/3 页" in operator.get("/background/?state=live").get_data(as_text=True)
