"""成绩查询: what candidates see without an account, when, and what nobody learns; 成绩异议 and its answer."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Entry, Registration
from domain.exams.score_objections import ScoreObjection
from domain.exams.scores import Given, Score, ScoreChange, enter
from domain.ground.base import clock_minutes
from domain.platform.throttle import MAX_BY_ACCOUNT, MAX_BY_ADDRESS, WINDOW, LoginAttempt
from processes import history, tables
from processes.monitor.verify import faults
from processes.outside import messages
from tests.conftest import NOON, World
from tests.counting import count, counted
from tests.domain.exams.pupils import PUPIL, pupil
from tests.webapp.clients import site, user
from tests.webapp.demonstration import total
from tests.webapp.exams.plan_forms import CERTIFICATE, PLAN, publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.exams.test_rooms import BOTH
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "results.index": get("200"),
    "results.enter": post("400+"),
    "results.mine": get("302"),
    "results.objecting": get("302"),
    "results.object_to": post("302"),
    "results.leave": post("302"),
    "score_objection.index": get("200"),
    "score_objection.show": get("404"),
    "score_objection.edit": get("404"),
    "score_objection.store": post("404"),
}  # fmt: skip
SCORING = NOON.replace(month=12, day=22)
PUBLIC = NOON.replace(month=12, day=27)
LOCKED = NOON.replace(year=2027, month=1, day=1)
ID, TAIL = str(PUPIL["id_number"]), str(PUPIL["mobile"])[-6:]
REASON = "第三大题有一小题没有计分"


@pytest.fixture
def candidate(world_books: World) -> FlaskClient:
    """The browser of school1's first candidate: marked in two subjects, as another one is, under a plan in 公示."""
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL, pupil(1))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    for registration in (1, 2):
        seat(world_books, registration)
    with world_books.runtime.database.writing() as session:
        marks = [Given(entry, Decimal(59), "正常") for entry in session.scalars(select(Entry.id).order_by(Entry.id))]
        enter(session, world_books.actor("organization1"), 1, marks, SCORING)
    world_books.clock.now = PUBLIC
    return app.test_client()


def come(client: FlaskClient, id_number: str = ID, tail: str = TAIL) -> TestResponse:
    return client.post("/results/", data={"id_number": id_number, "tail": tail})


def entry_of(world: World, registration: int, subject: str = "理论知识") -> int:
    with world.runtime.database.reading() as session:
        query = select(Entry.id).join(ExamSubject, ExamSubject.id == Entry.subject_id)
        return session.scalars(query.where(Entry.registration_id == registration, ExamSubject.name == subject)).one()


def objections(world: World) -> list[ScoreObjection]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(ScoreObjection).order_by(ScoreObjection.id)))


def accept(world: World, client: FlaskClient) -> TestResponse:
    """受理 of the one objection."""
    with world.runtime.database.reading() as session:
        task = session.scalars(select(tables.task.c.id).where(tables.task.c.element == "accept")).one()
    return client.post(f"/inbox/tasks/{task}", data={"outcome": "受理"})


def reply(client: FlaskClient, outcome: str, answer: str, mark: str = "", **more: str) -> TestResponse:
    """The answer to the first objection, as its page posts it."""
    return client.post("/score-objections/1/edit", data={"act": outcome, "answer": answer, "mark": mark, **more})


@pytest.mark.row("5.2.9.2")
def test_a_candidate_sees_their_own_marks_and_no_others(world_books: World, candidate: FlaskClient) -> None:
    assert "手机号后六位" in candidate.get("/results/").text
    assert candidate.get("/results/mine").location == "/results/"
    assert come(candidate, f" {ID.lower()} ", f"{TAIL[:3]} {TAIL[3:]}").location == "/results/mine"
    page = candidate.get("/results/mine").text
    for words in (PUPIL["name"], "260001000000001", "理论知识", "操作技能", '<b class="mark-value">59</b>', "未通过", CERTIFICATE):
        assert str(words) in page
    assert page.index("理论知识") < page.index("操作技能")  # in the order of the subjects, not of the alphabet
    for other in (str(pupil(1)["name"]), "260001000000002", ID):
        assert other not in page
    assert candidate.get("/results/").location == "/results/mine"
    assert candidate.get(f"/results/objections/{entry_of(world_books, 2)}").location == "/results/mine"
    assert candidate.get("/results/objections/999").location == "/results/mine"
    assert candidate.post("/results/leave").location == "/results/"
    assert candidate.get("/results/mine").location == "/results/"
    assert candidate.get("/registrations/").location.startswith("/login")  # it opens nothing else


