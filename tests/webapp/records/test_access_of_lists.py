"""The hint `x-access` beside the pages: lists cannot be narrowed by a hidden field, nor exported with it, nor rows imported into it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select

from domain.demo import PASSWORD
from domain.exams.exam_sites import ExamSite
from domain.institutions.teachers import Teacher, new_teacher
from domain.platform.background import BackgroundTask, begin
from domain.platform.passwords import hash_password
from forms import read_forms
from forms.lists import KINDS, LISTS
from jobs import background
from jobs.lists import exports
from jobs.runtime import BPMN_FOLDER
from processes.deployment import deploying
from processes.steps import starting
from tests.conftest import World
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.jobs.imports.flow import problems, take, upload_rows
from tests.webapp.clients import site, user
from tests.webapp.exams.applications import apply
from tests.webapp.imports.uploads import send

pytestmark = pytest.mark.row("8.1", "8.5")


def deploy(world: World, key: str, form: str, **hints: dict[str, str]) -> None:
    forms = read_forms()
    for name, hint in hints.items():
        forms[form]["properties"][name]["x-access"] = hint
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, (BPMN_FOLDER / f"{key}.bpmn").read_bytes(), forms, "郑工")


def export(client: FlaskClient, name: str, query: str = "") -> Any:
    """The sheet; None where there is nothing to export."""
    with client.post(f"/lists/{name}/export", data={"filter": query}) as answer:
        return load_workbook(BytesIO(answer.get_data())).active if answer.status_code == 200 else None


def test_a_hidden_field_is_no_filter_of_page_export_or_batch(lite_books: World) -> None:
    deploy(lite_books, "exam_site", "exam_site.json", certificate={"培训评价组织": "hidden"})
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert apply(school) == 302
    with lite_books.runtime.database.reading() as session:
        name = session.scalars(select(ExamSite)).one().certificate.name
    for client, sees in ((school, True), (organization, False)):
        assert ('name="certificate"' in client.get("/sites/").text) is sees
        for typed in (name, "没有这个证书"):
            page = client.get(f"/sites/?certificate={typed}").text
            assert ("共 1 条" in page) is (sees and typed == name)  # one who may not ask learns nothing from the answer
        assert (export(client, "exam_site", f"certificate={name}") is not None) is sees
        assert export(client, "exam_site") is not None
    review = {"element": "review", "all": "1", "outcome": "审核通过", "filter": f"certificate={name}"}
    assert organization.post("/lists/exam_site/finish", data=review).location == "/"  # nothing was chosen
    with lite_books.runtime.database.reading() as session:
        assert session.scalars(select(ExamSite.status)).one() == "待审核"
        assert session.scalar(select(func.count()).select_from(BackgroundTask)) == 0
    assert organization.post("/lists/exam_site/finish", data={**review, "filter": ""}).status_code == 302
    with lite_books.runtime.database.reading() as session:
        assert session.scalars(select(ExamSite.status)).one() == "审核通过"


def test_an_export_in_the_background_leaves_a_hidden_field_out(lite_books: World) -> None:
    deploy(lite_books, "exam_site", "exam_site.json", head={"培训评价组织": "hidden"}, certificate={"培训评价组织": "hidden"})
    assert apply(user(site(lite_books), "school1")) == 302
    world, made = lite_books, {}
    for query in ({}, {"certificate": "x"}, {"sort": "-考核证书"}):
        params = {"listing": "exam_site", "values": query, "ids": [], "back": "/"}
        with world.runtime.database.writing() as session:
            who = world.actor("organization1")
            task_id = begin(session, who, "export", "导出", params, world.clock()).id
        background.run_task(world.runtime, task_id)
        with world.runtime.database.reading() as session:
            made[str(query)] = session.get_one(BackgroundTask, task_id).done
    assert made == {"{}": 1, "{'certificate': 'x'}": 0, "{'sort': '-考核证书'}": 1}


def test_lines_of_a_record_follow_the_form_of_the_record(lite: World) -> None:
    deploy(lite, "declaration", "declaration.json", contacts={"省级复审": "hidden"}, lines={"省级初审": "hidden"})
    with lite.runtime.database.reading() as session:
        seen = {
            account: exports.visible_to(session, lite.actor(account), LISTS["declaration_lines"])
            for account in ("province1", "province1b", "school1")
        }
    labels = {account: [column.label for column in listing.columns] for account, listing in seen.items()}
    assert "联系人" in labels["school1"]
    assert "联系人" in labels["province1"]
    assert "申报人数" not in labels["province1"]
    assert "联系人手机号" not in labels["province1b"]
    assert "申报人数" in labels["province1b"]
    assert seen["province1"].barred == {"certificate"}


def test_a_filter_of_the_own_party_alone_is_not_offered_but_holds(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert apply(school) == 302
    for client, offered in ((school, False), (organization, True)):
        assert ('name="school"' in client.get("/sites/").text) is offered
        assert "没有符合条件的记录" in client.get("/sites/?school=没有这所院校").text
    for client, offered in ((school, True), (organization, False)):
        assert ('name="organization"' in client.get("/certificates/").text) is offered


def test_columns_and_filters_say_which_field_they_show() -> None:
    """A column called as a field of the form is that field's: else the hint would not hide it."""
    forms = read_forms()
    for listing in LISTS.values():
        key = listing.fields_of or listing.key
        own = KINDS[key].form if key in KINDS else ""
        schema = forms.get(own or f"{key}.json", {"properties": {}})
        known = {**titles_of(schema), **{column.label: column.field for column in listing.columns if column.field}}
        for one in (*listing.columns, *listing.filters):
            assert one.field == known.get(one.label, one.field), (listing.name, one.label)
            assert one.field is None or one.field in schema["properties"], (listing.name, one.label)


