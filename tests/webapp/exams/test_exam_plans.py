"""考试计划 through the pages: kept by the organization, seen by the schools that it names once it is published."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from domain.exams.plans import ExamPlan, PlanCertificate, Sitting
from tests.conftest import NOON, World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import PLAN, SUBJECT, publish
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "exam_plan.index": get("200"),
    "exam_plan.show": get("school1 organization1 operator: 200; 404"),
    "exam_plan.edit": get("organization1: 200; school1 operator: 409; 404"),
    "exam_plan.store": post("organization1: 422; school1 operator: 403; 404"),
    "exam_plan.new": get("organizations: 200; 403"),
    "exam_plan.create": post("organizations: 302+; 403"),
}  # fmt: skip


@pytest.mark.row("5.2.2")
def test_an_organization_publishes_a_plan_and_the_schools_it_names_see_it(lite_books: World) -> None:
    app = site(lite_books)
    organization, other, school, stranger = (user(app, name) for name in ("organization1", "organization2", "school1", "school2"))
    assert "还没有考试计划" in school.get("/exam-plans/").text
    assert organization.post("/exam-plans/new", data={**PLAN, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(ExamPlan.id))
    address = f"/exam-plans/{made}"
    assert school.get(address).status_code == 404  # nobody sees a draft
    assert organization.post(f"{address}/edit", data={**PLAN, "act": "发布"}).status_code == 302
    assert name_of(lite_books, ExamPlan, made).status == "报考中"
    page = school.get(address).text
    for told in ("KS202600001", "报考", "进行中", "260", SUBJECT, "金陵职业技术学院（4132000001）"):
        assert told in page
    assert total(school, "/exam-plans/?name=Web") == 1
    assert total(school, "/exam-plans/?year=2025") == 0
    for client in (stranger, other):
        assert client.get(address).status_code == 404
        assert total(client, "/exam-plans/") == 0
    with school.post("/lists/exam_plan/export", data={"back": "/exam-plans/"}) as exported:
        assert "spreadsheetml" in exported.content_type


@pytest.mark.row("5.2.2")
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(lite_books: World) -> None:
    organization = user(site(lite_books), "organization1")
    mistakes = (
        ({"registration_to": "2026-11-20T09:00"}, "“报考”的结束时间应晚于开始时间"),
        ({"registration_from": "0001-01-01T00:00"}, "应为日期和时间，例如"),  # which no clock can turn into UTC
        ({"publicity_to": "9999-12-31T23:59"}, "应为日期和时间，例如"),
        ({"arranging_from": "2026-12-10T17:59"}, "“排考”应在“报考”结束之后开始"),
        ({"sittings.0.ends_at": "2026-12-21T09:00"}, "科目场次第 1 行：考试时间应在“考试”的开始时间与结束时间之内"),
        ({"sittings.0.ends_at": "2026-12-19T09:00"}, "科目场次第 1 行：考试结束时间应晚于开始时间"),
        ({"certificates.1.certificate": "Web前端开发与调试（高级）"}, "还没有科目场次"),
        ({"registration_from": "2026-11-01T09:00", "registration_to": "2026-11-24T18:00"}, "报考结束时间已过"),
        ({"certificates.0.certificate": "软件测试实施（中级）"}, "证书"),
        ({"schools": []}, "参考院校"),
    )
    for wrong, told in mistakes:
        answer = organization.post("/exam-plans/new", data={**PLAN, **wrong, "act": "发布"})
        assert answer.status_code in (409, 422), wrong
        assert told in answer.text, wrong
        assert "十二月Web前端考试" in answer.text
    assert ids(lite_books, select(ExamPlan.id)) == []


@pytest.mark.row("5.2.2")
def test_an_edit_keeps_the_sittings_that_stay(lite_books: World) -> None:
    app = site(lite_books)
    organization = user(app, "organization1")
    later = {"sittings.1.subject": SUBJECT, "sittings.1.starts_at": "2026-12-19T13:00", "sittings.1.ends_at": "2026-12-19T14:30"}
    assert publish(organization, **later) == 302
    (made,) = ids(lite_books, select(ExamPlan.id))
    before = ids(lite_books, select(Sitting.id).order_by(Sitting.starts_at))
    moved = {**PLAN, **later, "sittings.0.starts_at": "2026-12-19T14:00", "sittings.0.ends_at": "2026-12-19T15:30", "mode": "按科目"}
    assert organization.post(f"/exam-plans/{made}/edit", data={**moved, "act": "保存"}).status_code == 302
    after = ids(lite_books, select(Sitting.id).order_by(Sitting.starts_at))
    assert after == [before[1], before[0]]  # the one of 13:00 stays; the one of 9:00 is moved
    with lite_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PlanCertificate)) == 1
        plan = session.get_one(ExamPlan, made)
        assert (plan.mode, plan.status) == ("按证书", "报考中")  # how people register stays as it was published
        told = plan.answers()
        assert told["certificates"][0]["fee"] == 260
        assert all("fee" not in one for one in told["sittings"])  # what was left empty is not told as 0
    less = {name: value for name, value in moved.items() if not name.startswith("sittings.1")}
    assert organization.post(f"/exam-plans/{made}/edit", data={**less, "act": "保存"}).status_code == 302
    assert ids(lite_books, select(Sitting.id)) == [before[0]]


@pytest.mark.row("5.2.2", "8.1")
def test_all_that_is_wrong_with_a_plan_is_told_at_once(lite_books: World) -> None:
    organization = user(site(lite_books), "organization1")
    wrong = {
        **PLAN,
        "year": "1999",
        "certificates.0.fee": "二百六",
        "registration_to": "2026-11-19T18:00",
        "scoring_from": "2026-12-20T12:00",
        "act": "发布",
    }
    answer = organization.post("/exam-plans/new", data=wrong)
    assert answer.status_code == 409
    for told in (
        "“报考”的结束时间应晚于开始时间；“成绩登记”应在“考试”结束之后开始，请核对",
        '<a href="#f-year">',
        '<a href="#f-certificates.0.fee">',
    ):
        assert told in answer.text, told
    assert ids(lite_books, select(ExamPlan.id)) == []
    only = organization.post("/exam-plans/new", data={**wrong, "act": "保存"}).text  # a draft may be unfinished
    assert '<a href="#f-year">' not in only


@pytest.mark.row("5.2.2", "8.1")
def test_a_plan_stands_on_the_home_of_its_schools_while_they_may_register(lite_books: World) -> None:
    app = site(lite_books)
    organization, school, stranger = (user(app, name) for name in ("organization1", "school1", "school2"))
    assert publish(organization) == 302
    told = "“十二月Web前端考试”（华信培训评价中心）正在报考"
    assert told in school.get("/").text
    steps = organization.get("/exam-plans/1").text.partition("步骤列表")[2]
    assert "（系统）：进行中" in steps  # the diagram in words says where it is, too, and lists nothing without a name
    assert "<li>（" not in steps
    assert told not in stranger.get("/").text
    assert "考试计划" in organization.get("/").text.split("data-standing")[-1]
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)
    assert told not in school.get("/").text
