"""The end of 公示, and what people try around it: nobody passes without marks, nothing is locked twice, nobody stops the others."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.exams.locked_marks import MarksLock, lock_marks
from domain.exams.outcomes import Outcome, outcomes_query, with_result
from domain.exams.plans import Sitting
from domain.exams.score_objections import ScoreObjection
from domain.exams.scores import Score, ScoreChange, correct, marked_of
from domain.institutions.schools import School
from domain.issuing.issuances import Issuance, begin_issuances
from jobs import messages as delivering
from processes import history, tables
from processes.steps import acting
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.racing import race, transaction
from tests.webapp.clients import site, user
from tests.webapp.exams.plan_forms import SCHOOL, publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_issuances import OVER, PUBLIC, issued, mark, status_of, time_passes
from tests.webapp.exams.test_own_results import REASON, accept, come, entry_of, reply
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.exams.test_rooms import BOTH

LAST_MOMENT = OVER - timedelta(days=1)  # 公示 ends on 2026-12-31


def by_subject(world: World, *plans: str, schools: list[str] | None = None) -> tuple[FlaskClient, int, dict[str, int]]:
    """Plans 按科目 with these names. Gives the organization, the certificate, and its subjects by name."""
    organization = user(site(world), "organization1")
    for name in plans:
        assert publish(organization, **BOTH, mode="按科目", name=name, schools=schools or [SCHOOL]) == 302
    with world.runtime.database.reading() as session:
        certificate = session.scalars(select(ExamSubject.certificate_id).join(Sitting, Sitting.subject_id == ExamSubject.id)).first()
        of_it = select(ExamSubject).where(ExamSubject.certificate_id == certificate)
        return organization, certificate or 0, {one.name: one.id for one in session.scalars(of_it)}


def results(world: World) -> list[str | None]:
    with world.runtime.database.reading() as session:
        query = with_result(world.clock.now, outcomes_query(world.actor("organization1"))).order_by(None).order_by(Outcome.id)
        return [one.status for one in session.scalars(query)]


@pytest.mark.row("5.2.10")
def test_whoever_passes_through_two_schools_gets_one_certificate_and_stops_nobody(world_books: World) -> None:
    """Each school registers the person in the subject that the other one registered before: both results are 通过 at one moment."""
    with world_books.runtime.database.reading() as session:
        other = session.get_one(School, world_books.actor("school2").party_id)
        schools = [SCHOOL, f"{other.name}（{other.code}）"]
    organization, certificate, ids = by_subject(world_books, "第一次考试", "第二次考试", schools=schools)
    one, two = user(organization.application, "school1"), user(organization.application, "school2")
    add(one, PUPIL, pupil(1))
    add(two, PUPIL)
    asked = [(one, 1, 1, "理论知识"), (two, 3, 1, "操作技能"), (one, 1, 2, "操作技能"), (two, 3, 2, "理论知识")]
    asked += [(one, 2, 2, "操作技能"), (one, 2, 2, "理论知识")]  # somebody else, who waits for the certificate besides
    for client, candidate, plan, subject in asked:
        client.post("/registrations/register", data={"ids": str(candidate), "target": f"{plan}:{certificate}:{ids[subject]}"})
    for registration in range(1, 7):
        seat(world_books, registration)
    mark(world_books, {1: 80, 2: 80})
    mark(world_books, {3: 80, 4: 80, 5: 70, 6: 70}, plan=2)
    world_books.clock.now = OVER
    assert results(world_books) == ["通过"] * 5
    time_passes(world_books, 2)
    assert issued(world_books) == [(3, "培训评价组织待签发"), (5, "培训评价组织待签发")]
    world_books.clock.now += timedelta(minutes=1)
    time_passes(world_books, 2)
    time_passes(world_books)
    assert len(issued(world_books)) == 2
    assert status_of(world_books, 2) == "已结束"


@pytest.fixture
def passed(world_books: World) -> None:
    """A candidate of school1 who has passed, in a plan of organization1 whose 公示 is over."""
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL)
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    seat(world_books, 1)
    mark(world_books, {1: 80})
    world_books.clock.now = OVER


@pytest.mark.row("5.2.9.1", "5.2.10")
@pytest.mark.usefixtures("passed")
def test_a_correction_of_the_last_moment_that_had_to_wait_comes_too_late(world_books: World) -> None:
    """It was asked for within 公示, and waited for those who read the marks: what they have read stays."""
    organization = world_books.actor("organization1")

    def corrected(session: Session) -> bool:
        marked = marked_of(session, organization, 1, LAST_MOMENT)
        assert marked is not None
        return correct(session, organization, marked, Decimal(10), "正常", "多计", "80", LAST_MOMENT)

    told = race(world_books, partial(begin_issuances, plan_id=1, now=OVER, most=9), transaction(world_books, corrected))
    assert "已永久锁定" in str(told)
    with world_books.runtime.database.reading() as session:
        assert session.get_one(Score, 1).mark == 80
        assert len(session.scalars(select(Issuance)).all()) == 1


@pytest.mark.row("5.2.9.1", "5.2.10")
@pytest.mark.usefixtures("passed")
def test_a_correction_that_came_first_is_waited_for(world_books: World) -> None:
    organization = world_books.actor("organization1")

    def corrected(session: Session) -> None:
        marked = marked_of(session, organization, 1, LAST_MOMENT)
        assert marked is not None
        assert correct(session, organization, marked, Decimal(10), "正常", "多计", "80", LAST_MOMENT)

    assert race(world_books, corrected, transaction(world_books, lambda session: begin_issuances(session, 1, OVER, 9))) == []


@pytest.mark.row("5.2.10")
@pytest.mark.usefixtures("passed")
def test_marks_of_all_plans_that_are_over_are_locked_together(world_books: World) -> None:
    """A certificate may need marks of several plans: when one begins to issue, those of the others do not change either."""
    with world_books.runtime.database.writing() as session:
        assert not lock_marks(session, 1, LAST_MOMENT - timedelta(hours=12))
    organization = user(site(world_books), "organization1")
    world_books.clock.now = OVER - timedelta(days=30)
    assert publish(organization, **BOTH, name="同时结束的考试") == 302
    assert publish(organization, **BOTH, name="还在公示的考试", publicity_to="2027-01-10T18:00") == 302
    with world_books.runtime.database.writing() as session:
        assert lock_marks(session, 2, OVER)
        assert lock_marks(session, 2, OVER)
        assert not lock_marks(session, 3, OVER)
    with world_books.runtime.database.reading() as session:
        assert session.scalars(select(MarksLock.plan_id).order_by(MarksLock.plan_id)).all() == [1, 2]


@pytest.mark.row("5.2.10")
def test_two_plans_that_end_at_one_moment_begin_one_certificate(world_books: World) -> None:
    """Theory in one plan, practice in the other: both results become 通过 together, and neither plan waits for the other for good."""
    organization, certificate, ids = by_subject(world_books, "理论考试", "实操考试")
    school = user(organization.application, "school1")
    add(school, PUPIL)
    for plan, subject in ((1, "理论知识"), (2, "操作技能")):
        school.post("/registrations/register", data={"ids": "1", "target": f"{plan}:{certificate}:{ids[subject]}"})
    for registration in (1, 2):
        seat(world_books, registration)
    mark(world_books, {1: 80})
    mark(world_books, {2: 80}, plan=2)
    world_books.clock.now = OVER
    engine = world_books.runtime.engine

    def over(plan: int, session: Session) -> str:
        instance = history.instance_of(session, "exam_plan", plan)
        assert instance is not None
        acting.tick(engine, session, instance.id)
        return "over"

    for first, second in ((1, 2), (2, 1)):
        assert race(world_books, partial(over, first), transaction(world_books, partial(over, second))) == "over"
        world_books.clock.now += timedelta(minutes=1)
    delivering.deliver_due(world_books.runtime)
    assert len(issued(world_books)) == 1
    assert (status_of(world_books, 1), status_of(world_books, 2)) == ("已结束", "已结束")


@pytest.mark.row("5.2.10")
def test_a_subject_that_is_switched_off_makes_nobody_pass(world_books: World) -> None:
    organization, certificate, ids = by_subject(world_books, "十二月考试")
    school = user(organization.application, "school1")
    add(school, PUPIL, pupil(1))
    for candidate in (1, 2):
        school.post("/registrations/register", data={"ids": str(candidate), "target": f"1:{certificate}:{ids['理论知识']}"})
    for registration in (1, 2):
        seat(world_books, registration)
    mark(world_books, {2: 80})  # the first one was never marked
    world_books.clock.now = PUBLIC
    with world_books.runtime.database.reading() as session:
        about = (tables.instance.c.key == "exam_subject", tables.instance.c.subject_id.in_(ids.values()))
        instances = session.scalars(select(tables.instance.c.id).where(*about)).all()
    for instance in instances:
        assert organization.post(f"/records/{instance}/messages/disable").status_code == 302
    with world_books.runtime.database.reading() as session:
        assert {session.get_one(ExamSubject, one).status for one in ids.values()} == {"已停用"}
    assert results(world_books) == ["待定", "待定"]
    world_books.clock.now = OVER
    time_passes(world_books)
    assert issued(world_books) == []


@pytest.mark.row("5.2.9.2")
@pytest.mark.usefixtures("passed")
def test_an_answer_overwrites_no_correction_that_its_author_has_not_seen(world_books: World) -> None:
    world_books.clock.now = PUBLIC
    theory, organization = entry_of(world_books, 1), user(site(world_books), "organization1")
    candidate = organization.application.test_client()
    come(candidate)
    assert candidate.post(f"/results/objections/{theory}", data={"reason": REASON}).location == "/results/mine"
    assert accept(world_books, organization).status_code == 302
    assert "80" in organization.get("/score-objections/1/edit").text  # the form stands open
    change = {"mark": "85", "state": "正常", "reason": "漏计 5 分", "seen": "80"}
    assert organization.post(f"/scores/{theory}", data=change).status_code == 302
    refused = reply(organization, "更正成绩", "漏计 3 分", "83")
    assert refused.status_code in (409, 422)
    assert "该成绩已更正为“85”" in refused.text
    with world_books.runtime.database.reading() as session:
        assert session.get_one(Score, theory).mark == 85
        assert session.get_one(ScoreObjection, 1).open
    assert reply(organization, "更正成绩", "漏计 5 分", "85").status_code == 302  # it agrees with what is there
    with world_books.runtime.database.reading() as session:
        assert session.get_one(ScoreObjection, 1).status == "已更正"
        assert [(one.was, one.now) for one in session.scalars(select(ScoreChange))] == [("80", "85")]
