"""机构管理 through the pages: what each sees, edits, and may not reach."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.ground.parties import Party
from domain.institutions.organizations import Organization
from domain.institutions.schools import CertificateLead, School
from domain.platform.changes import Change
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, not_piloted, own, piloted, total

ORGANIZATION = {
    "credit_code": "",
    "nature": "企业",
    "province": "北京市",
    "city": "北京市",
    "contact": "吴霞",
    "phone": "010-60000000",
    "email": "a@example.com",
}


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
