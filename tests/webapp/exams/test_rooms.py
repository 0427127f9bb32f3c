"""考场 through the pages: set up, changed and deleted as the plan's 排考 window allows, taken over from an earlier plan, imported."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan
from domain.exams.rooms import Room
from domain.exams.seats import Seat
from domain.ground.tones import Tone
from domain.platform.changes import Change
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL
from tests.jobs.imports.files import workbook
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import CERTIFICATE, PLAN, publish
from tests.webapp.exams.room_forms import ROOM, add_room, set_the_stage
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, imported, target, work
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "rooms.index": get("200"),
    "rooms.show": get("404"),
    "rooms.edit": get("404"),
    "rooms.save": post("404"),
    "rooms.remove": post("404"),
    "rooms.remove_many": post("302"),
    "rooms.begin": get("schools: 200; 403"),
    "rooms.begin_import": get("schools: 200; 403"),
    "rooms.new": get("schools: 409; 403", query="plan=1&site=1"),
    "rooms.add": post("schools: 409; 403", query="plan=1&site=1"),
    "rooms.reuse_page": get("schools: 200; 403"),
    "rooms.take_over": post("schools: 302; 403", {"plan": "1", "earlier": "1", "ids": "1"}),
}  # fmt: skip
ARRANGING = NOON.replace(month=12, day=11, hour=9)
ARRANGED = NOON.replace(month=12, day=15, hour=18)
SITE = f"金陵职业技术学院{CERTIFICATE}考核站点"
PRACTICE = f"{CERTIFICATE} 操作技能"
BOTH = {
    "sittings.1.subject": PRACTICE,
    "sittings.1.starts_at": "2026-12-19T14:00",
    "sittings.1.ends_at": "2026-12-19T16:30",
}


@pytest.fixture
def people(lite_books: World) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """school1 with an approved site in a published plan of two subjects, organization1 and school2."""
    app = site(lite_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    set_the_stage(school, organization, **BOTH)
    return school, organization, stranger


@pytest.mark.row("5.2.5.1")
def test_a_room_is_set_up_for_plan_site_and_subjects(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    assert SITE in school.get("/rooms/plans").text
    form = school.get("/rooms/new?plan=1&site=1").text
    for text in ("十二月Web前端考试", SITE, "理论知识", "操作技能"):
        assert text in form
    mixed = school.post("/rooms/new?plan=1&site=1", data={**ROOM, "subjects": ["理论知识", "操作技能"]})
    assert mixed.status_code == 409
    assert "请分科目创建不同的考场" in mixed.text
    assert add_room(school) == 302
    page = school.get("/rooms/1").text
    for text in ("第 1 考场", "实训楼 3 楼", "理论知识", SITE):
        assert text in page
    kept = name_of(lite_books, Room, 1)
    assert (kept.room_type, kept.places) == (name_of(lite_books, ExamSubject, _theory(lite_books)).room_type, 40)
    for name in ("第 1 考场", "第　１  考场", "第\u200b 1 考场\u00a0"):
        again = school.post("/rooms/new?plan=1&site=1", data={**ROOM, "name": name})
        assert again.status_code == 409
        assert "已有同名考场" in again.text
    assert add_room(school, name="第 2 考场", subjects=["操作技能"]) == 302
    assert add_room(school, name="第 3 考场", places="0") == 422
    assert add_room(school, name="第 3 考场", subjects=["别的科目"]) == 409
    assert total(school, "/rooms/") == total(organization, "/rooms/") == 2
    assert total(school, f"/rooms/?site={SITE}&certificate=Web&name=第 1&number=KC00000001&plan=十二月") == 1
    assert total(school, "/rooms/?number=KC0000000x") == 0
    assert total(stranger, "/rooms/") == 0
    assert stranger.get("/rooms/1").status_code == 404
    assert organization.get("/rooms/1/edit").status_code == 403
    assert organization.post("/rooms/1/delete").status_code == 403
    assert organization.get("/rooms/1").status_code == 200


def _theory(world: World) -> int:
    (found,) = ids(
        world,
        select(ExamSubject.id).join(Room.subjects).where(Room.id == 1),
    )
    return found


@pytest.mark.row("5.2.5.1")
def test_nobody_sets_a_room_up_where_it_does_not_belong(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    assert add_room(stranger) == 409  # neither named by the plan nor with a site in it
    for plan, place in ((1, 99), (99, 1)):
        assert add_room(school, site=place, plan=plan) == 409
    assert add_room(organization) == 403
    with lite_books.runtime.database.writing() as session:
        session.execute(update(ExamSite).values(tone=Tone.ATTENTION))
    assert add_room(school) == 409
    assert "本校没有可用于该计划的考核站点" in school.get("/rooms/plans").text
    with lite_books.runtime.database.writing() as session:
        session.execute(update(ExamSite).values(tone=Tone.DONE))
        session.execute(update(ExamPlan).values(published=False))
    assert add_room(school) == 409
    assert ids(lite_books, select(Room.id)) == []


@pytest.mark.row("5.2.5.2")
def test_the_status_follows_from_the_window_to_the_second(world_books: World) -> None:
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    set_the_stage(school, organization)
    later = {name: str(value).replace("2026-", "2027-") for name, value in PLAN.items() if name[-5:] == "_from" or name[-3:] == "_to"}
    sitting = {"sittings.0.starts_at": "2027-12-19T09:00", "sittings.0.ends_at": "2027-12-19T10:30"}
    assert publish(organization, name="明年的考试", **later, **sitting) == 302
    assert add_room(school) == add_room(school, plan=2) == 302
    for moment, status in (
        (ARRANGING - timedelta(seconds=1), "未排考"),
        (ARRANGING, "排考中"),
        (ARRANGED - timedelta(seconds=1), "排考中"),
        (ARRANGED, "已结束"),
    ):
        world_books.clock.now = moment
        assert total(school, f"/rooms/?state={status}&plan=十二月") == 1, moment
        assert total(school, "/rooms/?state=未排考") == (2 if status == "未排考" else 1)
        page = school.get("/rooms/1").text
        assert (">编辑</a>" in page) == (status != "已结束")
        assert (">删除</button>" in page) == (status == "未排考")
    world_books.clock.now = ARRANGING
    names = ("明年的考试", "十二月Web前端考试")
    up, down = (
        [page.index(f"{name}</td>") for name in names] for page in (school.get(f"/rooms/?sort={sort}").text for sort in ("状态", "-状态"))
    )
    assert (up[0] < up[1]) != (down[0] < down[1])


@pytest.mark.row("5.2.5.4")
def test_what_may_be_changed_follows_from_the_window(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, _, _ = people
    assert add_room(school) == 302
    seen = _last_change(lite_books)
    changed = {**ROOM, "name": "第一考场", "subjects": ["操作技能"], "places": "30", "seen": seen}
    assert school.post("/rooms/1/edit", data=changed).status_code == 302
    assert name_of(lite_books, Room, 1).name == "第一考场"
    assert "第 1 考场 → 第一考场" in school.get("/rooms/1").text
    lite_books.clock.now = ARRANGING  # the form of everything is still open somewhere
    seen = _last_change(lite_books)
    for other, told in (({"name": "改名"}, "考场只能增加考位数"), ({"places": "29"}, "考位数只能增加，不能减少")):
        refused = school.post("/rooms/1/edit", data={**changed, **other, "seen": seen})
        assert refused.status_code == 409
        assert told in refused.text
    form = school.get("/rooms/1/edit").text
    assert 'name="places"' in form
    assert 'name="name"' not in form
    assert school.post("/rooms/1/edit", data={"places": "45", "seen": seen}).status_code == 302
    kept = name_of(lite_books, Room, 1)
    assert (kept.places, kept.name, kept.door) == (45, "第一考场", "301")
    told = school.post("/rooms/1/delete", follow_redirects=True).text
    assert "排考中，只能删除未排考的考场" in told
    lite_books.clock.now = ARRANGED
    for answer in (school.get("/rooms/1/edit"), school.post("/rooms/1/edit", data={"places": "50", "seen": _last_change(lite_books)})):
        assert answer.status_code == 409
        assert "排考已结束，考场不能再修改" in answer.text
    assert name_of(lite_books, Room, 1).places == 45
    assert add_room(school, name="迟来的考场") == 409


def _last_change(world: World) -> str:
    return str(max(ids(world, select(Change.id).where(Change.kind == "exam_room")), default=0))


@pytest.mark.row("5.2.5.4")
def test_rooms_are_deleted_one_by_one_and_together(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, _, stranger = people
    for number in range(4):
        assert add_room(school, name=f"第 {number} 考场") == 302
    assert stranger.post("/rooms/1/delete").status_code == 404
    stranger.post("/rooms/delete", data={"ids": ["1", "2"]})
    assert len(ids(lite_books, select(Room.id))) == 4
    assert "已删除 1 个考场" in school.post("/rooms/1/delete", follow_redirects=True).text
    assert "已删除 2 个考场" in school.post("/rooms/delete", data={"ids": ["2", "3"]}, follow_redirects=True).text
    assert "已删除 1 个考场" in school.post("/rooms/delete", data={"all": "1", "filter": "name=第 3"}, follow_redirects=True).text
    assert add_room(school) == 302
    assert ids(lite_books, select(Room.id)) == [5]  # ids are never used again


@pytest.mark.row("5.2.2", "5.2.5.1")
def test_a_plan_keeps_the_certificate_of_a_room(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    assert add_room(school) == 302
    with lite_books.runtime.database.reading() as session:
        room = session.get_one(Room, 1)
        others = select(ExamSubject).where(ExamSubject.party_id == room.plan.party_id, ExamSubject.tone == Tone.DONE)
        other = session.scalars(others.where(ExamSubject.certificate_id != room.certificate_id)).first()
        assert other is not None
        label, title = other.certificate.label, other.title()
    less = {**PLAN, "certificates.0.certificate": label, "sittings.0.subject": title, "act": "保存"}
    other_subject = {**PLAN, "sittings.0.subject": PRACTICE, "act": "保存"}
    for changed in (less, other_subject):
        answer = organization.post("/exam-plans/1/edit", data=changed)
        assert answer.status_code == 409
        assert "已有院校据此设置考场或报考" in answer.text
    assert organization.post("/exam-plans/1/edit", data={**PLAN, "act": "保存"}).status_code == 302  # 操作技能 has no room


@pytest.mark.row("5.2.5.1")
def test_rooms_of_an_earlier_plan_are_taken_over(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    assert add_room(school) == add_room(school, name="第 2 考场") == add_room(school, name="机房", subjects=["操作技能"]) == 302
    assert publish(organization, name="下一次考试") == 302  # of 理论知识 alone
    assert add_room(school, plan=2, name="第 2 考场") == 302
    assert "第 1 考场" in school.get("/rooms/reuse?plan=2&earlier=1").text
    page = school.get("/rooms/reuse?plan=2&earlier=1").text
    for text in ("可以沿用 1 个", "所选考试计划中已有同名考场", "所选考试计划没有它的科目"):
        assert text in page
    wanted = {"plan": "2", "earlier": "1", "ids": ["1", "2", "3"]}
    stranger.post("/rooms/reuse", data=wanted)
    assert len(ids(lite_books, select(Room.id))) == 4
    told = school.post("/rooms/reuse", data=wanted, follow_redirects=True).text
    assert "已沿用 1 个考场" in told
    assert "“机房”没有沿用：所选考试计划没有它的科目" in told
    taken = name_of(lite_books, Room, 5)
    assert (taken.plan_id, taken.name, taken.places, taken.door) == (2, "第 1 考场", 40, "301")
    lite_books.clock.now = ARRANGED
    assert "不能设置考场" in school.post("/rooms/reuse", data=wanted, follow_redirects=True).text


ROWS = [
    ("考核站点", "证书", "科目", "考场名称", "考位数", "地点"),
    (SITE, CERTIFICATE, "理论知识", "第 1 考场", "40", "实训楼"),
    (SITE, CERTIFICATE, "操作技能", "机房", "30", ""),
    (SITE, CERTIFICATE, "理论知识；操作技能", "两用", "30", ""),
    (SITE, CERTIFICATE, "答辩", "答辩室", "30", ""),
    ("别校站点", CERTIFICATE, "理论知识", "别校", "30", ""),
    (SITE, "网店运营（初级）", "理论知识", "错证", "30", ""),
    (SITE, CERTIFICATE, "理论知识", "第 1 考场", "40", ""),
    (SITE.replace("（", "("), CERTIFICATE, "理论知识", "第 1 考场", "40", ""),
    (SITE, CERTIFICATE, "理论知识", "没有位子", "0", ""),
]  # fmt: skip


@pytest.mark.row("5.2.5.3")
def test_rooms_come_from_a_workbook_and_go_into_one(lite_books: World, people: tuple[FlaskClient, ...], tmp_path: Path) -> None:
    school, organization, stranger = people
    kind = "rooms-1"
    assert "/imports/rooms-1/" in school.get("/rooms/import").text
    with school.get(f"/imports/{kind}/template.xlsx") as answer:
        (tmp_path / "模板.xlsx").write_bytes(answer.data)
    book = load_workbook(tmp_path / "模板.xlsx")
    offered = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in book["考场"].data_validations.dataValidation}
    assert offered == {"A2": "'填写说明'!$E$2:$E$2", "B2": "'填写说明'!$F$2:$F$2", "C2": "'填写说明'!$G$2:$G$3"}
    assert [book["填写说明"][at].value for at in ("E2", "F2", "G2", "G3")] == [SITE, CERTIFICATE, "理论知识", "操作技能"]
    book["考场"].append([SITE, CERTIFICATE, "操作技能", "模板里的考场", "20", ""])
    book.save(tmp_path / "填好.xlsx")
    filled = imported(lite_books, school, tmp_path / "填好.xlsx", kind)
    assert "模板里的考场" in school.get(f"/imports/{kind}/{filled}").text
    assert school.post(f"/imports/{kind}/{filled}/drop").status_code == 302
    assert organization.get(f"/imports/{kind}/").status_code == 403
    assert school.get("/imports/rooms-x/").status_code == 404
    made = imported(lite_books, school, workbook(tmp_path / "考场.xlsx", ROWS), kind)
    page = school.get(f"/imports/{kind}/{made}").text
    for told in (
        "请分科目创建不同的考场",
        "科目应为该计划的场次中有的",
        "本校没有这个考核站点",
        f"该考核站点的证书是“{CERTIFICATE}”",
        "与第 2 行重复",
        "已有同名考场",
    ):
        assert told in page, told
    assert school.post(f"/imports/{kind}/{made}/take").status_code == 302
    work(lite_books)
    assert len(ids(lite_books, select(Room.id))) == 2
    assert school.get(f"/imports/{kind}/{made}/failed.xlsx").status_code == 200
    assert stranger.get(f"/imports/{kind}/{made}").status_code == 404
    assert total(school, "/rooms/") == 2
    with school.post("/lists/rooms/export", data={"back": "/rooms/"}) as exported:
        assert "spreadsheetml" in exported.content_type


@pytest.mark.row("5.2.5.3")
def test_a_window_that_closes_during_an_import_refuses_the_rest(lite_books: World, people: tuple[FlaskClient, ...], tmp_path: Path) -> None:
    school, _, _ = people
    made = imported(lite_books, school, workbook(tmp_path / "考场.xlsx", ROWS[:2]), "rooms-1")
    assert school.post(f"/imports/rooms-1/{made}/take").status_code == 302
    lite_books.clock.now = ARRANGED
    work(lite_books)
    assert ids(lite_books, select(Room.id)) == []
    assert "排考已结束" in school.get(f"/imports/rooms-1/{made}").text
    assert "十二月Web前端考试（KS202600001）的导入记录" in school.get("/rooms/import").text


@pytest.mark.row("5.2.4.3", "5.2.5.4")
def test_who_is_seated_keeps_the_place(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    assert organization.post("/allotments/plans/1/own").status_code == 200
    assert add_room(school) == 302
    add(school, PUPIL)
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    seat(lite_books, 1, number=35)
    changed = {**ROOM, "places": "34", "seen": _last_change(lite_books)}
    refused = school.post("/rooms/1/edit", data=changed)
    assert refused.status_code == 409
    assert "考位数不能少于 35" in refused.text
    assert "不能修改科目" in school.post("/rooms/1/edit", data={**changed, "places": "35", "subjects": ["操作技能"]}).text
    assert school.post("/rooms/1/edit", data={**changed, "places": "35"}).status_code == 302
    assert "已安排考生，不能删除" in school.post("/rooms/1/delete", follow_redirects=True).text
    kept = organization.post("/allotments/1/withdraw", data={"back": "/allotments/"}, follow_redirects=True).text
    assert "个座位排在“金陵职业技术学院" in kept
    assert total(school, "/allotments/") == 1


@pytest.mark.row("5.2.5.3")
def test_a_room_that_people_know_stays_where_it_is(lite_books: World, people: tuple[FlaskClient, ...]) -> None:
    """Also where the plan's windows were moved and it is “before 排考” once more: 准考证 name the room."""
    school, organization, _ = people
    organization.post("/allotments/plans/1/own")
    add_room(school)
    add(school, PUPIL)
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    seat(lite_books, 1, published=False)
    changed = {**ROOM, "door": "302"}
    assert school.post("/rooms/1/edit", data={**changed, "seen": _last_change(lite_books)}).status_code == 302  # nobody knows yet
    with lite_books.runtime.database.writing() as session:
        session.execute(update(Seat).values(published=True))
    for other in ({"door": "303"}, {"building": "图书馆"}, {"name": "另一考场"}):
        refused = school.post("/rooms/1/edit", data={**changed, **other, "seen": _last_change(lite_books)})
        assert refused.status_code == 409
        assert "该考场已有发布的座位，名称、地点和门牌号不能修改" in refused.text
    assert school.post("/rooms/1/edit", data={**changed, "places": "45", "seen": _last_change(lite_books)}).status_code == 302
    kept = name_of(lite_books, Room, 1)
    assert (kept.door, kept.places) == ("302", 45)
