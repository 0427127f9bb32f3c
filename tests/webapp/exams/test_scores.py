"""科目成绩 and 考证结果 through the pages: imported, corrected, locked; who sees what when; what passes."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.exams.exam_subjects import ExamSubject
from domain.exams.outcomes import Outcome, outcomes_query, with_result
from domain.exams.plans import Sitting
from domain.exams.registrations import Entry
from domain.exams.scores import NORMAL, Given, NotScoring, Score, ScoreChange, enter
from domain.exams.seats import ExamTicket
from domain.ground.base import clock_minutes
from domain.platform.imports import ImportRecord, ImportRow, RowState
from jobs.imports import import_named
from jobs.imports.correcting import correct as correct_import
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.jobs.imports.files import workbook
from tests.webapp.clients import site, user
from tests.webapp.demonstration import total
from tests.webapp.exams.plan_forms import CERTIFICATE, publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, imported, target, work
from tests.webapp.exams.test_rooms import BOTH
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "scores.index": get("200"),
    "scores.show": get("404"),
    "scores.store": post("organizations: 404; 403"),
    "scores.begin": get("organizations: 200; 403"),
    "outcomes.index": get("200"),
    "outcomes.show": get("404"),
}  # fmt: skip
SCORING = NOON.replace(month=12, day=22)
PUBLIC = NOON.replace(month=12, day=27)
LOCKED = NOON.replace(year=2027, month=1, day=1)
HEADS = ["准考证号", "姓名", "科目", "成绩", "状态"]


@pytest.fixture
def people(world_books: World) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """school1 with two candidates registered in two subjects, seated; organization1, whose plan is in 成绩登记; organization2."""
    app = site(world_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "organization2"))
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL, pupil(1))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world_books)})
    for registration in (1, 2):
        seat(world_books, registration)
    world_books.clock.now = SCORING
    return school, organization, stranger


def ticket(world: World, registration: int) -> str:
    with world.runtime.database.reading() as session:
        return session.scalars(select(ExamTicket.number).where(ExamTicket.registration_id == registration)).one()


def entry(world: World, registration: int, subject: str) -> int:
    with world.runtime.database.reading() as session:
        query = select(Entry.id).join(ExamSubject, ExamSubject.id == Entry.subject_id)
        return session.scalars(query.where(Entry.registration_id == registration, ExamSubject.name == subject)).one()


def marks(world: World) -> list[tuple[str, Decimal | None]]:
    with world.runtime.database.reading() as session:
        return [(one.state, one.mark) for one in session.scalars(select(Score).order_by(Score.entry_id))]


def given(world: World, *rows: tuple[int, str, int | None, str]) -> None:
    """Marks of registrations, by subject, as an import enters them."""
    with world.runtime.database.writing() as session:
        found = [
            Given(entry(world, number, subject), None if mark is None else Decimal(mark), state) for number, subject, mark, state in rows
        ]
        enter(session, world.actor("organization1"), 1, found, SCORING)


def results(world: World) -> list[str | None]:
    with world.runtime.database.reading() as session:
        query = with_result(world.clock.now, outcomes_query(world.actor("organization1"))).order_by(None).order_by(Outcome.id)
        return [one.status for one in session.scalars(query)]


@pytest.mark.row("5.2.9.1")
def test_an_organization_is_told_of_marks_that_are_missing(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    told = "“十二月Web前端考试”正在成绩登记，还有 {} 人次没有成绩"
    assert told.format(4) in organization.get("/").text
    given(world_books, (1, "理论知识", 80, "正常"), (1, "操作技能", None, "缺考"))
    assert told.format(2) in organization.get("/").text
    assert total(organization, "/scores/?plan_number=KS202600001&state=未登记") == 2
    for one in (school, stranger):
        assert "正在成绩登记" not in one.get("/").text
    given(world_books, (2, "理论知识", 80, "正常"), (2, "操作技能", None, "缓考"))
    assert "没有成绩" not in organization.get("/").text


@pytest.mark.row("5.2.9.2")
def test_a_school_is_told_while_its_candidates_may_object(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, _ = people
    given(world_books, (1, "理论知识", 80, "正常"))
    told = "“十二月Web前端考试”正在公示成绩，公示结束前考生可以提交成绩异议"
    assert told not in school.get("/").text
    world_books.clock.now = PUBLIC
    page = school.get("/").text
    assert told in page
    assert "2026-12-31 18:00" in page
    (link,) = re.findall(r'href="(/scores/\?plan_number=[^"]+)"', page)
    assert total(school, link) == 4
    for other in (organization, user(site(world_books), "school2")):
        assert told not in other.get("/").text
    world_books.clock.now = LOCKED
    assert told not in school.get("/").text


@pytest.mark.row("5.2.9.1")
def test_a_workbook_names_subjects_as_pages_write_them(world_books: World, people: tuple[FlaskClient, ...], tmp_path: Path) -> None:
    organization, first, second = people[1], ticket(world_books, 1), ticket(world_books, 2)
    rows = [
        HEADS,
        [first, PUPIL["name"], f"{CERTIFICATE} 理论知识", 86.5, None],
        [first, PUPIL["name"], f"{CERTIFICATE}操作技能", 70, None],
        [first, PUPIL["name"], "理论知识", 12, None],  # once more, in other words
        [second, pupil(1)["name"], "网店运营（中级） 理论知识", 60, None],
    ]
    made = imported(world_books, organization, workbook(tmp_path / "成绩.xlsx", rows), "scores-1")
    page = organization.get(f"/imports/scores-1/{made}").text
    assert re.search(r'<a href="/scores/" aria-current="page"', page)  # the menu says where one is
    for words in ("同一考生同一科目在文件中重复", "没有报考科目“网店运营（中级） 理论知识”", "导入到：", "成绩登记时间"):
        assert words in page, words
    organization.post(f"/imports/scores-1/{made}/take")
    work(world_books)
    assert marks(world_books) == [("正常", Decimal("86.5")), ("正常", Decimal(70))]
    shown, bare = (organization.get(f"/scores/{entry(world_books, one, '理论知识')}").text for one in (1, 2))
    by = f"<dt>登记</dt><dd>吴霞 · {clock_minutes(SCORING)}"
    assert by in shown
    assert by not in bare


@pytest.mark.row("5.2.9.1")
def test_a_workbook_of_marks_is_told_line_by_line(world_books: World, people: tuple[FlaskClient, ...], tmp_path: Path) -> None:
    school, organization, stranger = people
    first, second = ticket(world_books, 1), ticket(world_books, 2)
    name = {1: PUPIL["name"], 2: pupil(1)["name"]}
    rows = [
        HEADS,
        [first, name[1], "理论知识", 86.5, None],
        [first, name[1], "操作技能", None, "缺考"],
        ["260001000199999", name[1], "理论知识", 60, None],
        [second, "赵别人", "理论知识", 60, None],
        [second, name[2], "综合项目", 60, None],
        [second, name[2], "操作技能", 60.125, None],
        [second, name[2], "操作技能", 60, "违纪"],
    ]
    assert 'href="/imports/scores-1/"' in organization.get("/scores/import").text
    made = imported(world_books, organization, workbook(tmp_path / "成绩.xlsx", rows), "scores-1")
    page = organization.get(f"/imports/scores-1/{made}").text
    for words in (
        "没有这个准考证号，或不属于该考试计划",
        "姓名与准考证号不符",
        "没有报考科目“综合项目”",
        "成绩最多两位小数",
        "与第 7 行矛盾：该行为“60.125”，本行为“60 违纪”",
    ):
        assert words in page, words
    assert organization.post(f"/imports/scores-1/{made}/take").status_code == 302
    work(world_books)
    assert marks(world_books) == [("正常", Decimal("86.5")), ("缺考", None)]
    again = [
        HEADS,
        rows[1],
        [first, name[1], "操作技能", 70, None],
        [second, name[2], "理论知识", 100.5, None],
        [second, name[2], "操作技能", 5, "缓考"],
    ]
    made = imported(world_books, organization, workbook(tmp_path / "再次.xlsx", again), "scores-1")
    page = organization.get(f"/imports/scores-1/{made}").text
    for words in ("该成绩已登记，与本行相同", "该科目已登记为“缺考”", "成绩应为 0 到 100 分", "状态为“缓考”时不填成绩"):
        assert words in page, words
    assert school.get("/scores/import").status_code == 403
    for key in ("scores-1", "scores-9"):
        assert stranger.get(f"/imports/{key}/").status_code == 404
    for other in (school, stranger):
        assert other.get(f"/imports/scores-1/{made}").status_code in (403, 404)


@pytest.mark.row("5.2.9.1")
@pytest.mark.parametrize("checked", [2000, 1])
def test_two_marks_of_one_subject_in_a_file_are_both_refused(
    world_books: World, people: tuple[FlaskClient, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: int
) -> None:
    """Also where the two rows are checked in two transactions; once one of them is corrected the other may come in."""
    monkeypatch.setattr("jobs.imports.working.CHECKED", checked)
    organization, first, second, other = people[1], ticket(world_books, 1), ticket(world_books, 2), pupil(1)["name"]
    rows = [
        HEADS,
        [first, PUPIL["name"], "理论知识", 72.3, None],
        [second, other, "理论知识", "缺考", None],
        [first, PUPIL["name"], "理论知识", 12, None],
        [second, other, "理论知识", None, "缺考"],
    ]
    made = imported(world_books, organization, workbook(tmp_path / "成绩.xlsx", rows), "scores-1")
    assert problems(world_books, made) == {
        2: "与第 4 行矛盾：该行为“12”，本行为“72.3”，请核对后只保留正确的一行",
        4: "与第 2 行矛盾：该行为“72.3”，本行为“12”，请核对后只保留正确的一行",
        5: "与第 3 行重复",
    }
    assert "与第 4 行矛盾：该行为“12”" in organization.get(f"/imports/scores-1/{made}").text
    correct_cells(world_books, made, {4: {"mark": "72.3"}})
    assert problems(world_books, made) == {4: "与第 2 行重复", 5: "与第 3 行重复"}
    correct_cells(world_books, made, {2: {"mark": "60"}})
    assert set(problems(world_books, made)) == {2, 4, 5}
    correct_cells(world_books, made, {4: {"ticket": second, "name": other, "subject": "操作技能"}})
    assert problems(world_books, made) == {5: "与第 3 行重复"}
    organization.post(f"/imports/scores-1/{made}/take")
    work(world_books)
    assert sorted(marks(world_books), key=str) == sorted([("正常", Decimal(60)), ("缺考", None), ("正常", Decimal("72.3"))], key=str)


def problems(world: World, import_id: int) -> dict[int, str]:
    """Row of the file → why it is refused; the import's own count agrees."""
    with world.runtime.database.reading() as session:
        bad = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.state == RowState.BAD).order_by(ImportRow.number)
        found = {row.number: "；".join(reason for _, reason in row.problems or ()) for row in session.scalars(bad)}
        assert session.get_one(ImportRecord, import_id).bad == len(found)
        return found


