"""证书发放管理 (manual 4.2): both sides sign, the certificate is numbered, drawn and sealed, and somebody looks at it."""

from __future__ import annotations

import re
from contextlib import closing
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select, update

from domain.exams.candidates import Candidate
from domain.exams.registrations import Registration
from domain.ground.tones import Tone
from domain.institutions.seals import OrganizationSeal, SchoolSeal
from domain.issuing.issuances import Issuance
from domain.issuing.numbers import is_number
from domain.issuing.signatures import IssuanceSignature, digest_of
from domain.platform.files import StoredFile, path_of
from jobs import outbox
from jobs.certificates.checking import check
from jobs.certificates.judging import Known, Verdict
from processes import tables
from processes.monitor.verify import faults
from processes.states import JobState
from tests.conftest import World
from tests.webapp.clients import user
from tests.webapp.issuing.passed import give_seal, issuance, made, passed, statuses
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "issuance.index": get("200"),
    "issuance.show": get("404"),
    "issuance.edit": get("404"),
    "issuance.store": post("404"),
    "issuance.certificate": post("404"),
    "certificate_withdrawal.index": get("200"),
    "certificate_withdrawal.new": get("organizations: 302; 403"),
    "certificate_withdrawal.create": post("organizations: 422; 403"),
    "certificate_withdrawal.show": get("404"),
    "certificate_withdrawal.edit": get("404"),
    "certificate_withdrawal.store": post("404"),
    "checking.index": get("200"),
    "checking.check": post("400+"),
    "checking.scan": get("404+", token="x"),
    "checking.check_file": post("422"),
}  # fmt: skip


def sign(app: Flask, account: str, number: int = 1, outcome: str = "签发", comment: str = "", element: str = "") -> str:
    """Somebody answers one issuance through the batch of its list; returns what they read."""
    client = user(app, account)
    at = element or ("org_sign" if account.startswith("organization") else "site_sign")
    form = {"ids": str(number), "element": at, "outcome": outcome, "comment": comment, "back": "/issuances/"}
    return client.post("/lists/issuance/finish", data=form, follow_redirects=True).text


@pytest.fixture
def app(world_books: World) -> Flask:
    """Two issuances wait for the organization."""
    return passed(world_books)


@pytest.mark.row("4.2.1", "4.2.2", "4.2.4", "4.2.6", "4.2.7")
def test_both_sides_sign_and_the_certificate_is_sealed(app: Flask, world_books: World) -> None:
    assert statuses(world_books) == ["培训评价组织待签发"] * 2
    assert "完成 1 条" in sign(app, "organization1")
    assert statuses(world_books) == ["考核站点待签发", "培训评价组织待签发"]
    assert "完成 1 条" in sign(app, "school1")
    assert statuses(world_books)[0] == "证书待发放"
    one = issuance(world_books)
    assert one.certificate_number is not None
    assert is_number(one.certificate_number)
    assert one.file_id is None
    made(world_books)
    assert statuses(world_books)[0] == "完成发放"
    content = file_of(world_books)
    told = check(content, known(world_books), None)
    assert told.verdict == Verdict.VALID, told.sentences
    text = PdfReader(BytesIO(content)).pages[0].extract_text()
    for part in (one.name, one.certificate_number, one.certificate.name, one.party.name, one.site_name):
        assert part in re.sub(r"\s", "", text), part
    school = user(app, "school1")
    page = school.get("/issuances/1").text
    for words in ("学生信息", "证书信息", "考核信息", "签发记录", "下载证书", one.certificate_number, digest_of(one)):
        assert words in page, words
    with closing(school.post("/issuances/1/certificate")) as answer:
        assert (answer.status_code, answer.mimetype, answer.data == content) == (200, "application/pdf", True)
    assert user(app, "school2").post("/issuances/1/certificate").status_code == 404
    assert user(app, "organization2").get("/issuances/1").status_code == 404
    with world_books.runtime.database.reading() as session:
        ran = session.execute(select(tables.instance).where(tables.instance.c.key == "issuance")).all()
        assert [line for row in ran for line in faults(world_books.runtime.engine, session, row)] == []


@pytest.mark.row("4.2.4", "4.2.5", "4.2.6")
def test_both_sides_refuse_and_sign_later(app: Flask, world_books: World) -> None:
    assert "须填写意见" in sign(app, "organization1", outcome="拒绝签发")
    sign(app, "organization1", outcome="拒绝签发", comment="成绩待核实")
    assert statuses(world_books)[0] == "培训评价组织拒绝签发"
    assert "成绩待核实" in user(app, "school1").get("/issuances/1").text
    sign(app, "organization1", element="org_refused")
    sign(app, "school1", outcome="拒绝签发", comment="签到待核实")
    assert statuses(world_books)[0] == "考核站点拒绝签发"
    sign(app, "school1", element="site_refused")
    made(world_books)
    assert statuses(world_books)[0] == "完成发放"
    with world_books.runtime.database.reading() as session:
        sides = session.scalars(select(IssuanceSignature.side).order_by(IssuanceSignature.id)).all()
    assert list(sides) == ["培训评价组织", "考核站点"]


