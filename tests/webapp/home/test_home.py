"""工作台 through the pages: every number opens its list and is what the list shows, in few statements; a new school's first week."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from domain.exams.candidates import Candidate
from domain.exams.exam_subjects import ExamSubject
from domain.institutions.schools import School
from processes import tables
from processes.tasks.inbox import open_tasks, started
from tests.conftest import World
from tests.counting import counted
from tests.domain.exams.pupils import PUPIL
from tests.webapp.clients import site, user
from tests.webapp.demonstration import own, total
from tests.webapp.exams.applications import apply
from tests.webapp.exams.people import add
from tests.webapp.weekly.reports import hand_in

STATEMENTS = 20  # of a school's home, which has most on it
FIGURE = re.compile(r'<a href="([^"]+)"[^>]*><b>(\d+)</b>([^<]+)</a>')
CERTIFICATES = ("Web前端开发与调试（中级）", "网店运营（中级）")


def drawn(page: str) -> list[dict[str, Any]]:
    """What the picture is drawn from."""
    found = re.search(r'data-standing="([^"]+)"', page)
    return [] if found is None else json.loads(html.unescape(found[1]))


def steps(page: str) -> dict[str, tuple[str, str]]:
    """Step of the first week → (state, where it leads)."""
    found = {}
    for text in re.findall(r'<span class="way-name">(.*?)<small>', page, re.DOTALL):
        state, link = re.search(r'class="badge [^"]+">([^<]+)<', text), re.search(r'href="([^"]+)"', text)
        assert state is not None
        found[re.sub(r"<[^>]+>", " ", text).split()[0]] = (state[1], html.unescape(link[1]) if link is not None else "")
    return found


def pupil(client: FlaskClient, **changes: str) -> None:
    assert client.post("/candidates/new", data={**PUPIL, **changes, "act": "保存"}).status_code == 302


@pytest.mark.row("8.1")
def test_every_number_is_what_its_list_shows(lite_books: World) -> None:
    app = site(lite_books)
    for account in ("school1", "school2"):
        pupil(user(app, account))
    assert add(user(app, "school1"), *CERTIFICATES) == 302
    seen = {}
    for account in ("school1", "school2", "organization1", "organization2", "province1"):
        client = user(app, account)
        page = client.get("/").text
        for line in drawn(page):
            assert line["total"] == sum(share["count"] for share in line["shares"])
            for share in line["shares"]:
                assert total(client, share["url"]) == share["count"], (account, line["label"], share)
                assert f'href="{html.escape(share["url"])}"' in page  # the table says the same without a script
        seen[account] = {line["label"]: line["total"] for line in drawn(page)}
    assert seen["school1"] == {"院校考生": 1, "监考人员认证": 2}
    assert seen["school2"] == {"院校考生": 1}
    assert seen["organization1"].keys() == {"监考人员认证", "考试科目"}
    assert seen["organization2"].keys() == {"考试科目"}
    assert seen["province1"] == {}


@pytest.mark.row("8.1")
def test_the_figures_are_what_their_lists_show(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    hand_in(school, "保存")
    assert apply(school, "保存") == 302

    def shown(*days: float) -> dict[str, tuple[int, int]]:
        """Figure → (number, rows of its list), once the tasks end in so many days."""
        with lite_books.runtime.database.writing() as session:
            waiting = session.execute(open_tasks(lite_books.actor("school1"), lite_books.clock())).all()
            for task, left in zip(waiting, days, strict=True):
                due = lite_books.clock() + timedelta(days=left)
                session.execute(update(tables.task).where(tables.task.c.id == task.id).values(due_at=due))
        figures = FIGURE.findall(school.get("/").text)
        return {name: (int(number), total(school, html.unescape(link))) for link, number, name in figures if "inbox" in link}

    assert shown(-1, 1) == {"待我办理": (2, 2), "两天内到期": (2, 2), "我发起、进行中": (2, 2)}
    with lite_books.runtime.database.writing() as session:
        begun = session.execute(started(session, lite_books.actor("school1"))).first()
        assert begun is not None
        session.execute(update(tables.instance).where(tables.instance.c.id == begun.id).values(ended_at=lite_books.clock()))
    assert shown(-1, 2.5) == {"待我办理": (2, 2), "两天内到期": (1, 1), "我发起、进行中": (1, 1)}
    assert total(school, "/inbox/?tab=started&state=ended") == 1
    assert total(school, "/inbox/?tab=started") == 2


@pytest.mark.row("8.1")
def test_the_page_asks_a_fixed_number_of_statements(lite_books: World) -> None:
    app = site(lite_books)
    school = user(app, "school1")
    school.get("/")
    with counted(lite_books) as (few, _):
        school.get("/")
    pupil(school)
    assert add(school, *CERTIFICATES) == 302
    with counted(lite_books) as (more, _):
        assert "待认证" in school.get("/").text
    assert len(few) == len(more) <= STATEMENTS


@pytest.mark.row("8.1")
def test_the_lives_of_candidates_are_nothing_that_somebody_began(lite_books: World) -> None:
    school = user(site(lite_books), "school1")

    def begun() -> tuple[int, int]:
        number = re.search(r"<b>(\d+)</b>我发起、进行中", school.get("/").text)
        assert number is not None
        return int(number[1]), total(school, "/inbox/?tab=started")

    before = begun()
    pupil(school)
    assert add(school, *CERTIFICATES) == 302
    assert begun() == before
    assert apply(school, "保存") == 302
    assert begun() == (before[0] + 1, before[1] + 1)


@pytest.mark.row("8.1")
def test_what_comes_back_of_such_a_life_is_nothing_unfinished(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert add(school, CERTIFICATES[0]) == 302
    with lite_books.runtime.database.reading() as session:
        (task,) = session.scalars(select(tables.task.c.id).where(tables.task.c.element == "review")).all()
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "认证退回", "comment": "请核对"}).status_code == 302
    figures = {name: number for _, number, name in FIGURE.findall(school.get("/").text)}
    assert (figures["待我办理"], figures["未完成"]) == ("1", "0")
    assert "修改监考人员认证" not in school.get("/incomplete").text
    hand_in(school, "保存")
    assert {name: number for _, number, name in FIGURE.findall(school.get("/").text)}["未完成"] == "1"


@pytest.mark.row("8.1")
def test_scripts_are_ours_and_loaded_here_alone(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    pupil(school)
    page = school.get("/")
    assert "echarts.simple.min.js" in page.text
    assert not re.search(r"<script(?![^>]* src=)", page.text)
    assert "<details data-standing-numbers open>" in page.text  # without scripts the table is open, and no empty picture is seen
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "echarts" not in school.get("/candidates/").text


@pytest.mark.row("8.1")
def test_a_new_school_is_led_through_its_first_week(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    with lite_books.runtime.database.writing() as session:
        session.get_one(School, own(lite_books, "school1")).contact = ""
    found = steps(school.get("/").text)
    assert [(name, state) for name, (state, _) in found.items()] == [
        ("资料", "进行中"),
        ("考生", "未开始"),
        ("照片", "未开始"),
        ("认证", "未开始"),
        ("报考", "未开始"),
    ]
    assert all(school.get(address).status_code == 200 for _, address in found.values())
    for number in ("11010519491231002X", "110105194912310046"):
        pupil(school, id_number=number)
    with lite_books.runtime.database.writing() as session:
        session.get_one(School, own(lite_books, "school1")).contact = "张文"
        session.execute(update(Candidate).where(Candidate.id == 1).values(photo="0" * 64))
    states = {name: state for name, (state, _) in steps(school.get("/").text).items()}
    assert states == {"资料": "已完成", "考生": "已完成", "照片": "进行中", "认证": "未开始", "报考": "未开始"}
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).where(Candidate.id == 1).values(tone="done"))
    assert steps(school.get("/").text)["认证"][0] == "进行中"
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(tone="done", photo="0" * 64))
    assert "开始使用" not in school.get("/").text  # who has brought all of them through knows the way
    assert "开始使用" in user(site(lite_books), "school2").get("/").text


@pytest.mark.row("8.1")
def test_the_first_week_opens_the_part_of_the_list_that_has_what_is_to_be_done(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    pupil(school)
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(kind="社会考生"))
    assert total(school, steps(school.get("/").text)["照片"][1]) == 1
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(photo="0" * 64))
    assert total(school, steps(school.get("/").text)["认证"][1]) == 1
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(registered=1))
    assert "开始使用" not in school.get("/").text  # a school that registers is no longer new


@pytest.mark.row("8.1")
def test_what_is_missing_is_told_until_it_is_there(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    page = school.get("/").text
    assert "2026年第48周周报还没有填写" in page
    assert "没有有效的电子签章" in page
    assert 'href="/institutions/seals/new"' in page
    assert 'href="/institutions/organization-seals/new"' in organization.get("/").text
    assert school.post("/weekly/new", data={"contact": "张文", "act": "保存"}).status_code == 302
    pupil(school)
    assert "资料不完整" not in school.get("/").text  # a photo is told by the bars
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(major=None))
    page = school.get("/").text
    assert "2026年第48周周报还没有填写" not in page
    assert "1 名院校考生的资料不完整" in page
    link = re.search(r'href="([^"]+)">补全资料', page)
    assert link is not None
    assert total(school, html.unescape(link[1])) == 1
    assert "资料不完整" not in user(app, "school2").get("/").text
    assert "没有启用的考试科目" not in organization.get("/").text
    with lite_books.runtime.database.writing() as session:
        session.execute(update(ExamSubject).where(ExamSubject.certificate_id.in_((1, 2))).values(tone="draft"))
    page = organization.get("/").text
    assert "2 个证书没有启用的考试科目" in page
    link = re.search(r'href="([^"]+)">查看证书', page)
    assert link is not None
    assert total(organization, html.unescape(link[1])) == 2
