"""证书管理 through the pages: what each sees, edits, and may not reach."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, not_piloted, piloted, total


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
