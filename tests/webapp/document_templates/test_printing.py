"""Documents are printed by the version of their template that is in use as the printing is begun."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from domain.exams.payment_slips import PaymentSlip
from domain.platform.document_templates import TemplateUse, TemplateVersion, digest, in_use, keep, use
from jobs import background
from jobs.documents.templates import template_of
from tests.conftest import NOON, World
from tests.jobs.documents.making import texts
from tests.webapp.clients import user
from tests.webapp.demonstration import ids
from tests.webapp.exams.test_payment_slips import registered

pytestmark = pytest.mark.row("5.2.8.3")
OWN = template_of("slip")


def choose(world: World, title: str) -> None:
    """Stores a template with this title as a new version and puts it in use; an empty one: the product's own is in use again."""
    designer, text = world.actor("designer"), OWN.replace("<b>缴费申请单</b>", f"<b>{title}</b>") if title else OWN
    with world.runtime.database.writing() as session:
        numbers = session.scalars(select(TemplateVersion.number).where(TemplateVersion.kind == "slip")).all()
        number, newest = 0, max(numbers, default=0)
        if title:
            number = keep(session, designer, TemplateVersion(kind="slip", text=text, note="改", based_on=0, created_at=NOON), newest).number
        last = in_use(session, ["slip"]).get("slip")
        chosen = TemplateUse(kind="slip", number=number, sha256=digest(text), at=NOON)
        assert use(session, designer, chosen, last.id if last else 0)


def work(world: World) -> None:
    for task_id in background.sweep(world.runtime):
        background.run_task(world.runtime, task_id)


def page_of(client: FlaskClient, task: str) -> str:
    with client.get(f"{task}/result") as file:
        assert file.status_code == 200, client.get(task).text
        (page,) = texts(file.data)
        return page


def test_a_printing_goes_on_with_the_text_with_which_it_began(world_books: World) -> None:
    app, token = registered(world_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(world_books, select(PaymentSlip.id))
    tasks = []
    for title in (None, "甲式缴费单", "乙式缴费单", ""):
        if title is not None:
            choose(world_books, title)
        tasks.append(school.post(f"/payment-slips/{made}/print").location)  # none is drawn before the next version is chosen
    work(world_books)
    own, first, second, own_again = (page_of(school, task) for task in tasks)
    assert "甲式缴费单" in first
    assert "乙式缴费单" in second
    assert own == own_again
    assert "缴费申请单缴费单号：JF2026000001" in own


def test_a_template_that_fails_on_these_values_is_told_to_who_prints(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    choose(lite_books, "甲式</b>{% if count == 2 %}</p><p style='font-size: 2000pt'>x</p><p>{% endif %}<b>")
    task = school.post(f"/payment-slips/{made}/print").location
    work(lite_books)
    assert "按文档模板（第 1 版）排版失败，请联系流程设计人员修改模板：" in school.get(task).text


@pytest.mark.parametrize(
    "hidden",
    ['<img src="http://127.0.0.1/">', '<pdf:insertpdf src="/etc/hostname">', '<link rel="stylesheet" href="file:///etc/hostname">'],
)
def test_what_a_condition_brings_up_later_is_refused_as_it_is_printed(lite_books: World, hidden: str) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    choose(lite_books, f"甲式</b>{{% if count == 2 %}}{hidden}{{% endif %}}<b>")
    task = school.post(f"/payment-slips/{made}/print").location
    work(lite_books)
    assert "文档模板有误，无法生成文档：第" in school.get(task).text


def test_a_text_that_somebody_changed_past_the_product_is_not_printed(lite_books: World) -> None:
    app, token = registered(lite_books)
    school = user(app, "school1")
    assert school.post("/payment-slips/new", data={"for": token, "act": "保存"}).status_code == 302
    (made,) = ids(lite_books, select(PaymentSlip.id))
    choose(lite_books, "甲式缴费单")
    with lite_books.runtime.database.writing() as session:
        session.execute(update(TemplateVersion).values(text=OWN))
    task = school.post(f"/payment-slips/{made}/print").location
    work(lite_books)
    assert "文档模板的内容与保存时不同，未能生成文档" in school.get(task).text