@pytest.mark.row("5.2.9.2")
def test_digits_may_be_wide(world_books: World, candidate: FlaskClient) -> None:
    """As an input method for Chinese writes them."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    assert come(candidate, ID.translate(wide), TAIL.translate(wide)).location == "/results/mine"


@pytest.mark.row("5.2.9.2")
def test_marks_are_shown_from_the_beginning_of_their_publication(world_books: World, candidate: FlaskClient) -> None:
    world_books.clock.now = PUBLIC - timedelta(days=2)
    assert come(candidate).status_code == 302
    page = candidate.get("/results/mine").text
    assert "还没有可以查看的成绩" in page
    assert "mark-value" not in page
    world_books.clock.now = LOCKED
    assert "已结束，成绩已锁定" in candidate.get("/results/mine").text
    with world_books.runtime.database.writing() as session:
        session.execute(update(ExamPlan).values(published=False))
    assert "还没有可以查看的成绩" in candidate.get("/results/mine").text


@pytest.mark.row("5.2.9.2")
def test_nothing_tells_whether_somebody_is_registered(world_books: World, candidate: FlaskClient) -> None:
    """The same answer, by the same statements, for a stranger, a wrong end of the mobile, and what is no number at all."""
    answers, asked = set(), set()
    for number, tail in (("110105194912310038", TAIL), (ID, "000000"), (ID, ""), (ID, "0" + TAIL), (ID, "%" * 6), ("x", TAIL)):
        with counted(world_books) as (statements, _):
            answer = come(candidate, number, tail)
        text = re.sub(r'value="[^"]*"', "", answer.text)  # what was typed, and the token against forgery
        answers.add((answer.status_code, text, "pilot_results" in str(answer.headers)))
        asked.add(tuple(re.sub(r"\s+|::\w+", " ", one) for one in statements))  # a lock's number may be long or short
    assert len(answers) == 1
    assert len(asked) == 1
    assert next(iter(answers))[0] == 400


@pytest.mark.row("5.2.9.2")
def test_guessing_is_throttled_by_person(world_books: World, candidate: FlaskClient) -> None:
    for number in range(MAX_BY_ACCOUNT):
        assert come(candidate, ID if number % 2 else f"{ID[:9]} {ID[9:].lower()}", f"{number:06}").status_code == 400
    refused = come(candidate)
    assert refused.status_code == 429
    assert "15 分钟后再试" in refused.text
    unknown = "110105194912310038"
    assert [come(candidate, unknown).status_code for _ in range(MAX_BY_ACCOUNT + 1)] == [400] * MAX_BY_ACCOUNT + [429]  # a stranger as well
    assert come(candidate, str(pupil(1)["id_number"]), str(pupil(1)["mobile"])[-6:]).status_code == 302  # others come in
    world_books.clock.now += WINDOW + timedelta(seconds=1)
    assert come(candidate).status_code == 302


@pytest.mark.row("5.2.9.2")
def test_guessing_is_throttled_by_address_and_leaves_accounts_alone(world_books: World, candidate: FlaskClient) -> None:
    for number in range(MAX_BY_ADDRESS):
        assert come(candidate, f"P{number:06}").status_code == 400
    assert come(candidate).status_code == 429
    user(candidate.application, "school1")  # of the same address
    with world_books.runtime.database.reading() as session:
        kept = session.scalars(select(LoginAttempt.account)).all()
    assert len(kept) == MAX_BY_ADDRESS
    assert not any("P0000" in one for one in kept)  # numbers are not kept


@pytest.mark.row("5.2.9.2", "1.1")
def test_all_addresses_of_one_network_count_as_one(world_books: World, candidate: FlaskClient) -> None:
    """Whoever has an address of IPv6 has a network of them, and a server may see an old address in either writing."""

    def guess(number: int, address: str) -> int:
        data = {"id_number": f"P{number:06}", "tail": TAIL}
        return candidate.post("/results/", data=data, environ_overrides={"REMOTE_ADDR": address}).status_code

    for number in range(MAX_BY_ADDRESS):
        assert guess(number, f"2001:db8:1:2:{number:x}::{number + 1:x}") == 400
    assert guess(99, "2001:db8:1:2:ffff::1") == 429
    assert guess(99, "2001:db8:1:3::1") == 400
    for number in range(MAX_BY_ADDRESS):
        assert guess(number, "203.0.113.9" if number % 2 else "::ffff:203.0.113.9") == 400
    assert guess(99, "203.0.113.9") == 429
    assert guess(99, "203.0.113.10") == 400
    wrong = {"account": "school1", "password": "wrong"}
    for number in range(MAX_BY_ADDRESS):
        candidate.post("/login", data={**wrong, "account": f"n{number}"}, environ_overrides={"REMOTE_ADDR": f"2001:db8:9:9::{number:x}"})
    refused = candidate.post("/login", data=wrong, environ_overrides={"REMOTE_ADDR": "2001:db8:9:9:1::1"})
    assert refused.status_code == 429


@pytest.mark.row("5.2.9.2")
def test_a_registration_with_another_mobile_stays_closed(world_books: World, candidate: FlaskClient) -> None:
    """Whoever registers somebody's number with a mobile of their own sees no more than that registration."""
    with world_books.runtime.database.writing() as session:
        session.execute(update(Registration).where(Registration.id == 2).values(id_number=ID, document="护照", mobile="13900007777"))
    assert come(candidate).status_code == 302
    page = candidate.get("/results/mine").text
    assert "260001000000001" in page
    assert "260001000000002" not in page
    assert candidate.get(f"/results/objections/{entry_of(world_books, 2)}").location == "/results/mine"


