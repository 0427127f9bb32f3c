"""A form left open over the deadline, and the words of the history."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from domain.weekly.reports import WeeklyReport
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.weekly.reports import FORM


@pytest.mark.row("6.3")
@pytest.mark.parametrize("act", ["保存", "提交"])
def test_a_form_left_open_over_the_deadline_does_not_become_next_weeks_report(lite: World, act: str) -> None:
    school = user(site(lite), "school1")
    period = school.get("/weekly/new").text.split('name="for" value="')[1].split('"')[0]
    lite.clock.now = datetime.fromisoformat("2026-11-30T00:00:00+08:00")
    answer = school.post("/weekly/new", data={**FORM, "for": period, "act": act})
    assert answer.status_code == 409
    assert "提交时间已过，该周报目前不能提交，谢谢" in answer.text
    assert "本周完成培训" in answer.text
    with lite.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(WeeklyReport)) == 0


@pytest.mark.row("8.2")
def test_the_history_speaks_in_the_words_of_the_form(lite: World) -> None:
    school = user(site(lite), "school1")
    school.post("/weekly/new", data={**FORM, "act": "保存"})
    school.post("/weekly/1/edit", data={**FORM, "lines.0.trained": "45", "act": "提交"})
    history = school.get("/weekly/1").text.split("历史</h2>")[1]
    assert "第 1 行：证书名称 Web前端开发，培训人数 30 → 第 1 行：证书名称 Web前端开发，培训人数 45" in history
    assert "certificate" not in history
