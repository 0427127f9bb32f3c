"""消息设置 through its page: what a person chooses, and sending an SMS again."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from jobs import texting
from processes import tables
from processes.notices import preferences
from tests.conftest import World
from tests.counting import count
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import hand_in

pytestmark = pytest.mark.row("8.1")


def ticked(page: str, name: str) -> set[str]:
    return set(re.findall(rf'name="{name}" value="(\w+)" checked', page))


def test_what_a_person_chooses_is_theirs_alone(lite: World) -> None:
    app = site(lite)
    school, other = user(app, "school1"), user(app, "school2")
    page = school.get("/messages/settings").text
    assert "139****" in page
    assert ticked(page, "shown") == {"assigned", "opinion", "urge", "mention", "copy"}
    assert ticked(page, "sms") == set()
    assert school.post("/messages/settings", data={"shown": ["urge", "due"], "sms": ["urge", "x"]}).status_code == 302
    page = school.get("/messages/settings").text
    assert (ticked(page, "shown"), ticked(page, "sms")) == ({"urge", "due"}, {"urge"})
    assert ticked(other.get("/messages/settings").text, "sms") == set()
    school.post("/messages/settings", data={"shown": ["urge", "due"], "sms": ["urge"]})
    with lite.runtime.database.reading() as session:
        assert preferences.choices_of(session, lite.actor("school1"))["urge"] == preferences.Choice(True, True)


def test_a_failed_sms_is_seen_and_sent_again_by_whom_it_was_for(lite: World) -> None:
    app = site(lite)
    school, province = user(app, "school1"), user(app, "province1")
    hand_in(school)
    school.post("/messages/settings", data={"sms": ["mention"]})
    assert "还没有给您发过短信" in school.get("/messages/settings").text
    province.post("/records/1/comments", data={"comment": "@张文 请补充"})
    lite.clock.now += texting.APART
    with lite.runtime.database.writing() as session:
        (text,) = texting.bundle(session, lite.clock())
        session.execute(update(tables.text).values(state="failed", next_at=None, error="短信平台拒绝发送（422）"))
    page = school.get("/messages/settings").text
    assert "发送失败" in page
    assert "短信平台拒绝发送（422）" in page
    assert province.post(f"/messages/texts/{text}/again").status_code == 404
    assert school.post(f"/messages/texts/{text}/again").status_code == 302
    assert "发送中" in school.get("/messages/settings").text
    assert school.post(f"/messages/texts/{text}/again").status_code == 404
    assert count(lite, tables.text) == 1