@pytest.mark.row("5.2.9.2")
def test_the_cookie_is_short_its_own_and_of_one_person(world_books: World, candidate: FlaskClient) -> None:
    answer = come(candidate)
    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith("pilot_results="))
    for words in ("HttpOnly", "SameSite=Strict", "Path=/results/", "Max-Age=1800"):
        assert words in cookie
    assert ID not in cookie
    page = candidate.get("/results/mine")
    assert page.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    value = candidate.get_cookie("pilot_results", path="/results/")
    assert value is not None
    for changed in (value.value[:-1], value.value.replace(".", "", 1), "", "[1]", value.value + "x"):
        other = candidate.application.test_client()
        other.set_cookie("pilot_results", changed, path="/results/")
        assert other.get("/results/mine").location == "/results/"
    with world_books.runtime.database.writing() as session:  # 报考信息更正: whoever has the old number is out
        session.execute(update(Registration).where(Registration.id == 1).values(mobile="13900007777"))
    assert candidate.get("/results/mine").location == "/results/"


@pytest.mark.row("5.2.9.2")
def test_an_objection_without_an_answer_is_not_said_to_be_at_work_once_publication_is_over(
    world_books: World, candidate: FlaskClient
) -> None:
    come(candidate)
    theory = entry_of(world_books, 1)
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/mine"
    waits, late = "培训评价组织正在处理", "公示已结束，成绩已锁定，还没有得到答复"
    for moment, told, untold in ((PUBLIC, waits, late), (LOCKED, late, waits)):
        world_books.clock.now = moment
        come(candidate)
        page = candidate.get("/results/mine").text
        assert told in page
        assert untold not in page


