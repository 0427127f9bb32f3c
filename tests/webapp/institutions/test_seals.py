"""电子签章 of schools and of organizations through the pages: the section of the party's page, the upload, the picture, 停用; and what
is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from domain.ground.vault import open_vault
from domain.institutions.seals import SEAL_OF, SchoolSeal
from processes import tables
from tests.conftest import NOON, World
from tests.counting import count
from tests.domain.institutions.pkcs12 import PASSWORD, p12, picture
from tests.domain.institutions.test_seals import KEYS
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
    "organization_seal.index": get("200"),
    "organization_seal.show": get("organization1: 200; 404"),
    "organization_seal.picture": get("organization1: 200; 404"),
    "organization_seal.edit": get("organization1: 409; 404"),
    "organization_seal.store": post("organization1: 409; 404", {"act": "保存", "version": "9"}),
    "organization_seal.new": get("organizations: 200; 403"),
    "organization_seal.create": post("organizations: 422; 403"),
    "records.diagram of an organization's seal": get("organization1: 200; 404", key="organization_seal"),
    "bulk.export of organizations' seals": post("organization1: 200; 302", {"ids": "1"}, name="organization_seal"),
}  # fmt: skip

pytestmark = pytest.mark.row("2.2.1")


PLACES = {  # account → where the seals of its party are, and the pages of such parties
    "school1": ("/institutions/seals", "/institutions/schools"),
    "organization1": ("/institutions/organization-seals", "/institutions/organizations"),
}
each_kind = pytest.mark.parametrize("account", list(PLACES))


def upload(
    client: FlaskClient, shown: bytes | None = None, key: bytes | None = None, password: str = PASSWORD, place: str = PLACES["school1"][0]
) -> TestResponse:
    data = {"password": password, "picture": (BytesIO(shown or picture()), "章.png"), "key": (BytesIO(key or p12()), "章.p12")}
    return client.post(f"{place}/new", data=data, content_type="multipart/form-data")


@each_kind
def test_the_whole_way(lite_books: World, account: str) -> None:
    app, (seals, parties) = site(lite_books), PLACES[account]
    client, actor = user(app, account), lite_books.actor(account)
    own = f"{parties}/{actor.party_id}"
    assert "没有有效的电子签章" in client.get(own).text
    assert "电子签章" not in user(app, "operator").get(own).text
    assert upload(client, place=seals).location == f"{seals}/1"
    page = client.get(f"{seals}/1").text
    assert "生效" in page
    assert "金陵职业技术学院" in page  # as the certificate says
    assert f'href="{seals}/">' in page
    assert "2026-11-24 至 2027-11-24" in page
    assert f'src="{seals}/1/picture"' in page
    shown = client.get(f"{seals}/1/picture")
    assert (shown.mimetype, shown.data[:4]) == ("image/png", b"\x89PNG")
    page = client.get(own).text
    assert "签发使用第 1 版。<" in page
    assert f'href="{seals}/1"' in page
    assert f'href="{seals}/new"' in page
    assert "电子签章将于" not in client.get("/").text
    assert "没有有效的电子签章" not in client.get("/").text
    lite_books.clock.now = NOON + timedelta(days=335)
    assert "2027-11-24 到期，请及时上传" in client.get(own).text
    assert "电子签章将于 2027-11-24 到期" in client.get("/").text
    assert "/messages/disable" in client.get(f"{seals}/").text
    with lite_books.runtime.database.reading() as session:
        secret = open_vault(lite_books.runtime.settings).decrypt(session.get_one(SEAL_OF[actor.party_kind], 1).key)
    for address in (own, f"{seals}/", f"{seals}/1", f"{seals}/new"):
        body = client.get(address).data
        assert PASSWORD.encode() not in body
        assert secret[40:80] not in body


def test_neither_kind_of_party_sees_uploads_or_stops_a_seal_of_the_other(lite_books: World) -> None:
    app = site(lite_books)
    clients = {account: user(app, account) for account in (*PLACES, "organization2")}
    (schools, _), (organizations, _) = PLACES.values()
    for account, (place, _) in PLACES.items():
        assert upload(clients[account], place=place).status_code == 302
    assert upload(clients["school1"], place=organizations).status_code == 403
    assert upload(clients["organization1"], place=schools).status_code == 403
    for account, place in (("school1", organizations), ("organization1", schools), ("organization2", organizations)):
        assert [clients[account].get(f"{place}/1{page}").status_code for page in ("", "/picture")] == [404, 404]
        assert "共 1 条" not in clients[account].get(f"{place}/").text
    assert clients["organization2"].get(f"/institutions/organizations/{lite_books.actor('organization1').party_id}").status_code == 404
    with lite_books.runtime.database.reading() as session:
        instances = dict(session.execute(select(tables.instance.c.key, tables.instance.c.id)).all())
    for account, key in (("school1", "organization_seal"), ("organization1", "seal"), ("organization2", "organization_seal")):
        assert clients[account].post(f"/records/{instances[key]}/messages/disable", data={"name": "停用"}).status_code == 404
    assert [count(lite_books, kind) for kind in SEAL_OF.values()] == [1, 1]


def test_organizations_find_their_seals_in_the_menu_and_schools_on_their_page(lite: World) -> None:
    app = site(lite)
    line = f'href="{PLACES["organization1"][0]}/"'
    assert {account: line in user(app, account).get("/").text for account in ("organization1", "school1", "operator")} == {
        "organization1": True,
        "school1": False,
        "operator": False,
    }


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
@each_kind
def test_what_is_refused_leaves_nothing(lite: World, given: dict[str, bytes], said: str, account: str) -> None:
    place, _ = PLACES[account]
    answer = upload(user(site(lite), account), place=place, **given)  # type: ignore[arg-type]
    assert f'href="{place}/"' in answer.text
    assert answer.status_code == 422
    assert said in answer.text
    assert "没有保存任何内容" in answer.text
    assert [count(lite, one) for one in (*SEAL_OF.values(), tables.instance)] == [0, 0, 0]


def test_a_new_version_and_an_old_one_switched_off(lite: World) -> None:
    school = user(site(lite), "school1")
    upload(school)
    upload(school)
    page = school.get("/institutions/seals/").text
    assert "共 2 条" in page
    sent = school.post("/records/2/messages/disable", data={"name": "停用", "back": "/institutions/seals/"}, follow_redirects=True)
    assert "已停用" in sent.text
    assert count(lite, SchoolSeal) == 2


def test_the_password_is_written_nowhere(lite: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    upload(user(site(lite), "school1"))
    lite.runtime.database.engine.dispose()
    kept = b"".join(path.read_bytes() for path in lite.runtime.settings.home.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept
    assert PASSWORD not in caplog.text


@each_kind
def test_a_certificate_that_never_ends_is_shown_as_such(world_books: World, account: str) -> None:
    client, (place, _) = user(site(world_books), account), PLACES[account]
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280, 4.1.2.5
    answer = upload(client, place=place, key=p12(first=never - timedelta(days=2_913_500), days=2_913_500))
    assert answer.status_code == 302
    assert "9999-12-31" in client.get(answer.location).text
    assert client.get(f"{place}/").status_code == 200
    assert client.get("/").status_code == 200
    with client.post(f"/lists/{KEYS[account]}/export", data={"back": "/"}) as exported:
        assert "spreadsheetml" in exported.content_type
