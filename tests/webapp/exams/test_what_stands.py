"""What stands on a plan or a subject keeps it: marks that people know, seats that are published, registrations (manual 5.2.2–5.2.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate
from domain.exams.exam_subjects import ExamSubject, InForce
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registering import Wish, open_plan, register, terms_of
from domain.exams.registrations import Entry, Registration, delete_registrations
from domain.exams.seats import ExamTicket, Seat
from domain.ground.base import clock_minutes
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.racing import race, transaction
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import CERTIFICATE, PLAN, publish
from tests.webapp.exams.room_forms import add_room, set_the_stage
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_arranging import written
from tests.webapp.exams.test_registrations import add, target, work
from tests.webapp.exams.test_rooms import BOTH
from tests.webapp.exams.test_scores import PUBLIC, SCORING, entry, given, results

SUBJECT = {"certificate": CERTIFICATE, "name": "理论知识", "method": "理论", "room_type": "计算机机房", "audience": "所有考生"}
MARKS = {"full_mark": "100", "pass_mark": "60", "minutes": "90"}
EARLY = NOON.replace(month=12, day=12)


@pytest.fixture
def people(lite_books: World) -> tuple[FlaskClient, FlaskClient]:
    """school1 with a candidate registered in two subjects, seated; organization1."""
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL)
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    seat(lite_books, 1)
    return school, organization


def theory(world: World) -> int:
    (found,) = ids(world, select(ExamSubject.id).join(Entry, Entry.subject_id == ExamSubject.id).where(ExamSubject.name == "理论知识"))
    return found


def edited(organization: FlaskClient, **other: Any) -> tuple[int, str]:
    answer = organization.post("/exam-plans/1/edit", data={**PLAN, **BOTH, **other, "act": "保存"})
    return answer.status_code, answer.text


def times(world: World, model: type, id: int, *names: str) -> list[str]:
    with world.runtime.database.reading() as session:
        return [clock_minutes(getattr(session.get_one(model, id), name)) for name in names]


@pytest.mark.row("5.2.9.1", "5.2.10")
def test_a_subject_with_marks_keeps_what_they_are_measured_by(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization = people
    address, subject = f"/exam-subjects/{theory(lite_books)}/edit", theory(lite_books)
    assert (
        organization.post(address, data={**SUBJECT, **MARKS, "pass_mark": "70", "act": "保存"}).status_code == 302
    )  # nobody has a mark yet
    assert organization.post(address, data={**SUBJECT, **MARKS, "act": "保存"}).status_code == 302
    lite_books.clock.now = SCORING
    given(lite_books, (1, "理论知识", 80, "正常"), (1, "操作技能", 80, "正常"))
    lite_books.clock.now = PUBLIC
    assert results(lite_books) == ["通过"]
    for wrong in ({"pass_mark": "90"}, {"full_mark": "120"}):
        refused = organization.post(address, data={**SUBJECT, **MARKS, **wrong, "act": "保存"})
        assert refused.status_code == 409
        assert "该科目已登记成绩，不能修改满分和合格分" in refused.text
    assert (name_of(lite_books, ExamSubject, subject).pass_mark, results(lite_books)) == (60, ["通过"])
    assert organization.post(address, data={**SUBJECT, **MARKS, "minutes": "100", "act": "保存"}).status_code == 302


@pytest.mark.row("5.2.6.1", "5.2.5.1")
def test_a_subject_in_use_stays_of_its_certificate_and_of_its_rooms(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    set_the_stage(school, organization, **BOTH)
    with lite_books.runtime.database.reading() as session:
        subject = session.scalars(select(Sitting.subject_id).order_by(Sitting.id)).first()
    address = f"/exam-subjects/{subject}/edit"
    for wrong in ({"certificate": "网店运营（初级）"}, {"audience": "高职"}):
        refused = organization.post(address, data={**SUBJECT, **MARKS, **wrong, "act": "保存"})
        assert (refused.status_code, "不能修改证书和参考对象" in refused.text) == (409, True)
    other = {**SUBJECT, **MARKS, "room_type": "标准教室", "act": "保存"}
    assert organization.post(address, data=other).status_code == 302
    assert organization.post(address, data={**SUBJECT, **MARKS, "act": "保存"}).status_code == 302
    assert add_room(school) == 302
    refused = organization.post(address, data=other)
    assert (refused.status_code, "已有院校为该科目设置考场" in refused.text) == (409, True)


@pytest.mark.row("5.2.1")
def test_a_subject_in_use_cannot_be_deleted_and_that_is_said(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization = people
    address = f"/exam-subjects/{theory(lite_books)}"
    for button in ("disable", "delete"):
        page = organization.get(address).text
        at = page.index(f"/messages/{button}")
        action = page[page.rindex('"', 0, at) + 1 : page.index('"', at)]
        answer = organization.post(action, follow_redirects=True)
    assert "已被其他记录使用，不能删除" in answer.text
    assert "FOREIGN KEY" not in answer.text
    assert organization.get(address).status_code == 200


@pytest.mark.row("5.2.2", "5.2.9.1")
def test_the_windows_behind_marks_stay(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    """Marks that are public are not hidden again, nor is what was examined examined at another time."""
    school, organization = people
    lite_books.clock.now = SCORING
    given(lite_books, (1, "理论知识", 80, "正常"))
    again = {"arranging_to": "2026-12-27T18:00", "exam_from": "2026-12-28T08:00", "exam_to": "2026-12-28T18:00"}
    moved = {"sittings.0.starts_at": "2026-12-20T09:00", "sittings.0.ends_at": "2026-12-20T10:30"}
    assert edited(organization, **again, **moved, scoring_to="2026-12-25T20:00")[0] == 302
    assert times(lite_books, ExamPlan, 1, "arranging_to", "exam_from", "scoring_to") == [
        "2026-12-15 18:00",
        "2026-12-19 08:00",
        "2026-12-25 20:00",
    ]
    assert times(lite_books, Sitting, 1, "starts_at") == ["2026-12-19 09:00"]
    lite_books.clock.now = PUBLIC
    later = {"scoring_to": "2026-12-28T18:00", "publicity_from": "2027-01-10T09:00", "publicity_to": "2027-01-12T18:00"}
    assert edited(organization, **later)[0] == 302
    told = times(lite_books, ExamPlan, 1, "scoring_to", "publicity_from", "publicity_to")
    assert told == ["2026-12-25 20:00", "2026-12-26 09:00", "2027-01-12 18:00"]
    assert total(school, "/scores/?lock=公示中") == 2
    lite_books.clock.now = NOON.replace(year=2027, month=1, day=20)
    assert edited(organization, publicity_to="2027-02-12T18:00")[0] == 409


@pytest.mark.row("5.2.9.1", "5.2.8.2")
def test_somebody_with_a_mark_keeps_the_seat(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    """Marks are read by seats: without one a mark would be in no list."""
    _, organization = people
    given(lite_books, (1, "理论知识", 80, "正常"))
    lite_books.clock.now = EARLY  # 排考 is open, as after a plan was changed
    marked, other = entry(lite_books, 1, "理论知识"), entry(lite_books, 1, "操作技能")
    refused = organization.post(f"/arranging/1/entries/{marked}/unseat", follow_redirects=True)
    assert "已登记成绩，座位不能再调整" in refused.text
    assert ids(lite_books, select(Seat.entry_id)) == sorted([marked, other])
    assert "座位已取消" in organization.post(f"/arranging/1/entries/{other}/unseat", follow_redirects=True).text


@pytest.mark.row("5.2.2", "5.2.8.2")
def test_sittings_with_published_seats_are_not_moved_onto_each_other(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization = people
    overlapping = {"sittings.1.starts_at": "2026-12-19T10:00", "sittings.1.ends_at": "2026-12-19T12:00"}
    status, page = edited(organization, **overlapping)
    assert status == 409
    assert "1 名考生、1 个考场同一时间有两场已发布的考试" in page
    assert times(lite_books, Sitting, 2, "starts_at") == ["2026-12-19 14:00"]
    behind = {"sittings.1.starts_at": "2026-12-19T10:30", "sittings.1.ends_at": "2026-12-19T12:00"}
    assert edited(organization, **behind)[0] == 302
    written(lite_books, lambda session: session.execute(update(Seat).values(published=False)))
    assert edited(organization, **overlapping)[0] == 302  # the next 自动编排 moves them


@pytest.mark.row("5.2.2", "5.2.6.1", "5.2.10")
def test_a_certificate_with_candidates_gets_no_subject_that_they_lack(lite_books: World) -> None:
    """Who has registered for the whole certificate would pass without a mark in it."""
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization) == 302
    assert edited(organization)[0] == 302  # nobody has registered
    assert organization.post("/exam-plans/1/edit", data={**PLAN, "act": "保存"}).status_code == 302
    add(school, PUPIL)
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    status, page = edited(organization)
    assert status == 409
    assert "已有 1 条按证书的报考不含新增的科目" in page
    assert len(ids(lite_books, select(Sitting.id))) == 1
    assert organization.post("/exam-plans/1/edit", data={**PLAN, "note": "带身份证", "act": "保存"}).status_code == 302
    assert school.post("/registrations/1/delete").status_code == 302
    assert edited(organization)[0] == 302


@pytest.mark.row("5.2.6.3")
def test_who_has_a_number_and_no_seat_any_more_is_not_deleted(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, _ = people
    add(school, pupil(1))
    school.post("/registrations/register", data={"ids": "2", "target": target(lite_books)})
    written(lite_books, lambda session: [session.delete(one) for one in session.scalars(select(Seat))] and None)
    assert ids(lite_books, select(ExamTicket.registration_id)) == [1]
    page = school.post("/registrations/delete", data={"ids": ["1", "2"]}, follow_redirects=True).text
    assert "已删除 1 条报考" in page
    assert "已有准考证号，不能删除" in page
    assert ids(lite_books, select(Registration.id)) == [1]


@pytest.mark.row("5.2.9.1")
def test_a_mark_is_written_in_digits(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization = people
    lite_books.clock.now = SCORING
    address = f"/scores/{entry(lite_books, 1, '理论知识')}"
    about = {"state": "正常", "reason": "漏登记", "seen": "未登记"}
    for wrong in ("1_0", "1e1", "٣", "NaN", "0e999999999"):
        refused = organization.post(address, data={**about, "mark": wrong})
        assert (refused.status_code, "不是数字" in refused.text) == (409, True), wrong
    assert organization.post(address, data={**about, "mark": "-0"}).status_code == 302
    assert "未登记 → 0" in organization.get(address).text
    assert organization.post(address, data={**about, "mark": "８６．５", "seen": "0"}).status_code == 302
    assert "0 → 86.5" in organization.get(address).text


@pytest.mark.row("5.2.10")
def test_a_subject_of_later_takes_no_result_away(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH, mode="按科目") == 302
    add(school, PUPIL)
    certificate = int(target(lite_books).partition(":")[2])
    for subject in ids(lite_books, select(Sitting.subject_id)):
        school.post("/registrations/register", data={"ids": "1", "target": f"1:{certificate}:{subject}"})
    for registration in (1, 2):
        seat(lite_books, registration)
    lite_books.clock.now = SCORING
    given(lite_books, (1, "理论知识", 80, "正常"), (2, "操作技能", 80, "正常"))
    lite_books.clock.now = PUBLIC
    assert results(lite_books) == ["通过"]
    form = {**SUBJECT, **MARKS, "name": "项目答辩", "act": "保存"}
    assert organization.post("/exam-subjects/new", data=form).status_code == 302
    assert results(lite_books) == ["通过"]
    made = max(ids(lite_books, select(ExamSubject.id)))
    asked = update(InForce).where(InForce.subject_id == made)
    written(lite_books, lambda session: session.execute(asked.values(began_at=NOON)))
    assert results(lite_books) == ["待定"]  # asked already when it was examined
    for act in ("disable", "enable"):  # what was asked then is asked of that plan for ever
        form = {"ids": str(made), "back": "/exam-subjects/", "element": act}
        assert "完成 1 条" in organization.post("/lists/exam_subject/send", data=form, follow_redirects=True).text
        assert results(lite_books) == ["待定"], act
    written(lite_books, lambda session: session.execute(asked.where(InForce.ended_at.is_not(None)).values(ended_at=SCORING)))
    assert results(lite_books) == ["通过"]  # switched off before the marks were public


@pytest.mark.row("5.2.10")
@pytest.mark.parametrize(
    ("moment", "mark", "result"), [(SCORING, None, "待定"), (PUBLIC, None, "待定"), (SCORING, 80, "通过"), (PUBLIC, 80, "待定")]
)
def test_nobody_passes_because_subjects_are_switched_off(world_books: World, moment: datetime, mark: int | None, result: str) -> None:
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH, mode="按科目") == 302
    add(school, PUPIL)
    certificate = int(target(world_books).partition(":")[2])
    both = ids(world_books, select(Sitting.subject_id))
    names = {name_of(world_books, ExamSubject, one).name: one for one in both}
    school.post("/registrations/register", data={"ids": "1", "target": f"1:{certificate}:{names['理论知识']}"})
    seat(world_books, 1)
    world_books.clock.now = SCORING
    if mark is not None:
        given(world_books, (1, "理论知识", mark, "正常"))
    world_books.clock.now = moment
    for subject in both:
        form = {"ids": str(subject), "back": "/exam-subjects/", "element": "disable"}
        assert "完成 1 条" in organization.post("/lists/exam_subject/send", data=form, follow_redirects=True).text
    world_books.clock.now = PUBLIC
    assert results(world_books) == [result]


def registered(world: World) -> Callable[[Session], Any]:
    def run(session: Session) -> int:
        actor = world.actor("school1")
        terms = terms_of(session, open_plan(session, actor, 1, world.clock(), hold=True))
        offer = next(iter(terms.offers.values()))
        return len(register(session, actor, terms, [Wish(1, offer.certificate.id)], world.clock()))

    return run


def without_practice(world: World) -> Callable[[Session], Any]:
    def run(session: Session) -> str:
        plan = session.get_one(ExamPlan, 1, with_for_update=True)
        answers = plan.answers()
        plan.take({**answers, "sittings": answers["sittings"][:1]})
        return "one subject"

    return run


@pytest.mark.row("5.2.2", "5.2.6.1")
def test_a_subject_that_is_taken_away_meanwhile_is_not_registered(world_books: World) -> None:
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL)
    assert race(world_books, without_practice(world_books), transaction(world_books, registered(world_books))) == 1
    assert len(ids(world_books, select(Entry.id))) == len(ids(world_books, select(Sitting.id))) == 1


@pytest.mark.row("5.2.8.2", "5.2.6.3")
def test_who_is_deleted_while_it_is_stored_does_not_end_an_arranging(world_books: World) -> None:
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    set_the_stage(school, organization)
    assert organization.post("/allotments/plans/1/own").status_code == 200
    assert add_room(school) == 302
    add(school, PUPIL, pupil(1))
    written(world_books, lambda session: session.execute(update(Candidate).values(photo="a" * 64)))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    world_books.clock.now = EARLY
    task = organization.post("/arranging/1/arrange", data={"order": "按学校"}).location

    def deleted(session: Session) -> dict[int, str]:
        return delete_registrations(session, world_books.actor("school1"), [1])

    race(world_books, deleted, lambda: work(world_books))
    assert "已排 1 人次，未排 0 人次" in organization.get(task).text
    assert ids(world_books, select(Seat.registration_id)) == [2]


@pytest.mark.row("5.2.2")
def test_a_column_of_later_changes_no_proof_of_earlier() -> None:
    """Histories of plans hold a digest of what a plan said before `sittings_moved` was there."""
    assert "sittings_moved" not in ExamPlan(name="一", sittings_moved=0).content()
    assert ExamPlan(name="一", sittings_moved=2).content()["sittings_moved"] == 2
