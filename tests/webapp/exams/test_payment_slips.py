"""缴费申请单 through the pages: made by the school, confirmed by the organization one by one, in bulk, and by a list of the bank's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.payment_slips import PaymentSlip
from domain.exams.registrations import Registration
from jobs import background
from processes import tables
from processes.monitor import managing
from processes.steps import acting
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.jobs.documents.making import texts
from tests.jobs.imports.files import workbook
from tests.racing import race, transaction
from tests.webapp.clients import site, user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.plan_forms import publish
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "payment_slip.index": get("200"),
    "payment_slip.show": get("404"),
    "payment_slip.edit": get("404"),
    "payment_slip.store": post("404"),
    "payment_slip.choose": get("schools: 200; 403"),
    "payment_slip.new": get("schools: 302; 403"),
    "payment_slip.print": post("404"),
    "payment_slip.create": post("schools: 409; 403"),
}  # fmt: skip


def registered(world: World, people: int = 2) -> tuple[Flask, str]:
    """A site where school1 has registered so many candidates. Returns what a slip is made for."""
    app = site(world)
    school = user(app, "school1")
    add(school, PUPIL, *(pupil(number) for number in range(1, people)))
    assert publish(user(app, "organization1")) == 302
    chosen = {"all": "1", "filter": "", "target": target(world)}
    assert school.post("/registrations/register", data=chosen).status_code == 302
    return app, target(world).replace(":", "-")


@pytest.mark.row("5.2.7.1", "5.2.7.2", "5.2.7.3")
def test_a_slip_is_made_and_confirmed(lite_books: World) -> None:
    app, token = registered(lite_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    page = school.get("/payment-slips/choose").text
    assert f'href="/payment-slips/new?for={token}">生成' in page
    assert '<td data-label="金额（元）">520</td>' in page
    assert "2 人次，共 520 元" in school.get(f"/payment-slips/new?for={token}").text
    assert stranger.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 409
    assert school.post("/payment-slips/new", data={"for": token, "remark": "学院账户", "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    slip = name_of(lite_books, PaymentSlip, made)
    assert (slip.number, slip.people, slip.total, slip.status) == ("JF2026000001", 2, 520, "未确认")
    again = school.post("/payment-slips/new", data={"for": token, "act": "保存"})
    assert again.status_code == 409
    assert "不能生成缴费申请单" in again.text
    shown = school.get(f"/payment-slips/{made}").text
    for text in ("JF2026000001", "520", "BK00000001", "学院账户"):
        assert text in shown
    assert "11010519491231002X" not in shown  # masked among the lines
    kept = school.post("/registrations/1/delete", follow_redirects=True).text
    assert "已列入缴费申请单" in kept
    assert total(stranger, "/payment-slips/") == 0
    assert stranger.get(f"/payment-slips/{made}").status_code == 404
    form = {"ids": str(made), "back": "/payment-slips/", "element": "waiting"}
    assert school.post("/lists/payment_slip/send", data=form).status_code == 404
    assert "完成 1 条" in organization.post("/lists/payment_slip/send", data=form, follow_redirects=True).text
    assert name_of(lite_books, PaymentSlip, made).status == "已确认"
    assert ids(lite_books, select(Registration.paid)) == [True, True]
    assert "已缴费，不能删除" in school.post("/registrations/1/delete", follow_redirects=True).text


@pytest.mark.row("5.2.7.1")
def test_the_buttons_are_those_of_the_manual_and_what_to_pay_is_told(lite_books: World) -> None:
    app, token = registered(lite_books)
    school, organization = (user(app, name) for name in ("school1", "organization1"))
    for mode, offered in (("按证书", True), ("按科目", False)):
        label = f"{mode}报考生成缴费申请单"
        (address,) = re.findall(rf'<a class="btn btn-primary" href="([^"]+)">{label}</a>', school.get("/payment-slips/").text)[:1]
        page = school.get(address).text
        assert f"<h1>{label}</h1>" in page
        assert (f"for={token}" in page) == offered
        assert f">{label}</a>" not in organization.get("/payment-slips/").text
    form = school.get(f"/payment-slips/new?for={token}").text
    assert ">确定</button>" in form
    assert ">保存</button>" not in form
    told = school.post("/payment-slips/new", data={"for": token, "act": "保存"}, follow_redirects=True).text
    assert "缴费申请单 JF2026000001 已生成：2 人次，共 520 元。请向华信培训评价中心付款，付款时附上缴费单号" in told
    (made,) = ids(lite_books, select(PaymentSlip.id))
    assert ">保存</button>" in school.get(f"/payment-slips/{made}/edit").text


@pytest.mark.row("5.2.7.2", "5.2.9")
def test_a_plan_s_page_leads_to_its_slips_marks_and_results(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    page = school.get(f"/exam-plans/{token.partition('-')[0]}").text
    for address, rows in (("/payment-slips/", 1), ("/scores/", 0), ("/outcomes/", 2)):
        (link,) = re.findall(rf'href="({address}\?plan_number=KS\d+)"', page)
        assert total(school, link) == rows
    assert total(school, "/payment-slips/?plan_number=ks202600001") == 1
    assert total(school, "/payment-slips/?plan_number=KS202600002") == 0


@pytest.mark.row("5.2.7.1", "8.1")
def test_a_school_is_told_what_is_on_no_slip_while_one_can_be_made(lite_books: World) -> None:
    app, token = registered(lite_books)
    school, told = user(app, "school1"), "“十二月Web前端考试”还有 2 条报考没有生成缴费申请单"
    assert told in school.get("/").text
    assert told not in user(app, "school2").get("/").text
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    assert "没有生成缴费申请单" not in school.get("/").text
    address = re.search(r"/records/\d+/messages/delete", school.get("/payment-slips/").text)
    assert address is not None
    assert school.post(address[0], data={"name": "删除"}).status_code == 302
    assert told in school.get("/").text
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)
    assert "没有生成缴费申请单" not in school.get("/").text


@pytest.mark.row("5.2.7.2", "5.2.7.3")
def test_nobody_is_offered_what_is_another_party_s_to_do(lite_books: World) -> None:
    app, token = registered(lite_books)
    school, organization = (user(app, name) for name in ("school1", "organization1"))
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    edit, confirm = f'href="/payment-slips/{made}/edit"', "批量确认缴费"
    own, theirs = school.get("/payment-slips/").text, organization.get("/payment-slips/").text
    assert (edit in own, confirm in own) == (True, False)
    assert (edit in theirs, confirm in theirs) == (False, True)
    assert edit not in organization.get(f"/payment-slips/{made}").text


@pytest.mark.row("5.2.7.2")
def test_a_deleted_slip_frees_its_registrations(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    for number in (1, 2):
        assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
        (made,) = ids(lite_books, select(PaymentSlip.id))
        assert name_of(lite_books, PaymentSlip, made).number == f"JF202600000{number}"  # a number is never used again
        page = school.get("/payment-slips/").text
        assert "原缴费单号不再使用" in page
        address = re.search(r"/records/\d+/messages/delete", page)
        assert address is not None
        assert user(app, "school2").post(address[0], data={"name": "删除"}).status_code in (403, 404)
        assert school.post(address[0], data={"name": "删除"}).status_code == 302
        assert ids(lite_books, select(PaymentSlip.id)) == []
    assert ids(lite_books, select(Registration.paid)) == [False, False]


@pytest.mark.row("5.2.7.1")
def test_no_slip_once_registering_is_over(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    lite_books.clock.now = NOON.replace(month=12, day=10, hour=18)
    assert f"for={token}" not in school.get("/payment-slips/choose").text
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 409
    for forged in ("", "1", "1-", "x-y", "99-99", "1-2-3"):
        assert school.post("/payment-slips/new", data={"for": forged, "act": "保存"}).status_code == 409
    assert ids(lite_books, select(PaymentSlip.id)) == []


@pytest.mark.row("5.2.7.3")
def test_a_list_of_the_bank_confirms_what_agrees_with_it(lite_books: World, tmp_path: Path) -> None:
    app, token = registered(lite_books)
    school, organization, other = (user(app, name) for name in ("school1", "organization1", "organization2"))
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    rows = [("缴费单号", "到账金额"), ("jf2026000001", 519), ("JF2026000009", 520)]
    first = _uploaded(lite_books, organization, workbook(tmp_path / "到账.xlsx", rows))
    page = organization.get(f"/imports/payments/{first}").text
    assert "金额与申请单不符，应为 520 元" in page
    assert "没有这个缴费单号" in page
    assert school.get("/imports/payments/").status_code == 403
    rows = [("缴费单号", "到账金额"), ("jf2026000001", "520.00")]
    strange = _uploaded(lite_books, other, workbook(tmp_path / "其他组织.xlsx", rows))
    assert "没有这个缴费单号" in other.get(f"/imports/payments/{strange}").text  # another organization's slips are not told
    second = _uploaded(lite_books, organization, workbook(tmp_path / "到账二.xlsx", rows))
    assert organization.post(f"/imports/payments/{second}/take").status_code == 302
    _work(lite_books)
    (made,) = ids(lite_books, select(PaymentSlip.id))
    assert name_of(lite_books, PaymentSlip, made).status == "已确认"
    assert ids(lite_books, select(Registration.paid)) == [True, True]
    third = _uploaded(lite_books, organization, workbook(tmp_path / "到账三.xlsx", [*rows, ("X", 1)]))
    assert "目前是“已确认”，不需要确认" in organization.get(f"/imports/payments/{third}").text


@pytest.mark.row("5.2.7.2")
def test_a_slip_is_printed_with_masked_numbers(lite_books: World) -> None:
    app, token = registered(lite_books)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    assert "下载缴费申请单" in school.get(f"/payment-slips/{made}").text
    assert stranger.post(f"/payment-slips/{made}/print").status_code == 404
    content = _printed(lite_books, school, f"/payment-slips/{made}/print")
    (page,) = texts(content)
    for text in ("JF2026000001", "十二月Web前端考试", "王小明", "¥520.00", "未确认", "全部科目"):
        assert text in page, text
    assert "11010519491231002X" not in page
    form = {"ids": str(made), "back": "/payment-slips/", "element": "waiting"}
    assert organization.post("/lists/payment_slip/send", data=form).status_code == 302
    (page,) = texts(_printed(lite_books, organization, f"/payment-slips/{made}/print"))
    assert "已确认" in page
    assert "吴霞（华信培训评价中心）" in page  # who confirmed it


@pytest.mark.row("5.2.7.2")
def test_a_name_that_no_font_has_is_told_beside_the_slip_and_a_deleted_slip_in_words(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    with lite_books.runtime.database.writing() as session:
        session.get_one(Registration, 1).name = "王\U0001f9a9"
    task = school.post(f"/payment-slips/{made}/print").location
    _work(lite_books)
    shown = school.get(task).text
    assert "（U+1F9A9）没有可用的字体，打印为“〓”：王" in shown
    assert "下载 缴费申请单JF2026000001.pdf" in shown
    task = school.post(f"/payment-slips/{made}/print").location
    address = re.search(r"/records/\d+/messages/delete", school.get("/payment-slips/").text)
    assert address is not None
    assert school.post(address[0], data={"name": "删除"}).status_code == 302
    _work(lite_books)
    assert "缴费申请单不存在，可能已被删除" in school.get(task).text


def _printed(world: World, client: FlaskClient, address: str) -> bytes:
    answer = client.post(address)
    assert answer.status_code == 302
    _work(world)
    with client.get(f"{answer.location}/result") as file:
        assert file.status_code == 200
        return file.data


def _uploaded(world: World, client: FlaskClient, path: Path) -> int:
    with path.open("rb") as file:
        answer = client.post("/imports/payments/", data={"file": (file, path.name)}, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    _work(world)
    return int(answer.location.rpartition("/")[2])


def _work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


def _send(world: World, account: str, element: str) -> Callable[[Session], Any]:
    """One act on the one slip's process, as a person does it. Its jobs are not handed out."""

    def run(session: Session) -> str:
        about = select(tables.instance.c.id).where(tables.instance.c.key == "payment_slip")
        acting.send(world.runtime.engine, session, world.actor(account), session.scalars(about).one(), element)
        return element

    return run


