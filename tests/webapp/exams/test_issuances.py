"""A pass starts 证书发放 by a message once 公示 is over: once for each person and certificate, some at a time, each alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import Entry, Registration
from domain.exams.scores import Given, Score, enter
from domain.issuing.issuances import Issuance, begin_issuances, issuances_query
from handlers import exam_plans
from jobs import messages as delivering
from processes import history, tables
from processes.monitor.verify import faults
from processes.steps import acting
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.webapp.clients import site, user
from tests.webapp.exams.plan_forms import publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.exams.test_rooms import BOTH

SCORING = NOON.replace(month=12, day=22)
PUBLIC = NOON.replace(month=12, day=27)
OVER = NOON.replace(year=2027, month=1, day=1)


@pytest.fixture
def people(world_books: World) -> None:
    """Three candidates of school1 are registered under a plan of organization1, and seated."""
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL, pupil(1), pupil(2))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    for registration in (1, 2, 3):
        seat(world_books, registration)


def mark(world: World, marks: dict[int, int], plan: int = 1) -> None:
    """Marks of all subjects of registrations."""
    with world.runtime.database.writing() as session:
        rows = session.execute(select(Entry.id, Entry.registration_id).where(Entry.registration_id.in_(marks))).all()
        given = [Given(entry, Decimal(marks[registration]), "正常") for entry, registration in rows]
        enter(session, world.actor("organization1"), plan, given, SCORING)


def time_passes(world: World, plan: int = 1) -> None:
    """What the scheduler does: the plan's timers fire, messages go out."""
    with world.runtime.database.writing() as session:
        instance = history.instance_of(session, "exam_plan", plan)
        assert instance is not None
        acting.tick(world.runtime.engine, session, instance.id)
    delivering.deliver_due(world.runtime)


def issued(world: World) -> list[tuple[int, str]]:
    """Registration and status of each issuance."""
    with world.runtime.database.reading() as session:
        found = session.execute(select(Issuance.registration_id, Issuance.status).order_by(Issuance.id)).all()
        return [(registration, status) for registration, status in found]


def status_of(world: World, plan: int = 1) -> str:
    with world.runtime.database.reading() as session:
        return session.get_one(ExamPlan, plan).status


@pytest.mark.row("5.2.10", "4.2")
@pytest.mark.usefixtures("people")
def test_whoever_passes_waits_for_the_certificate_once_marks_are_locked(world_books: World) -> None:
    mark(world_books, {1: 80, 2: 59, 3: 60})
    world_books.clock.now = PUBLIC
    time_passes(world_books)
    assert issued(world_books) == []
    world_books.clock.now = OVER
    time_passes(world_books)
    assert issued(world_books) == [(1, "培训评价组织待签发"), (3, "培训评价组织待签发")]
    world_books.clock.now += timedelta(minutes=2)
    time_passes(world_books)
    time_passes(world_books)
    assert status_of(world_books) == "已结束"
    assert issued(world_books) == [(1, "培训评价组织待签发"), (3, "培训评价组织待签发")]
    page = user(site(world_books), "organization1").get("/exam-plans/1").text
    assert page.count("发出消息“考证通过”") == 1  # not a line for each of thousands
    assert "发出消息“考证通过”（2 次）" in page
    with world_books.runtime.database.reading() as session:
        engine, table = world_books.runtime.engine, tables.instance
        ran = session.execute(select(table).where(table.c.key.in_(("issuance", "exam_plan")))).all()
        assert len(ran) == 3
        assert [line for row in ran for line in faults(engine, session, row)] == []
        one = session.get_one(Issuance, 1)
        assert (one.name, one.id_number, one.party_id) == (PUPIL["name"], PUPIL["id_number"], world_books.actor("organization1").party_id)
        seen = {name: len(session.scalars(issuances_query(world_books.actor(name))).all()) for name in SEEN}
    assert seen == SEEN


SEEN = {"organization1": 2, "school1": 2, "organization2": 0, "school2": 0, "operator": 2, "province1": 0}
"""How many of two issuances each sees."""