def correct_cells(world: World, import_id: int, changes: dict[int, dict[str, str]]) -> None:
    with world.runtime.database.writing() as session:
        one, actor = session.get_one(ImportRecord, import_id), world.actor("organization1")
        correct_import(session, actor, import_named("scores-1"), one, changes)


@pytest.mark.row("5.2.9.1")
def test_a_state_may_stand_in_the_column_of_marks(world_books: World, people: tuple[FlaskClient, ...], tmp_path: Path) -> None:
    """As people write it; where the column of states says something else, the row is refused."""
    _, organization, _ = people
    first, second = ticket(world_books, 1), ticket(world_books, 2)
    rows = [
        HEADS,
        [first, PUPIL["name"], "理论知识", " 缺考 ", None],
        [first, PUPIL["name"], "操作技能", "违纪", "违纪"],
        [second, pupil(1)["name"], "理论知识", "缺考", "正常"],
        [second, pupil(1)["name"], "操作技能", "作弊", None],
    ]
    made = imported(world_books, organization, workbook(tmp_path / "成绩.xlsx", rows), "scores-1")
    page = organization.get(f"/imports/scores-1/{made}").text
    assert "可导入 2 行，有问题 2 行" in re.sub(r"\s+|<[^>]+>", "", page).replace("可导入2行，有问题2行", "可导入 2 行，有问题 2 行")
    assert organization.post(f"/imports/scores-1/{made}/take").status_code == 302
    work(world_books)
    assert marks(world_books) == [("缺考", None), ("违纪", None)]