@pytest.mark.row("5.2.9.2")
def test_forged_posts_are_refused(world_books: World, candidate: FlaskClient) -> None:
    candidate.application.config["WTF_CSRF_ENABLED"] = True
    refused = come(candidate)
    assert refused.location == "/results/"
    assert "页面停留过久" in candidate.get("/results/").text
    token = candidate.get("/results/").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert candidate.post("/results/", data={"id_number": ID, "tail": TAIL, "csrf_token": token}).location == "/results/mine"
    theory = entry_of(world_books, 1)
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/"
    assert objections(world_books) == []


@pytest.mark.row("5.2.9.2", "5.2.2")
def test_the_deadline_of_an_objection_follows_the_end_of_publicity(world_books: World, candidate: FlaskClient) -> None:
    """Earlier and later, before 受理 and after it; what was filled in stays."""
    organization, engine = user(candidate.application, "organization1"), world_books.runtime.engine
    come(candidate)
    candidate.post(f"/results/objections/{entry_of(world_books, 1)}", data={"reason": REASON})

    def move(end: str) -> None:
        answer = organization.post("/exam-plans/1/edit", data={**PLAN, **BOTH, "publicity_to": end, "act": "保存"})
        assert answer.status_code == 302
        with world_books.runtime.database.writing() as session:
            for message in messages.due(session, world_books.clock.now):
                messages.deliver(engine, session, message)

    def open_tasks() -> list[tuple[str, str]]:
        with world_books.runtime.database.reading() as session:
            table = tables.task.c
            query = select(table.element, table.due_at).where(table.state == "open", table.element.in_(["accept", "answer"]))
            return [(element, clock_minutes(due)) for element, due in session.execute(query)]

    assert open_tasks() == [("accept", "2026-12-31 18:00")]
    move("2026-12-28T18:00")
    assert open_tasks() == [("accept", "2026-12-28 18:00")]
    with world_books.runtime.database.reading() as session:
        task = session.scalars(select(tables.task.c.id).where(tables.task.c.element == "accept", tables.task.c.state == "open")).one()
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "受理"}).status_code == 302
    move("2027-01-02T18:00")
    assert open_tasks() == [("answer", "2027-01-02 18:00")]
    assert reply(organization, "维持原成绩", "已复核试卷，计分无误").status_code == 302
    move("2027-01-03T18:00")
    assert open_tasks() == []
    with world_books.runtime.database.reading() as session:
        assert session.scalars(select(tables.message.c.id).where(tables.message.c.state == "waiting")).all() == []


