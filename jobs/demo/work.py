"""Plays the work under way in the demonstration: reports, exam sites and teachers, by the acts of their people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.demo import names, numbers
from domain.exams.exam_sites import new_exam_site, site_choices
from domain.ground.parties import Actor, actor_named
from domain.institutions.teachers import new_teacher
from domain.platform.files import attach, keep, received
from domain.weekly.reports import known_beforehand, new_report
from processes import tables
from processes.engine import Engine
from processes.states import TaskRowState
from processes.steps import completing, starting

HAND_IN, PASS, RETURN = "提交", "审核通过", "审核退回"
REPORTS = (  # account, weeks ago, what happened to the report, by whom
    ("school1", 3, PASS, "province1"),
    ("school2", 3, PASS, "province1b"),
    ("school3", 3, PASS, "province2"),
    ("school1", 2, PASS, "province1"),
    ("school2", 2, PASS, "province1"),
    ("school1", 1, RETURN, "province1b"),  # may be handed in again until this week ends (domain.md, Decisions)
    ("school2", 1, HAND_IN, ""),
    ("school3", 1, PASS, "province2"),
)
SITES = (("school1", PASS), ("school1", HAND_IN), ("school1", RETURN), ("school1", ""), ("school2", HAND_IN))
TEACHERS = (("school1", 8), ("school2", 3))
COMMENTS = {PASS: "", RETURN: "请补充“证书培训与考核”中各证书的报考人数，并说明经费使用情况。"}
SITE_COMMENTS = {PASS: "", RETURN: "监控情况请写明摄像头数量与录像保存时间。"}
MAJORS_TAUGHT = ("软件技术", "电子商务", "大数据与会计", "机电一体化技术")
TITLES = ("讲师", "副教授", "教授", "助教")
# one blank page: what an application form that was scanned looks like to the product
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True)
class Stage:
    """Where the demonstration is played."""

    engine: Engine
    session: Session
    home: Path
    random: Random

    def actor(self, account: str) -> Actor:
        """Who logs in with a demonstration account now, and so may sign.

        Raises:
            LookupError: there is none.
        """
        found = actor_named(self.session, account)
        if found is None:
            raise LookupError(account)
        return replace(found, proved_at=self.engine.clock())

    def at(self, moment: datetime) -> Stage:
        """The same with another clock: what people did some weeks ago."""
        return replace(self, engine=replace(self.engine, clock=lambda: moment))


def play(stage: Stage) -> dict[str, int]:
    """Plays it all; the processes are those that are deployed. Returns how many of each kind of record were made."""
    now = stage.engine.clock()
    for account, weeks, act, by in REPORTS:
        _report(stage.at(now - timedelta(weeks=weeks)), account, act, by)
    for number, (account, act) in enumerate(SITES):
        _site(stage.at(now - timedelta(days=3 * (len(SITES) - number))), account, act, number)
    for account, count in TEACHERS:
        for number in range(count):
            _teacher(stage, account, number)
    return {"周报": len(REPORTS), "考核站点": len(SITES), "教师": sum(count for _, count in TEACHERS)}


def _report(stage: Stage, account: str, act: str, by: str) -> None:
    """A report filled in, handed in and reviewed an hour later."""
    author, now = stage.actor(account), stage.engine.clock()
    known = known_beforehand(stage.session, author)
    trained = [stage.random.randrange(15, 90) for _ in known["lines"]]
    lines = [{**line, "trained": number, "registered": number // 2} for line, number in zip(known["lines"], trained, strict=True)]
    answers = {
        **known,
        "lines": lines,
        "summary": f"本周培训学生 {sum(trained)} 人，完成两次校内模拟考核，整理题库 {stage.random.randrange(40, 120)} 题。",
        "organization": "教务处牵头，各二级学院分管领导负责，每个证书设负责人一名。",
        "teachers_trained": stage.random.randrange(2, 12),
        "funds": stage.random.randrange(20, 300) * 100,
        "problems": "实训设备更新较慢，建议增加线上实训资源。",
    }
    instance, _ = starting.start(
        stage.engine, stage.session, author, "weekly_report", new_report(stage.session, author, now, answers), HAND_IN
    )
    _review(stage.at(now + timedelta(hours=1)), instance, act, by, COMMENTS)


def _site(stage: Stage, account: str, act: str, number: int) -> None:
    """A site, for the school's certificate of that number; reviewed by the first organization, which publishes the first four."""
    certificates = _certificates_of(stage, stage.actor(account), stage.actor("organization1"))
    play_site(stage, account, certificates[number % len(certificates)], act, number)


def play_site(stage: Stage, account: str, certificate: str, act: str, number: int) -> None:
    """A site of a school for the certificate with this label; reviewed by the first organization. `number` varies what is filled in."""
    school, now = stage.actor(account), stage.engine.clock()
    with received(stage.home, BytesIO(_PDF)) as part:
        file = keep(stage.session, stage.home, school, "考核站点申报表.pdf", "application/pdf", part, now)
    attach(stage.session, school, [file.id], now)
    answers = {
        "certificate": certificate,
        "address": f"实训楼 {number % 4 + 1} 楼",
        "head": stage.random.choice(names.SURNAMES) + stage.random.choice(names.GIVEN),
        "mobile": numbers.mobile(7000 + number),
        "places": stage.random.randrange(3, 12) * 10,
        "equipment": "计算机、服务器与网络设备按工位配齐，另备用 10%。",
        "application": [file.id],
    }
    site = new_exam_site(stage.session, school, now, answers)
    instance, _ = starting.start(stage.engine, stage.session, school, "exam_site", site, HAND_IN if act else None)
    if act:
        _review(stage, instance, act, "organization1", SITE_COMMENTS)


def _teacher(stage: Stage, account: str, number: int) -> None:
    """A teacher with an account; the first password goes out by SMS once a worker runs."""
    school, now = stage.actor(account), stage.engine.clock()
    serial = school.party_id * 100 + number
    answers = {
        "name": stage.random.choice(names.SURNAMES) + stage.random.choice(names.GIVEN),
        "mobile": numbers.mobile(8000 + serial % 1000),
        "id_number": numbers.id_number(f"320102{1972 + number * 2}0{number % 9 + 1}1{number % 9}{serial % 1000:03}"),
        "sex": "女" if serial % 2 == 0 else "男",  # the 17th digit of an id number says which (GB 11643)
        "major": stage.random.choice(MAJORS_TAUGHT),
        "rank": TITLES[number % len(TITLES)],
    }
    starting.start(stage.engine, stage.session, school, "teacher", new_teacher(stage.session, school, now, answers))


def _certificates_of(stage: Stage, school: Actor, reviewer: Actor) -> list[str]:
    """Labels of what the school pilots, those of the reviewer first."""
    own = set(site_choices(stage.session, reviewer))
    labels = site_choices(stage.session, school)
    return sorted(labels, key=lambda label: label not in own)


def _review(stage: Stage, instance: int, act: str, by: str, comments: dict[str, str]) -> None:
    """The act of a reviewer on the open task; handing in alone leaves it open."""
    if act == HAND_IN:
        return
    table = tables.task
    open_task = select(table.c.id).where(table.c.instance_id == instance, table.c.state == TaskRowState.OPEN)
    task_id = stage.session.execute(open_task).scalar_one()
    completing.complete(stage.engine, stage.session, stage.actor(by), task_id, act, {}, comments[act] or None)
