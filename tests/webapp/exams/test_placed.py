"""排考管理 through the pages: 考核站点编排, 考场编排 and 排考明细, their documents, and who sees what of them."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert, select

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate
from domain.demo.portraits import as_jpeg, draw
from domain.exams.allotments import Allotment
from domain.exams.invigilators import Invigilator
from domain.exams.photos import keep_photo
from domain.exams.plans import Sitting
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room
from domain.exams.seats import Duty, ExamTicket, RoomSitting, Seat
from domain.institutions.schools import School
from domain.platform.looks import Look
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.jobs.documents.making import photos, texts
from tests.webapp.clients import site, user
from tests.webapp.demonstration import name_of, own, total
from tests.webapp.exams.plan_forms import CERTIFICATE, SCHOOL, publish
from tests.webapp.exams.room_forms import add_room, approve
from tests.webapp.exams.test_registrations import add, target, work
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "planned_subjects.index": get("200"),
    "planned_subjects.show": get("404", planned_id="9"),
    "used_rooms.index": get("200"),
    "used_rooms.show": get("404", used_id="9"),
    "used_rooms.print": post("404", used_id="9", document="doors"),
    "placed.index": get("200"),
    "printing.choose": post("302", {"all": "1"}, source="placed", document="tickets"),
    "printing.choose of another list": post("404", {"all": "1"}, source="rooms", document="doors"),
    "printing.begin": post("302", {"all": "1"}, source="used_rooms", document="doors"),
    "printing.begin of another list": post("404", {"all": "1"}, source="registrations", document="attendance"),
}  # fmt: skip
BEFORE = NOON
ARRANGING = NOON.replace(month=12, day=11, hour=9)
ARRANGED = NOON.replace(month=12, day=15, hour=18)
EXAM = NOON.replace(month=12, day=19, hour=9)
Clients = tuple[FlaskClient, FlaskClient, FlaskClient, FlaskClient]


def _clients(world: World, **plan: str) -> Clients:
    """school1 with an approved site and a room, where school2 is examined too; both have registered two candidates in the plan of
    organization1. Returns school1, school2, organization1 and organization2."""
    app = site(world)
    first, second, organization, other = (user(app, name) for name in ("school1", "school2", "organization1", "organization2"))
    approve(first, organization)
    with world.runtime.database.writing() as session:
        code = session.get_one(School, own(world, "school2")).code
        name = session.get_one(School, own(world, "school2")).name
        certificate = next(one.id for one in session.scalars(select(Certificate)) if one.label == CERTIFICATE)
        found = session.get(PilotCertificate, (own(world, "school2"), certificate))
        if found is None:
            copied = session.scalars(select(PilotCertificate).where(PilotCertificate.certificate_id == certificate)).first()
            assert copied is not None
            kept = {c.key: getattr(copied, c.key) for c in PilotCertificate.__table__.columns}
            session.execute(insert(PilotCertificate), [{**kept, "party_id": own(world, "school2")}])
    assert publish(organization, schools=[SCHOOL, f"{name}（{code}）"], **plan) == 302
    assert add_room(first) == 302
    chosen = {"all": "1", "filter": "", "target": target(world)}
    add(first, PUPIL, pupil(1))
    add(second, pupil(2), pupil(3))
    for school in (first, second):
        assert "已为 2 名" in school.post("/registrations/register", data=chosen, follow_redirects=True).text
    with world.runtime.database.writing() as session:
        room = session.get_one(Room, 1)
        for account in ("school1", "school2"):
            about = {"plan_id": 1, "certificate_id": room.certificate_id, "site_id": room.site_id, "created_at": NOON}
            session.add(Allotment(party_id=own(world, account), **about))
    return first, second, organization, other


def _seat(world: World, *registrations: int, published: bool = True) -> None:
    """Seats in the room, numbered as the registrations are, in the order of their ids; and 准考证号 where they are published."""
    with world.runtime.database.writing() as session:
        sitting = session.scalars(select(Sitting)).one()
        if session.scalars(select(RoomSitting)).first() is None:
            session.add(RoomSitting(plan_id=1, room_id=1, sitting_id=sitting.id))
            session.flush()
        for one in registrations:
            entry = session.scalars(select(Entry).where(Entry.registration_id == one)).one()
            where = {"plan_id": 1, "sitting_id": sitting.id, "room_id": 1, "number": one}
            session.add(Seat(entry_id=entry.id, registration_id=one, published=published, **where))
            if published:
                session.add(ExamTicket(registration_id=one, number=f"2600010001{one:05}"))


@pytest.fixture
def people(lite_books: World) -> Clients:
    return _clients(lite_books)


def _status(client: FlaskClient) -> str:
    found = re.search(r'data-label="状态"[^>]*><span[^>]*>([^<]+)<', client.get("/planned-subjects/").text)
    assert found is not None
    return found[1].strip()


@pytest.mark.row("5.2.8.1")
def test_the_status_of_a_subject_follows_from_the_window_and_the_published_seats(world_books: World) -> None:
    first, second, organization, other = _clients(world_books)
    for moment, status in ((BEFORE, "未开始"), (ARRANGING - timedelta(seconds=1), "未开始"), (ARRANGING, "未排考")):
        world_books.clock.now = moment
        assert {_status(one) for one in (first, second, organization)} == {status}, moment
    _seat(world_books, 1, published=False)
    assert _status(organization) == "未排考"  # a draft counts for nobody
    with world_books.runtime.database.writing() as session:
        session.get_one(Seat, session.scalars(select(Seat.entry_id)).one()).published = True
    assert {_status(one) for one in (first, second, organization)} == {"排考中"}
    _seat(world_books, 2, 3)
    assert _status(second) == "排考中"
    _seat(world_books, 4)
    assert {_status(one) for one in (first, second, organization)} == {"已排完"}
    for state, number in (("已排完", 1), ("排考中", 0), ("未排考", 0), ("已结束", 0)):
        assert total(organization, f"/planned-subjects/?state={state}&sort=状态") == number
    world_books.clock.now = ARRANGED
    assert {_status(one) for one in (first, second, organization)} == {"已结束"}
    assert total(organization, "/planned-subjects/?state=已结束") == 1
    assert total(other, "/planned-subjects/") == 0


def _cells(page: str, label: str) -> list[str]:
    return [text.strip() for text in re.findall(rf'data-label="{label}"[^>]*>([^<]*)<', page)]


@pytest.mark.row("5.2.8.1")
def test_a_school_counts_its_own_candidates_and_sees_the_sites_that_are_for_it(lite_books: World, people: Clients) -> None:
    first, second, organization, other = people
    _seat(lite_books, 1, 2, 3)
    assert [_cells(one.get("/planned-subjects/").text, "已排人数") for one in (first, second, organization)] == [["2"], ["1"], ["3"]]
    assert [_cells(one.get("/planned-subjects/").text, "未排人数") for one in (first, second, organization)] == [["0"], ["1"], ["1"]]
    shown = [one.get("/planned-subjects/1").text for one in (first, second, organization)]
    assert [_cells(page, "报考人数") for page in shown] == [["4"], ["2"], ["4"]]  # the school of the site sees all who come to it
    assert [_cells(page, "已排人数") for page in shown] == [["3"], ["1"], ["3"]]
    assert [_cells(page, "考场数") for page in shown] == [["1"], ["1"], ["1"]]
    assert other.get("/planned-subjects/1").status_code == 404
    link = re.search(r'href="(/room-sittings/\?[^"]+site=[^"]+)"', shown[1])
    assert link is not None
    assert total(second, link[1].replace("&amp;", "&")) == 1
    assert [_details(one) for one in people] == [
        [["金陵职业技术学院", 2, 2, 0, 1], ["太湖职业学院", 2, 1, 1, 1]],
        [["太湖职业学院", 2, 1, 1, 1]],
        [["金陵职业技术学院", 2, 2, 0, 1], ["太湖职业学院", 2, 1, 1, 1]],
        [],
    ]
    assert _details(organization, ids="1") == _details(organization, filter="state=未开始&organization=华信&plan=十二月")
    assert _details(organization, ids="2") == _details(organization, filter="organization=没有") == []
    with lite_books.runtime.database.writing() as session:
        session.execute(Allotment.__table__.delete().where(Allotment.party_id == own(lite_books, "school2")))
    assert "未分配考核站点" in second.get("/planned-subjects/1").text
    with organization.post("/lists/planned_subjects/export", data={"back": "/planned-subjects/"}) as exported:
        sheet = load_workbook(BytesIO(exported.data)).active
    assert [[cell.value for cell in row][4:8] for row in sheet.rows] == [["状态", "报考人数", "已排人数", "未排人数"], ["未开始", 4, 3, 1]]


def _details(client: FlaskClient, **data: str) -> list[list[object]]:
    """考场编排明细 as it is exported: school, and the four numbers."""
    with client.post("/lists/subjects_of_schools/export", data={"back": "/planned-subjects/", **data}) as exported:
        if exported.status_code == 302:
            return []
        sheet = load_workbook(BytesIO(exported.data)).active
        rows = [[cell.value for cell in row] for row in sheet.rows][1:]
    assert {row[7] for row in rows} == {f"金陵职业技术学院{CERTIFICATE}考核站点"}
    return sorted(([row[6], *row[8:]] for row in rows), key=str, reverse=True)


@pytest.mark.row("5.2.8.1")
def test_whoever_has_no_seat_when_the_window_ends_is_told_to_school_and_organization(lite_books: World, people: Clients) -> None:
    first, second, organization, other = people
    _seat(lite_books, 1, 2, 3)
    told = "“十二月Web前端考试”排考已结束，仍有 1 条报考未排考"
    lite_books.clock.now = ARRANGED - timedelta(seconds=1)
    for one in people:
        assert told not in one.get("/").text + one.get("/planned-subjects/").text
    lite_books.clock.now = ARRANGED
    for one in (second, organization):
        for address in ("/", "/planned-subjects/"):
            page = one.get(address).text
            assert told in page
            (link,) = set(re.findall(r'href="(/registrations/\?[^"]+)"', page))
            assert total(one, link.replace("&amp;", "&")) == 1
    for one in (first, other):
        assert "仍有" not in one.get("/").text + one.get("/planned-subjects/").text
    assert "仍有 1 名本校考生的这一科目未排考" in second.get("/planned-subjects/1").text
    lite_books.clock.now = EXAM + timedelta(days=2)  # after the exam nobody can do anything about it
    assert "仍有" not in organization.get("/").text


@pytest.mark.row("5.2.8.3")
def test_a_room_is_seen_by_its_school_by_those_who_sit_there_and_by_the_organization(lite_books: World, people: Clients) -> None:
    first, second, organization, _ = people
    _seat(lite_books, 1, 2, published=False)
    for one in people:
        assert total(one, "/room-sittings/") == 0
        assert one.get("/room-sittings/1").status_code == 404
    with lite_books.runtime.database.writing() as session:
        for seat in session.scalars(select(Seat)):
            seat.published = True
    assert [total(one, "/room-sittings/") for one in people] == [1, 0, 1, 0]
    assert second.get("/room-sittings/1").status_code == 404
    _seat(lite_books, 3)
    assert [_cells(one.get("/room-sittings/").text, "考生人数") for one in people] == [["3"], ["1"], ["3"], []]
    names = [name_of(lite_books, Registration, one).name for one in (1, 2, 3)]
    _guard(lite_books)
    shown = [one.get("/room-sittings/1").text for one in (first, second, organization)]
    assert [[name in page for name in names] for page in shown] == [[True] * 3, [False, False, True], [True] * 3]
    assert ["监考甲" in page for page in shown] == [True, False, True]
    assert "监考乙" not in shown[2]  # not published
    assert all(PUPIL["id_number"] not in page for page in shown)
    assert "非本校考场，只列出本校考生" in shown[1]
    for query, number in (
        ("room=第 1", 1),
        ("room=第 2", 0),
        ("day=2026-12-19", 1),
        ("day=2026-12-20", 0),
        ("day=x", 0),
        ("number=BP00000001", 1),
        ("subject=理论", 1),
        ("site=金陵", 1),
        ("site=没有", 0),
        ("state=待考试&sort=-状态", 1),
        ("state=考试中", 0),
        ("plan_number=ks202600001", 1),
        ("certificate=Web", 1),
        ("grade=高级", 0),
    ):
        assert total(second, f"/room-sittings/?{query}") == number, query
    lite_books.clock.now = EXAM
    assert total(second, "/room-sittings/?state=考试中") == 1
    with second.post("/lists/used_rooms/export", data={"back": "/room-sittings/"}) as exported:
        sheet = load_workbook(BytesIO(exported.data)).active
    assert sheet["E2"].value == 1


def _guard(world: World) -> None:
    with world.runtime.database.writing() as session:
        sitting = session.scalars(select(Sitting.id)).one()
        for name, number, published in (("监考甲", "110105194912310021", True), ("监考乙", "11010519491231002X", False)):
            one = Invigilator(party_id=own(world, "school1"), name=name, id_number=number, mobile="13900000000", created_at=NOON)
            session.add(one)
            session.flush()
            session.add(Duty(room_id=1, sitting_id=sitting, invigilator_id=one.id, plan_id=1, published=published))


@pytest.mark.row("5.2.8.4")
def test_each_school_lists_and_exports_the_seats_of_its_own_candidates(lite_books: World, people: Clients) -> None:
    first = people[0]
    _seat(lite_books, 1, 3)
    _seat(lite_books, 2, published=False)
    assert [total(one, "/placed/") for one in people] == [1, 1, 2, 0]
    page = first.get("/placed/").text
    for text in ("王小明", "260001000100001", "第 1 考场", "110105***002X", "2026-12-19 09:00 至 10:30", "/registrations/1"):
        assert text in page, text
    assert PUPIL["id_number"] not in page
    for query, number in (
        ("ticket=260001000100001", 1),
        ("ticket=260001000100003", 0),
        (f"id_number={PUPIL['id_number']}", 1),
        ("name=王小明", 1),
        ("number=BK00000001", 1),
        ("day=2026-12-19", 1),
        ("state=待考试", 1),
        ("site=金陵&room=第 1&subject=理论", 1),
    ):
        assert total(first, f"/placed/?{query}&sort=座位号") == number, query
    with first.post("/lists/placed/export", data={"back": "/placed/"}) as exported:
        sheet = load_workbook(BytesIO(exported.data)).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert len(rows) == 2
    assert rows[1][:3] == ["王小明", PUPIL["id_number"], "260001000100001"]
    assert rows[1][13] == "BK00000001"
    with lite_books.runtime.database.reading() as session:
        looks = session.execute(select(Look.kind, Look.record_id, Look.why)).all()
    assert looks == [("registrations", 1, "导出")]  # told beside the registration whose number it is


def _printed(world: World, client: FlaskClient, source: str, document: str, **data: str) -> bytes:
    answer = client.post(f"/documents/{source}/{document}/begin", data=data)
    assert answer.status_code == 302, answer.text
    work(world)
    with client.get(f"{answer.location}/result") as file:
        assert file.status_code == 200, client.get(answer.location).text
        return file.data


@pytest.mark.row("5.2.8.3")
def test_documents_of_a_room_hold_whom_the_asker_may_see(lite_books: World, people: Clients) -> None:
    first, second, organization, _ = people
    _seat(lite_books, 1, 2, 3)
    _guard(lite_books)
    names = [name_of(lite_books, Registration, one).name for one in (1, 2, 3)]
    for document in ("desks", "attendance"):
        found = ["".join(texts(_printed(lite_books, one, "used_rooms", document, all="1"))) for one in (first, second, organization)]
        assert [[name in text for name in names] for text in found] == [[True] * 3, [False, False, True], [True] * 3], document
        assert (PUPIL["id_number"] in found[0]) == (document == "attendance")
        assert PUPIL["id_number"] not in found[1]
    assert ["监考甲" in text for text in found] == [True, False, True]
    (door,) = texts(_printed(lite_books, organization, "used_rooms", "doors", ids="1"))
    for text in ("十二月Web前端考试", "第1考场", "实训楼3楼301", "理论知识", "260001000100001", "260001000100003", "共3人"):
        assert text in door, text
    (door,) = texts(_printed(lite_books, second, "used_rooms", "doors", ids="1"))
    assert "仅本校考生1人，不含其他院校" in door  # what hangs at the door must not look like the whole room's
    (lists,) = texts(_printed(lite_books, second, "used_rooms", "attendance", ids="1"))
    assert "应到：1人（仅本校考生）" in lists
    for whole in (first, organization):
        assert "仅本校" not in "".join(texts(_printed(lite_books, whole, "used_rooms", "attendance", ids="1")))
    (ticket,) = texts(_printed(lite_books, second, "used_rooms", "tickets", ids="1"))
    assert "4.开考30分钟后不得入场" in ticket  # what every 准考证 says where its plan says nothing
    task = organization.post("/room-sittings/1/documents/doors")
    assert task.status_code == 302
    work(lite_books)
    assert "下载 考场门贴" in organization.get(task.location).text
    assert second.post("/room-sittings/1/documents/none").status_code == 404
    _seat(lite_books, 4, published=False)
    for one, told in ((organization, True), (first, False), (second, False)):  # a draft is the organization's
        task = one.post("/room-sittings/1/documents/attendance")
        work(lite_books)
        assert ("有 1 个座位的安排还没有发布" in one.get(task.location).text) == told


@pytest.mark.row("5.2.8.3", "5.2.8.4")
def test_tickets_are_of_own_candidates_with_photo_rules_and_a_pdf_for_each_room(lite_books: World) -> None:
    first, second, organization, other = _clients(lite_books, rules="带上身份证\r\n\r\n 不得迟到 {{7*7}}")
    _seat(lite_books, 1, 2, 3)
    picture = as_jpeg(draw(1).picture, 88)
    with lite_books.runtime.database.writing() as session:
        session.get_one(Registration, 1).photo = keep_photo(lite_books.runtime.settings.home, picture)
        session.get_one(Registration, 2).photo = "0" * 64  # swept away
    content = _printed(lite_books, first, "used_rooms", "tickets", all="1")  # its own room, in which another school's candidate sits
    pages = texts(content)
    assert [next(one for one in (1, 2, 3) if name_of(lite_books, Registration, one).name in page) for page in pages] == [1, 2]
    assert photos(content) == [picture]
    for text in ("准考证", "260001000100001", PUPIL["id_number"], "第1考场（实训楼3楼301）", "1.带上身份证", "2.不得迟到{{7*7}}", "中级"):
        assert text in pages[0], text
    assert len(texts(_printed(lite_books, organization, "registrations", "tickets", all="1"))) == 3
    assert len(texts(_printed(lite_books, second, "placed", "tickets", all="1", filter="name=王"))) == 1
    with ZipFile(BytesIO(_printed(lite_books, organization, "placed", "tickets", all="1", apart="1"))) as archive:
        assert archive.namelist() == ["准考证-第 1 考场-金陵职业技术学院.pdf"]
        assert len(texts(archive.read(archive.namelist()[0]))) == 3
    answer = second.post("/documents/registrations/tickets/begin", data={"all": "1"})
    work(lite_books)
    shown = second.get(answer.location).text
    assert "1 名考生没有已发布的座位，没有准考证" in shown
    assert "1 名考生没有照片" in shown
    page = first.get("/registrations/1").text.partition("排考安排")[2]
    for text in ("第 1 考场", "实训楼 3 楼 301", "260001000100001", "2026-12-19 09:00 至 10:30"):
        assert text in page, text
    assert "还没有发布排考安排" in second.get("/registrations/4").text
    answer = first.post("/registrations/1/ticket")
    work(lite_books)
    with first.get(f"{answer.location}/result") as file:
        assert len(texts(file.data)) == 1
    assert second.post("/registrations/1/ticket").status_code == 404
    theirs = {"ids": "1", "back": "/placed/"}  # the first school's
    for one in (second, other):
        assert "没有可打印的内容" in one.post("/documents/registrations/tickets", data=theirs, follow_redirects=True).text
        assert one.post("/documents/registrations/tickets/begin", data=theirs).location == "/placed/"
    with lite_books.runtime.database.reading() as session:
        looks = session.execute(select(Look.record_id, Look.person_id).where(Look.why == "打印")).all()
    assert (1, lite_books.actor("school1").person_id) in looks
    assert (1, lite_books.actor("school2").person_id) not in looks


@pytest.mark.row("5.2.8.3")
def test_before_anything_is_published_no_ticket_comes_and_words_say_why(lite_books: World, people: Clients) -> None:
    first, _, _, _ = people
    _seat(lite_books, 1, 2, published=False)
    assert "一个 PDF" in first.post("/documents/registrations/tickets", data={"ids": ["1", "2"], "back": "/registrations/"}).text
    task = first.post("/documents/registrations/tickets/begin", data={"ids": ["1", "2"]}).location
    work(lite_books)
    assert "所选考生都没有已发布的座位，还没有准考证" in first.get(task).text
    assert "没有可打印的内容" in first.post("/documents/used_rooms/doors", data={"all": "1"}, follow_redirects=True).text
