"""排考 through the pages: by itself, by hand, back again, published; what changes meanwhile; who sees nothing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment
from domain.exams.arrangings import Change, SeatBefore, Unplaced
from domain.exams.candidates import Candidate
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import Invigilator, InvigilatorCertificate
from domain.exams.plans import ExamPlan, PlanCertificate, Sitting, plan_school
from domain.exams.registrations import COPIED, Entry, Registration
from domain.exams.rooms import Room
from domain.exams.seats import Duty, ExamTicket, RoomSitting, Seat
from domain.exams.windows import MOMENTS
from domain.ground.base import clock_minutes
from domain.ground.database import one_at_a_time
from domain.ground.tones import Tone
from domain.platform.background import BackgroundTask, TaskState, begin
from jobs import background
from jobs.arrangements import working
from jobs.arrangements.reading import Given, read
from jobs.arranging import Arranging, Wanted
from tests.conftest import NOON, World
from tests.domain.exams.pupils import pupil
from tests.racing import race
from tests.webapp.clients import site, user
from tests.webapp.demonstration import total
from tests.webapp.exams.room_forms import add_room, set_the_stage
from tests.webapp.exams.test_registrations import add, target, work
from tests.webapp.exams.test_rooms import ARRANGED, ARRANGING, BOTH
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "arranging.index": get("organizations: 200; 403"),
    "arranging.board": get("organization1: 200; 404"),
    "arranging.site": get("404"),
    "arranging.room": get("404"),
    "arranging.guards": post("404"),
    "arranging.missing": get("organization1: 200; 404"),
    "arranging.entry": get("404"),
    "arranging.check": get("organization1: 200; 404"),
    "arranging.move": post("organization1: 302; 404"),
    "arranging.unseat": post("organization1: 302; 404"),
    "arranging.take_back": post("organization1: 302; 404"),
    "arranging.arrange": post("organization1: 302; 404", {"order": "按学校"}),
    "arranging.publish": post("organization1: 302; 404"),
}  # fmt: skip
PUPILS = 5


@pytest.fixture
def people(world_books: World) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """school1 with a room of four places for each of two subjects, five registered candidates of whom the last has no photo, and a
    certified invigilator; organization1, whose plan is in 排考; organization2."""
    app = site(world_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "organization2"))
    set_the_stage(school, organization, **BOTH)
    assert organization.post("/allotments/plans/1/own").status_code == 200
    assert add_room(school, places="4", invigilators="1") == 302
    assert add_room(school, name="第 2 考场", subjects=["操作技能"], places="4", invigilators="1", door="302") == 302
    add(school, *(pupil(number) for number in range(PUPILS)))
    written(world_books, lambda session: session.execute(update(Candidate).where(Candidate.id < PUPILS).values(photo="a" * 64)))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    written(world_books, lambda session: session.execute(update(Registration).values(photo=None)))  # they registered without one
    written(world_books, _certify)
    world_books.clock.now = ARRANGING
    return school, organization, stranger


def _certify(session: Session) -> None:
    room = session.scalars(select(Room)).first()
    assert room is not None
    one = Invigilator(party_id=room.party_id, name="钱监考", id_number="110105194912310038", mobile="13911119999")
    session.add(one)
    session.flush()
    about = {"invigilator_id": one.id, "certificate_id": room.certificate_id, "party_id": room.party_id}
    session.add(InvigilatorCertificate(status="已认证", tone=Tone.DONE, **about))


def written(world: World, do: Callable[[Session], object]) -> None:
    with world.runtime.database.writing() as session:
        do(session)


def counted(world: World, *where: object) -> int:
    with world.runtime.database.reading() as session:
        query = select(func.count()).select_from(Seat)
        for one in where:
            query = query.where(one)  # type: ignore[arg-type]
        return session.scalar(query) or 0


def arranged(world: World, client: FlaskClient, **other: str) -> str:
    """自动编排, to its end. Returns the page of the task."""
    begun = client.post("/arranging/1/arrange", data={"order": "按学校", **other})
    assert begun.status_code == 302
    work(world)
    return client.get(begun.location).text


def published(world: World, client: FlaskClient) -> str:
    begun = client.post("/arranging/1/publish")
    assert begun.status_code == 302
    work(world)
    return client.get(begun.location).text


def entries(world: World, subject: str) -> list[int]:
    """The entries in a subject, in the order of the registrations."""
    with world.runtime.database.reading() as session:
        query = select(Entry.id).join(ExamSubject, ExamSubject.id == Entry.subject_id).where(ExamSubject.name == subject)
        return list(session.scalars(query.order_by(Entry.id)))


def seat_of(world: World, entry: int) -> tuple[int, int, int, bool] | None:
    with world.runtime.database.reading() as session:
        query = select(Seat.sitting_id, Seat.room_id, Seat.number, Seat.published).where(Seat.entry_id == entry)
        return session.execute(query).first()


@pytest.mark.row("5.2.8.2")
def test_a_plan_is_arranged_told_and_published(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    assert "已排 8 人次，未排 2 人次" in arranged(world_books, organization)
    board = organization.get("/arranging/1").text
    assert "没有照片" in board
    assert "补照片，可再排 2 人次" in board
    told = organization.get("/arranging/1/missing").text
    assert told.count('<td data-label="原因">没有照片。</td>') == 2  # the reason first: a long cell is cut off
    # nothing of it is to be seen before it is published
    assert total(school, "/registrations/?state=未排考") == 5
    assert counted(world_books, Seat.published) == 0
    assert "已发布 8 个座位，生成 4 个准考证号" in published(world_books, organization)
    assert (total(school, "/registrations/?state=未排考"), total(school, "/registrations/?state=待考试")) == (1, 4)
    with world_books.runtime.database.reading() as session:
        tickets = session.scalars(select(ExamTicket.number).order_by(ExamTicket.registration_id)).all()
        site_id, guards = session.scalar(select(Room.site_id)), session.scalars(select(Duty)).all()
        photos = session.scalars(select(Registration.photo).order_by(Registration.id)).all()
    assert tickets == [f"260001{site_id:04}{number:05}" for number in range(1, 5)]
    assert {one.sitting_id for one in guards} == {1, 2}  # the same person, one sitting after the other
    assert all(one.published for one in guards)
    assert photos == ["a" * 64] * 4 + [None]  # the copy of who got a photo after 报考 is complete now
    page = organization.get("/arranging/1/sites/" + re.findall(r"/arranging/1/sites/(\d+)", board)[0]).text
    assert "4 / 4" in page
    assert "监考 1 / 1" in page
    room = organization.get("/arranging/1/rooms/1/1").text
    assert tickets[0] in room
    assert "钱监考" in room
    assert "320101" in room
    assert "***" in room


@pytest.mark.row("5.2.8.2")
def test_a_move_that_breaks_a_rule_is_refused_with_its_name(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    arranged(world_books, organization)
    theory, practice = entries(world_books, "理论知识"), entries(world_books, "操作技能")
    before = [seat_of(world_books, one) for one in (*theory, *practice)]
    refused = {
        (theory[0], 1, 1, 2): "2 号座位在",  # taken
        (theory[0], 1, 1, 5): "有 4 个考位",
        (theory[0], 2, 1, 1): "不考科目",
        (theory[0], 1, 2, 1): "没有设科目",
        (theory[4], 1, 1, 1): "没有照片",
        (theory[0], 99, 1, 1): "没有这个场次",
        (theory[0], 1, 99, 1): "没有这个考场",
        (99, 1, 1, 1): "还没有分配考核站点",
    }
    for (entry, sitting, room, number), words in refused.items():
        data = {"sitting": str(sitting), "room": str(room), "seat": str(number)}
        assert words in organization.post(f"/arranging/1/entries/{entry}", data=data, follow_redirects=True).text or entry == 99, words
    assert [seat_of(world_books, one) for one in (*theory, *practice)] == before
    page = organization.get(f"/arranging/1/entries/{theory[0]}").text
    assert "考位已满。" in page  # of the only room, at once


@pytest.mark.row("5.2.8.2")
def test_seats_move_by_hand_and_back_again_until_they_are_published(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    arranged(world_books, organization)
    first = entries(world_books, "理论知识")[0]
    written(world_books, lambda session: session.execute(update(Room).where(Room.id == 1).values(places=6)))
    was = seat_of(world_books, first)
    assert organization.post(f"/arranging/1/entries/{first}", data={"sitting": "1", "room": "1", "seat": "6"}).status_code == 302
    assert seat_of(world_books, first) == (1, 1, 6, False)
    assert organization.post(f"/arranging/1/entries/{first}/unseat").status_code == 302
    assert seat_of(world_books, first) is None
    assert "尚未自动编排" in organization.get("/arranging/1/missing").text
    for expected in ((1, 1, 6, False), was, None):
        last = re.findall(r'name="change" value="(\d+)"', organization.get("/arranging/1").text)[0]
        assert "已撤销" in organization.post("/arranging/1/undo", data={"change": last}, follow_redirects=True).text
        assert seat_of(world_books, first) == expected
    assert counted(world_books) == 0  # the arranging itself is taken back, too
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RoomSitting)) == 0
        assert session.scalar(select(func.count()).select_from(Duty)) == 0
    assert "没有可以撤销的操作" in organization.post("/arranging/1/undo", data={"change": "1"}, follow_redirects=True).text
    arranged(world_books, organization)
    published(world_books, organization)
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SeatBefore)) == 0
        last_change = session.scalar(select(func.max(Change.id)))
    gone = organization.post("/arranging/1/undo", data={"change": str(last_change)}, follow_redirects=True).text
    assert "发布之后，之前的操作不能再撤销" in gone
    # a published seat that moves is not shown until it is published again; taken back it is what was published
    organization.post(f"/arranging/1/entries/{first}", data={"sitting": "1", "room": "1", "seat": "5"})
    assert seat_of(world_books, first) == (1, 1, 5, False)
    assert total(school, "/registrations/?state=未排考") == 2
    last = re.findall(r'name="change" value="(\d+)"', organization.get("/arranging/1").text)[0]
    organization.post("/arranging/1/undo", data={"change": last})
    assert seat_of(world_books, first) == (1, 1, 1, True)
    assert total(school, "/registrations/?state=未排考") == 1


@pytest.mark.row("5.2.8.2")
def test_invigilators_are_changed_by_hand(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    arranged(world_books, organization)
    assert organization.post("/arranging/1/rooms/1/1/guards", data={}).status_code == 302
    assert "没有考生，不需要监考" not in organization.get("/arranging/1/rooms/1/1").text
    assert "监考人员（0 / 1）" in organization.get("/arranging/1/rooms/1/1").text
    assert "没有这个监考人员" in organization.post("/arranging/1/rooms/1/1/guards", data={"ids": "99"}, follow_redirects=True).text
    assert "监考人员已更新" in organization.post("/arranging/1/rooms/1/1/guards", data={"ids": "1"}, follow_redirects=True).text
    # at the same time as another room
    written(world_books, _afternoon_earlier)
    organization.post("/arranging/1/rooms/2/2/guards", data={})
    told = organization.post("/arranging/1/rooms/2/2/guards", data={"ids": "1"}, follow_redirects=True).text
    assert "已监考" in told
    assert "时间重叠" in told


def _afternoon_earlier(session: Session) -> None:
    session.get_one(Sitting, 2).starts_at -= timedelta(hours=5)


@pytest.mark.row("5.2.8.2")
def test_after_a_change_what_is_placed_stays(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    arranged(world_books, organization)
    published(world_books, organization)
    before = {one: seat_of(world_books, one) for subject in ("理论知识", "操作技能") for one in entries(world_books, subject)[:4]}
    assert "考位数不能少于 4" not in school.get("/rooms/1").text
    written(world_books, lambda session: session.execute(update(Room).values(places=6)))
    written(world_books, lambda session: session.execute(update(Candidate).values(photo="b" * 64)))
    assert "已排 10 人次，未排 0 人次" in arranged(world_books, organization, order="交叉")
    assert {one: seat_of(world_books, one) for one in before} == before
    assert counted(world_books, Seat.published.is_(False)) == 2
    assert "已发布 2 个座位，生成 1 个准考证号" in published(world_books, organization)
    assert "没有未发布的安排" in published(world_books, organization)


@pytest.mark.row("5.2.8.2")
def test_nobody_else_arranges_and_never_outside_of_the_window(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    addresses = ("arrange", "publish", "undo", "entries/1", "entries/1/unseat", "rooms/1/1/guards")
    for other, status in ((school, 404), (stranger, 404), (user(school.application, "operator"), 404)):
        assert {other.post(f"/arranging/1/{one}", data={"order": "按学校"}).status_code for one in addresses} == {status}
        assert other.get("/arranging/1").status_code == status
    assert counted(world_books) == 0
    for moment in (NOON, ARRANGED):
        world_books.clock.now = moment
        assert "不在排考时间内" in organization.post("/arranging/1/arrange", data={"order": "按学校"}, follow_redirects=True).text
        data = {"sitting": "1", "room": "1", "seat": "1"}
        assert "不在排考时间内" in organization.post("/arranging/1/entries/1", data=data, follow_redirects=True).text
    # a task that waited until the window closed
    world_books.clock.now = ARRANGED - timedelta(minutes=1)
    begun = organization.post("/arranging/1/arrange", data={"order": "按学校"})
    world_books.clock.now = ARRANGED
    work(world_books)
    assert "不在排考时间内" in organization.get(begun.location).text
    assert counted(world_books) == 0
    assert organization.post("/arranging/1/arrange", data={"order": "随便"}).status_code == 404


@pytest.mark.row("5.2.8.2")
def test_two_arrangers_at_once_do_not_overwrite_each_other(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    first = organization.post("/arranging/1/arrange", data={"order": "按学校"})
    again = organization.post("/arranging/1/arrange", data={"order": "交叉"}, follow_redirects=True).text
    assert "正在自动编排或发布" in again
    work(world_books)
    assert "已排 8 人次" in organization.get(first.location).text


@pytest.mark.row("5.2.8.2")
def test_of_two_who_press_at_the_same_moment_the_second_is_told(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    params = {"plan": 1, "back": "/arranging/1", "order": "按学校", "making_room": False}

    def begun(session: Session) -> None:
        one_at_a_time(session, "arranging 1")
        begin(session, world_books.actor("organization1"), working.ARRANGE, "自动编排", params, world_books.clock.now)

    told = race(world_books, begun, lambda: organization.post("/arranging/1/publish", follow_redirects=True).text)
    assert "正在自动编排或发布" in told
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BackgroundTask).where(BackgroundTask.kind == working.PUBLISH)) == 0


@pytest.mark.row("5.2.8.2")
def test_a_seat_that_is_taken_by_hand_while_the_solver_runs_stays(
    world_books: World, people: tuple[FlaskClient, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, organization, _ = people
    last = entries(world_books, "理论知识")[3]
    runs: list[Given | Wanted] = []
    solve = working.arrange

    def meanwhile(wanted: Wanted, told: Callable[[int, int], None]) -> Arranging:
        runs.append(wanted)
        if len(runs) == 1:
            organization.post(f"/arranging/1/entries/{last}", data={"sitting": "1", "room": "1", "seat": "1"})
        return solve(wanted, told=told)

    monkeypatch.setattr(working, "arrange", meanwhile)
    assert "已排 8 人次" in arranged(world_books, organization)
    assert len(runs) == 2
    assert seat_of(world_books, last) == (1, 1, 1, False)


@pytest.mark.row("5.2.8.2")
def test_what_never_stands_still_is_not_arranged_and_nothing_is_stored(
    world_books: World, people: tuple[FlaskClient, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, organization, _ = people
    solve = working.arrange

    def meanwhile(wanted: Wanted, told: Callable[[int, int], None]) -> Arranging:
        places = func.coalesce(Room.places, 0) + 1
        written(world_books, lambda session: session.execute(update(Room).where(Room.id == 1).values(places=places)))
        return solve(wanted, told=told)

    monkeypatch.setattr(working, "arrange", meanwhile)
    assert "编排期间有人不断修改" in arranged(world_books, organization)
    assert counted(world_books) == 0


@pytest.mark.row("5.2.8.2")
def test_a_worker_that_dies_leaves_nothing_half_arranged(
    world_books: World, people: tuple[FlaskClient, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, organization, _ = people
    store = working.note_report

    def killed(*_: object) -> None:
        raise SystemExit  # after the seats are written, before the transaction ends

    monkeypatch.setattr(working, "note_report", killed)
    begun = organization.post("/arranging/1/arrange", data={"order": "按学校"})
    (task,) = background.sweep(world_books.runtime)
    with pytest.raises(SystemExit):
        background.run_task(world_books.runtime, task)
    assert counted(world_books) == 0
    monkeypatch.setattr(working, "note_report", store)
    world_books.clock.now = world_books.clock.now + timedelta(minutes=5)  # the lease is over
    work(world_books)
    assert "已排 8 人次" in organization.get(begun.location).text
    assert counted(world_books) == 8


@pytest.mark.row("5.2.8.2", "5.2.6.3")
def test_a_registration_without_a_seat_is_deleted_with_what_is_known_of_it(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    arranged(world_books, organization)
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Unplaced)) == 2
    assert "已排考，不能删除" in school.post("/registrations/1/delete", follow_redirects=True).text
    assert "已删除 1 条报考" in school.post("/registrations/5/delete", follow_redirects=True).text
    for one in entries(world_books, "理论知识")[:1] + entries(world_books, "操作技能")[:1]:
        organization.post(f"/arranging/1/entries/{one}/unseat")
    assert "已删除 1 条报考" in school.post("/registrations/1/delete", follow_redirects=True).text


@pytest.mark.row("5.2.8.2")
def test_what_has_become_unlawful_is_not_published(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    arranged(world_books, organization)
    written(world_books, lambda session: session.execute(update(Room).where(Room.id == 1).values(places=2)))
    told = published(world_books, organization)
    assert "有 2 项安排不再符合要求" in told
    assert counted(world_books, Seat.published) == 0
    assert "已排 6 人次" in arranged(world_books, organization)
    assert "考位已满" in organization.get("/arranging/1/missing").text
    assert "已发布 6 个座位" in published(world_books, organization)


@pytest.mark.row("5.2.8.2")
def test_undo_is_refused_where_the_old_seat_is_not_lawful_any_more(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    arranged(world_books, organization)
    first = entries(world_books, "理论知识")[3]
    organization.post(f"/arranging/1/entries/{first}/unseat")
    written(world_books, lambda session: session.execute(update(Room).where(Room.id == 1).values(places=3)))
    last = re.findall(r'name="change" value="(\d+)"', organization.get("/arranging/1").text)[0]
    assert "原来的座位已不符合要求" in organization.post("/arranging/1/undo", data={"change": last}, follow_redirects=True).text
    assert seat_of(world_books, first) is None
    organization.post("/arranging/1/entries/1/unseat")
    stale = organization.post("/arranging/1/undo", data={"change": last}, follow_redirects=True).text
    assert "其他人刚刚调整了排考" in stale


@pytest.mark.row("5.2.8.2")
def test_a_cancelled_arranging_stores_nothing(world_books: World, people: tuple[FlaskClient, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    _, organization, _ = people
    solve = working.arrange

    def cancelled(wanted: Wanted, told: Callable[[int, int], None]) -> Arranging:
        written(world_books, lambda session: session.execute(update(BackgroundTask).values(state=TaskState.CANCELLED)))
        return solve(wanted, told=told)

    monkeypatch.setattr(working, "arrange", cancelled)
    assert "已取消" in arranged(world_books, organization)
    assert counted(world_books) == 0


@pytest.mark.row("5.2.8.2")
def test_another_plan_at_the_same_time_holds_its_people_walls_and_invigilators(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    """A second plan of the organization examines the same people, at the same site, at the same time."""
    _, organization, _ = people
    arranged(world_books, organization)
    written(world_books, _second_plan)
    with world_books.runtime.database.reading() as session:
        given = read(session, 2)
    assert len(given.sittings) == 1
    held = [one for one in given.wanted.placed if one.sitting not in given.sittings]
    assert {one.sitting for one in held} == {1}  # not the afternoon's
    assert len(held) == 4
    assert all(one.fixed for one in held)
    begun = organization.post("/arranging/2/arrange", data={"order": "按学校"})
    work(world_books)
    assert "已排 0 人次，未排 4 人次" in organization.get(begun.location).text
    assert organization.get("/arranging/2/missing").text.count("时间重叠的场次，") == 4


def _second_plan(session: Session) -> None:
    """The first plan once more, with its morning alone, another room, and its first four candidates."""
    plan = session.get_one(ExamPlan, 1)
    moments = {name: getattr(plan, name) for name in MOMENTS}
    about = {"party_id": plan.party_id, "name": "另一计划", "year": 2026, "mode": plan.mode, "published": True, "number": "KS202600002"}
    session.add(ExamPlan(id=2, data={}, status="排考中", **about, **moments))
    session.flush()
    school, certificate = session.execute(select(Room.party_id, Room.certificate_id)).first() or (0, 0)
    session.execute(insert(plan_school), {"plan_id": 2, "party_id": school})
    session.add(PlanCertificate(plan_id=2, certificate_id=certificate, fee=Decimal(1)))
    session.flush()
    first, room = session.get_one(Sitting, 1), session.get_one(Room, 1)
    session.add(Sitting(id=9, plan_id=2, subject_id=first.subject_id, starts_at=first.starts_at, ends_at=first.ends_at, fee=Decimal(1)))
    session.add(Allotment(plan_id=2, party_id=school, certificate_id=certificate, site_id=room.site_id))
    other = {"name": "第 9 考场", "room_type": room.room_type, "places": 9, "invigilators": 1}
    session.add(
        Room(id=9, plan_id=2, party_id=school, site_id=room.site_id, certificate_id=certificate, subjects=list(room.subjects), **other)
    )
    for one in session.scalars(select(Registration).where(Registration.id < PUPILS)).all():
        copied = {name: getattr(one, name) for name in (*COPIED, "candidate_id", "party_id", "certificate_id", "fee")}
        session.add(Registration(id=100 + one.id, plan_id=2, **copied))
        session.flush()
        session.add(Entry(registration_id=100 + one.id, plan_id=2, subject_id=first.subject_id))


@pytest.mark.row("5.2.8.2")
def test_one_site_is_read_with_whatever_binds_its_people(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    arranged(world_books, organization)
    with world_books.runtime.database.reading() as session:
        whole = read(session, 1)
        part = read(session, 1, site=whole.wanted.rooms[0].site)
    assert replace(part, wanted=whole.wanted) == whole
    assert set(part.wanted.placed) == set(whole.wanted.placed)
    assert part.wanted.rooms == whole.wanted.rooms
    assert part.wanted.registrations == whole.wanted.registrations


@pytest.mark.row("5.2.8.1", "5.2.2")
def test_the_home_and_the_plan_say_how_far_the_arranging_is(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    assert "正在排考：10 人次未排，0 个座位未发布" in organization.get("/").text
    arranged(world_books, organization)
    assert "正在排考：2 人次未排，8 个座位未发布" in organization.get("/").text
    assert "共 10 人次，已排 8 人次，已发布 0 人次，准考证 0 个" in organization.get("/exam-plans/1").text
    assert "共 10 人次，已排 0 人次，准考证 0 个" in school.get("/exam-plans/1").text
    assert "可以下载准考证" not in school.get("/").text
    published(world_books, organization)
    assert "共 10 人次，已排 8 人次，准考证 4 个" in school.get("/exam-plans/1").text
    assert "2 个考场，8 个考位" in school.get("/exam-plans/1").text
    home = school.get("/").text
    assert "排考已结束" not in home
    assert "已排考，可以下载准考证" in home
    assert "正在排考，本校仍有 1 条报考未排考；没有照片的考生请尽快导入照片" in home
    assert "没有照片的考生" not in organization.get("/").text
    world_books.clock.now = ARRANGED
    for client in (school, organization):
        assert "排考已结束，仍有 1 条报考未排考" in client.get("/").text
    with world_books.runtime.database.reading() as session:
        sittings = sorted(session.scalars(select(Sitting.starts_at)).all())
    world_books.clock.now = sittings[0]  # who sits in the later sittings still needs a 准考证
    home = school.get("/").text
    assert "已排考，可以下载准考证" in home
    assert clock_minutes(sittings[-1]) in home
    assert "仍有 1 条报考未排考" not in home
    world_books.clock.now = sittings[-1]
    assert "可以下载准考证" not in school.get("/").text


@pytest.mark.row("5.2.8.2")
def test_the_board_tells_who_has_not_paid(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    _, organization, _ = people
    assert "有 5 条报考未缴费；未缴费的报考也参加排考" in organization.get("/arranging/1").text
    written(world_books, lambda session: session.execute(update(Registration).where(Registration.id == 1).values(paid=True)))
    arranged(world_books, organization)
    board = organization.get("/arranging/1").text
    assert "有 4 条报考未缴费，其中 3 条已排座位；" in board
    shown = re.search(r'href="([^"]+)">查看未缴费的报考', board)
    assert shown is not None
    assert total(organization, unescape(shown[1])) == 4
    written(world_books, lambda session: session.execute(update(Registration).values(paid=True)))
    assert "条报考未缴费" not in organization.get("/arranging/1").text


@pytest.mark.row("5.2.8.2", "5.2.2")
def test_a_plan_that_is_changed_after_the_arranging_is_told_and_mended(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    """The afternoon is moved into the morning: everybody sits twice at once, and one person guards two rooms."""
    _, organization, _ = people
    arranged(world_books, organization)
    published(world_books, organization)
    assert "都符合要求" in organization.get("/arranging/1/check").text
    written(world_books, _afternoon_earlier)
    page = organization.get("/arranging/1/check").text
    assert page.count("考生同一时间另有考试") == 4
    written(world_books, lambda session: session.execute(update(InvigilatorCertificate).values(tone=Tone.ATTENTION)))
    assert "监考人员未获证书认证" in organization.get("/arranging/1/check").text
    told = arranged(world_books, organization)
    assert "已排 4 人次，未排 6 人次" in told  # who loses a seat is told so, published or not
    board = organization.get("/arranging/1").text
    assert "没有座位了" in board
    assert "都符合要求" in organization.get("/arranging/1/check").text
    with world_books.runtime.database.reading() as session:
        assert session.scalars(select(Duty)).all() == []
