"""What no column can hold is told when it is saved, whichever the database, and what was typed stays in the form."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from domain.exams.plans import ExamPlan
from tests.conftest import World
from tests.webapp.clients import site, user
from tests.webapp.exams.plan_forms import PLAN


@pytest.mark.row("8.2")
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "长" * 101, "过长，最多 100 个字，没有保存"),
        ("year", "99999999999", "数值 99999999999 过大，没有保存"),
        ("mode", "按" * 50, "过长，最多 4 个字"),
    ],
)
def test_a_draft_that_no_column_holds_is_refused_in_words(world_books: World, field: str, value: str, told: str) -> None:
    organization = user(site(world_books), "organization1")
    refused = organization.post("/exam-plans/new", data={**PLAN, field: value, "act": "保存"})
    assert refused.status_code == 409
    assert told in refused.text
    assert PLAN["registration_to"] in refused.text  # nothing that was typed is lost
    with world_books.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ExamPlan)) == 0
    assert organization.post("/exam-plans/new", data={**PLAN, "act": "保存"}).status_code == 302
    with world_books.runtime.database.reading() as session:
        plan = session.scalars(select(ExamPlan.id)).one()
    refused = organization.post(f"/exam-plans/{plan}/edit", data={**PLAN, field: value, "act": "保存"})
    assert refused.status_code == 409
    assert told in refused.text
    with world_books.runtime.database.reading() as session:
        assert session.get_one(ExamPlan, plan).name == PLAN["name"]
