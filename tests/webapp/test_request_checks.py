"""What no browser sends by itself, and what goes wrong underneath: a page that says so, and never a fault of the system."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from processes import tables
from processes.deployment import deploying
from processes.steps import starting
from tests.conftest import World
from tests.counting import count
from tests.processes.bpmn.play import diagram, end, flows, start
from tests.processes.bpmn.play import user as task
from tests.webapp.clients import site, user

HUGE = 99_999_999_999_999_999_999


@pytest.mark.row("1.1")
def test_a_null_character_is_refused(world: World) -> None:
    client = user(site(world), "school1")
    for address in ("/institutions/schools/?name=%00", "/inbox/tasks/%00", "/inbox/?q=a%00b"):
        assert client.get(address).status_code == 400
    for address, form in (("/inbox/filters", {"name": "a\x00b", "query": "q=1"}), ("/login", {"account": "a\x00b", "password": "x"})):
        assert client.post(address, data=form).status_code == 400
    assert count(world, tables.saved_filter) == 0


@pytest.mark.row("1.1")
def test_a_null_character_in_the_filters_of_a_list_is_refused(world: World) -> None:
    app = site(world)
    school, supervisor = user(app, "school1"), user(app, "supervisor")
    form = {"filter": "name=a%00b&kind=%E9%99%A2%E6%A0%A1%E8%80%83%E7%94%9F", "all": "1", "element": "waiting"}
    lists = ("/lists/candidate/export", "/lists/candidate/export/begin", "/lists/candidate/send")
    for address in (*lists, "/imports/candidate-changes/chosen", "/imports/candidate-changes/filled"):
        assert (address, school.post(address, data=form).status_code) == (address, 400)
    assert school.post("/inbox/filters", data={"name": "a", "query": "q=a%00b"}).status_code == 400
    assert supervisor.post("/monitor/instances/suspend", data={"filter": "q=a%00b", "all": "1"}).status_code == 400
    assert count(world, tables.saved_filter) == 0


NO_RECORDS = {
    "school1": (f"/weekly/{HUGE}", f"/files/{HUGE}", f"/background/{2**31}", f"/records/weekly_report/{HUGE}/diagram.json"),
    "designer": (f"/designer/weekly_report/{HUGE}/", f"/designer/weekly_report/compare?old={HUGE}&new=1"),
    "supervisor": (f"/monitor/instances/{HUGE}/", f"/monitor/processes/weekly_report/{HUGE}/"),
}


@pytest.mark.row("1.1")
def test_a_number_that_no_record_has(world: World) -> None:
    app = site(world)
    for account, addresses in NO_RECORDS.items():
        client = user(app, account)
        assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 404)


@pytest.mark.row("8.2")
def test_an_expression_that_cannot_be_computed_is_told_to_who_acts(lite: World) -> None:
    """Only when it runs is it known that it divides by nothing."""
    counts = '<scriptTask id="s" name="算"><script>number = 0</script></scriptTask>'
    inside = start() + counts + task("a", lane="试点院校", due="now + days(1 / number)") + end() + flows("start>s s>a a>end")
    drawn = diagram(inside, key="weekly_report")
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, drawn, {}, "郑工")
    answer = user(site(lite), "school1").post("/weekly/new", data={"act": "保存"})
    assert answer.status_code == 409
    assert "除数为零" in answer.text


@pytest.mark.row("8.2")
def test_a_database_that_is_busy_is_told_as_such(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("deadlock detected"))

    monkeypatch.setattr(starting, "start", locked)
    answer = user(site(lite), "school1").post("/weekly/new", data={"act": "保存"})
    assert answer.status_code == 503
    assert "没有保存" in answer.text


@pytest.mark.row("8.2")
def test_what_was_not_committed_is_not_said_to_be_done(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    app = site(lite)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = user(app, "school1")
    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", fails)
        answer = client.post("/inbox/filters", data={"name": "甲", "query": "q=1"})
    assert answer.status_code == 500
    assert "已保存" not in answer.text + client.get("/inbox/").text


@pytest.mark.row("9.1")
def test_a_commit_for_which_the_disk_has_no_room_is_told_as_such(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fails(*_: Any) -> None:
        raise OperationalError("COMMIT", {}, full)

    app = site(lite)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = user(app, "school1")
    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", fails)
        answer = client.post("/teachers/new", data={"name": "王小明", "mobile": "13800001234", "act": "保存"})
    assert answer.status_code == 507
    assert "本次没有保存" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "13800001234" in answer.text  # what was typed, to be sent again
    assert "13800001234" not in client.get("/teachers/").text


@pytest.mark.row("5.2.4.1")
def test_a_file_s_name_is_one_line(world: World) -> None:
    """A name may come percent-encoded (RFC 7578): a line break in it would break the header of every download."""
    client = user(site(world), "school1")
    body = (
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%0D%0Ab%E2%80%AEfdp.pdf\r\n"
        "Content-Type: application/pdf\r\n\r\n%PDF-1.4\nstartxref\n0\n%%EOF\n\r\n--x--\r\n"
    )
    sent = client.post("/files/?form=exam_site/new/&field=application", data=body, content_type="multipart/form-data; boundary=x")
    assert sent.status_code == 200
    assert sent.json["name"] == "abfdp.pdf"
    answer = client.get(sent.json["address"])
    assert answer.status_code == 200
    answer.close()


@pytest.mark.row("8.3")
def test_a_diagram_with_a_chinese_id_can_be_exported(lite: World) -> None:
    drawn = diagram(start() + task("a") + end() + flows("start>a a>end"), key="周报流程")
    with lite.runtime.database.writing() as session:
        deploying.deploy(session, lite.runtime.engine, drawn, {}, "郑工")
    answer = user(site(lite), "designer").get("/designer/周报流程/1/export")
    assert answer.data == drawn
    head = answer.headers["Content-Disposition"]
    assert head.encode("latin-1")
    assert "%E5%91%A8%E6%8A%A5%E6%B5%81%E7%A8%8B.bpmn" in head
    answer.close()