def titles_of(schema: dict[str, Any]) -> dict[str, str]:
    """Title of a field, or of a column of its lines → the field."""
    found = {}
    for name, field in schema["properties"].items():
        found[field["title"]] = name
        for column in field.get("items", {}).get("properties", {}).values():
            found.setdefault(column["title"], name)
    return found


def test_a_field_that_the_school_does_not_write_is_not_imported(lite: World, tmp_path: Path) -> None:
    deploy(lite, "teacher", "teacher.json", major={"试点院校": "hidden"}, rank={"试点院校": "read"})
    school = user(site(lite), "school1")
    template = load_workbook(BytesIO(school.get("/imports/teachers/template.xlsx").data))
    text = str([[cell.value for cell in row] for sheet in template for row in sheet])
    assert "邮箱" in text
    assert "专业" not in text
    assert "职称" not in text
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2, 专业="长" * 300), teacher(3, 邮箱="x")])
    assert [name for found in problems(lite, import_id).values() for name, _ in found] == ["email"]
    for tab in ("bad", "good"):
        page = school.get(f"/imports/teachers/{import_id}?tab={tab}").text
        assert "软件技术" not in page
        assert "“专业”、“职称”列不在导入模板中，不会导入" in page
    forged = {"4.major": "硬写进去", "4.email": "t3@example.com"}
    assert school.post(f"/imports/teachers/{import_id}/rows", data=forged).status_code == 302
    take(lite, import_id)
    with lite.runtime.database.reading() as session:
        kept = session.execute(select(Teacher.major, Teacher.rank, Teacher.email).order_by(Teacher.id)).all()
    assert [tuple(row) for row in kept] == [(None, None, f"t{n}@example.com") for n in (1, 2, 3)]


def test_what_became_hidden_since_the_check_is_not_taken_in(lite: World, tmp_path: Path) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2, 性别="无")])
    deploy(lite, "teacher", "teacher.json", major={"试点院校": "read"}, sex={"试点院校": "hidden"})
    failed = user(site(lite), "school1").get(f"/imports/teachers/{import_id}/failed.xlsx").data
    sheet = load_workbook(BytesIO(failed))["失败明细"]
    assert sheet["B2"].value == "—"
    take(lite, import_id)
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(Teacher.major)).all() == [None]


def test_a_new_teacher_keeps_only_what_the_school_writes(lite: World) -> None:
    deploy(lite, "teacher", "teacher.json", major={"试点院校": "read"})
    school = user(site(lite), "school1")
    form = {"name": "王小明", "mobile": "13911110000", "major": "软件技术", "act": "保存"}
    assert school.post("/teachers/new", data=form).status_code == 302
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(Teacher.major)).one() is None


def test_the_file_may_have_columns_of_no_interest(lite: World, tmp_path: Path) -> None:
    school = user(site(lite), "school1")
    path = workbook(tmp_path / "a", [[*HEADER, "备注", "工号"], [*teacher(1), "x", "1"]])
    place = send(school, path.read_bytes()).location
    for task_id in background.sweep(lite.runtime):
        background.run_task(lite.runtime, task_id)
    assert "文件中的“备注”、“工号”列不在导入模板中，不会导入" in school.get(place).text


def test_a_teacher_at_home_sees_what_the_record_page_shows_them(lite: World) -> None:
    deploy(lite, "teacher", "teacher.json", rank={"系统": "hidden"}, trained={"试点院校": "hidden"})
    with lite.runtime.database.writing() as session:
        answers = {"name": "王小明", "mobile": "13911110000", "rank": "讲师", "trained": "数据标注"}
        made = new_teacher(session, lite.actor("school1"), lite.clock(), answers)
        starting.start(lite.runtime.engine, session, lite.actor("school1"), "teacher", made)
        made.person.password_hash, made.person.first_nonce = hash_password(PASSWORD), None
        record_id = made.id
    teacher_user = user(site(lite), "13911110000")
    for address in ("/", f"/teachers/{record_id}"):
        page = teacher_user.get(address).text
        assert "王小明" in page, address
        assert "数据标注" not in page, address
        assert "讲师" in page, address