@pytest.mark.row("5.2.9.1")
def test_a_window_that_closes_while_an_import_runs_keeps_the_rest_out(
    world_books: World, people: tuple[FlaskClient, ...], tmp_path: Path
) -> None:
    _, organization, _ = people
    rows = [HEADS, [ticket(world_books, 1), PUPIL["name"], "理论知识", 86.5, None]]
    made = imported(world_books, organization, workbook(tmp_path / "成绩.xlsx", rows), "scores-1")
    assert organization.post(f"/imports/scores-1/{made}/take").status_code == 302
    world_books.clock.now = PUBLIC
    work(world_books)
    assert marks(world_books) == []
    assert "不在成绩登记时间内" in organization.get(f"/imports/scores-1/{made}").text
    with world_books.runtime.database.writing() as session, pytest.raises(NotScoring):
        enter(session, world_books.actor("organization1"), 1, [Given(1, Decimal(60), NORMAL)], PUBLIC)
    with world_books.runtime.database.writing() as session, pytest.raises(NotScoring):
        enter(session, world_books.actor("organization2"), 1, [Given(1, Decimal(60), NORMAL)], SCORING)


@pytest.mark.row("5.2.9.1")
def test_schools_see_marks_from_the_beginning_of_their_publication(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    given(world_books, (1, "理论知识", 86, "正常"))
    theory = entry(world_books, 1, "理论知识")
    assert total(school, "/scores/") == total(stranger, "/scores/") == 0
    assert school.get(f"/scores/{theory}").status_code == 404
    assert total(organization, "/scores/") == 4
    assert total(organization, "/scores/?state=未登记") == 3
    assert total(organization, "/scores/?state=正常&lock=未公示&subject=理论&name=王小明") == 1
    world_books.clock.now = PUBLIC
    assert total(school, "/scores/?lock=公示中") == 4
    assert "86" in school.get(f"/scores/{theory}").text
    assert stranger.get(f"/scores/{theory}").status_code == 404
    assert total(user(school.application, "school2"), "/scores/") == 0
    with school.post("/lists/scores/export", data={"back": "/scores/"}) as exported:
        sheet = load_workbook(BytesIO(exported.data)).active
    assert sheet is not None
    found = {row[0]: row for row in sheet.iter_rows(values_only=True)}
    assert ticket(world_books, 1) in found


@pytest.mark.row("5.2.9.1")
def test_a_mark_is_corrected_with_its_history_until_it_is_locked(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    given(world_books, (1, "理论知识", 53, "正常"))
    theory, practice = entry(world_books, 1, "理论知识"), entry(world_books, 1, "操作技能")
    world_books.clock.now = PUBLIC
    change = {"mark": "60.5", "state": "正常", "reason": "漏计 7.5 分", "seen": "53"}
    for other, status in ((school, 403), (stranger, 404)):
        assert other.post(f"/scores/{theory}", data=change).status_code == status
    for wrong, words in (
        ({"mark": "101"}, "成绩应为 0 到 100 分"),
        ({"mark": "1e1000000"}, "不是数字"),
        ({"mark": "NaN"}, "不是数字"),
        ({"mark": "六十"}, "不是数字"),
        ({"mark": ""}, "请填写成绩"),
        ({"state": "缺考"}, "不填成绩"),
        ({"state": "优秀"}, "状态应为"),
        ({"reason": ""}, "请填写更正原因"),
        ({"seen": "54"}, "其他人刚刚修改了该成绩"),
    ):
        refused = organization.post(f"/scores/{theory}", data={**change, **wrong})
        assert refused.status_code == 409
        assert words in refused.text
        assert "。。" not in refused.text
    assert marks(world_books) == [("正常", Decimal(53))]
    assert "成绩已更正。" in organization.post(f"/scores/{theory}", data=change, follow_redirects=True).text
    assert marks(world_books) == [("正常", Decimal("60.5"))]
    page = school.get(f"/scores/{theory}").text
    for words in ("53 → 60.5", "漏计 7.5 分", world_books.actor("organization1").name):
        assert words in page
    late = {"mark": "", "state": "缺考", "reason": "漏登记", "seen": "未登记"}
    assert "成绩已登记。" in organization.post(f"/scores/{practice}", data=late, follow_redirects=True).text
    world_books.clock.now = LOCKED
    assert "更正成绩" not in organization.get(f"/scores/{theory}").text
    refused = organization.post(f"/scores/{theory}", data={**change, "mark": "90", "seen": "60.5"})
    assert refused.status_code == 409
    assert "永久锁定" in refused.text
    assert marks(world_books) == [("正常", Decimal("60.5")), ("缺考", None)]
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ScoreChange)) == 2
    assert total(school, "/scores/?lock=已锁定") == 4


