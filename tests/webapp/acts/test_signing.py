"""Buttons that sign (`signs`): where the login is older than ten minutes, the page asks for the password, and loses nothing."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from domain.demo import PASSWORD
from domain.ground.parties import PROOF_HOLDS, Person, password_proof
from domain.platform.background import BackgroundTask, TaskState, retry
from domain.platform.passwords import hash_password
from domain.platform.throttle import MAX_BY_ACCOUNT, MAX_BY_ADDRESS, WINDOW, LoginAttempt
from forms import read_forms
from jobs import background
from jobs.lists import batches
from jobs.runtime import BPMN_FOLDER
from processes import tables
from processes.deployment import deploying
from processes.history import SIGNED, events_of
from tests.conftest import World
from tests.jobs.lists.many import hand_in_many
from tests.processes.reviews import appoint, hire
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in

pytestmark = pytest.mark.row("4.2.1")
FIELD = 'name="own_password"'
WRONG, TOO_MANY = "登录密码不正确，没有签名", "密码输入错误次数过多，没有签名"
REVIEW = {"element": "review", "back": "/weekly/"}
MOMENT = timedelta(microseconds=1)


def signing(world: World, **signs: str) -> Flask:
    """The site, where outcomes of user tasks of 周报 are signatures: the id of a task → its outcomes."""
    xml = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
    for element, outcomes in signs.items():
        head, mark, tail = xml.partition(f'<bpmn:userTask id="{element}"')
        opened = "<spiffworkflow:properties>"
        xml = head + mark + tail.replace(opened, f'{opened}<spiffworkflow:property name="signs" value="{outcomes}" />', 1)
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, xml.encode(), read_forms(), "郑工")
    return site(world)


def waiting(world: World, app: Flask) -> str:
    """The address of the task of a report that waits for its review."""
    hand_in(user(app, "school1"))
    return f"/inbox/tasks/{open_task(world, 1).id}"


def later(world: World, length: timedelta = PROOF_HOLDS + MOMENT) -> None:
    world.clock.now += length


def tries(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(LoginAttempt.account)))


def signed(world: World, instance: int = 1) -> list[object]:
    """When the signers of an instance had given their password."""
    with world.runtime.database.reading() as session:
        return [line.data[SIGNED] for line in events_of(session, instance) if line.data and SIGNED in line.data]


# ---- the page of a task ----


def test_a_fresh_login_signs_for_ten_minutes(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite, PROOF_HOLDS)
    assert FIELD not in province.get(address).text
    assert province.post(address, data={"outcome": "审核通过"}).status_code == 302
    assert status(lite, 1) == "审核通过"
    assert signed(lite) == ["2026-11-25T04:00:00+00:00"]
    assert "2026-11-25 12:00 输入登录密码" in province.get("/weekly/1").text


def test_an_older_one_is_asked_for_the_password_and_nothing_typed_is_lost(lite: World) -> None:
    app = signing(lite, review="审核退回")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite)
    assert FIELD in province.get(address).text
    typed = {"outcome": "审核退回", "comment": "我的长意见", "quality": "差"}
    for password, said in (("", "“审核退回”是签名，请先输入您的登录密码"), ("wrong", WRONG)):
        asked = province.post(address, data={**typed, "own_password": password})
        assert asked.status_code == 422
        assert said in asked.text
        assert "我的长意见" in asked.text
        assert "<option selected>差</option>" in asked.text
        assert "wrong" not in asked.text
        buttons = re.findall(r'name="outcome" value="([^"]+)"', asked.text)
        assert buttons == ["审核退回", "审核通过"]  # Enter presses the first: the one that was pressed before
        assert status(lite, 1) == "待审核"
    assert tries(lite) == ["province1"]
    assert province.post(address, data={**typed, "own_password": PASSWORD}).status_code == 302
    assert status(lite, 1) == "审核退回"
    assert signed(lite) == [lite.clock.now.astimezone(UTC).isoformat()]


def test_what_is_no_signature_asks_for_nothing(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite)
    assert province.post(address, data={"outcome": "审核退回", "comment": "请补充经费"}).status_code == 302
    assert (status(lite, 1), signed(lite)) == ("审核退回", [])


def test_the_password_counts_for_the_next_ten_minutes_too(lite: World) -> None:
    app = signing(lite, review="审核通过")
    hand_in(user(app, "school1"))
    hand_in(user(app, "school2"))
    first, second = (f"/inbox/tasks/{open_task(lite, instance).id}" for instance in (1, 2))
    province = user(app, "province1")
    later(lite)
    assert province.post(first, data={"outcome": "审核通过", "own_password": PASSWORD}).status_code == 302
    later(lite, PROOF_HOLDS)
    assert FIELD not in province.get(second).text
    assert province.post(second, data={"outcome": "审核通过"}).status_code == 302
    assert signed(lite, 1) == signed(lite, 2)


def test_the_right_password_with_something_else_missing_is_not_asked_for_again(lite: World) -> None:
    app = signing(lite, review="审核退回")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite)
    answer = province.post(address, data={"outcome": "审核退回", "own_password": PASSWORD})
    assert answer.status_code == 422
    assert "须填写意见" in answer.text
    assert FIELD not in answer.text
    assert province.post(address, data={"outcome": "审核退回", "comment": "请补充经费"}).status_code == 302


def test_a_second_tab_needs_no_second_password(lite: World) -> None:
    app = signing(lite, review="审核通过")
    hand_in(user(app, "school1"))
    hand_in(user(app, "school2"))
    first, second = (f"/inbox/tasks/{open_task(lite, instance).id}" for instance in (1, 2))
    province = user(app, "province1")
    later(lite)
    assert FIELD in province.get(first).text
    assert FIELD in province.get(second).text
    assert province.post(first, data={"outcome": "审核通过", "own_password": PASSWORD}).status_code == 302
    assert province.post(second, data={"outcome": "审核通过", "own_password": ""}).status_code == 302
    assert status(lite, 2) == "审核通过"


def test_the_page_of_before_says_what_has_happened_and_signs_nothing_again(lite: World) -> None:
    """The back button; and a colleague who was asked for the password meanwhile."""
    app = signing(lite, review="审核通过")
    address, province, other = waiting(lite, app), user(app, "province1"), user(app, "province1b")
    later(lite)
    form = {"outcome": "审核通过", "own_password": PASSWORD}
    assert province.post(address, data=form).status_code == 302
    for client in (province, other):
        answer = client.post(address, data={**form, "comment": "我的长意见"})
        assert answer.status_code == 409
        assert "王强（江苏省教育厅）已于 2026-11-25 12:10 办理：审核通过" in answer.text
        assert "我的长意见" in answer.text
        assert FIELD not in answer.text
    assert len(signed(lite)) == 1


def test_a_new_password_is_a_proof(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite)
    province.post("/account/password", data={"old": PASSWORD, "new": "Another-2026", "again": "Another-2026"})
    later(lite, PROOF_HOLDS)
    assert province.post(address, data={"outcome": "审核通过"}).status_code == 302
    assert status(lite, 1) == "审核通过"


def test_who_stands_in_gives_the_own_password(lite: World) -> None:
    hire(lite, "clerk", "何文员")
    with lite.runtime.database.writing() as session:  # a password that is not the absent person's
        person = session.get_one(Person, lite.actor("clerk").person_id)
        person.password_hash = hash_password("Clerks-2026")
        person.password_proof = password_proof(session, person.id, person.password_hash)
    appoint(lite, "province1", "clerk")
    app = signing(lite, review="审核通过")
    address, clerk = waiting(lite, app), app.test_client()
    assert clerk.post("/login", data={"account": "clerk", "password": "Clerks-2026"}).status_code == 302
    later(lite)
    assert WRONG in clerk.post(address, data={"outcome": "审核通过", "own_password": PASSWORD}).text
    assert tries(lite) == ["clerk"]
    assert clerk.post(address, data={"outcome": "审核通过", "own_password": "Clerks-2026"}).status_code == 302
    assert "何文员（代王强）" in user(app, "province1").get("/weekly/1").text


# ---- what does not help ----


def test_a_moment_that_is_posted_proves_nothing(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    later(lite)
    forged = {name: lite.clock.now.timestamp() for name in ("proved", "proved_at", "began_at", "began")}
    assert province.post(f"{address}?{urlencode(forged)}", data={**forged, "outcome": "审核通过"}).status_code == 422
    assert status(lite, 1) == "待审核"


def test_a_cookie_that_was_changed_is_no_login(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    with province.session_transaction() as session:
        content = dict(session)
    other = Flask("other")
    other.secret_key = "y" * 32
    serializer = SecureCookieSessionInterface().get_signing_serializer(other)
    assert serializer is not None
    later(lite)
    forged = serializer.dumps({**content, "proved": lite.clock.now.timestamp()})
    cookie = province.get_cookie("pilot")
    assert cookie is not None
    _, stamp, seal = cookie.value.rsplit(".", 2)
    for value in (forged, f"{forged.rsplit('.', 2)[0]}.{stamp}.{seal}"):  # signed by another key, or with the seal of the real one
        province.set_cookie("pilot", value)
        assert province.post(address, data={"outcome": "审核通过"}).status_code == 401
    assert status(lite, 1) == "待审核"


@pytest.mark.parametrize("proved", [None, "now", True, [1.0]])
def test_a_session_of_an_earlier_version_is_asked(lite: World, proved: object) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    with province.session_transaction() as session:
        session["proved"] = proved
    assert FIELD in province.get(address).text
    assert province.post(address, data={"outcome": "审核通过"}).status_code == 422


# ---- guessing ----


def attempt(world: World, client: FlaskClient, way: str, password: str) -> TestResponse:
    """Signs in one of the ways there are."""
    own = {"own_password": password, "outcome": "审核通过"}
    if way == "task":
        return client.post(f"/inbox/tasks/{open_task(world, 1).id}", data=own)
    if way == "row":
        return client.post(f"/records/tasks/{open_task(world, 1).id}", data={**own, "back": "/weekly/"})
    if way == "list":
        return client.post("/lists/weekly_report/finish", data={**own, **REVIEW, "ids": [1]})
    return client.post("/inbox/batch/finish", data={**own, "ids": [open_task(world, 1).id]})


@pytest.mark.parametrize("way", ["task", "row", "list", "batch"])
def test_guessing_is_throttled_as_at_the_login_and_together_with_it(lite: World, way: str) -> None:
    app = signing(lite, review="审核通过")
    waiting(lite, app)
    province = user(app, "province1")
    later(lite)
    for number in range(MAX_BY_ACCOUNT):
        answer = attempt(lite, province, way, "wrong")
        assert answer.status_code == 422
        assert WRONG in answer.text
        assert len(tries(lite)) == number + 1
    answer = attempt(lite, province, way, PASSWORD)
    assert answer.status_code == 429
    assert TOO_MANY in answer.text
    assert status(lite, 1) == "待审核"
    assert app.test_client().post("/login", data={"account": "province1", "password": PASSWORD}).status_code == 429
    later(lite, WINDOW)
    assert attempt(lite, province, way, PASSWORD).status_code == 302
    assert status(lite, 1) == "审核通过"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/inbox/tasks/none", 404),
        ("/records/tasks/none", 404),
        ("/weekly/99/edit", 404),
        ("/weekly/new", 403),
        ("/lists/weekly_report/finish", 302),
        ("/inbox/batch/finish", 302),
    ],
)
def test_a_guess_counts_whatever_becomes_of_the_rest(lite: World, address: str, code: int) -> None:
    app = signing(lite, review="审核通过")
    waiting(lite, app)
    province = user(app, "province1")
    form = {**REVIEW, "outcome": "审核通过", "act": "提交", "own_password": "wrong"}
    if address == "/inbox/batch/finish":  # nothing of what is ticked waits: the password is not even looked at
        assert province.post(address, data={**form, "ids": ["none"]}).status_code == code
        assert tries(lite) == []
        return
    assert province.post(address, data=form).status_code == code
    assert tries(lite) == ["province1"]


def test_failed_logins_count_at_a_signature_and_an_address_too(lite: World) -> None:
    app = signing(lite, review="审核通过")
    waiting(lite, app)
    province = user(app, "province1")
    later(lite)
    with lite.runtime.database.writing() as session:
        session.add_all(LoginAttempt(account=f"x{n}", address="127.0.0.1", at=lite.clock.now) for n in range(MAX_BY_ADDRESS))
    assert attempt(lite, province, "task", PASSWORD).status_code == 429
    assert status(lite, 1) == "待审核"


def test_the_password_is_not_found_out_where_it_is_changed(lite: World) -> None:
    app = site(lite)
    client = user(app, "school1")
    form = {"new": "Another-2026", "again": "Another-2026"}
    for _ in range(MAX_BY_ACCOUNT):
        answer = client.post("/account/password", data={**form, "old": "wrong"})
        assert answer.status_code == 400
        assert "原密码不正确" in answer.text
    assert client.post("/account/password", data={**form, "old": PASSWORD}).status_code == 429
    assert client.get("/").status_code == 200


# ---- buttons of rows and of the record's form, where the form is the record's ----


def drafted(app: Flask) -> FlaskClient:
    school = user(app, "school1")
    hand_in(school, "保存")
    return school


@pytest.mark.parametrize("page", ["/weekly/", "/weekly/1"])
def test_a_button_of_a_row_leads_to_a_page_that_asks(lite: World, page: str) -> None:
    app = signing(lite, fill="提交")
    school = drafted(app)
    later(lite)
    address = f"/records/tasks/{open_task(lite, 1).id}"
    assert address in school.get(page).text
    asked = school.post(address, data={"outcome": "提交", "back": page})
    assert asked.status_code == 422
    assert FIELD in asked.text
    assert f'name="back" value="{page}"' in asked.text
    assert "alert-danger" not in asked.text  # nobody has done anything wrong yet
    again = school.post(address, data={"outcome": "提交", "back": page, "own_password": ""})
    assert "“提交”是签名，请先输入您的登录密码" in again.text
    done = school.post(address, data={"outcome": "提交", "back": page, "own_password": PASSWORD})
    assert done.location == page
    assert status(lite, 1) == "待审核"
    assert school.get("/weekly/1").status_code == 200


def test_a_row_that_is_gone_is_said_as_ever(lite: World) -> None:
    """Two tabs, or the back button: the page that asks for the password is left open, and the act was done elsewhere meanwhile."""
    app = signing(lite, fill="提交")
    school = drafted(app)
    later(lite)
    address = f"/records/tasks/{open_task(lite, 1).id}"
    form = {"outcome": "提交", "back": "/weekly/", "own_password": PASSWORD}
    assert school.post(address, data=form).location == "/weekly/"
    assert "待审核" in school.get("/weekly/").text
    page = school.post(address, data=form, follow_redirects=True).text
    assert "办理：提交" in page
    assert len(signed(lite)) == 1
    assert user(app, "school2").post(address, data=form).status_code in (302, 404)
    assert len(signed(lite)) == 1


@pytest.mark.parametrize("address", ["/weekly/1/edit", "/weekly/new"])
def test_the_record_s_form_asks_and_keeps_what_was_typed(lite: World, address: str) -> None:
    app = signing(lite, fill="提交")
    school = drafted(app) if address != "/weekly/new" else user(app, "school1")
    later(lite)
    assert FIELD in school.get(address).text
    typed = {**FORM, "summary": "改过的概述", "act": "提交"}
    for password, said in (("", "“提交”是签名"), ("wrong", WRONG)):
        answer = school.post(address, data={**typed, "own_password": password})
        assert answer.status_code == 422
        assert said in answer.text
        assert "改过的概述" in answer.text
        assert FIELD in answer.text
    assert tries(lite) == ["school1"]
    assert school.post(address, data={**typed, "own_password": PASSWORD}).status_code == 302
    assert status(lite, 1) == "待审核"
    assert "改过的概述" in school.get("/weekly/1").text
    assert len(signed(lite)) == 1


def test_saving_asks_for_nothing(lite: World) -> None:
    app = signing(lite, fill="提交")
    school = drafted(app)
    later(lite)
    typed = {**FORM, "summary": "改过的概述", "own_password": "wrong", "act": "保存"}
    assert school.post("/weekly/1/edit", data=typed).status_code == 302
    assert tries(lite) == []


def test_a_draft_holds_no_password(lite: World) -> None:
    app = signing(lite, fill="提交", review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    task = address.rsplit("/", 1)[1]
    typed = {"comment": "好", "quality": "好", "own_password": PASSWORD}
    assert province.post(f"/records/drafts?form=task/{task}", data=typed).status_code == 200
    school = user(app, "school2")
    hand_in(school, "保存")
    assert school.post("/records/drafts?form=weekly_report/2", data={**FORM, "own_password": PASSWORD}).status_code == 200
    with lite.runtime.database.reading() as session:
        kept = session.scalars(select(tables.draft.c.data)).all()
    assert len(kept) == 2
    assert PASSWORD not in str(kept)


# ---- batches ----


def run(world: World, address: str) -> BackgroundTask:
    task_id = int(address.rsplit("/", 1)[1])
    background.run_task(world.runtime, task_id)
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, task_id)


@pytest.mark.parametrize("few", [True, False])
def test_a_batch_is_proved_once_when_it_is_begun(lite: World, monkeypatch: pytest.MonkeyPatch, few: bool) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 20 if few else 1)
    app = signing(lite, review="审核通过")
    ids = hand_in_many(lite, 3)
    province = user(app, "province1")
    later(lite)
    review = {**REVIEW, "ids": ids[:2]}
    assert FIELD in province.post("/lists/weekly_report/review", data=review).text
    for password, said in (("", "“审核通过”是签名"), ("wrong", WRONG)):
        form = {**review, "outcome": "审核通过", "comment": "我的长意见", "own_password": password}
        asked = province.post("/lists/weekly_report/finish", data=form)
        assert asked.status_code == 422
        assert said in asked.text
        assert "我的长意见" in asked.text
        assert re.findall(r'name="ids" value="(\d+)"', asked.text) == [str(id) for id in ids[:2]]
    assert [status(lite, id) for id in ids] == ["待审核"] * 3
    begun = province.post("/lists/weekly_report/finish", data={**form, "own_password": PASSWORD})
    later(lite, timedelta(hours=7))  # the queue was long
    task = run(lite, begun.location)
    assert (task.state, task.done, task.failed) == (TaskState.DONE, 2, 0)
    assert [status(lite, id) for id in ids] == ["审核通过", "审核通过", "待审核"]
    assert PASSWORD not in str(task.params)
    with lite.runtime.database.reading() as session:
        assert len({str(line.data) for id in (1, 2) for line in events_of(session, id) if line.data and SIGNED in line.data}) == 1
    # a new press counts anew
    asked = province.post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids[2:], "outcome": "审核通过"})
    assert asked.status_code == 422


def test_all_under_the_filter_are_signed_and_kept_while_the_password_is_asked_for(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    app = signing(lite, review="审核通过")
    ids = hand_in_many(lite, 4)
    province = user(app, "province1")
    later(lite)
    form = {**REVIEW, "all": "1", "filter": "status=待审核", "seen": str(lite.clock.now.timestamp()), "outcome": "审核通过"}
    asked = province.post("/lists/weekly_report/finish", data=form).text
    assert 'name="all" value="1"' in asked
    assert 'name="filter" value="status=待审核"' in asked
    assert f'name="seen" value="{form["seen"]}"' in asked
    begun = province.post("/lists/weekly_report/finish", data={**form, "own_password": PASSWORD})
    later(lite)
    assert run(lite, begun.location).done == 4
    assert {status(lite, id) for id in ids} == {"审核通过"}


def test_a_batch_that_is_tried_again_goes_on_with_the_proof_it_was_begun_with(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    app = signing(lite, review="审核通过")
    ids = hand_in_many(lite, 3)
    begun = user(app, "province1").post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids, "outcome": "审核通过"})
    task_id = int(begun.location.rsplit("/", 1)[1])
    with lite.runtime.database.writing() as session:
        session.execute(update(BackgroundTask).where(BackgroundTask.id == task_id).values(state=TaskState.FAILED))
    later(lite, timedelta(days=1))
    with lite.runtime.database.writing() as session:
        assert retry(session, session.get_one(BackgroundTask, task_id), lite.clock.now)
    assert run(lite, begun.location).done == 3
    assert signed(lite) == ["2026-11-25T04:00:00+00:00"]


@pytest.mark.parametrize("change", ["moment", "rows", "outcome", "person", "added"])
def test_a_batch_that_was_changed_by_hand_signs_nothing(lite: World, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    app = signing(lite, review="审核通过,审核退回")
    ids = hand_in_many(lite, 3)
    province = user(app, "province1")
    begun = province.post("/lists/weekly_report/finish", data={**REVIEW, "ids": ids[:2], "outcome": "审核通过", "comment": "好"})
    task_id = int(begun.location.rsplit("/", 1)[1])
    with lite.runtime.database.writing() as session:
        task = session.get_one(BackgroundTask, task_id)
        params = dict(task.params)
        if change == "moment":
            params["signing"] = {**params["signing"], "proved_at": "2026-11-25T03:59:00+00:00"}
        if change == "rows":
            params["chosen"] = {**params["chosen"], "ids": ids}
        if change == "outcome":
            params["act"] = {**params["act"], "name": "审核退回"}
        if change == "person":
            task.person_id = lite.actor("province1b").person_id
        if change == "added":  # another task, with the proof of this one
            other = {name: getattr(task, name) for name in ("kind", "title", "person_id", "party_id", "state", "total", "created_at")}
            added = BackgroundTask(**other, params=params, lease_until=task.lease_until)
            session.add(added)
            session.flush()
            task_id = added.id
        task.params = params
    task = run(lite, f"/{task_id}")
    assert task.done == 0
    assert task.failed >= 2
    assert {status(lite, id) for id in ids} == {"待审核"}


def test_ticked_tasks_of_the_inbox_are_signed_once(lite: World) -> None:
    app = signing(lite, review="审核通过")
    hand_in_many(lite, 2)
    province = user(app, "province1")
    later(lite)
    ids = [open_task(lite, instance).id for instance in (1, 2)]
    assert FIELD in province.post("/inbox/batch", data={"ids": ids}).text
    form = {"ids": ids, "outcome": "审核通过", "comment": "我的长意见"}
    asked = province.post("/inbox/batch/finish", data=form)
    assert asked.status_code == 422
    assert "我的长意见" in asked.text
    assert sorted(re.findall(r'name="ids" value="([^"]+)"', asked.text)) == sorted(ids)
    page = province.post("/inbox/batch/finish", data={**form, "own_password": PASSWORD}, follow_redirects=True).text
    assert "完成 2 条，失败 0 条" in page


# ---- a login that had ended ----


def test_a_login_that_ended_is_begun_again_and_signs_without_the_password_being_kept(lite: World) -> None:
    app = signing(lite, review="审核通过")
    address, province = waiting(lite, app), user(app, "province1")
    user(app, "province1").post("/logout")  # on another device
    form = {"outcome": "审核通过", "comment": "我的长意见", "own_password": PASSWORD}
    kept = province.post(address, data=form, headers={"Origin": "http://localhost"})
    assert kept.status_code == 401
    assert "我的长意见" in kept.text
    assert PASSWORD not in kept.text
    assert "own_password" not in kept.text
    assert status(lite, 1) == "待审核"


def test_each_wrong_password_is_one_attempt_on_both_databases(world: World) -> None:
    app = signing(world, review="审核通过")
    waiting(world, app)
    province = user(app, "province1")
    later(world)
    assert attempt(world, province, "task", "wrong").status_code == 422
    assert attempt(world, province, "task", PASSWORD).status_code == 302
    with world.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 1
    assert len(signed(world)) == 1