@pytest.mark.row("4.2.7")
def test_without_a_valid_seal_it_fails_and_a_retry_keeps_the_number(app: Flask, world_books: World) -> None:
    for kind in (OrganizationSeal, SchoolSeal):
        with world_books.runtime.database.writing() as session:
            session.execute(update(kind).values(status="已停用", tone=Tone.DRAFT))
    sign(app, "organization1")
    sign(app, "school1")
    made(world_books)
    assert statuses(world_books)[0] == "盖章失败"
    number = issuance(world_books).certificate_number
    page = user(app, "school1").get("/issuances/1").text
    assert "没有有效的电子签章" in page
    assert "重新盖章" in page
    give_seal(world_books, "organization1", "organization_seal", OrganizationSeal)
    give_seal(world_books, "school1", "seal", SchoolSeal)
    form = {"ids": "1", "element": "again_site", "back": "/issuances/"}
    user(app, "school1").post("/lists/issuance/send", data=form)
    made(world_books)
    assert statuses(world_books)[0] == "完成发放"
    one = issuance(world_books)
    assert (one.certificate_number, one.problem) == (number, None)


@pytest.mark.row("4.2.3")
def test_the_records_are_exported(app: Flask, world_books: World) -> None:
    """批量导出发证记录: candidate, certificate, plan, site and status of each, for those who may see them."""
    with user(app, "school1").post("/lists/issuance/export", data={"filter": ""}) as answer:
        rows = list(load_workbook(BytesIO(answer.data)).active.values)
    one = issuance(world_books)
    assert len(rows) == 3
    told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    (mine,) = [row for row in told if row["姓名"] == one.name]
    assert (mine["证件号"], mine["证书名称"], mine["颁证状态"]) == (one.id_number, one.certificate.name, "培训评价组织待签发")
    assert (mine["考试计划"], mine["考核站点"]) == (one.plan.title(), one.site_party.name if one.site_party else None)
    assert user(app, "school2").post("/lists/issuance/export", data={"filter": ""}).status_code == 302  # nothing of another school's


@pytest.mark.row("4.2.7")
def test_numbers_follow_each_other_without_a_gap(app: Flask, world_books: World) -> None:
    for number in (1, 2):
        sign(app, "organization1", number)
        sign(app, "school1", number)
    first, second = (issuance(world_books, number).certificate_number or "" for number in (1, 2))
    assert first[:13] == second[:13]
    assert (int(first[13:19]), int(second[13:19])) == (1, 2)


@pytest.mark.row("4.2.7")
def test_a_candidate_renamed_after_the_pass_gets_the_name_of_the_exam(app: Flask, world_books: World) -> None:
    with world_books.runtime.database.writing() as session:
        session.execute(update(Candidate).values(name="另一个名字"))
    name = issuance(world_books).name
    sign(app, "organization1")
    sign(app, "school1")
    made(world_books)
    assert name in re.sub(r"\s", "", PdfReader(BytesIO(file_of(world_books))).pages[0].extract_text())


@pytest.mark.row("4.2.7")
def test_what_nobody_signed_is_not_made(app: Flask, world_books: World) -> None:
    sign(app, "organization1")
    sign(app, "school1")
    with world_books.runtime.database.writing() as session:
        session.execute(update(Registration).values(photo="0" * 64))
    made(world_books)
    assert statuses(world_books)[0] == "盖章失败"
    assert "与签发时不一致" in (issuance(world_books).problem or "")


@pytest.mark.row("4.2.7")
@pytest.mark.parametrize("at", ["certificate.draw", "certificate.seal"])
def test_a_worker_that_dies_between_the_work_and_its_answer(
    app: Flask, world_books: World, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """What was drawn or sealed is there, nobody was told: another worker does it again, and one certificate comes of it."""
    sign(app, "organization1")
    sign(app, "school1")
    if at == "certificate.seal":
        made(world_books, rounds=1)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_taken_in", lambda runtime, found: [True])  # killed before the answer is written
        made(world_books, rounds=1)
    assert issuance(world_books).file_id is None
    world_books.clock.now += outbox.LEASE * 2
    with world_books.runtime.database.writing() as session:  # as the sweep hands out again what a dead worker had
        lost = tables.job.c.state == JobState.RUNNING
        session.execute(update(tables.job).where(lost).values(state=JobState.PENDING, next_at=world_books.clock.now))
    made(world_books)
    assert statuses(world_books)[0] == "完成发放"
    assert check(file_of(world_books), known(world_books), None).verdict == Verdict.VALID
    with world_books.runtime.database.reading() as session:
        assert len(session.scalars(select(StoredFile).where(StoredFile.media_type == "application/pdf")).all()) == 1
        assert len(set(session.scalars(select(Issuance.certificate_number).where(Issuance.certificate_number.is_not(None))))) == 1


def file_of(world: World) -> bytes:
    """The sealed certificate of the first issuance."""
    with world.runtime.database.reading() as session:
        file = session.get_one(StoredFile, session.get_one(Issuance, 1).file_id)
        return path_of(world.runtime.settings.home, file.sha256).read_bytes()


def known(world: World) -> dict[str, Known]:
    """With what the first was sealed."""
    one = issuance(world)
    keys = (one.seal_keys or "").split()
    return {key: Known(role, "某单位") for role, key in zip(("organization", "site"), keys, strict=True)}
