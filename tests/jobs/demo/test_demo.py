"""The whole demonstration, as `pilot run` and `pilot demo` load it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.certificates.declarations import Declaration
from domain.certificates.pilots import PilotCertificate
from domain.exams.allotments import Allotment
from domain.exams.candidates import Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.plans import ExamPlan
from domain.exams.rooms import Room, status_at
from domain.exams.score_objections import ScoreObjection
from domain.ground.parties import actor_named
from domain.ground.settings import Settings
from domain.ground.vault import open_vault
from domain.institutions.seals import signing_key, valid_seal
from domain.issuing.issuances import Issuance
from domain.weekly.reports import WeeklyReport
from jobs.demo import declarations, loading
from jobs.runtime import build, deploy_all, migrate
from processes.monitor.verify import verify
from processes.tasks.inbox import open_tasks
from tests.conftest import Clock, World

ISSUING = {"培训评价组织待签发", "培训评价组织拒绝签发", "考核站点待签发", "考核站点拒绝签发", "证书待发放"}


@pytest.mark.row("4.3.1")
def test_of_many_schools_some_have_their_story_played(lite_books: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declarations, "PLAYED", 3)
    engine, now = lite_books.runtime.engine, lite_books.clock()
    pilots = select(PilotCertificate.party_id, PilotCertificate.certificate_id).order_by(*PilotCertificate.__table__.primary_key)
    with lite_books.runtime.database.writing() as session:
        before = session.execute(pilots).all()
        made = declarations.add_declarations(engine, session, now)
        assert session.execute(pilots).all() == before  # those of three schools by their declarations, the others as they were
        assert made["证书试点申报"] == 3 + 2
        by_engine = select(PilotCertificate.party_id).where(PilotCertificate.since == now - timedelta(days=416))
        assert session.scalars(by_engine.distinct()).all() == [
            session.scalars(select(Declaration.party_id).order_by(Declaration.id)).first()
        ]
        assert verify(engine, session) == []


def test_everybody_finds_work_under_way_and_the_books_are_consistent(settings: Settings) -> None:
    clock = Clock()
    runtime = build(settings, clock)
    migrate(runtime)
    deploy_all(runtime)
    made = loading.load(runtime)
    assert made is not None
    assert made["周报"] == 8
    assert loading.load(runtime) is None, "a database with data is left as it is"
    with runtime.database.reading() as session:
        for account in ("school1", "school2", "school3", "organization1", "organization2"):
            keeper = actor_named(session, account)
            assert keeper is not None
            seal = valid_seal(session, keeper.party_id, clock())
            assert seal is not None, account
            assert seal.answers()["subject"] == seal.party.name
            assert signing_key(seal, open_vault(settings))
        reports = Counter(report.status for report in session.scalars(select(WeeklyReport)))
        sites = Counter(site.status for site in session.scalars(select(ExamSite)))
        candidates = Counter(one.status for one in session.scalars(select(Candidate)))
        assert set(candidates) == {"无照片", "信息待认证", "信息准确", "需人工确认"}
        assert reports == {"审核通过": 6, "审核退回": 1, "待审核": 1}
        assert sites == {"审核通过": 2, "审核退回": 1, "待审核": 2, "未提交": 1}
        rooms = session.execute(select(Room.plan_id, status_at(clock())).join(Room.plan).distinct()).all()
        assert {status for _, status in rooms} == {"未排考", "排考中", "已结束"}
        plans = Counter(one.status for one in session.scalars(select(ExamPlan)))
        assert {"未发布", "未开始", "报考中", "排考中", "待考试", "成绩登记中", "公示中", "已结束"} <= set(plans)
        assert {one.status for one in session.scalars(select(Issuance))} >= ISSUING
        assert sorted(one.status for one in session.scalars(select(ScoreObjection))) == ["待受理", "维持原成绩"]
        assert any(one.borrowed for one in session.scalars(select(Allotment)))
        for account in ("school1", "province1", "organization1"):
            actor = actor_named(session, account)
            assert actor is not None
            assert session.execute(open_tasks(actor)).all(), account
        assert verify(runtime.engine, session) == []
    runtime.database.engine.dispose()
