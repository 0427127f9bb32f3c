"""抄送 through the pages: sending, 抄送我的 with what is unread, and a right to read exactly that record."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.demo import PASSWORD
from domain.ground.parties import Actor, Person
from domain.platform import passwords
from processes import tables
from processes.notices import copies
from tests.conftest import World
from tests.counting import count, counted
from tests.processes.reviews import history
from tests.processes.steps.test_weekly_report import open_task, status
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in

pytestmark = pytest.mark.row("8.1")


def colleague(lite: World) -> Actor:
    """A teacher of school1's, who sees no report of the school."""
    with lite.runtime.database.writing() as session:
        party = lite.actor("school1").party_id
        person = Person(account="dean", name="周主任", mobile="13900000088", party_id=party, stamp=passwords.new_stamp())
        person.password_hash = passwords.hash_password(PASSWORD)
        session.add(person)
        session.flush()
        return Actor(person.id, person.name, party, "", "school", None, frozenset())


def unread(lite: World, reader: Actor) -> int:
    with lite.runtime.database.reading() as session:
        return session.scalar(select(copies.unread(reader))) or 0


def send(client: FlaskClient, reader: Actor, note: str = "请阅") -> None:
    assert client.post("/copies/1/new", data={"copy_to": str(reader.person_id), "copy_note": note}).location == "/weekly/1"


def test_a_copy_lends_reading_of_that_record_alone(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    hand_in(school)
    lite.clock.now = lite.clock.now.replace(day=30)
    hand_in(school)
    reader = colleague(lite)
    dean = user(app, "dean")
    assert dean.get("/weekly/1").status_code == 404
    assert 'href="/copies/1/new"' in school.get("/weekly/1").text
    assert "周主任" in school.get("/copies/1/new").text
    send(school, reader)
    page = dean.get("/inbox/?tab=copied").text
    assert "未读" in page
    assert "请阅" in page
    assert "1<span" in page
    assert dean.post("/copies/1/open").location == "/weekly/1"
    assert unread(lite, reader) == 0
    assert "未读" not in dean.get("/inbox/?tab=copied").text
    assert "本周完成培训" in dean.get("/weekly/1").text
    assert dean.get("/records/weekly_report/1/diagram.json").status_code == 200
    for address in ("/weekly/2", "/weekly/1/edit", "/copies/2/new", "/records/weekly_report/2/diagram.json"):
        assert dean.get(address).status_code == 404, address
    for address in ("/weekly/1/edit", "/copies/1/new", "/records/1/comments"):
        assert dean.post(address, data={**FORM, "act": "提交", "comment": "x", "copy_to": "1"}).status_code == 404, address
    assert "第48周" not in dean.get("/weekly/").text
    assert status(lite, 1) == "待审核"


def test_a_copy_with_the_outcome_stands_or_falls_with_it(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    province, author = user(app, "province1"), lite.actor("school1")
    address = f"/inbox/tasks/{open_task(lite, 1).id}"
    assert "同时抄送" in province.get(address).text
    data = {"outcome": "审核退回", "comment": "", "copy_to": str(author.person_id), "copy_note": "请看意见"}
    refused = province.post(address, data=data)
    assert refused.status_code == 422
    assert f'value="{author.person_id}" checked' in refused.text
    assert "请看意见" in refused.text
    assert count(lite, tables.copy) == 0
    assert province.post(address, data={**data, "comment": "人数不对"}).status_code == 302
    assert [line[1] for line in history(lite, 1)][-2:] == ["抄送给张文", "审核退回"]
    assert unread(lite, author) == 1


def test_who_may_not_be_copied_to_and_what_was_chosen_stays(lite: World) -> None:
    app = site(lite)
    hand_in(user(app, "school1"))
    province = user(app, "province1")
    other = str(lite.actor("school2").person_id)
    refused = province.post("/copies/1/new", data={"copy_to": other, "copy_note": "我的长说明"})
    assert refused.status_code == 409
    assert "只能抄送给本单位人员和与此记录有关的人员" in refused.text
    assert "我的长说明" in refused.text
    assert "请选择抄送的人员" in province.post("/copies/1/new", data={}).text
    assert user(app, "school2").post("/copies/1/new", data={"copy_to": other}).status_code == 404
    assert count(lite, tables.copy) == 0


def test_the_message_of_a_copy_is_read_with_it(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    hand_in(school)
    reader = colleague(lite)
    dean = user(app, "dean")
    send(school, reader)
    assert "抄送给您" in dean.get("/messages/").text
    assert dean.post("/messages/1/open").location == "/weekly/1"
    assert unread(lite, reader) == 0
    assert user(app, "school2").post("/copies/1/open").status_code == 404


def test_the_page_s_queries_do_not_grow_with_copies(lite: World) -> None:
    app = site(lite)
    school = user(app, "school1")
    hand_in(school)
    reader = colleague(lite)
    dean = user(app, "dean")
    numbers = []
    for _ in range(2):
        send(school, reader)
        with counted(lite) as (statements, _commits):
            assert dean.get("/inbox/?tab=copied").status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 8
