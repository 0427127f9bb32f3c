"""考试科目 through the pages: kept by the organization, seen by the schools that pilot the certificate."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from domain.exams.exam_subjects import ExamSubject
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, piloted, total
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "exam_subject.index": get("200"),
    "exam_subject.show": get("organization1 operator: 200; 404"),
    "exam_subject.edit": get("organization1: 200; operator: 409; 404"),
    "exam_subject.store": post("organization1: 422; operator: 403; 404"),
    "exam_subject.new": get("organizations: 200; 403"),
    "exam_subject.create": post("organizations: 422; 403"),
}  # fmt: skip
CERTIFICATE = "Web前端开发与调试（中级）"  # of organization1, piloted by school1
FORM = {
    "certificate": CERTIFICATE,
    "name": "项目答辩",
    "method": "综合",
    "room_type": "标准教室",
    "audience": "高职",
    "full_mark": "100",
    "pass_mark": "60",
    "minutes": "40",
    "act": "保存",
}


@pytest.mark.row("5.2.1")
def test_a_school_sees_the_subjects_of_what_it_pilots(lite_books: World) -> None:
    school, mine = user(site(lite_books), "school1"), piloted(lite_books, "school1")
    seen = ids(lite_books, select(ExamSubject.id).where(ExamSubject.certificate_id.in_(mine)))
    assert 0 < total(school, "/exam-subjects/") == len(seen) < len(ids(lite_books, select(ExamSubject.id)))
    for name, column, value in (("audience", ExamSubject.audience, "中职"), ("method", ExamSubject.method, "实操")):
        wanted = ids(lite_books, select(ExamSubject.id).where(ExamSubject.certificate_id.in_(mine), column == value))
        assert 0 < total(school, f"/exam-subjects/?{name}={value}") == len(wanted) < len(seen)
    page = school.get(f"/exam-subjects/{seen[0]}").text
    assert "参考对象" in page
    assert "合格分" in page
    assert "停用" not in page.split("流程图")[0].replace("已停用", "")
    assert school.get("/exam-subjects/new").status_code == 403
    (hidden, *_) = ids(lite_books, select(ExamSubject.id).where(ExamSubject.certificate_id.not_in(mine)))
    for address in (f"/exam-subjects/{hidden}", f"/exam-subjects/{hidden}/edit", f"/records/exam_subject/{hidden}/diagram.json"):
        assert school.get(address).status_code == 404
    with school.post("/lists/exam_subject/export", data={"back": "/exam-subjects/"}) as exported:
        assert exported.status_code == 200
        assert "spreadsheetml" in exported.content_type


@pytest.mark.row("5.2.1")
def test_an_organization_keeps_its_subjects(lite_books: World) -> None:
    app = site(lite_books)
    organization, other, school = user(app, "organization1"), user(app, "organization2"), user(app, "school1")
    assert 'value="60"' in organization.get("/exam-subjects/new").text  # what is usual is filled in
    mistakes = (({"pass_mark": "120"}, "不能高于"), ({"audience": "博士"}, "参考对象"), ({"certificate": "软件测试实施（中级）"}, "证书"))
    for wrong, told in mistakes:
        answer = organization.post("/exam-subjects/new", data={**FORM, **wrong})
        assert answer.status_code in (409, 422), wrong
        assert told in answer.text
        assert "项目答辩" in answer.text  # nothing typed is lost
    assert organization.post("/exam-subjects/new", data=FORM).status_code == 302
    made = max(ids(lite_books, select(ExamSubject.id)))
    assert name_of(lite_books, ExamSubject, made).status == "已启用"
    again = organization.post("/exam-subjects/new", data=FORM)
    assert again.status_code == 409
    assert "名称和参考对象都相同" in again.text
    assert organization.post("/exam-subjects/new", data={**FORM, "audience": "本科"}).status_code == 302
    address = f"/exam-subjects/{made}"
    assert "项目答辩" in school.get(address).text
    assert other.get(address).status_code == 404
    assert other.post(f"{address}/edit", data=FORM).status_code == 404
    assert school.post(f"{address}/edit", data=FORM).status_code == 403
    assert organization.post(f"{address}/edit", data={**FORM, "minutes": "50"}).status_code == 302
    assert "40 → 50" in organization.get(address).text


@pytest.mark.row("5.2.1")
def test_a_subject_is_switched_off_and_deleted_from_the_list(lite_books: World) -> None:
    app = site(lite_books)
    organization, school = user(app, "organization1"), user(app, "school1")
    assert organization.post("/exam-subjects/new", data=FORM).status_code == 302
    made = max(ids(lite_books, select(ExamSubject.id)))
    form = {"ids": str(made), "back": "/exam-subjects/"}
    assert school.post("/lists/exam_subject/send", data={**form, "element": "disable"}).status_code == 404
    assert "完成 1 条" in organization.post("/lists/exam_subject/send", data={**form, "element": "disable"}, follow_redirects=True).text
    assert name_of(lite_books, ExamSubject, made).status == "已停用"
    assert "已停用" in school.get(f"/exam-subjects/{made}").text  # a school sees that it is off
    assert organization.post(f"/exam-subjects/{made}/edit", data={**FORM, "minutes": "45"}).status_code == 302  # off, it is edited too
    assert "完成 1 条" in organization.post("/lists/exam_subject/send", data={**form, "element": "delete"}, follow_redirects=True).text
    assert organization.get(f"/exam-subjects/{made}").status_code == 404
    with lite_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count(ExamSubject.id)).where(ExamSubject.name == FORM["name"])) == 0