@pytest.mark.row("5.2.9.2")
def test_an_objection_reaches_the_organization_and_its_answer_the_candidate(world_books: World, candidate: FlaskClient) -> None:
    app, theory = candidate.application, entry_of(world_books, 1)
    organization, stranger, school = (user(app, name) for name in ("organization1", "organization2", "school1"))
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/"  # nobody was let in
    come(candidate)
    assert "59" in candidate.get(f"/results/objections/{theory}").text
    for bad in ("", "太低", "长" * 301, "  \u200b 低 "):
        refused = candidate.post(f"/results/objections/{theory}", data={"reason": bad})
        assert refused.status_code == 422
        assert "5 到 300 字" in refused.text
    assert candidate.post(f"/results/objections/{entry_of(world_books, 2)}", data={"reason": REASON}).location == "/results/mine"
    assert objections(world_books) == []
    hostile = f"{REASON}<script>alert(1)</script>\u202e"
    assert candidate.post(f"/results/objections/{theory}", data={"reason": hostile}).location == "/results/mine"
    page = candidate.get("/results/mine").text
    assert "YY00000001" in page
    assert "待受理" in page
    for client, address in ((candidate, "/results/mine"), (organization, "/score-objections/1"), (organization, "/score-objections/")):
        text = client.get(address).text
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
    candidate.post(f"/results/objections/{theory}", data={"reason": REASON})  # one at a time
    assert "已有一份成绩异议在处理" in candidate.get("/results/mine").text
    assert [one.reason for one in objections(world_books)] == [hostile.rstrip("\u202e")]
    assert "受理成绩异议" in organization.get("/inbox/").text
    assert "受理成绩异议" not in stranger.get("/inbox/").text
    assert total(organization, "/score-objections/?number=YY00000001") == 1
    assert organization.get("/search/?q=yy00000001").location == "/score-objections/1"
    assert "没有找到" in stranger.get("/search/?q=YY00000001").text
    assert total(stranger, "/score-objections/") == total(school, "/score-objections/") == 0
    assert stranger.get("/score-objections/1").status_code == school.get("/score-objections/1").status_code == 404
    assert accept(world_books, stranger).status_code == 404
    assert accept(world_books, organization).status_code == 302
    assert "处理中" in candidate.get("/results/mine").text
    words = "已复核，漏计 4 分<b>"
    form = organization.get("/score-objections/1/edit").text
    assert "&lt;script&gt;alert(1)" in form
    assert "提出异议时的成绩" in form
    assert stranger.get("/score-objections/1/edit").status_code == 404
    for outcome, mark, told in (
        ("维持原成绩", "63", "请不要填写更正后的成绩"),
        ("更正成绩", "59", "与现有成绩相同"),
        ("更正成绩", "100.5", "0 到 100 分"),
        ("更正成绩", "60.125", "两位小数"),
        ("更正成绩", "", "请填写成绩"),
    ):
        refused = reply(organization, outcome, words, mark)
        assert told in refused.text, told
        assert refused.status_code in (409, 422)
    assert reply(stranger, "更正成绩", words, "63").status_code == 404
    assert reply(organization, "更正成绩", words, "63", reason="考生另写的话", was="99").status_code == 302
    assert [(one.reason, one.was) for one in objections(world_books)] == [(hostile.rstrip("\u202e"), "59")]  # what it is about stays
    page = candidate.get("/results/mine").text
    for text in ("已复核，漏计 4 分&lt;b&gt;", "已更正", '<b class="mark-value">63</b>'):
        assert text in page
    with world_books.runtime.database.reading() as session:
        changed = session.scalars(select(ScoreChange)).one()
        instance = history.instance_of(session, "score_objection", 1)
        assert instance is not None
        lines = history.events_of(session, instance.id)
        assert list(faults(world_books.runtime.engine, session, instance)) == []
    assert (changed.was, changed.now) == ("59", "63")
    assert "YY00000001" in changed.reason
    assert lines[0].actor == f"考生 {PUPIL['name']}"
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/mine"  # answered: the next one
    assert count(world_books, ScoreObjection) == 2


@pytest.mark.row("5.2.9.2")
def test_objections_end_with_the_publication(world_books: World, candidate: FlaskClient) -> None:
    theory = entry_of(world_books, 1)
    organization = user(candidate.application, "organization1")
    come(candidate)
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/mine"
    assert accept(world_books, organization).status_code == 302
    world_books.clock.now = LOCKED
    come(candidate)
    practice = entry_of(world_books, 1, "操作技能")
    assert "/results/objections/" not in candidate.get("/results/mine").text
    assert candidate.get(f"/results/objections/{practice}").location == "/results/mine"
    candidate.post(f"/results/objections/{practice}", data={"reason": REASON})
    assert "只能在公示期内提交" in candidate.get("/results/mine").text
    refused = reply(organization, "更正成绩", "漏计", "63")
    assert refused.status_code in (409, 422)
    assert "永久锁定" in refused.text
    assert reply(organization, "维持原成绩", "已复核，计分无误").status_code == 302
    page = candidate.get("/results/mine").text
    assert "已复核，计分无误" in page
    assert "维持原成绩" in page
    with world_books.runtime.database.reading() as session:
        assert {str(one) for one in session.scalars(select(Score.mark))} == {"59.00"}


@pytest.mark.row("5.2.9.2")
def test_the_database_keeps_a_second_open_objection_out(world_books: World, candidate: FlaskClient) -> None:
    theory = entry_of(world_books, 1)
    party = world_books.actor("organization1").party_id
    about = {"entry_id": theory, "registration_id": 1, "party_id": party, "reason": REASON, "was": "59"}
    with pytest.raises(IntegrityError), world_books.runtime.database.writing() as session:
        session.add_all([ScoreObjection(**about), ScoreObjection(**about)])