@pytest.mark.row("5.2.7.2", "5.2.7.3")
@pytest.mark.parametrize("first", ["waiting", "delete"])
def test_a_slip_that_is_confirmed_and_deleted_at_the_same_moment(world_books: World, first: str) -> None:
    """Whoever comes second is told; the registrations are paid, or free again, and never both."""
    app, token = registered(world_books)
    assert user(app, "school1").post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    confirm, delete = _send(world_books, "organization1", "waiting"), _send(world_books, "school1", "delete")
    one, other = (confirm, delete) if first == "waiting" else (delete, confirm)
    told = race(world_books, one, transaction(world_books, other))
    assert told not in ("waiting", "delete")
    assert told
    slips, paid = ids(world_books, select(PaymentSlip.id)), ids(world_books, select(Registration.id).where(Registration.paid))
    assert (len(slips), len(paid)) == ((1, 2) if first == "waiting" else (0, 0))


@pytest.mark.row("5.2.7.3")
@pytest.mark.parametrize("first", ["waiting", "delete"])
def test_a_list_of_the_bank_meets_a_slip_that_somebody_else_has_just_dealt_with(world_books: World, tmp_path: Path, first: str) -> None:
    """The row is told like any other that confirms nothing; the import comes to its end."""
    app, token = registered(world_books)
    organization = user(app, "organization1")
    assert user(app, "school1").post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    path = workbook(tmp_path / "到账.xlsx", [("缴费单号", "到账金额"), ("JF2026000001", 520)])
    made = _uploaded(world_books, organization, path)
    assert organization.post(f"/imports/payments/{made}/take").status_code == 302
    race(world_books, _send(world_books, "organization1" if first == "waiting" else "school1", first), lambda: _work(world_books))
    page = organization.get(f"/imports/payments/{made}").text
    assert ("目前是“已确认”，不需要确认" if first == "waiting" else "没有这个缴费单号") in page
    assert ids(world_books, select(Registration.paid)) == [first == "waiting"] * 2


@pytest.mark.row("5.2.7.3")
def test_a_list_of_the_bank_tells_of_a_slip_whose_process_is_suspended(lite_books: World, tmp_path: Path) -> None:
    app, token = registered(lite_books)
    organization = user(app, "organization1")
    assert user(app, "school1").post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    with lite_books.runtime.database.writing() as session:
        instance = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == "payment_slip")).one()
        managing.suspend(lite_books.runtime.engine, session, lite_books.actor("supervisor"), instance, "核对账目")
    path = workbook(tmp_path / "到账.xlsx", [("缴费单号", "到账金额"), ("JF2026000001", 520)])
    made = _uploaded(lite_books, organization, path)
    assert "此流程已被挂起" in organization.get(f"/imports/payments/{made}").text
