"""The whole demonstration, as `pilot run` and `pilot demo` load it."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from domain.exam_sites import ExamSite
from domain.parties import actor_named
from domain.reports import WeeklyReport
from domain.settings import Settings
from jobs import demo
from jobs.runtime import build, deploy_all, migrate
from processes.inbox import open_tasks
from processes.verify import verify
from tests.conftest import Clock


def test_everybody_finds_work_under_way_and_the_books_are_consistent(settings: Settings) -> None:
    clock = Clock()
    runtime = build(settings, clock)
    migrate(runtime)
    deploy_all(runtime)
    made = demo.load(runtime)
    assert made is not None
    assert made["周报"] == 8
    assert demo.load(runtime) is None, "a database with data is left as it is"
    with runtime.database.reading() as session:
        reports = Counter(report.status for report in session.scalars(select(WeeklyReport)))
        sites = Counter(site.status for site in session.scalars(select(ExamSite)))
        assert reports == {"审核通过": 6, "审核退回": 1, "待审核": 1}
        assert sites == {"审核通过": 1, "审核退回": 1, "待审核": 2, "未提交": 1}
        for account in ("school1", "province1", "organization1"):
            actor = actor_named(session, account)
            assert actor is not None
            assert session.execute(open_tasks(actor)).all(), account
        assert verify(runtime.engine, session) == []
    runtime.database.engine.dispose()
