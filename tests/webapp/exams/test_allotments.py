"""考核站点分配 and 借考 through the pages: who allots, who sees it, what blocks it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from domain.exams.allotments import Allotment
from domain.exams.exam_sites import ExamSite
from domain.exams.plans import ExamPlan
from domain.ground.tones import Tone
from tests.conftest import NOON, World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import CERTIFICATE, PLAN, SCHOOL
from tests.webapp.exams.room_forms import add_room, set_the_stage
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "allotments.index": get("200"),
    "allotments.plan_page": get("organization1: 200; school1 operator: 403; 404"),
    "allotments.give": post("organization1: 302; school1 operator: 403; 404"),
    "allotments.give_own": post("organization1: 200; school1 operator: 403; 404"),
    "allotments.withdraw": post("404"),
}  # fmt: skip
BORROWER = "太湖职业学院（4132000002）"
SITE = f"金陵职业技术学院{CERTIFICATE}考核站点"


@pytest.fixture
def people(world_books: World) -> tuple[FlaskClient, FlaskClient, FlaskClient, FlaskClient]:
    """school1 with an approved site, organization1 with a plan that names school1 and school2, school2, school3."""
    app = site(world_books)
    school, organization, borrower, stranger = (user(app, name) for name in ("school1", "organization1", "school2", "school3"))
    set_the_stage(school, organization, schools=[SCHOOL, BORROWER])
    return school, organization, borrower, stranger


@pytest.mark.row("5.2.4.3")
def test_sites_are_allotted_and_borrowed(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, borrower, stranger = people
    mine, theirs = (world_books.actor(name).party_id for name in ("school1", "school2"))
    assert "/allotments/plans/1" in organization.get("/exam-plans/1").text
    page = organization.get("/allotments/plans/1").text
    assert page.count("未分配</td>") == 2
    assert SITE in page
    told = organization.post("/allotments/plans/1/own").text
    assert "已分配 1 个本校考核站点" in told
    assert f"太湖职业学院，{CERTIFICATE}：" in told
    assert "没有可以分配的本校考核站点" in organization.post("/allotments/plans/1/own").text
    back = {"back": "/allotments/plans/1"}
    given = organization.post(
        "/allotments/plans/1", data={**back, "site": "1", "ids": [str(theirs), str(mine)]}, follow_redirects=True
    ).text
    assert "已为 1 所院校分配考核站点" in given
    assert (total(organization, "/allotments/"), total(school, "/allotments/"), total(borrower, "/allotments/")) == (2, 2, 1)
    assert total(stranger, "/allotments/") == 0
    assert total(school, "/allotments/?borrowed=是") == 1
    assert total(school, "/allotments/?borrowed=否&school=金陵&certificate=Web&plan=十二月&lender=金陵") == 1
    shown = borrower.get("/allotments/").text
    for text in (SITE, "金陵职业技术学院", "考核站点分配查询"):
        assert text in shown
    assert "取消分配" not in shown
    assert "取消分配" in organization.get("/allotments/").text
    with borrower.post("/lists/allotments/export", data={"back": "/allotments/"}) as exported:
        assert "spreadsheetml" in exported.content_type
    assert "一键分配本校站点" in organization.get("/allotments/plans/1?name=太湖&page=9").text
    assert "没有符合条件的院校" in organization.get("/allotments/plans/1?lacking=1").text


@pytest.mark.row("5.2.4.3")
def test_only_an_approved_site_of_a_certificate_of_the_plan_is_allotted(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _, _ = people
    mine = str(world_books.actor("school1").party_id)
    stranger = str(world_books.actor("school3").party_id)

    def give(place: str, *schools: str) -> str:
        data = {"back": "/allotments/plans/1", "site": place, "ids": list(schools)}
        return organization.post("/allotments/plans/1", data=data, follow_redirects=True).text

    assert "没有选中任何院校" in give("1")
    assert "所选考核站点不存在" in give("99", mine)
    give("1", stranger)  # the plan does not name it
    assert ids(world_books, select(Allotment.id)) == []
    with world_books.runtime.database.writing() as session:
        session.execute(update(ExamSite).values(tone=Tone.ATTENTION, status="审核退回"))
    assert "所选考核站点不存在、未审核通过" in give("1", mine)
    told = organization.post("/allotments/plans/1/own").text
    assert "本校的考核站点为“审核退回”，审核通过后才能分配" in told
    with world_books.runtime.database.writing() as session:
        session.execute(update(ExamSite).values(tone=Tone.DONE))
    world_books.clock.now = NOON.replace(month=12, day=15, hour=18)  # 排考 is over
    assert "排考已结束" in give("1", mine)
    assert ids(world_books, select(Allotment.id)) == []


@pytest.mark.row("5.2.4.3", "5.2.5.1")
def test_a_lending_site_with_rooms_is_not_taken_back(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, borrower, _ = people
    theirs = str(world_books.actor("school2").party_id)
    with world_books.runtime.database.writing() as session:  # the plan no longer names the lending school
        session.get_one(ExamPlan, 1).data = {**session.get_one(ExamPlan, 1).data, "schools": [BORROWER]}
        session.get_one(ExamPlan, 1).settle()
    assert add_room(school) == 409
    give = {"back": "/allotments/plans/1", "site": "1", "ids": theirs}
    assert organization.post("/allotments/plans/1", data=give).status_code == 302
    assert add_room(school) == 302  # it lends the site, and sets up the rooms there
    assert total(borrower, "/rooms/") == 0
    (allotment,) = ids(world_books, select(Allotment.id))
    assert borrower.post(f"/allotments/{allotment}/withdraw").status_code == 403
    refused = organization.post(f"/allotments/{allotment}/withdraw", data={"back": "/allotments/"}, follow_redirects=True).text
    assert "出借院校“金陵职业技术学院”已在该站点为本计划设置 1 个考场，请先联系其删除这些考场" in refused
    assert "已删除 1 个考场" in school.post("/rooms/1/delete", follow_redirects=True).text
    done = organization.post(f"/allotments/{allotment}/withdraw", data={"back": "/allotments/"}, follow_redirects=True).text
    assert "已取消“太湖职业学院”的考核站点" in done
    assert ids(world_books, select(Allotment.id)) == []


@pytest.mark.row("5.2.2", "5.2.4.3")
def test_a_plan_keeps_a_school_with_a_site(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _, _ = people
    assert organization.post("/allotments/plans/1/own").status_code == 200
    answer = organization.post("/exam-plans/1/edit", data={**PLAN, "schools": [BORROWER], "act": "保存"})
    assert answer.status_code == 409
    assert "已分配考核站点" in answer.text
    assert name_of(world_books, ExamPlan, 1).published