@pytest.mark.row("5.2.9.1")
def test_the_database_keeps_marks_of_another_kind_out(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    usual = {"entry_id": 1, "registration_id": 1, "plan_id": 1, "entered_at": SCORING, "entered_by": 1}
    for wrong in ({"mark": None, "state": "正常"}, {"mark": 5, "state": "缺考"}, {"mark": -1, "state": "正常"}):
        with world_books.runtime.database.writing() as session, pytest.raises(IntegrityError):
            session.execute(insert(Score), {**usual, **wrong})


@pytest.mark.row("5.2.10")
def test_a_result_follows_from_all_subjects_and_from_time(world_books: World, people: tuple[FlaskClient, ...]) -> None:
    school, organization, stranger = people
    assert results(world_books) == ["待定", "待定"]
    given(world_books, (1, "理论知识", 60, "正常"), (1, "操作技能", 100, "正常"), (2, "理论知识", 100, "正常"), (2, "操作技能", 59, "正常"))
    assert results(world_books) == ["待定", "待定"]  # nobody sees it before 公示
    world_books.clock.now = PUBLIC
    assert results(world_books) == ["通过", "未通过"]
    for state, mark, expected in (("缺考", None, "未通过"), ("违纪", None, "未通过"), ("缓考", None, "待定")):
        with world_books.runtime.database.writing() as session:
            changed = update(Score).where(Score.entry_id == entry(world_books, 2, "操作技能"))
            session.execute(changed.values(state=state, mark=mark))
        assert results(world_books) == ["通过", expected]
    with world_books.runtime.database.writing() as session:  # a mark that was never entered may come until 公示 is over
        session.execute(delete(Score).where(Score.entry_id == entry(world_books, 2, "操作技能")))
    assert results(world_books) == ["通过", "待定"]
    world_books.clock.now = LOCKED
    assert results(world_books) == ["通过", "未通过"]
    assert total(school, "/outcomes/?result=通过") == total(organization, "/outcomes/?result=通过") == 1
    assert total(stranger, "/outcomes/") == total(user(school.application, "school2"), "/outcomes/") == 0
    page = school.get("/outcomes/1").text
    for words in ("通过", "理论知识", "操作技能", "合格", CERTIFICATE, ticket(world_books, 1)):
        assert words in page
    assert stranger.get("/outcomes/1").status_code == 404
    assert school.get("/outcomes/99").status_code == 404


@pytest.mark.row("5.2.10")
def test_a_result_by_subject_comes_of_all_plans(world_books: World) -> None:
    """Who has passed the theory in one plan and the practice in the next has the certificate."""
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH, mode="按科目") == 302
    assert publish(organization, **BOTH, mode="按科目", name="再次考试") == 302
    add(school, PUPIL)
    with world_books.runtime.database.reading() as session:
        certificate = session.scalars(select(ExamSubject.certificate_id).join(Sitting, Sitting.subject_id == ExamSubject.id)).first()
        of_it = select(ExamSubject).where(ExamSubject.certificate_id == certificate)
        known = {one.name: one.id for one in session.scalars(of_it)}
    assert set(known) == {"理论知识", "操作技能"}
    for plan, subject in ((1, "理论知识"), (1, "操作技能"), (2, "操作技能")):
        school.post("/registrations/register", data={"ids": "1", "target": f"{plan}:{certificate}:{known[subject]}"})
    assert total(school, "/outcomes/") == 2  # one a plan
    for registration in (1, 2, 3):
        seat(world_books, registration)
    world_books.clock.now = SCORING
    given(world_books, (1, "理论知识", 80, "正常"), (2, "操作技能", 30, "正常"))
    world_books.clock.now = PUBLIC
    assert results(world_books) == ["未通过", "待定"]
    with world_books.runtime.database.writing() as session:
        found = [Given(entry(world_books, 3, "操作技能"), Decimal(75), "正常")]
        enter(session, world_books.actor("organization1"), 2, found, SCORING)
    assert results(world_books) == ["通过", "通过"]
    newest = re.findall(r"/outcomes/\d+", school.get("/outcomes/").text)[0]
    detail = school.get(newest).text
    assert "再次考试" in detail
    assert "十二月Web前端考试" in detail
