"""电子签章 through the pages: the section of the school's page, the upload, the picture, 停用; and what is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from domain.ground.vault import open_vault
from domain.institutions.seals import Seal
from processes import tables
from tests.conftest import NOON, World
from tests.counting import count
from tests.domain.institutions.pkcs12 import PASSWORD, p12, picture
from tests.webapp.clients import site, user
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "seal.index": get("200"),
    "seal.show": get("school1: 200; 404"),
    "seal.picture": get("school1: 200; 404"),
    "seal.edit": get("school1: 409; 404"),
    "seal.store": post("school1: 409; 404", {"act": "保存", "version": "9"}),
    "seal.new": get("schools: 200; 403"),
    "seal.create": post("schools: 422; 403"),
    "records.diagram of a seal": get("school1: 200; 404", key="seal"),
    "bulk.export of seals": post("school1: 200; 302", {"ids": "1"}, name="seal"),
}  # fmt: skip

pytestmark = pytest.mark.row("2.2.1")


def upload(client: FlaskClient, shown: bytes | None = None, key: bytes | None = None, password: str = PASSWORD) -> TestResponse:
    data = {"password": password, "picture": (BytesIO(shown or picture()), "章.png"), "key": (BytesIO(key or p12()), "章.p12")}
    return client.post("/institutions/seals/new", data=data, content_type="multipart/form-data")


def test_the_whole_way(lite_books: World) -> None:
    app = site(lite_books)
    school = user(app, "school1")
    own = f"/institutions/schools/{lite_books.actor('school1').party_id}"
    assert "没有有效的电子签章" in school.get(own).text
    assert "电子签章" not in user(app, "operator").get(own).text
    assert upload(school).location == "/institutions/seals/1"
    page = school.get("/institutions/seals/1").text
    assert "生效" in page
    assert "金陵职业技术学院" in page
    assert "2026-11-24 至 2027-11-24" in page
    shown = school.get("/institutions/seals/1/picture")
    assert (shown.mimetype, shown.data[:4]) == ("image/png", b"\x89PNG")
    assert "签发使用第 1 版。<" in school.get(own).text
    lite_books.clock.now = NOON + timedelta(days=335)
    assert "2027-11-24 到期，请及时上传" in school.get(own).text
    assert "/messages/disable" in school.get("/institutions/seals/").text
    with lite_books.runtime.database.reading() as session:
        secret = open_vault(lite_books.runtime.settings).decrypt(session.get_one(Seal, 1).key)
    for address in (own, "/institutions/seals/", "/institutions/seals/1", "/institutions/seals/new"):
        body = school.get(address).data
        assert PASSWORD.encode() not in body
        assert secret[40:80] not in body


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": "wrong"}, "密码不正确"),
        ({"password": ""}, "须设有密码"),
        ({"shown": picture(mode="RGB", colour=(1, 2, 3))}, "没有透明背景"),
        ({"key": p12(first=NOON - timedelta(days=366))}, "已于 2026-11-24 到期"),
        ({"key": p12(first=NOON + timedelta(days=1))}, "从 2026-11-26 起才有效"),
    ],
)
def test_what_is_refused_leaves_nothing(lite: World, given: dict[str, bytes], said: str) -> None:
    answer = upload(user(site(lite), "school1"), **given)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert said in answer.text
    assert "没有保存任何内容" in answer.text
    assert count(lite, Seal) == count(lite, tables.instance) == 0


def test_a_new_version_and_an_old_one_switched_off(lite: World) -> None:
    school = user(site(lite), "school1")
    upload(school)
    upload(school)
    page = school.get("/institutions/seals/").text
    assert "共 2 条" in page
    sent = school.post("/records/2/messages/disable", data={"name": "停用", "back": "/institutions/seals/"}, follow_redirects=True)
    assert "已停用" in sent.text
    assert count(lite, Seal) == 2


def test_the_password_is_written_nowhere(lite: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    upload(user(site(lite), "school1"))
    lite.runtime.database.engine.dispose()
    kept = b"".join(path.read_bytes() for path in lite.runtime.settings.home.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept
    assert PASSWORD not in caplog.text


def test_a_certificate_that_never_ends_is_shown_as_such(world_books: World) -> None:
    app = site(world_books)
    school = user(app, "school1")
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280, 4.1.2.5
    answer = upload(school, key=p12(first=never - timedelta(days=2_913_500), days=2_913_500))
    assert answer.status_code == 302
    assert "9999-12-31" in school.get(answer.location).text
    assert school.get("/institutions/seals/").status_code == 200
    assert school.get("/").status_code == 200
    with school.post("/lists/seal/export", data={"back": "/"}) as exported:
        assert "spreadsheetml" in exported.content_type
