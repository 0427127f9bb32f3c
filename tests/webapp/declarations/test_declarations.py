"""证书试点申报 and 申报计划 through the pages: the whole way, the window to the second, the export, and what others may not."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.certificates.declaration_plans import offer_of
from domain.certificates.declarations import Declaration, DeclarationLine
from domain.certificates.pilots import PilotCertificate
from domain.standards.skill_standards import SkillStandard, skill_standards_query
from jobs.scheduler import turn
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.counting import count, counted
from tests.webapp.clients import site, user
from tests.webapp.declarations.applications import FORM, MAJOR, OFFER, PLAN
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "declaration.index": get("200"),
    "declaration.plans": get("schools: 200; 403"),
    "declaration.show": get("school1 teacher1 province1 province1b operator: 200; 404"),  # teacher1 stands in for school1 here alone
    "declaration.edit": get("school1 teacher1: 200; province1 province1b operator: 409; 404"),
    "declaration.store": post("school1 teacher1: 302+; province1 province1b operator: 403; 404", {"act": "保存"}),
    "declaration.new": get("schools: 302; 403"),
    "declaration.new under a plan": get("school1: 302; school2: 200; school3: 302; 403", query="for=1"),
    "declaration.create": post("school1 school3: 409; school2: 302+; 403", {"for": "1", "act": "保存"}),
    "declaration_plan.index": get("200"),
    "declaration_plan.show": get("school1 school2 province1 province1b operator: 200; 404"),
    "declaration_plan.edit": get("school1 school2 province1 province1b operator: 409; 404"),
    "declaration_plan.store": post("school1 school2 province1 province1b operator: 409; 404", {"act": "保存"}),
    "declaration_plan.new": get("provinces: 200; 403"),
    "declaration_plan.create": post("provinces: 302+; 403", {"act": "保存"}),
    "bulk.export of declarations": post("school1 province1 province1b operator: 200; 302", {"ids": "1"}, name="declaration_lines"),
}  # fmt: skip

END = datetime.fromisoformat("2026-12-10T18:00:00+08:00")
LATE = "申报时间已过，该申报目前不能提交，谢谢"


def publish(world: World, account: str = "province1", **changed: Any) -> None:
    assert user(site(world), account).post("/declaration-plans/new", data={**PLAN, **changed, "act": "发布"}).status_code == 302


def apply(client: FlaskClient, act: str = "保存并提交", plan: int = 1, **changed: Any) -> Any:
    return client.post("/declarations/new", data={**FORM, **changed, "for": plan, "act": act})


def review(world: World, account: str, outcome: str, comment: str = "") -> int:
    with world.runtime.database.reading() as session:
        task = tables.task.c
        task_id = session.scalars(select(task.id).where(task.state == "open", task.role.like("省级%")).order_by(task.created_at)).first()
    answer = user(site(world), account).post(f"/inbox/tasks/{task_id}", data={"outcome": outcome, "comment": comment})
    return int(answer.status_code)


def instance(world: World, key: str = "declaration_plan") -> int:
    with world.runtime.database.reading() as session:
        return session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == key)).first() or 0


def status(world: World, declaration_id: int = 1) -> str:
    with world.runtime.database.reading() as session:
        return session.get_one(Declaration, declaration_id).status


@pytest.mark.row("4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.3.7")
def test_the_whole_way(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert "申报证书试点" in school.get("/declarations/").text
    assert "目前没有可申报的计划" in school.get("/declarations/plans").text
    publish(lite_books)
    plans = school.get("/declarations/plans").text
    assert "二〇二六年证书试点申报" in plans
    assert 'href="/declarations/new?for=1">立即申报' in plans
    form = school.get("/declarations/new?for=1").text
    assert 'value="张文"' in form  # what the system knows
    assert OFFER[1] in form
    assert 'href="/declarations/plans" data-cancel>取消' in form
    assert apply(school, "保存").status_code == 302
    assert status(lite_books) == "未提交"
    assert "查看本校申报" in school.get("/declarations/plans").text
    assert school.post("/declarations/1/edit", data={**FORM, "lines.0.people": "90", "act": "保存并提交"}).status_code == 302
    assert status(lite_books) == "待初审"
    assert school.get("/declarations/1/edit").status_code == 409
    assert review(lite_books, "province1", "审核退回") == 422
    assert review(lite_books, "province1", "审核退回", "人数不对") == 302
    assert status(lite_books) == "审核退回"
    assert "90" in school.get("/declarations/1/edit").text
    assert school.post("/declarations/1/edit", data={**FORM, "act": "保存并提交"}).status_code == 302
    assert review(lite_books, "province1", "审核通过") == 302
    assert status(lite_books) == "待复审"
    assert review(lite_books, "province1b", "审核通过", "同意") == 302
    assert status(lite_books) == "审核通过"
    page = school.get("/declarations/1").text
    for tab in ("院校基本信息", "联系人信息", "申报明细", "审核信息记录"):
        assert f"<h2>{tab}</h2>" in page
    assert "人数不对" in page
    assert MAJOR in page
    assert "4132000001" in page
    assert [page.count(f'<td data-label="环节">{step}</td>') for step in ("初审证书试点申报", "复审证书试点申报")] == [2, 1]
    assert "院校基本信息" in user(site(lite_books), "province1b").get("/declarations/1").text
    with lite_books.runtime.database.reading() as session:
        line = session.scalars(select(DeclarationLine)).one()
        pilot = session.get(PilotCertificate, (lite_books.actor("school1").party_id, line.certificate_id))
        assert pilot is not None
        assert verify(lite_books.runtime.engine, session) == []


@pytest.mark.row("4.3.3")
def test_one_person_never_reviews_twice(lite_books: World) -> None:
    publish(lite_books, "province2")
    assert apply(user(site(lite_books), "school3")).status_code == 302
    assert review(lite_books, "province2", "审核通过") == 302
    assert review(lite_books, "province2", "审核通过") in (403, 409)
    assert status(lite_books) == "待复审"
    assert review(lite_books, "province2b", "审核通过") == 302
    assert status(lite_books) == "审核通过"


@pytest.mark.row("4.3.3")
def test_many_are_reviewed_at_once(lite_books: World) -> None:
    publish(lite_books)
    for account in ("school1", "school2"):
        assert apply(user(site(lite_books), account)).status_code == 302
    province = user(site(lite_books), "province1")
    assert "批量初审" in province.get("/declarations/").text
    data = {"element": "first_review", "ids": ["1", "2"], "outcome": "审核通过", "back": "/declarations/"}
    assert "2 条" in province.post("/lists/declaration/review", data=data).text
    assert "完成 2 条" in province.post("/lists/declaration/finish", data=data, follow_redirects=True).text
    assert (status(lite_books, 1), status(lite_books, 2)) == ("待复审", "待复审")
    assert "批量复审" in user(site(lite_books), "province1b").get("/declarations/").text


@pytest.mark.row("4.3.2")
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"lines.0.certificate": "移动应用设计开发（中级）"}, "申报计划中没有证书"),
        ({"lines.0.majors": ["710203 软件与信息服务（中职，2021 版）", "没有这个专业"]}, "专业“没有这个专业”不在证书"),
        ({"lines.1.certificate": OFFER[0], "lines.1.people": "3", "lines.1.majors": [MAJOR]}, "每个证书只填一行"),
        ({"lines.0.people": "0"}, "“申报人数”不能小于 1"),
        ({"lines.0.majors": []}, "“申报专业”必须填写"),
        ({"contacts.0.mobile": "123"}, "手机号应为 11 位数字"),
    ],
    ids=["not on offer", "no major of it", "twice", "nobody", "no major", "no mobile"],
)
def test_what_is_wrong_comes_back_with_everything_typed(lite_books: World, changed: dict[str, Any], says: str) -> None:
    publish(lite_books)
    school = user(site(lite_books), "school1")
    answer = apply(school, **{"contacts.0.post": "负责申报的处长", **changed})
    assert answer.status_code in (409, 422)
    assert says in answer.text
    assert "负责申报的处长" in answer.text
    assert count(lite_books, Declaration) == count(lite_books, DeclarationLine) == 0


@pytest.mark.row("4.3.1")
def test_one_declaration_a_plan_and_school(lite_books: World) -> None:
    publish(lite_books)
    school = user(site(lite_books), "school1")
    assert apply(school, "保存").status_code == 302
    assert school.get("/declarations/new?for=1").location == "/declarations/plans"
    again = apply(school)
    assert again.status_code == 409
    assert "请勿重复申报" in again.text
    assert count(lite_books, Declaration) == 1


@pytest.mark.row("4.3.1", "4.3.2")
@pytest.mark.parametrize("act", ["保存", "保存并提交"])
def test_a_form_left_open_over_the_end(lite_books: World, act: str) -> None:
    publish(lite_books)
    school = user(site(lite_books), "school1")
    lite_books.clock.now = END
    answer = apply(school, act)
    assert answer.status_code == 409
    assert LATE in answer.text
    assert "教务处" in answer.text
    assert count(lite_books, Declaration) == 0


@pytest.mark.row("4.3.2")
def test_a_draft_is_in_time_until_the_last_second(lite_books: World) -> None:
    publish(lite_books)
    school, other = user(site(lite_books), "school1"), user(site(lite_books), "school2")
    assert apply(school, "保存").status_code == apply(other, "保存").status_code == 302
    lite_books.clock.now = END - timedelta(seconds=1)
    assert school.post("/declarations/1/edit", data={**FORM, "act": "保存并提交"}).status_code == 302
    lite_books.clock.now = END
    late = other.post("/declarations/2/edit", data={**FORM, "contacts.0.post": "迟到的文字", "act": "保存并提交"})
    assert late.status_code == 409
    assert LATE in late.text
    assert "迟到的文字" in late.text
    assert (status(lite_books, 1), status(lite_books, 2)) == ("待初审", "未提交")
    assert "继续申报" in other.get("/declarations/").text


@pytest.mark.row("4.3.7")
def test_a_province_opens_closes_and_prolongs(lite_books: World) -> None:
    publish(lite_books, starts_at="2026-12-01T09:00")
    province, school = user(site(lite_books), "province1"), user(site(lite_books), "school1")
    assert "2026-12-01 09:00 开始申报" in school.get("/declarations/plans").text
    assert school.get("/declarations/new?for=1").status_code == 302
    assert "尚未开放" in apply(school).text
    messages = f"/records/{instance(lite_books)}/messages"
    province.post(f"{messages}/open_now", data={"name": "立即开放"})
    assert apply(school, "保存").status_code == 302
    lite_books.clock.now += timedelta(hours=1)
    province.post(f"{messages}/close_now", data={"name": "截止申报"})
    refused = school.post("/declarations/1/edit", data={**FORM, "act": "保存并提交"})
    assert LATE in refused.text
    answer = province.post(f"{messages}/reopen", data={"name": "重新开放", "back": "/declaration-plans/"}, follow_redirects=True)
    assert "请先把结束时间改到现在之后" in answer.text
    longer = {**PLAN, "ends_at": "2026-12-20T18:00", "act": "保存"}
    assert province.post("/declaration-plans/1/edit", data=longer).status_code == 302
    province.post(f"{messages}/reopen", data={"name": "重新开放"})
    lite_books.clock.now = END + timedelta(days=1)  # the first end has passed
    turn(lite_books.runtime, "test")
    assert school.post("/declarations/1/edit", data={**FORM, "act": "保存并提交"}).status_code == 302
    assert status(lite_books) == "待初审"


@pytest.mark.row("4.3.7")
def test_a_plan_is_its_provinces_and_no_school_sees_a_draft(lite_books: World) -> None:
    publish(lite_books)
    province = user(site(lite_books), "province1")
    assert province.post("/declaration-plans/new", data={**PLAN, "name": "还没有发布的计划", "act": "保存"}).status_code == 302
    school = user(site(lite_books), "school1")
    assert school.get("/declaration-plans/1").status_code == 200
    assert school.get("/declaration-plans/2").status_code == 404
    assert "还没有发布的计划" not in school.get("/declaration-plans/").text
    assert school.get("/declaration-plans/new").status_code == 403
    for account in ("school3", "province2", "organization1", "designer", "supervisor"):
        other = user(site(lite_books), account)
        assert other.get("/declaration-plans/1").status_code == other.get("/declaration-plans/2/edit").status_code == 404
        assert other.post(f"/records/{instance(lite_books)}/messages/close_now", data={"name": "截止申报"}).status_code == 404
    assert apply(user(site(lite_books), "school3")).status_code == 409  # another province's plan
    wrong = province.post("/declaration-plans/new", data={**PLAN, "ends_at": "2026-11-01T09:00", "act": "发布"})
    assert "结束时间应晚于开始时间" in wrong.text
    over = province.post(
        "/declaration-plans/new", data={**PLAN, "starts_at": "2026-10-01T09:00", "ends_at": "2026-11-01T09:00", "act": "发布"}
    )
    assert "申报结束时间已过" in over.text


@pytest.mark.row("4.3.1", "4.3.3")
@pytest.mark.parametrize("account", ["school2", "school3", "province2", "organization1", "designer", "supervisor"])
def test_nobody_else_sees_a_declaration(lite_books: World, account: str) -> None:
    publish(lite_books)
    assert apply(user(site(lite_books), "school1")).status_code == 302
    other = user(site(lite_books), account)
    for address in ("/declarations/1", "/declarations/1/edit", "/records/declaration/1/diagram.json"):
        assert other.get(address).status_code == 404
    assert other.post("/declarations/1/edit", data={**FORM, "act": "保存"}).status_code == 404
    assert "张文" not in other.get("/declarations/").text
    with lite_books.runtime.database.reading() as session:
        tasks = session.scalars(select(tables.task.c.id)).all()
    assert [other.get(f"/inbox/tasks/{task}").status_code for task in tasks] == [404] * len(tasks)


def exported(client: FlaskClient, **data: Any) -> list[tuple[Any, ...]]:
    with client.post("/lists/declaration_lines/export", data={"back": "/declarations/", **data}) as answer:
        assert answer.status_code == 200, answer.location
        return list(openpyxl.load_workbook(BytesIO(answer.data)).active.iter_rows(values_only=True))


@pytest.mark.row("4.3.6")
def test_lines_are_exported_a_row_a_certificate(lite_books: World) -> None:
    publish(lite_books)
    second = {"lines.1.certificate": OFFER[1], "lines.1.people": "30", "lines.1.site": "否"}
    school, other = user(site(lite_books), "school1"), user(site(lite_books), "school2")
    assert apply(school, "保存", **second).status_code == 302
    assert apply(other).status_code == 302
    assert "按证书导出申报明细" in school.get("/declarations/").text
    head, *rows = exported(school)
    assert [dict(zip(head, row, strict=True))["申报证书"] for row in rows] == ["网店运营", "软件测试实施"]
    row = dict(zip(head, rows[1], strict=True))
    assert (row["院校"], row["等级"], row["申报专业"], row["申报人数"]) == ("金陵职业技术学院", "中级", MAJOR, 120)
    assert (row["申报考核站点"], row["状态"], row["联系人手机号"]) == ("是", "未提交", "13900000000")
    province = user(site(lite_books), "province1")
    assert len(exported(province)) == 4
    assert len(exported(province, ids=["1"])) == 3  # ticked declarations, not lines
    assert len(exported(province, filter="status=待初审")) == 2
    assert len(exported(province, filter="certificate=网店")) == 3
    nothing = user(site(lite_books), "school3").post(
        "/lists/declaration_lines/export", data={"ids": ["1"], "back": "/declarations/"}, follow_redirects=True
    )
    assert "没有可导出的内容" in nothing.text


@pytest.mark.row("3.1", "3.2")
def test_standards_of_what_was_applied_for_are_listed(lite_books: World) -> None:
    with lite_books.runtime.database.reading() as session:
        seen = [row.id for account in ("school1", "school2") for row in session.scalars(skill_standards_query(lite_books.actor(account)))]
        hidden = session.scalars(select(SkillStandard).where(SkillStandard.id.not_in(seen))).first()
        assert hidden is not None
        standard, label = hidden.id, hidden.certificates[0].label
    publish(lite_books, certificates=[label])
    school = user(site(lite_books), "school1")
    address = f"/standards/skills/{standard}"
    assert school.get(address).status_code == 404
    with lite_books.runtime.database.reading() as session:
        major = next(one for one in offer_of(session, 1)[label][1])
    form = {"lines.0.certificate": label, "lines.0.majors": [major]}
    assert apply(school, "保存", **form).status_code == 302
    assert school.get(address).status_code == 404  # a draft is no application
    assert school.post("/declarations/1/edit", data={**FORM, **form, "act": "保存并提交"}).status_code == 302
    assert school.get(address).status_code == 200
    assert user(site(lite_books), "school2").get(address).status_code == 404


@pytest.mark.row("4.3.1")
def test_what_the_pages_cost(lite_books: World) -> None:
    publish(lite_books)
    province = user(site(lite_books), "province1")
    numbers = []
    for account in ("school1", "school2"):
        school = user(site(lite_books), account)
        with counted(lite_books) as (statements, commits):
            assert apply(school).status_code == 302
        assert len(commits) == 1
        assert len(statements) <= 14, "\n".join(s[:110].replace("\n", " ") for s in statements)
        found = []
        for address in ("/declarations/", "/declaration-plans/"):
            with counted(lite_books) as (statements, _):
                assert province.get(address).status_code == 200
            found.append(len(statements))
        numbers.append(found)
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) <= 8
