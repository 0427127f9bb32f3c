"""考核站点申报 through the pages: a site a certificate, its PDF, the organization's review, and what others may not."""

from __future__ import annotations

import html
import re

import pytest

from tests.conftest import World
from tests.domain.ground.contents import PDF, png
from tests.webapp.clients import site, user
from tests.webapp.exams.applications import CERTIFICATE, FORM_KEY, apply
from tests.webapp.files.uploads import send
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "exam_site.index": get("200"),
    "exam_site.show": get("school1 organization1 operator: 200; 404"),
    "exam_site.edit": get("school1 organization1 operator: 409; 404"),
    "exam_site.store": post("school1 organization1 operator: 409; 404"),
    "exam_site.new": get("schools: 200; 403"),
    "exam_site.create": post("schools: 409; 403"),
}  # fmt: skip


@pytest.mark.row("5.2.4.1", "5.2.4.2")
def test_a_site_is_applied_for_once_and_reviewed(lite_books: World) -> None:
    school, organization = user(site(lite_books), "school1"), user(site(lite_books), "organization1")
    assert CERTIFICATE in school.get("/sites/new").text
    assert send(school, "照片.png", png(), FORM_KEY).status_code != 200  # the application form is a PDF
    assert apply(school) == 302
    page = school.get("/sites/").text
    assert f"金陵职业技术学院{CERTIFICATE}考核站点" in page
    assert "待审核" in page
    assert apply(school) == 409
    assert "撤销" in page
    review = organization.get("/sites/").text
    assert ">审核</a>" in review
    task = review.split("/inbox/tasks/")[1].split('"')[0]
    file = re.search(r'href="(/files/[^"]+)" download>申报表.pdf', organization.get(f"/inbox/tasks/{task}").text)
    assert file is not None  # the reviewer reads what was handed in where they decide
    with organization.get(html.unescape(file[1])) as answer:
        assert answer.data == PDF
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "审核退回", "comment": ""}).status_code == 422
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "审核通过"}).status_code == 302
    shown = school.get("/sites/1").text
    assert "审核通过" in shown
    assert "申报表.pdf" in shown
    assert school.get("/sites/1/edit").status_code == 409


@pytest.mark.row("5.2.4.2")
def test_several_drafts_are_deleted_at_once(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert apply(school, "保存") == 302
    assert "批量删除考核站点" in school.get("/sites/").text
    answer = school.post("/lists/exam_site/send", data={"ids": "1", "element": "delete_draft", "back": "/sites/"}, follow_redirects=True)
    assert "完成 1 条" in answer.text
    assert school.get("/sites/1").status_code == 404
    assert apply(school) == 302  # the certificate is free again


@pytest.mark.row("5.2.4.2")
@pytest.mark.parametrize("account", ["school2", "organization2", "province1", "supervisor"])
def test_nobody_else_sees_a_site(lite_books: World, account: str) -> None:
    assert apply(user(site(lite_books), "school1")) == 302
    other = user(site(lite_books), account)
    assert other.get("/sites/1").status_code == 404
    assert "金陵职业技术学院Web" not in other.get("/sites/").text