@pytest.mark.row("5.2.10")
@pytest.mark.usefixtures("people")
def test_nothing_is_issued_twice_when_the_plan_is_played_again(world_books: World) -> None:
    """公示 was extended by hand after it was over: whoever has an issuance gets no second one, the others theirs with the new end."""
    mark(world_books, {1: 80, 2: 59, 3: 60})
    world_books.clock.now = OVER
    with world_books.runtime.database.writing() as session:
        assert len(begin_issuances(session, 1, OVER, 1)) == 1
        session.execute(update(ExamPlan).values(publicity_to=OVER + timedelta(days=7)))
    with world_books.runtime.database.writing() as session:
        assert begin_issuances(session, 1, OVER, 9) == []
    later = OVER + timedelta(days=8)
    with world_books.runtime.database.writing() as session:
        assert len(begin_issuances(session, 1, later, 9)) == 1
        assert begin_issuances(session, 1, later, 9) == []
    assert [registration for registration, _ in issued(world_books)] == [1, 3]
    with pytest.raises(IntegrityError), world_books.runtime.database.writing() as session:
        session.execute(update(Issuance).where(Issuance.id == 2).values(id_number=PUPIL["id_number"]))


@pytest.mark.row("5.2.10")
@pytest.mark.usefixtures("people")
def test_many_begin_some_at_a_time(world_books: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exam_plans, "MOST", 2)
    mark(world_books, {1: 80, 2: 70, 3: 60})
    world_books.clock.now = OVER
    time_passes(world_books)
    assert [registration for registration, _ in issued(world_books)] == [1, 2]
    assert status_of(world_books) == "已结束"
    time_passes(world_books)  # not before a minute is over
    assert len(issued(world_books)) == 2
    world_books.clock.now += timedelta(minutes=1)
    time_passes(world_books)
    assert issued(world_books) == [(1, "培训评价组织待签发"), (2, "培训评价组织待签发"), (3, "培训评价组织待签发")]
    world_books.clock.now += timedelta(minutes=1)
    time_passes(world_books)
    with world_books.runtime.database.reading() as session:
        instance = history.instance_of(session, "exam_plan", 1)
        assert instance is not None
        assert instance.due_at is None


@pytest.mark.row("5.2.10")
@pytest.mark.usefixtures("people")
def test_one_that_cannot_begin_keeps_no_other_back(world_books: World) -> None:
    mark(world_books, {1: 80, 2: 70, 3: 60})
    world_books.clock.now = OVER
    with world_books.runtime.database.writing() as session:
        instance = history.instance_of(session, "exam_plan", 1)
        assert instance is not None
        acting.tick(world_books.runtime.engine, session, instance.id)
    with world_books.runtime.database.writing() as session:
        session.execute(delete(Issuance).where(Issuance.registration_id == 2))
    delivering.deliver_due(world_books.runtime)
    assert issued(world_books) == [(1, "培训评价组织待签发"), (3, "培训评价组织待签发")]
    with world_books.runtime.database.reading() as session:
        left = session.execute(select(tables.message.c.state, tables.message.c.error).where(tables.message.c.state != "delivered")).all()
    assert [state for state, _ in left] == ["waiting"]  # it is tried again, and is an incident in the end
    assert "没有找到它的业务记录" in left[0].error


@pytest.mark.row("5.2.10")
def test_a_mark_that_is_not_locked_waits_for_the_end_of_its_plan(world_books: World) -> None:
    """Theory passed in a plan that is over, practice in one still in 公示: the certificate begins when that ends too."""
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH, mode="按科目") == 302
    longer = {"publicity_to": "2027-01-10T18:00"}
    assert publish(organization, **BOTH, mode="按科目", name="再次考试", **longer) == 302
    add(school, PUPIL)
    with world_books.runtime.database.reading() as session:
        certificate = session.scalars(select(ExamSubject.certificate_id).join(Sitting, Sitting.subject_id == ExamSubject.id)).first()
        of_it = select(ExamSubject).where(ExamSubject.certificate_id == certificate)
        ids = {one.name: one.id for one in session.scalars(of_it)}
    for plan, subject in ((1, "理论知识"), (2, "操作技能")):
        school.post("/registrations/register", data={"ids": "1", "target": f"{plan}:{certificate}:{ids[subject]}"})
    for registration in (1, 2):
        seat(world_books, registration)
    mark(world_books, {1: 80})
    mark(world_books, {2: 75}, plan=2)
    world_books.clock.now = OVER
    time_passes(world_books)
    assert issued(world_books) == []
    with world_books.runtime.database.writing() as session:  # 更正: it is no pass any more
        session.execute(update(Score).where(Score.registration_id == 2).values(mark=Decimal(50)))
    world_books.clock.now = NOON.replace(year=2027, month=1, day=11)
    time_passes(world_books, 2)
    assert issued(world_books) == []
    with world_books.runtime.database.writing() as session:
        session.execute(update(Score).where(Score.registration_id == 2).values(mark=Decimal(75)))
        assert len(begin_issuances(session, 2, world_books.clock.now, 9)) == 1
    assert len(issued(world_books)) == 1
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(Registration.plan_id).where(Registration.id == issued(world_books)[0][0])) == 2
