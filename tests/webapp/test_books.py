"""机构管理, 标准管理 and 证书管理 through the pages: what each sees, edits, and may not reach."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate
from domain.ground.parties import Party
from domain.institutions.organizations import Organization
from domain.institutions.schools import CertificateLead, School
from domain.platform.changes import Change
from domain.standards.site_standards import SiteStandard
from domain.standards.skill_standards import SkillStandard, skill_standard_certificate
from processes import tables
from tests.conftest import World
from tests.domain.ground.contents import PDF
from tests.webapp.test_files import send
from tests.webapp.test_weekly import counted, site, user

ORGANIZATION = {
    "credit_code": "",
    "nature": "企业",
    "province": "北京市",
    "city": "北京市",
    "contact": "吴霞",
    "phone": "010-60000000",
    "email": "a@example.com",
}


def ids(world: World, query: Any) -> list[int]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(query))


def own(world: World, account: str) -> int:
    return world.actor(account).party_id


def piloted(world: World, account: str) -> list[int]:
    return ids(world, select(PilotCertificate.certificate_id).where(PilotCertificate.party_id == own(world, account)))


def not_piloted(world: World, account: str) -> list[int]:
    return ids(world, select(Certificate.id).where(Certificate.id.not_in(piloted(world, account))))


def total(client: FlaskClient, address: str) -> int:
    page = client.get(address)
    assert page.status_code == 200, address
    return int(page.text.split("共 ")[1].split(" 条")[0]) if "共 " in page.text else 0


def name_of(world: World, record: type[Any], record_id: int) -> Any:
    with world.runtime.database.reading() as session:
        return session.get_one(record, record_id)


@pytest.mark.row("2.1.1", "2.1.2")
def test_a_school_sees_the_organizations_it_pilots_with(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    owners = set(ids(lite_books, select(Certificate.party_id).where(Certificate.id.in_(piloted(lite_books, "school1")))))
    assert total(school, "/institutions/organizations/") == len(owners)
    with lite_books.runtime.database.reading() as session:
        hidden = session.scalars(select(Organization.id).where(Organization.id.not_in(owners))).first()
        mine = session.scalars(select(Certificate).where(Certificate.id.in_(piloted(lite_books, "school1")))).all()
        others = session.scalars(select(Certificate).where(Certificate.id.not_in(piloted(lite_books, "school1")))).all()
    organization = own(lite_books, "organization1")
    page = school.get(f"/institutions/organizations/{organization}").text
    assert "已试点的证书" in page
    for certificate in mine:
        assert (certificate.code in page) == (certificate.party_id == organization)
    assert not any(certificate.code in page for certificate in others)
    assert school.get(f"/institutions/organizations/{hidden}").status_code == 404
    assert total(school, "/institutions/organizations/?name=华信") == 1
    assert "没有符合条件的记录" in school.get("/institutions/organizations/?name=%25").text


@pytest.mark.row("2.2.1")
def test_a_school_edits_its_own_record(lite_books: World) -> None:
    app = site(lite_books)
    school, id = user(app, "school1"), own(lite_books, "school1")
    address = f"/institutions/schools/{id}"
    labels = [name_of(lite_books, Certificate, certificate).label for certificate in piloted(lite_books, "school1")]
    assert total(school, "/institutions/schools/") == 1
    assert "试点证书负责人" in school.get(address).text
    form = school.get(f"{address}/edit").text
    assert 'name="city"' in form
    assert 'name="level"' not in form  # the platform keeps it
    data = {"city": "苏州市", "address": "文昌路 1 号", "contact": "张文", "mobile": "13900001111", "seen": "0"}
    lead = {"leads.0.certificate": labels[0], "leads.0.name": "钱进", "leads.0.mobile": "13900002222"}
    refused = school.post(f"{address}/edit", data={**data, **lead, "mobile": "123"})
    assert refused.status_code == 422
    assert "手机号应为 11 位数字" in refused.text
    assert "苏州市" in refused.text
    hers = name_of(lite_books, Certificate, not_piloted(lite_books, "school1")[0]).label
    assert school.post(f"{address}/edit", data={**data, **lead, "leads.0.certificate": hers}).status_code == 422
    twice = {f"leads.1.{key.split('.')[2]}": value for key, value in lead.items()}
    again = school.post(f"{address}/edit", data={**data, **lead, **twice})
    assert again.status_code == 409
    assert "每个证书只填一位" in again.text
    assert school.post(f"{address}/edit", data={**data, **lead, "level": "本科", "name": "改名"}).status_code == 302
    page = school.get(address).text
    assert "南京市 → 苏州市" in page
    assert "钱进" in page
    record = name_of(lite_books, School, id)
    assert (record.city, record.level) == ("苏州市", "高职")
    assert name_of(lite_books, Party, id).name == "金陵职业技术学院"
    assert len(ids(lite_books, select(CertificateLead.id).where(CertificateLead.school_id == id))) == 1
    stale = school.post(f"{address}/edit", data={**data, "city": "扬州市"})
    assert stale.status_code == 409
    assert "其他人已修改过" in stale.text
    assert "扬州市" in stale.text
    assert name_of(lite_books, School, id).city == "苏州市"


@pytest.mark.row("2.2.1")
@pytest.mark.parametrize("account", ["school2", "school3", "organization2", "province2", "designer", "supervisor"])
def test_another_schools_record_is_not_there(lite_books: World, account: str) -> None:
    id = own(lite_books, "school1")
    piloting = {row.party_id for certificate in piloted(lite_books, "school1") for row in [name_of(lite_books, Certificate, certificate)]}
    client = user(site(lite_books), account)
    sees = own(lite_books, account) in piloting  # an organization sees the schools that pilot its certificates
    for address in (f"/institutions/schools/{id}", f"/institutions/schools/{id}/edit"):
        assert client.get(address).status_code == (404 if not sees else 200 if address.endswith(str(id)) else 403), address
    answer = client.post(f"/institutions/schools/{id}/edit", data={"city": "无名市", "seen": "0"})
    assert answer.status_code == (403 if sees else 404)
    assert name_of(lite_books, School, id).city == "南京市"
    assert "金陵职业技术学院" not in client.get("/institutions/schools/").text or sees


@pytest.mark.row("2.2.1")
def test_a_province_sees_its_schools_and_edits_none(lite_books: World) -> None:
    province, id = user(site(lite_books), "province1"), own(lite_books, "school1")
    of_province = ids(lite_books, select(Party.id).where(Party.province_id == own(lite_books, "province1")))
    assert total(province, "/institutions/schools/") == len(of_province)
    assert province.get(f"/institutions/schools/{id}").status_code == 200
    assert province.get(f"/institutions/schools/{id}/edit").status_code == 403
    assert province.post(f"/institutions/schools/{id}/edit", data={}).status_code == 403


@pytest.mark.row("4.1")
def test_certificates_begin_with_those_piloted(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    mine, everything = len(piloted(lite_books, "school1")), len(ids(lite_books, select(Certificate.id)))
    assert total(school, "/certificates/") == mine
    assert total(school, "/certificates/?scope=") == everything
    assert 0 < total(school, "/certificates/?scope=&grade=高级") < everything
    assert total(school, "/certificates/?scope=&name=网店&grade=中级") == 1
    assert total(school, "/certificates/?scope=&organization=华信") == 12
    assert total(school, "/certificates/?scope=&major=530701") > 0
    other = not_piloted(lite_books, "school1")[0]
    page = school.get(f"/certificates/{other}").text
    assert "基本信息" in page
    assert "对应专业" in page
    assert "2021 年版" in page
    assert "编辑" not in page
    assert school.get(f"/certificates/{other}/edit").status_code == 403
    assert school.get("/certificates/999999").status_code == 404


@pytest.mark.row("4.1")
def test_an_organization_keeps_its_certificates(lite_books: World) -> None:
    app = site(lite_books)
    organization = user(app, "organization1")
    assert total(organization, "/certificates/") == 12
    (mine,) = ids(lite_books, select(Certificate.id).where(Certificate.name == "网店运营", Certificate.grade == "中级"))
    (hers,) = ids(lite_books, select(Certificate.id).where(Certificate.name == "软件测试实施", Certificate.grade == "中级"))
    assert organization.get(f"/certificates/{hers}").status_code == 404
    assert organization.post(f"/certificates/{hers}/edit", data={"fee": "1"}).status_code == 404
    assert organization.get("/certificates/new").status_code == 403
    address, major = f"/certificates/{mine}/edit", "530701 电子商务（高职，2021 版）"
    assert major in organization.get(address).text
    data = {"fee": "299.5", "ground": "白", "description": "新的说明", "majors.0.major": major, "seen": "0", "code": "99999"}
    assert organization.post(address, data={**data, "fee": "1.234"}).status_code == 422
    assert organization.post(address, data={**data, "majors.0.major": "没有的专业"}).status_code == 422
    assert organization.post(address, data=data).status_code == 302
    page = organization.get(f"/certificates/{mine}").text
    assert "→ 299.5" in page
    assert ">299.5</td>" in organization.get("/certificates/").text
    assert "530701" in page
    assert "530702" not in page.split("修改记录")[0]
    certificate = name_of(lite_books, Certificate, mine)
    assert (certificate.fee, certificate.ground, certificate.code) == (certificate.fee, "白", certificate.code)
    assert certificate.code != "99999"


@pytest.mark.row("2.1.1", "4.1")
def test_the_operator_adds_an_organization_and_a_certificate(lite_books: World) -> None:
    operator = user(site(lite_books), "operator")
    data = {**ORGANIZATION, "name": "新立职业评价有限公司", "code": "12345678X"}
    assert operator.post("/institutions/organizations/new", data={**data, "code": "短"}).status_code == 422
    made = operator.post("/institutions/organizations/new", data=data)
    assert made.status_code == 302
    assert "新立职业评价有限公司" in operator.get(made.location).text
    taken = operator.post("/institutions/organizations/new", data={**data, "name": "同码组织"})
    assert taken.status_code == 409
    assert "已有代码相同" in taken.text
    assert "同码组织" in taken.text
    certificate = {
        "name": "新证书", "code": "99991", "grade": "初级", "organization": "新立职业评价有限公司", "ground": "红",
        "majors.0.major": "530701 电子商务（高职，2021 版）",
    }  # fmt: skip
    made = operator.post("/certificates/new", data=certificate)
    assert made.status_code == 302
    assert "新立职业评价有限公司" in operator.get(made.location).text
    assert operator.post("/certificates/new", data={**certificate, "code": "99992"}).status_code == 409
    for account in ("school1", "province1", "organization1", "designer"):
        client = user(site(lite_books), account)
        for address in ("/institutions/organizations/new", "/certificates/new"):
            assert client.get(address).status_code == 403
            assert client.post(address, data=data).status_code == 403


@pytest.mark.row("2.1.1")
def test_an_organization_edits_itself_alone(lite_books: World) -> None:
    organization, id = user(site(lite_books), "organization1"), own(lite_books, "organization1")
    other = own(lite_books, "organization2")
    assert (
        organization.post(f"/institutions/organizations/{id}/edit", data={**ORGANIZATION, "seen": "0", "name": "改名"}).status_code == 302
    )
    assert name_of(lite_books, Party, id).name == "华信培训评价中心"
    assert name_of(lite_books, Organization, id).phone == "010-60000000"
    for address in (f"/institutions/organizations/{other}", f"/institutions/organizations/{other}/edit"):
        assert organization.get(address).status_code == 404
    assert organization.post(f"/institutions/organizations/{other}/edit", data=ORGANIZATION).status_code == 404
    assert ids(lite_books, select(Change.record_id)) == [id]


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


@pytest.mark.row("2.1.1", "2.2.1", "3.1", "3.2", "4.1")
def test_queries_do_not_grow_with_the_rows(lite_books: World) -> None:
    app = site(lite_books)
    few, many = user(app, "school1"), user(app, "operator")
    for address in ("/institutions/organizations/", "/institutions/schools/", "/certificates/", "/standards/skills/", "/standards/sites/"):
        found = []
        for client in (few, few, many):  # the first reads the diagram too
            with counted(lite_books) as (statements, commits):
                assert client.get(address + "?size=100").status_code == 200
            found.append(len(statements))
            assert not commits
        assert found[2] <= found[1] <= 9, (address, found)


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
    kept = send(organization, "标准.pdf", PDF, f"place={key}/new/&field=attachments").get_json()["id"]
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


@pytest.mark.row("2.1.3", "2.2.2")
@pytest.mark.parametrize(("listing", "button"), [("organizations", "批量导出培训评价组织信息"), ("schools", "批量导出院校信息")])
def test_institutions_are_exported(lite_books: World, listing: str, button: str) -> None:
    school = user(site(lite_books), "school1")
    page = school.get(f"/institutions/{listing}/").text
    assert button in page
    shown = total(school, f"/institutions/{listing}/")
    assert exported(school, listing, all="1") == shown > 0
    first = own(lite_books, "organization1" if listing == "organizations" else "school1")
    assert exported(school, listing, ids=str(first)) == 1
    hidden = own(lite_books, "school2")
    assert exported(school, listing, ids=str(hidden)) == 0


def exported(client: FlaskClient, listing: str, **data: str) -> int:
    """How many rows the workbook has, its header apart; 0 where there is nothing to export."""
    with client.post(f"/lists/{listing}/export", data=data) as answer:
        if answer.status_code == 302:
            return 0
        sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    return sheet.max_row - 1
