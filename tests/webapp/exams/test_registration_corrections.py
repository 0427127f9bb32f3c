"""报考信息更正 through the pages: asked for by the school, answered by the organization, written into the registration alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.exams.candidates import Candidate
from domain.exams.registration_corrections import RegistrationCorrection
from domain.exams.registrations import Registration
from processes import tables
from tests.conftest import World
from tests.webapp.clients import user
from tests.webapp.demonstration import ids, name_of, total
from tests.webapp.exams.test_payment_slips import registered
from tests.webapp.routes import get, post

ROUTES = {  # what each account gets from each address
    "registration_correction.index": get("200"),
    "registration_correction.show": get("404"),
    "registration_correction.edit": get("404"),
    "registration_correction.store": post("404"),
    "registration_correction.new": get("schools: 302; 403"),
    "registration_correction.create": post("schools: 422; 403"),
}  # fmt: skip
FORM = {"for": "1", "pinyin": "WANG XIAO MING", "mobile": "13911110000", "reason": "以护照为准", "act": "保存"}


@pytest.mark.row("5.2.3.8")
def test_a_correction_is_asked_for_and_carried_out(lite_books: World) -> None:
    app, _ = registered(lite_books, 1)
    school, organization, stranger = (user(app, name) for name in ("school1", "organization1", "school2"))
    assert "/registration-corrections/new?for=1" in school.get("/registrations/1").text
    assert "/registration-corrections/new" not in organization.get("/registrations/1").text
    form = school.get("/registration-corrections/new?for=1").text
    assert 'value="WANG XIAOMING"' in form
    assert ">提交</button>" in form
    assert ">保存</button>" not in form  # the request goes to the organization at once
    for outcome in ("同意", "退回"):  # the first task is another's: whoever begins has none of its buttons
        assert f'value="{outcome}"' not in form
        assert school.post("/registration-corrections/new", data={**FORM, "act": outcome}).status_code == 403
    assert ids(lite_books, select(RegistrationCorrection.id)) == []
    bare = school.post("/registration-corrections/new", data={**FORM, "reason": ""})
    assert bare.status_code == 422
    assert "更正原因" in bare.text
    for client, form, told in (
        (stranger, FORM, "不属于本校"),
        (school, {**FORM, "pinyin": "WANG XIAOMING"}, "没有变化"),
        (school, {**FORM, "for": "99"}, "不属于本校"),
    ):
        answer = client.post("/registration-corrections/new", data=form)
        assert answer.status_code == 409
        assert told in answer.text
    assert "更正申请已提交。" in school.post("/registration-corrections/new", data=FORM, follow_redirects=True).text
    again = school.post("/registration-corrections/new", data=FORM)
    assert again.status_code == 409
    assert "已有一份更正申请在办理" in again.text
    assert "有更正申请，不能删除" in school.post("/registrations/1/delete", follow_redirects=True).text
    assert total(stranger, "/registration-corrections/") == 0
    with lite_books.runtime.database.reading() as session:
        task = session.scalars(select(tables.task.c.id).where(tables.task.c.element == "review")).one()
    assert stranger.post(f"/inbox/tasks/{task}", data={"outcome": "同意"}).status_code == 404
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "同意"}).status_code == 302
    row = name_of(lite_books, Registration, 1)
    assert (row.pinyin, row.mobile) == ("WANG XIAO MING", "13911110000")
    assert ids(lite_books, select(Candidate.pinyin)) == ["WANG XIAOMING"]  # the candidate's own record is another matter
    assert ids(lite_books, select(RegistrationCorrection.status)) == ["已更正"]
    page = school.get("/registrations/1").text
    assert "WANG XIAOMING → WANG XIAO MING" in page
    assert school.post("/registration-corrections/new", data={**FORM, "mobile": "13911110009"}).status_code == 302  # the next one
