"""A form left open over the deadline, and the words of the history."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from domain.demo import PASSWORD
from domain.weekly.reports import WeeklyReport
from tests.conftest import World
from webapp.app import create_app

FILLED = {
    "contact": "张文",
    "mobile": "13900000000",
    "summary": "本周完成培训",
    "lines.0.certificate": "Web前端开发",
    "lines.0.trained": "30",
}


def browser(world: World, account: str) -> FlaskClient:
    app = create_app(world.runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    client = app.test_client()
    assert client.post("/login", data={"account": account, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.row("6.3")
@pytest.mark.parametrize("act", ["保存", "提交"])
def test_a_form_left_open_over_the_deadline_does_not_become_next_weeks_report(lite: World, act: str) -> None:
    school = browser(lite, "school1")
    period = school.get("/weekly/new").text.split('name="for" value="')[1].split('"')[0]
    lite.clock.now = datetime.fromisoformat("2026-11-30T00:00:00+08:00")
    answer = school.post("/weekly/new", data={**FILLED, "for": period, "act": act})
    assert answer.status_code == 409
    assert "提交时间已过，该周报目前不能提交，谢谢" in answer.text
    assert "本周完成培训" in answer.text
    with lite.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(WeeklyReport)) == 0


@pytest.mark.row("8.2")
def test_the_history_speaks_in_the_words_of_the_form(lite: World) -> None:
    school = browser(lite, "school1")
    school.post("/weekly/new", data={**FILLED, "act": "保存"})
    school.post("/weekly/1/edit", data={**FILLED, "lines.0.trained": "45", "act": "提交"})
    history = school.get("/weekly/1").text.split("历史</h2>")[1]
    assert "第 1 行：证书名称 Web前端开发，培训人数 30 → 第 1 行：证书名称 Web前端开发，培训人数 45" in history
    assert "certificate" not in history
