"""证书查验 for everybody, and 证书撤销: what is told, what is not, and for how long."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from domain.issuing.withdrawals import CertificateWithdrawal
from domain.platform.throttle import MAX_BY_ACCOUNT, WINDOW, LoginAttempt
from jobs import messages as delivering
from tests.conftest import World
from tests.webapp.clients import user
from tests.webapp.issuing.passed import issuance, made, passed, statuses
from tests.webapp.issuing.test_issuing import file_of, sign

GENUINE, UNKNOWN = "该证书真实有效", "没有查到"


@pytest.fixture
def app(world_books: World) -> Flask:
    """The first of two certificates is issued."""
    app = passed(world_books)
    sign(app, "organization1")
    sign(app, "school1")
    made(world_books)
    return app


def ask(client: FlaskClient, number: str, name: str) -> str:
    return client.post("/check/", data={"number": number, "name": name}).text


@pytest.mark.row("4.2.7")
def test_number_and_name_or_the_code_of_a_certificate(app: Flask, world_books: World) -> None:
    one, anybody = issuance(world_books), app.test_client()
    number = one.certificate_number or ""
    page = ask(anybody, f"{number[:10]} {number[10:]}", f" {one.name} ")
    for words in (GENUINE, number, one.name, one.certificate.name, one.party.name, "发证日期"):
        assert words in page, words
    assert one.id_number not in page
    assert GENUINE in anybody.get(f"/check/{one.token}").text
    wrong = [ask(anybody, number, "别人"), ask(anybody, number[:-1] + "0", one.name), ask(anybody, "1", one.name)]
    assert all(UNKNOWN in page and one.certificate.name not in page for page in wrong)
    assert {page.replace(number, "").count("input") for page in wrong} == {wrong[0].count("input")}  # nothing tells which was wrong
    other = issuance(world_books, 2)
    assert (other.certificate_number, other.token) == (None, None)
    assert UNKNOWN in anybody.get("/check/None").text


@pytest.mark.row("4.2.7")
def test_guesses_are_held(app: Flask, world_books: World) -> None:
    one, anybody = issuance(world_books), app.test_client()
    number = one.certificate_number or ""
    for _ in range(MAX_BY_ACCOUNT):
        assert UNKNOWN in ask(anybody, number, "别人")
    answer = anybody.post("/check/", data={"number": number, "name": one.name})
    assert (answer.status_code, "请 15 分钟后再试" in answer.text) == (429, True)
    assert GENUINE in anybody.get(f"/check/{one.token}").text  # its holder is not kept out by a stranger's guesses
    codes = [anybody.get("/check/nobody-has-this").status_code for _ in range(MAX_BY_ACCOUNT + 1)]
    assert codes == [404] * MAX_BY_ACCOUNT + [429]  # a code that is scanned only reads, and counts all the same
    with world_books.runtime.database.reading() as session:
        kept = session.scalars(select(LoginAttempt.account)).all()
    assert not any(number in name for name in kept)
    world_books.clock.now += WINDOW
    assert GENUINE in ask(anybody, number, one.name)


@pytest.mark.row("4.2.7")
def test_a_file_is_the_one_that_was_issued_or_is_not(app: Flask, world_books: World) -> None:
    content, anybody = file_of(world_books), app.test_client()
    changed = (
        content.replace(b"/Type /Page\n", b"/Type /Page \n", 1) if b"/Type /Page\n" in content else content[:-200] + b"\0" + content[-199:]
    )

    def told(data: bytes) -> str:
        return anybody.post("/check/file", data={"file": (BytesIO(data), "证书.pdf")}).text

    page = told(content)
    assert "与签发的文件完全一致" in page
    assert GENUINE in page
    for data, words in ((changed, ""), (content + b"\n% more", "签发后被添加过内容"), (b"%PDF-1.7", ""), (b"GIF89a", "不是 PDF 文件")):
        page = told(data)
        assert words in page, words
        assert GENUINE not in page
        assert issuance(world_books).certificate.name not in page
    assert anybody.post("/check/file").status_code == 422


@pytest.mark.row("4.2.7")
def test_a_certificate_is_withdrawn_and_everybody_reads_why(app: Flask, world_books: World) -> None:
    one, anybody = issuance(world_books), app.test_client()
    organization, province = user(app, "organization1"), user(app, "province1")
    assert "申请撤销" in organization.get("/issuances/1").text
    assert "申请撤销" not in user(app, "school1").get("/issuances/1").text
    form = {"for": "1", "reason": "该批成绩登记有误，考生实际未通过", "act": "保存"}
    assert organization.get("/certificate-withdrawals/new?for=1").status_code == 200
    assert organization.get("/certificate-withdrawals/new?for=2").status_code == 302  # it is not issued yet
    bare = organization.post("/certificate-withdrawals/new", data={**form, "reason": ""})
    assert (bare.status_code, "撤销原因" in bare.text) == (422, True)
    assert organization.post("/certificate-withdrawals/new", data=form).status_code == 302
    assert organization.post("/certificate-withdrawals/new", data=form).status_code == 409
    assert GENUINE in anybody.get(f"/check/{one.token}").text
    assert user(app, "province2").get("/certificate-withdrawals/1").status_code == 404
    finish(province, province.get("/certificate-withdrawals/1").text)
    delivering.deliver_due(world_books.runtime)
    assert statuses(world_books)[0] == "已撤销"
    for page in (anybody.get(f"/check/{one.token}").text, ask(anybody, one.certificate_number or "", one.name)):
        assert "撤销，不再有效" in page
        assert form["reason"] in page
        assert GENUINE not in page
    page = anybody.post("/check/file", data={"file": (BytesIO(file_of(world_books)), "证书.pdf")}).text
    assert "撤销，不再有效" in page
    assert organization.get("/certificate-withdrawals/new?for=1").status_code == 302
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateWithdrawal)) == 1


def finish(province: FlaskClient, page: str) -> None:
    """Presses 同意撤销 on the page of the task."""
    at = page.index("/inbox/tasks/")
    task = page[at : page.index('"', at)].partition("?")[0].rstrip("/")
    assert province.post(task, data={"outcome": "同意撤销", "comment": ""}).status_code == 302
