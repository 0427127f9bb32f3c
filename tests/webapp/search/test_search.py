"""The search at the top: business numbers, id numbers and names, over what the actor's own lists show."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.exams.payment_slips import PaymentSlip
from domain.exams.rooms import Room
from domain.exams.seats import ExamTicket, RoomSitting
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.webapp.clients import site, user
from tests.webapp.exams.plan_forms import publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.routes import get

ROUTES = {"search.index": get("200")}  # what each account gets from each address
PUBLIC = NOON.replace(month=12, day=27)


@pytest.fixture
def people(world_books: World) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """school1 with two candidates registered and seated, and a slip; organization1, whose plan is in 公示; school2."""
    app = site(world_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    assert publish(organization) == 302
    add(school, PUPIL, pupil(1))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    assert school.post("/payment-slips/new", data={"for": target(world_books).replace(":", "-"), "act": "保存"}).status_code == 302
    for registration in (1, 2):
        seat(world_books, registration)
    world_books.clock.now = PUBLIC
    return school, organization, stranger


@pytest.mark.row("5.2.2", "5.2.5.1", "5.2.6.2", "5.2.8.3")
def test_a_business_number_opens_its_record(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    with world_books.runtime.database.reading() as session:
        room, used = session.scalar(select(Room.id)), session.scalar(select(RoomSitting.id))
        slip = session.scalars(select(PaymentSlip.number)).one()
    assert slip is not None
    numbers = {
        "KS202600001": "/exam-plans/1",
        "bk00000002": "/registrations/2",
        f"KC{room:08}": f"/rooms/{room}",
        f" BP{used:08} ": f"/room-sittings/{used}",
        slip: "/payment-slips/1",
    }
    for number, address in numbers.items():
        for client in (school, organization):
            answer = client.get("/search/", query_string={"q": number})
            assert (answer.status_code, answer.location) == (302, address), number
        if number != "KS202600001":
            told = stranger.get("/search/", query_string={"q": number})
            assert told.status_code == 200
            assert "没有找到" in told.text


@pytest.mark.row("5.2.8.4", "5.2.9.1", "5.2.10")
def test_a_ticket_an_id_number_and_a_name_lead_to_each_list(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, _, stranger = people
    with world_books.runtime.database.reading() as session:
        number = session.scalars(select(ExamTicket.number).where(ExamTicket.registration_id == 1)).one()
    for text, lists in (
        (number, ("排考明细", "科目成绩", "考证结果")),
        (PUPIL["id_number"], ("考生管理、院校考生", "报考管理", "科目成绩", "考证结果")),
        ("王小", ("考生管理、院校考生", "报考管理")),
    ):
        page = school.get("/search/", query_string={"q": text}).text
        for name in lists:
            assert name in page, (text, name)
        assert "没有找到" in stranger.get("/search/", query_string={"q": text}).text
    assert "2 条" in school.get("/search/?q=王小").text


@pytest.mark.row("5.2.2")
def test_what_is_nothing_is_told_and_hurts_nobody(people: tuple[FlaskClient, ...]) -> None:
    school, *_ = people
    assert "没有找到" not in school.get("/search/").text
    for text in ("BK99999999", "BK999999999999999999", "%", "' OR 1=1 --", "<script>alert(1)</script>", "王" * 500, "０" * 15):
        page = school.get("/search/", query_string={"q": text})
        assert page.status_code == 200, text
        assert "没有找到" in page.text
        assert "<script>alert" not in page.text
