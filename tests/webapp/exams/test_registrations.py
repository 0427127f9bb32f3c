"""报考 through the pages: from the list of candidates, from a workbook; what may be deleted; what is kept of the candidate."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from domain.exams.candidates import Candidate
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import Entry, Registration
from jobs import background
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.jobs.imports.files import workbook
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import CERTIFICATE, PLAN, SUBJECT, publish
from tests.webapp.exams.seating import seat
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "registrations.index": get("200"),
    "registrations.show": get("404"),
    "registrations.remove": post("404"),
    "registrations.ticket": post("404"),
    "registrations.remove_many": post("302"),
    "registrations.begin": get("schools: 200; 403"),
    "registrations.choose": post("school1: 200; 302", {"all": "1"}),
    "registrations.enter": post("schools: 302; 403", {"all": "1"}),
}  # fmt: skip
TARGET = "1:{certificate}"


def add(client: FlaskClient, *people: dict[str, Any]) -> None:
    for one in people:
        assert client.post("/candidates/new", data={**one, "act": "保存"}).status_code == 302


def target(world: World, subject: bool = False) -> str:
    with world.runtime.database.reading() as session:
        sitting = session.scalars(select(Sitting).order_by(Sitting.id)).first()
        assert sitting is not None
        return f"{sitting.plan_id}:{sitting.subject.certificate_id}" + (f":{sitting.subject_id}" if subject else "")


@pytest.mark.row("5.2.6.1", "5.2.6.3")
def test_candidates_are_ticked_and_registered(lite_books: World) -> None:
    app = site(lite_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    add(school, PUPIL, pupil(1, major="护理"), pupil(2, kind="社会考生", major="", level="", entry_year=""))
    chosen = {"all": "1", "filter": "", "back": "/candidates/"}
    assert "目前没有正在报考的考试计划" in school.post("/registrations/choose", data=chosen).text
    assert publish(organization) == 302
    assert "十二月Web前端考试 — Web前端开发与调试（中级）" in school.post("/registrations/choose", data=chosen).text
    told = school.post("/registrations/choose", data={**chosen, "target": target(lite_books)}).text
    assert (
        "可以报考 <b>1</b> 名，其中 <b>1</b> 名需要留意；不能报考 <b>1</b> 名" in told
    )  # 院校考生 are shown; the other part is another list
    assert "专业“护理”不在证书“Web前端开发与调试（中级）”的对应专业内" in told
    assert "目前是“无照片”，没有照片的考生不能排考" in told
    assert ids(lite_books, select(Registration.id)) == []  # nothing is stored by looking
    done = school.post("/registrations/register", data={**chosen, "target": target(lite_books)}, follow_redirects=True).text
    assert "已为 1 名考生报考" in done
    assert "1 名考生没有报考" in done
    (made,) = ids(lite_books, select(Registration.id))
    assert ids(lite_books, select(Candidate.registered).order_by(Candidate.id)) == [1, 0, 0]
    page = school.get(f"/registrations/{made}").text
    for text in ("BK00000001", "理论知识", "260", "未缴费", "11010519491231002X"):
        assert text in page
    assert "11010519491231002X" not in school.get("/registrations/").text  # masked there
    assert total(school, "/registrations/?state=未排考") == 1
    assert total(school, "/registrations/?state=待考试") == 0
    assert total(school, "/registrations/?paid=已缴费") == 0
    assert total(school, "/registrations/?number=BK00000001") == total(organization, "/registrations/") == 1
    assert total(stranger, "/registrations/") == 0
    assert stranger.get(f"/registrations/{made}").status_code == 404
    assert organization.get(f"/registrations/{made}").status_code == 200
    assert "吴霞（华信培训评价中心）" in school.get(f"/registrations/{made}").text.split("证件号查看记录")[-1]  # the school sees who looked
    assert "证件号查看记录" not in organization.get(f"/registrations/{made}").text
    again = school.post("/registrations/choose", data={**chosen, "target": target(lite_books)}).text
    assert "已报考：该证件已在本考试计划中报考此证书" in again
    with school.post("/lists/registrations/export", data={"back": "/registrations/"}) as exported:
        assert "spreadsheetml" in exported.content_type


@pytest.mark.row("5.2.6.1")
def test_what_is_not_offered_is_not_registered(lite_books: World) -> None:
    app = site(lite_books)
    school, organization, other = user(app, "school1"), user(app, "organization1"), user(app, "school2")
    add(school, PUPIL)
    assert publish(organization) == 302
    wanted = {"all": "1", "filter": "", "back": "/candidates/", "target": target(lite_books)}
    add(other, pupil(7))
    assert "不在报考期，或本校不在参考院校内" in other.post("/registrations/register", data=wanted, follow_redirects=True).text
    for forged in ("9:1", "1:99999", "x", "1:2:3:4", "", f"{wanted['target']}:1"):
        school.post("/registrations/register", data={**wanted, "target": forged})
    (theirs,) = ids(lite_books, select(Candidate.id).where(Candidate.party_id != lite_books.actor("school1").party_id))
    school.post("/registrations/register", data={**wanted, "all": "", "ids": str(theirs)})
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)  # the moment at which 报考 ends
    assert "不在报考期" in school.post("/registrations/register", data=wanted, follow_redirects=True).text
    assert organization.post("/registrations/register", data=wanted).status_code == 403
    assert ids(lite_books, select(Registration.id)) == []


@pytest.mark.row("5.2.6.2", "5.2.6.3")
def test_the_status_follows_from_seats_and_time_and_says_what_may_be_deleted(world_books: World) -> None:
    app = site(world_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    add(school, PUPIL, pupil(1), pupil(2))
    assert publish(organization) == 302
    wanted = {"all": "1", "filter": "", "back": "/candidates/", "target": target(world_books)}
    assert "已为 3 名" in school.post("/registrations/register", data=wanted, follow_redirects=True).text
    first, second, third = ids(world_books, select(Registration.id).order_by(Registration.id))
    seat(world_books, first)
    start = NOON.replace(month=12, day=19, hour=9)
    for moment, status in (
        (NOON, "待考试"),
        (start - timedelta(seconds=1), "待考试"),
        (start, "考试中"),
        (start + timedelta(minutes=89, seconds=59), "考试中"),
        (start + timedelta(minutes=90), "已结束"),
    ):
        world_books.clock.now = moment
        assert total(school, f"/registrations/?state={status}") == 1, moment
        assert total(school, "/registrations/?state=未排考") == 2
    rows = school.get("/registrations/").text
    offered = [f'action="/registrations/{one}/delete"' in rows for one in (first, second, third)]
    assert offered == [False, True, True]  # 删除 of who has a seat would always be refused
    with world_books.runtime.database.writing() as session:
        session.get_one(Registration, second).paid = True
    assert stranger.post(f"/registrations/{third}/delete").status_code == 404
    assert stranger.post("/registrations/delete", data={"ids": str(third)}).status_code == 302
    told = school.post("/registrations/delete", data={"ids": [str(one) for one in (first, second, third)]}, follow_redirects=True).text
    for text in ("已删除 1 条报考", "1 条已排考，不能删除", "1 条已缴费，不能删除"):
        assert text in told
    assert ids(world_books, select(Registration.id).order_by(Registration.id)) == [first, second]
    with world_books.runtime.database.reading() as session:
        gone = session.scalars(select(Candidate).order_by(Candidate.registered)).first()
        assert gone is not None
        assert gone.registered == 0
        assert session.scalar(select(func.count(Entry.id))) == 2


def imported(world: World, client: FlaskClient, path: Path, kind: str) -> int:
    """Uploads a workbook and lets it be checked. Returns the import's id."""
    with path.open("rb") as file:
        answer = client.post(f"/imports/{kind}/", data={"file": (file, path.name)}, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    work(world)
    return int(answer.location.rpartition("/")[2])


def work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


@pytest.mark.row("5.2.6.1", "5.2.6.3")
def test_a_workbook_registers_by_certificate(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    add(school, PUPIL, pupil(1), pupil(2, major="护理"))
    assert publish(organization) == 302
    name, grade = CERTIFICATE.removesuffix("）").split("（")
    rows = [
        ("姓名", "证件号", "证书名称", "等级", "参考对象"),
        (PUPIL["name"], PUPIL["id_number"], name, grade, ""),
        ("张冠李戴", pupil(1)["id_number"], name, grade, ""),
        (pupil(2)["name"], pupil(2)["id_number"], name, grade, ""),
        ("没有此人", pupil(9)["id_number"], name, grade, ""),
        (PUPIL["name"], PUPIL["id_number"], name, grade, ""),
        (pupil(1)["name"], pupil(1)["id_number"], name, "高级", ""),
    ]
    assert "按证书导入" in school.get("/registrations/import").text
    kind = "registrations-1"
    assert school.get(f"/imports/{kind}/template.xlsx").status_code == 200
    assert organization.get(f"/imports/{kind}/").status_code == 403
    assert school.get("/imports/registrations-x/").status_code == 404
    made = imported(lite_books, school, workbook(tmp_path / "报考.xlsx", rows), kind)
    page = school.get(f"/imports/{kind}/{made}").text
    for told in ("姓名与证件号不符", "专业“护理”不在证书", "考生不存在", "与第 2 行重复", "考试计划中没有证书“Web前端开发与调试（高级）”"):
        assert told in page, told
    assert school.post(f"/imports/{kind}/{made}/take").status_code == 302
    work(lite_books)
    assert len(ids(lite_books, select(Registration.id))) == 1
    assert "已导入" in school.get(f"/imports/{kind}/{made}").text or "部分导入" in school.get(f"/imports/{kind}/{made}").text


@pytest.mark.row("5.2.6.1")
def test_a_workbook_names_certificates_as_pages_write_them(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school = user(app, "school1")
    add(school, PUPIL, pupil(1), pupil(2), pupil(3))
    assert publish(user(app, "organization1")) == 302
    name, grade = CERTIFICATE.removesuffix("）").split("（")
    ways = ((CERTIFICATE, grade), (f"{name}{grade}", grade), (f" {name} ({grade})", grade), (CERTIFICATE, "高级"))
    people = [PUPIL, *map(pupil, (1, 2, 3))]
    rows = [(one["name"], one["id_number"], *way) for one, way in zip(people, ways, strict=True)]
    rows = [("姓名", "证件号", "证书名称", "等级"), *rows, (PUPIL["name"], PUPIL["id_number"], name, grade)]
    path = workbook(tmp_path / "报考.xlsx", rows)
    made = imported(lite_books, school, path, "registrations-1")
    page = school.get(f"/imports/registrations-1/{made}").text
    for told in (f"与证书名称“{CERTIFICATE}”中的等级不一致", "同一证件不能重复报考", "可导入 <b>3</b> 行"):
        assert told in page, told
    school.post(f"/imports/registrations-1/{made}/take")
    work(lite_books)
    assert len(ids(lite_books, select(Registration.id))) == 3


@pytest.mark.row("5.2.6.1", "5.2.6.3")
def test_an_import_says_which_plan_it_is_into_and_when_it_no_longer_may_be(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school, stranger = user(app, "school1"), user(app, "school2")
    add(school, PUPIL)
    assert publish(user(app, "organization1")) == 302
    path = workbook(tmp_path / "报考.xlsx", [("姓名", "证件号", "证书名称", "等级"), (PUPIL["name"], PUPIL["id_number"], "答辩", "初级")])
    made = imported(lite_books, school, path, "registrations-1")
    into = "导入到：十二月Web前端考试（KS202600001）；报考时间 2026-11-20 09:00 至 2026-12-10 18:00"
    pages = ("/imports/registrations-1/", f"/imports/registrations-1/{made}")
    for page in pages:
        text = school.get(page).text
        assert into in text
        assert "现在不能导入" not in text
    assert "保存修改并重新检查本页" in school.get(pages[1]).text
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)  # the moment at which 报考 ends
    for page in pages:
        text = school.get(page).text
        assert "现在不能导入：考试计划不在报考期" in text
        assert "上传并检查" not in text
        assert "保存修改并重新检查本页" not in text
    listed = school.get("/registrations/import").text
    assert 'href="/imports/registrations-1/#records">十二月Web前端考试（KS202600001）' in listed
    assert "KS202600001" not in stranger.get("/registrations/import").text


@pytest.mark.row("5.2.6.1")
def test_a_window_that_closes_meanwhile_refuses_the_rest(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    add(school, PUPIL)
    assert publish(organization) == 302
    name, grade = CERTIFICATE.removesuffix("）").split("（")
    rows = [("姓名", "证件号", "证书名称", "等级"), (PUPIL["name"], PUPIL["id_number"], name, grade)]
    path = workbook(tmp_path / "报考.xlsx", rows)
    made = imported(lite_books, school, path, "registrations-1")
    assert school.post(f"/imports/registrations-1/{made}/take").status_code == 302
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)
    work(lite_books)
    assert ids(lite_books, select(Registration.id)) == []
    assert "考试计划不在报考期" in school.get(f"/imports/registrations-1/{made}").text
    with path.open("rb") as file:
        late = school.post("/imports/registrations-1/", data={"file": (file, "b.xlsx")}, content_type="multipart/form-data")
    assert late.status_code == 409
    assert "考试计划不在报考期" in late.text


@pytest.mark.row("5.2.6.1")
def test_a_workbook_registers_by_subject(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    add(school, PUPIL)
    assert publish(organization, mode="按科目", **{"sittings.0.fee": "130"}) == 302
    plan, certificate, subject = target(lite_books, subject=True).split(":")
    kind = f"registrations-{plan}-{certificate}"
    rows = [
        ("姓名", "证件号", "科目", "参考对象"),
        (PUPIL["name"], PUPIL["id_number"], "理论知识", ""),
        (PUPIL["name"], PUPIL["id_number"], "答辩", ""),
    ]
    made = imported(lite_books, school, workbook(tmp_path / "报考.xlsx", rows), kind)
    assert "考试计划中没有科目“答辩”" in school.get(f"/imports/{kind}/{made}").text
    assert school.post(f"/imports/{kind}/{made}/take").status_code == 302
    work(lite_books)
    (one,) = ids(lite_books, select(Registration.id))
    row = name_of(lite_books, Registration, one)
    assert (row.subject_id, row.fee) == (int(subject), 130)
    assert SUBJECT.split(" ")[1] in school.get(f"/registrations/{one}").text


@pytest.mark.row("5.2.3.8")
def test_the_copy_stays_when_the_candidate_is_edited(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    add(school, PUPIL)
    assert publish(organization) == 302
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    (candidate,) = ids(lite_books, select(Candidate.id))
    assert school.post(f"/candidates/{candidate}/edit", data={**PUPIL, "mobile": "13922223333", "act": "保存"}).status_code == 302
    page = school.get("/registrations/1").text
    assert "13911110000" in page
    assert "13922223333" not in page


@pytest.mark.row("5.2.2", "5.2.6.1")
def test_a_plan_keeps_what_is_registered(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    add(school, PUPIL)
    assert publish(organization) == 302
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(lite_books)})
    less = {**PLAN, "schools": ["太湖职业学院（4132000002）"], "act": "保存"}
    answer = organization.post("/exam-plans/1/edit", data=less)
    assert answer.status_code == 409
    assert "已有院校据此设置考场或报考" in answer.text
    assert len(ids(lite_books, select(Registration.id))) == 1
    assert name_of(lite_books, ExamPlan, 1).status == "报考中"
