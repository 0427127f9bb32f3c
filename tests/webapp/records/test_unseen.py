"""Two people have the form of one record open: nobody overwrites what they have not seen, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from domain.weekly.reports import WeeklyReport
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM, hand_in


def opened(client: FlaskClient) -> dict[str, str]:
    """The hidden fields of the form."""
    page = client.get("/weekly/1/edit").text
    return dict(re.findall(r'<input type="hidden" name="(task|seen)" value="([^"]*)">', page))


@pytest.mark.row("6.4")
@pytest.mark.parametrize("act", ["保存", "提交"])
def test_an_edit_that_was_not_seen_is_not_overwritten(lite: World, act: str) -> None:
    first, second = (user(site(lite), "school1") for _ in range(2))
    hand_in(first, "保存")
    mine, theirs = opened(first), opened(second)
    assert second.post("/weekly/1/edit", data={**FORM, **theirs, "summary": "别人写的本周情况", "act": "保存"}).status_code == 302
    answer = first.post("/weekly/1/edit", data={**FORM, **mine, "summary": "我写的本周情况", "act": act})
    assert answer.status_code == 409
    assert "打开此页后，张文（金陵职业技术学院）已于 2026-11-25 12:00 修改过该记录" in answer.text
    assert "我写的本周情况" in answer.text  # nothing typed is lost
    with lite.runtime.database.reading() as session:
        assert session.get_one(WeeklyReport, 1).data["summary"] == "别人写的本周情况"
    # who has read that, and presses again, means it
    again = dict(re.findall(r'<input type="hidden" name="(task|seen)" value="([^"]*)">', answer.text))
    assert first.post("/weekly/1/edit", data={**FORM, **again, "summary": "我写的本周情况", "act": act}).status_code == 302
    with lite.runtime.database.reading() as session:
        assert session.get_one(WeeklyReport, 1).data["summary"] == "我写的本周情况"


@pytest.mark.row("6.4")
def test_what_changes_no_record_is_no_edit(lite: World) -> None:
    first = user(site(lite), "school1")
    hand_in(first, "保存")
    mine = opened(first)
    assert first.post("/records/1/comments", data={"comment": "请看一下"}).status_code == 302
    assert first.post("/weekly/1/edit", data={**FORM, **mine, "act": "提交"}).status_code == 302
