"""监考人员 through the pages: the school adds, edits and deletes, the organization of each certificate certifies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from domain.exams.invigilators import CertifiedPerson, Invigilator, InvigilatorCertificate
from jobs.invigilators import correct
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.people import FORM, add
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "invigilators.index": get("200"),
    "invigilators.show": get("school1: 200+; 404"),
    "invigilators.edit": get("school1: 200+; 404"),
    "invigilators.store": post("school1: 422; 404"),
    "invigilators.new": get("schools: 200; 403"),
    "invigilators.create": post("schools: 422; 403"),
    "invigilators.delete": post("school1: 302+; 404"),
    "invigilator_certificate.index": get("200"),
    "invigilator_certificate.show": get("school1 organization1: 200+; 404"),
    "invigilator_certificate.edit": get("school1 organization1: 409; 404"),
    "invigilator_certificate.store": post("school1 organization1: 409; 404"),
}  # fmt: skip
WEB, SHOP = "Web前端开发与调试（中级）", "网店运营（中级）"  # of organization1, piloted by school1


def edit(client: FlaskClient, *certificates: str, **changes: str) -> tuple[int, str]:
    """Saves the first invigilator anew; returns the HTTP status, and the page."""
    seen = re.search(r'name="seen" value="(\d+)"', client.get("/invigilators/1/edit").text)
    assert seen is not None
    data = {**FORM, **changes, "certificates": list(certificates), "seen": seen[1]}
    answer = client.post("/invigilators/1/edit", data=data)
    return answer.status_code, answer.text


def fixed(page: str) -> list[str]:
    """The certificates that the form shows, but lets nobody take away; each is sent all the same."""
    shown = re.findall(r'name="certificates" value="([^"]+)" checked disabled>', page)
    assert shown == re.findall(r'<input type="hidden" name="certificates" value="([^"]+)">', page)
    return shown


def answer(client: FlaskClient, certificate: int, outcome: str, comment: str = "") -> int:
    """Answers the open task about a certificate; returns the HTTP status."""
    task = client.get(f"/invigilator-certificates/{certificate}").text.split("/inbox/tasks/")[1].split('"')[0]
    return client.post(f"/inbox/tasks/{task}", data={"outcome": outcome, "comment": comment}).status_code


def statuses(world: World) -> dict[str, str]:
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []
        return {one.certificate.label: one.status for one in session.scalars(select(InvigilatorCertificate))}


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_each_certificate_is_certified_by_its_organization(lite_books: World) -> None:
    app = site(lite_books)
    school, organization, other = user(app, "school1"), user(app, "organization1"), user(app, "organization2")
    assert WEB in school.get("/invigilators/new").text
    assert add(school, WEB, SHOP) == 302
    assert statuses(lite_books) == {WEB: "待认证", SHOP: "待认证"}
    assert total(organization, "/invigilator-certificates/") == 2
    assert total(other, "/invigilator-certificates/") == 0
    assert other.get("/invigilator-certificates/1").status_code == 404
    page = organization.get("/invigilator-certificates/1").text
    for known in ("王小明", FORM["id_number"], "信息工程学院", "金陵职业技术学院", WEB):
        assert known in page
    assert answer(organization, 1, "认证退回") == 422  # needs an opinion
    assert answer(organization, 1, "认证退回", "证件号与考评员证不符") == 302
    assert answer(organization, 2, "认证") == 302
    assert statuses(lite_books) == {WEB: "认证退回", SHOP: "已认证"}
    shown = school.get("/invigilators/1").text
    assert "证件号与考评员证不符 —— 吴霞" in shown
    for status in ("认证退回", "已认证"):
        assert status in school.get("/invigilators/").text
        assert total(school, f"/invigilators/?certified={status}") == 1
    assert total(school, "/invigilators/?certified=待认证") == 0
    assert total(school, "/invigilators/?certificate=网店") == 1
    assert edit(school, WEB, SHOP, unit="教务处")[0] == 302
    assert answer(school, 1, "重新提交", "已更正") == 302
    assert statuses(lite_books) == {WEB: "待认证", SHOP: "已认证"}


@pytest.mark.row("5.2.11.1")
def test_a_certified_certificate_and_its_person_stay(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert add(school, WEB, SHOP) == 302
    assert answer(organization, 1, "认证") == 302
    form = school.get("/invigilators/1/edit").text
    assert fixed(form) == [WEB]
    assert "（已认证，不能删除）" in form
    status, page = edit(school, SHOP, mobile="13911110009")
    assert status == 409
    assert fixed(page) == [WEB]
    assert f"证书“{WEB}”目前的状态是“已认证”，不能删除" in page
    assert "13911110009" in page  # nothing typed is lost, and nothing of it was stored
    assert name_of(lite_books, Invigilator, 1).mobile == FORM["mobile"]
    status, page = edit(school, WEB, SHOP, name="王大明")
    assert status == 409
    assert "姓名和证件号不能修改" in page
    refused = school.post("/invigilators/1/delete", follow_redirects=True).text
    assert f"证书“{WEB}”目前的状态是“已认证”，不能删除" in refused
    assert statuses(lite_books) == {WEB: "已认证", SHOP: "待认证"}  # the other one was not taken away either
    assert edit(school, WEB, mobile="13911110009")[0] == 302
    assert statuses(lite_books) == {WEB: "已认证"}
    cancel = "/records/{}/messages/certified"
    (instance, *_) = ids(lite_books, select(tables.instance.c.id).where(tables.instance.c.key == "invigilator_certificate"))
    assert school.post(cancel.format(instance), data={"name": "取消认证"}).status_code == 403
    assert organization.post(cancel.format(instance), data={"name": "取消认证"}).status_code == 302
    assert fixed(school.get("/invigilators/1/edit").text) == []
    assert edit(school, WEB, name="王大明")[0] == 302
    assert school.post("/invigilators/1/delete").status_code == 302
    assert (school.get("/invigilators/1").status_code, statuses(lite_books)) == (404, {})


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_nobody_certifies_a_person_whom_they_have_not_seen(world_books: World) -> None:
    app = site(world_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert add(school, WEB, SHOP) == 302
    assert answer(organization, 2, "认证退回", "请核对姓名") == 302
    open_task = organization.get("/invigilator-certificates/1").text.split("/inbox/tasks/")[1].split('"')[0]
    assert edit(school, WEB, SHOP, mobile="13911110009")[0] == 302  # that is nothing the certification is about
    assert organization.get(f"/inbox/tasks/{open_task}").status_code == 200
    assert edit(school, WEB, SHOP, name="王大明", mobile="13911110009", id_number="110105194912310046")[0] == 302
    late = organization.post(f"/inbox/tasks/{open_task}", data={"outcome": "认证", "comment": ""}, follow_redirects=True)
    assert "张文（金陵职业技术学院）已于 2026-11-25 12:00 更正身份信息" in late.text
    assert statuses(world_books) == {WEB: "待认证", SHOP: "认证退回"}
    assert "姓名：王小明 → 王大明；证件号：110105***002X → 110105***0046" in organization.get("/invigilator-certificates/1").text
    assert "姓名：王小明 → 王大明" in organization.get("/invigilator-certificates/2").text  # told where it was sent back too
    assert "王大明" in organization.get("/inbox/").text
    assert answer(organization, 1, "认证") == 302
    assert statuses(world_books) == {WEB: "已认证", SHOP: "认证退回"}


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_what_is_certified_while_the_school_renames_keeps_its_person(world_books: World) -> None:
    app = site(world_books)
    assert add(user(app, "school1"), WEB) == 302
    before = {"name": "王大明", "id_number": FORM["id_number"]}
    assert answer(user(app, "organization1"), 1, "认证") == 302  # after the school's form was checked, before it is stored
    engine, school = world_books.runtime.engine, world_books.actor("school1")
    with world_books.runtime.database.writing() as session, pytest.raises(CertifiedPerson):
        correct(engine, session, school, session.get_one(Invigilator, 1), before)
    assert statuses(world_books) == {WEB: "已认证"}


@pytest.mark.row("5.2.11.1")
def test_what_may_not_be_saved_is_told(lite_books: World) -> None:
    app = site(lite_books)
    school, other = user(app, "school1"), user(app, "school2")
    assert add(school, id_number="110105194912310021") == 422
    assert add(school, "没有的证书（中级）") == 409
    assert add(school, WEB) == 302
    assert add(school, name="李小红") == 409  # the same id number
    assert add(other) == 302  # in another school it is somebody else's record
    assert other.get("/invigilators/1").status_code == 404
    assert other.post("/invigilators/1/delete").status_code == 404
    assert "王小明" not in user(app, "organization1").get("/invigilators/").text
    assert total(school, "/invigilators/") == 1
    stale = school.post("/invigilators/1/edit", data={**FORM, "unit": "教务处", "seen": "0"})
    assert stale.status_code == 409  # somebody else's change would be lost
    assert statuses(lite_books) == {WEB: "待认证"}


@pytest.mark.row("5.2.11.1")
def test_a_label_written_otherwise_is_the_same_certificate(world_books: World) -> None:
    school = user(site(world_books), "school1")
    assert add(school, WEB) == 302
    other = WEB.replace("（", "(").replace("）", ")")
    for posted in ((WEB, other), (other,), (f"{WEB} ", WEB)):
        assert (posted, edit(school, *posted)[0]) == (posted, 302)
        assert statuses(world_books) == {WEB: "待认证"}
    with world_books.runtime.database.reading() as session:
        assert session.scalars(select(InvigilatorCertificate.id)).all() == [1]  # none was taken away and given anew


@pytest.mark.row("5.2.11.1", "5.2.11.2")
def test_lists_mask_the_id_number_and_who_looks_is_written_down(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert add(school, WEB) == 302
    for client, address in ((school, "/invigilators/"), (organization, "/invigilator-certificates/")):
        page = client.get(address).text
        assert FORM["id_number"] not in page
        assert "110105***002X" in page
    assert FORM["id_number"] in school.get("/invigilators/1").text
    assert "张文（金陵职业技术学院）</b> 查看" in school.get("/invigilators/1").text
    assert FORM["id_number"] in organization.get("/invigilator-certificates/1").text
    assert "吴霞（华信培训评价中心）</b> 查看" in school.get("/invigilator-certificates/1").text


@pytest.mark.row("5.2.11.2")
def test_many_are_certified_at_once(lite_books: World) -> None:
    app = site(lite_books)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert add(school, WEB, SHOP) == 302
    assert "批量认证" in organization.get("/invigilator-certificates/").text
    form = {"ids": ["1", "2"], "element": "review", "back": "/invigilator-certificates/"}
    batch = "/lists/invigilator_certificate"
    assert organization.post(f"{batch}/review", data=form).status_code == 200
    done = organization.post(f"{batch}/finish", data={**form, "outcome": "认证退回", "comment": "请补充考评员证"}, follow_redirects=True)
    assert "完成 2 条" in done.text
    assert set(statuses(lite_books).values()) == {"认证退回"}
    form["element"] = "revise"
    done = school.post(f"{batch}/finish", data={**form, "outcome": "重新提交"}, follow_redirects=True)
    assert "完成 2 条" in done.text
    assert set(statuses(lite_books).values()) == {"待认证"}


@pytest.mark.row("5.2.11.3")
def test_the_export_shows_every_certificate_with_its_status(lite_books: World, tmp_path: Path) -> None:
    app = site(lite_books)
    school = user(app, "school1")
    assert add(school, WEB, SHOP) == 302
    assert add(school, id_number="110105194912310046", name="李小红") == 302
    for ticked, expected in ((["1"], ["王小明"]), ([], ["李小红", "王小明"])):
        with school.post("/lists/invigilators/export", data={"ids": ticked, "back": "/invigilators/"}) as exported:
            (tmp_path / "a.xlsx").write_bytes(exported.data)
        sheet = load_workbook(tmp_path / "a.xlsx").active
        assert sheet is not None
        head, *rows = list(sheet.values)
        assert [row[0] for row in rows] == expected
        assert dict(zip(head, rows[-1], strict=True))["证书"] == f"{WEB}[待认证]、{SHOP}[待认证]"
