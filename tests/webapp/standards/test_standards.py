"""标准管理 through the pages: what each sees, edits, and may not reach."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.standards.site_standards import SiteStandard
from domain.standards.skill_standards import SkillStandard, skill_standard_certificate
from processes import tables
from tests.conftest import World
from tests.domain.ground.contents import PDF
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, own, piloted, total
from tests.webapp.files.uploads import send
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "skill_standard.index": get("200"),
    "skill_standard.show": get("school2 school3 designer supervisor organization2 teacher2: 404; 200"),
    "skill_standard.edit": get("school2 school3 designer supervisor organization2 teacher2: 404; organization1: 200; 409"),
    "skill_standard.store": post("school2 school3 designer supervisor organization2 teacher2: 404; organization1: 422; 403"),
    "skill_standard.new": get("organizations: 200; 403"),
    "skill_standard.create": post("organizations: 422; 403"),
    "site_standard.index": get("200"),
    "site_standard.show": get("province2 province2b organization1 operator: 200; 404"),
    "site_standard.edit": get("province2 province2b operator: 409; organization1: 200; 404"),
    "site_standard.store": post("province2 province2b operator: 403; organization1: 422; 404"),
    "site_standard.new": get("organizations: 200; 403"),
    "site_standard.create": post("organizations: 422; 403"),
}  # fmt: skip


@pytest.mark.row("3.1", "3.2")
def test_a_school_sees_the_standards_of_its_certificates(lite_books: World) -> None:
    school, mine = user(site(lite_books), "school1"), piloted(lite_books, "school1")
    link = skill_standard_certificate.c
    skill = set(ids(lite_books, select(link.standard_id).where(link.certificate_id.in_(mine))))
    assert total(school, "/standards/skills/") == len(skill)
    assert total(school, "/standards/sites/") == len(mine)
    page = school.get("/standards/sites/").text
    assert "已启用 " in page
    assert "已停用 " in page
    assert total(school, "/standards/sites/?certificate=网店") == 2
    (hidden, *_) = ids(lite_books, select(SiteStandard.id).where(SiteStandard.certificate_id.not_in(mine)))
    (seen, *_) = ids(lite_books, select(SiteStandard.id).where(SiteStandard.certificate_id.in_(mine)))
    assert "场地要求" in school.get(f"/standards/sites/{seen}").text
    assert "停用" not in school.get(f"/standards/sites/{seen}").text.split("流程图")[0].replace("已停用", "")
    assert school.get(f"/standards/sites/{seen}/edit").status_code == 409
    assert school.get("/standards/sites/new").status_code == 403
    for address in (f"/standards/sites/{hidden}", f"/standards/sites/{hidden}/edit", f"/records/site_standard/{hidden}/diagram.json"):
        assert school.get(address).status_code == 404
    (unseen, *_) = ids(lite_books, select(SkillStandard.id).where(SkillStandard.id.not_in(skill)))
    assert school.get(f"/standards/skills/{unseen}").status_code == 404


@pytest.mark.row("3.1", "3.2")
def test_an_organization_adds_edits_and_switches_off_standards(lite_books: World) -> None:
    app = site(lite_books)
    organization, other, school = user(app, "organization1"), user(app, "organization2"), user(app, "school1")
    label = name_of(lite_books, Certificate, piloted(lite_books, "school1")[0]).label
    with lite_books.runtime.database.reading() as session:
        mine = session.scalars(select(Certificate).where(Certificate.party_id == own(lite_books, "organization1"))).all()
        label = next(certificate.label for certificate in mine if certificate.id in piloted(lite_books, "school1"))
    data = {"certificate": label, "version": "2026.9", "space": "场地甲", "equipment": "设备甲", "staff": "人员甲", "network": "网络甲"}
    assert label in organization.get("/standards/sites/new").text
    missing = organization.post("/standards/sites/new", data={**data, "space": "", "act": "保存"})
    assert missing.status_code == 422
    assert "设备甲" in missing.text
    assert organization.post("/standards/sites/new", data={**data, "certificate": "软件测试实施（中级）"}).status_code == 422
    assert organization.post("/standards/sites/new", data={**data, "act": "保存"}).status_code == 302
    again = organization.post("/standards/sites/new", data={**data, "act": "保存"})
    assert again.status_code == 409
    assert "同一版本" in again.text
    made = max(ids(lite_books, select(SiteStandard.id)))
    assert name_of(lite_books, SiteStandard, made).status == "已启用"
    address = f"/standards/sites/{made}"
    assert "场地甲" in school.get(address).text
    for client in (other,):
        assert client.get(address).status_code == 404
        assert client.post(f"{address}/edit", data=data).status_code == 404
    assert organization.post(f"{address}/edit", data={**data, "space": "", "act": "保存"}).status_code == 422
    assert organization.post(f"{address}/edit", data={**data, "space": "场地乙", "act": "保存"}).status_code == 302
    assert "场地甲 → 场地乙" in organization.get(address).text
    (instance,) = ids(
        lite_books, select(tables.instance.c.id).where(tables.instance.c.key == "site_standard", tables.instance.c.subject_id == made)
    )
    switch = f"/records/{instance}/messages/disable"
    assert school.post(switch, data={"name": "停用"}).status_code == 403
    assert other.post(switch, data={"name": "停用"}).status_code == 404
    assert organization.post(switch, data={"name": "停用", "back": "/standards/sites/"}).status_code == 302
    assert name_of(lite_books, SiteStandard, made).status == "已停用"


@pytest.mark.row("3.1", "3.2")
@pytest.mark.parametrize("kind", ["skills", "sites"])
def test_a_standards_files_are_there_for_those_who_may_see_it(lite_books: World, kind: str) -> None:
    app = site(lite_books)
    organization, school = user(app, "organization1"), user(app, "school1")
    key = {"skills": "skill_standard", "sites": "site_standard"}[kind]
    mine = piloted(lite_books, "school1")
    with lite_books.runtime.database.reading() as session:
        issued = session.scalars(select(Certificate).where(Certificate.party_id == own(lite_books, "organization1"))).all()
    (label, *_) = [certificate.label for certificate in issued if certificate.id in mine]
    kept = send(organization, "标准.pdf", PDF, f"form={key}/new/&field=attachments").get_json()["id"]
    data = {
        "skills": {"code": "X-2026-9", "name": "标准甲乙", "certificates.0.certificate": label, "requirements": "要求甲"},
        "sites": {"certificate": label, "version": "2026.8", "space": "甲", "equipment": "乙", "staff": "丙", "network": "丁"},
    }[kind]
    answer = organization.post(f"/standards/{kind}/new", data={**data, "attachments": str(kept), "act": "保存"})
    assert answer.status_code == 302
    made = max(ids(lite_books, select(SkillStandard.id if kind == "skills" else SiteStandard.id)))
    assert "标准.pdf" in school.get(f"/standards/{kind}/{made}").text
    address = f"/files/{kept}?key={key}&record={made}"
    with school.get(address) as answer:
        assert answer.data == PDF
    assert school.get(f"/files/{kept}").status_code == 404  # only through the standard
    assert user(app, "organization2").get(address).status_code == 404
    assert user(app, "supervisor").get(address).status_code == 404
