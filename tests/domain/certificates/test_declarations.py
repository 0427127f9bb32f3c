"""The window of a plan, one declaration a plan and school, its lines, and who sees what; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import BadWindow, Closed, DeclarationPlan, UnknownOffer, new_plan, offer_of, plans_query
from domain.certificates.declarations import (
    AlreadyDeclared,
    BadLine,
    Declaration,
    DeclarationLine,
    NotOpen,
    applied_for,
    declarations_query,
    hand_in,
    lines_query,
    new_declaration,
    open_plan,
)
from domain.certificates.pilots import participating
from domain.ground.errors import TooLate
from jobs.demo.declarations import add_declarations
from processes.monitor.verify import verify
from tests.conftest import World
from tests.domain.certificates.plans import LABEL, LINES, MAJOR, TIMES, plan

START, END = datetime.fromisoformat("2026-11-20T09:00:00+08:00"), datetime.fromisoformat("2026-12-10T18:00:00+08:00")

SECOND = timedelta(seconds=1)


@pytest.mark.row("4.3.3", "4.3.7")
@pytest.mark.parametrize(
    ("moment", "refusal"),
    [(START - SECOND, NotOpen), (START, None), (END - SECOND, None), (END, TooLate), (END + SECOND, TooLate)],
    ids=["a second early", "the first second", "the last second", "the end", "late"],
)
def test_the_window_holds_to_the_second(world_books: World, moment: datetime, refusal: type[Exception] | None) -> None:
    school = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        opened = plan(world_books, session)
        declaration = new_declaration(session, school, START, {"lines": LINES}, opened.id)
        session.expire_all()  # read as stored: the moment must come back as it was
        if refusal is None:
            hand_in(declaration, moment, "迟了")
            assert declaration.submitted_at == moment
            return
        with pytest.raises(refusal):
            hand_in(declaration, moment, "迟了")
        with pytest.raises(refusal):
            open_plan(session, world_books.actor("school2"), moment, opened.id)
        assert declaration.submitted_at is None


@pytest.mark.row("4.3.7")
def test_a_plan_is_checked_as_it_is_stored(lite_books: World) -> None:
    with lite_books.runtime.database.writing() as session:
        for answers in ({"ends_at": TIMES["starts_at"]}, {"ends_at": "明天"}):
            with pytest.raises(BadWindow):
                plan(lite_books, session, **answers)
        with pytest.raises(UnknownOffer):
            plan(lite_books, session, certificates=[LABEL, "没有这个证书（中级）"])
        made = plan(lite_books, session, published=False)
        with pytest.raises(Closed):
            made.publish(END)
        made.publish(END - SECOND)
        assert made.published
        assert made.answers() == {"name": "试点申报", "certificates": [LABEL], **TIMES}
        draft = new_plan(session, lite_books.actor("province1"), lite_books.clock(), {})
        assert (draft.answers(), draft.is_open(START), draft.is_over(END)) == ({}, False, False)


@pytest.mark.row("4.3.1", "4.3.2")
def test_one_a_plan_and_school_with_lines_of_its_offer(world_books: World) -> None:
    school = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        opened = plan(world_books, session).id
        for lines in (
            [{"certificate": "网店运营（中级）"}],
            [{**LINES[0], "majors": ["没有这个专业"]}],
            [LINES[0], LINES[0]],
        ):
            with pytest.raises(BadLine):
                new_declaration(session, school, START, {"lines": lines}, opened)
        made = new_declaration(session, school, START, {"lines": [{"people": 3}, *LINES]}, opened)
        (line,) = session.scalars(lines_query(school)).all()
        assert (line.certificate.label, line.majors, line.people, line.site) == (LABEL, [MAJOR], 30, True)
        made.take({"lines": [{"certificate": LABEL, "people": "很多"}]})
        session.expire_all()
        (line,) = session.scalars(lines_query(school)).all()
        assert (line.majors, line.people, line.site) == ([], None, None)
        assert made.answers() == {"lines": [{"certificate": LABEL, "people": "很多"}]}  # nothing typed is lost
        with pytest.raises(AlreadyDeclared), session.begin_nested():
            new_declaration(session, school, START, {"lines": LINES}, opened)


@pytest.mark.row("3.1", "4.3.1")
def test_who_sees_what(world_books: World) -> None:
    with world_books.runtime.database.writing() as session:
        mine, hidden = plan(world_books, session), plan(world_books, session, published=False)
        theirs = plan(world_books, session, "province2")
        declaration = new_declaration(session, world_books.actor("school1"), START, {"lines": LINES}, mine.id)
        applied = session.scalars(select(Certificate.id).where(Certificate.name == "软件测试实施", Certificate.grade == "中级")).one()
        everything = {mine.id, hidden.id, theirs.id}
        plans = {"school1": {mine.id}, "school2": {mine.id}, "school3": {theirs.id}, "operator": everything}
        plans |= {"province1": {mine.id, hidden.id}, "province1b": {mine.id, hidden.id}}
        plans |= {"province2": {theirs.id}, "province2b": {theirs.id}}
        for account, actor in world_books.actors.items():
            found = set(session.scalars(plans_query(actor).with_only_columns(DeclarationPlan.id)))
            assert found == plans.get(account, set()), account
            sees = account in ("school1", "province1", "province1b", "operator")
            assert [one.id for one in session.scalars(declarations_query(actor))] == [declaration.id] * sees, account
            assert len(session.scalars(lines_query(actor)).all()) == sees, account
            before = set(session.scalars(applied_for(actor)))
            assert before == set(session.scalars(participating(actor))), account  # a draft is no application
            declaration.submitted_at = START
            session.flush()
            assert set(session.scalars(applied_for(actor))) == before | ({applied} if sees else set()), account
            declaration.submitted_at = None
            session.flush()


@pytest.mark.row("4.3.3")
def test_in_the_demonstration_every_pilot_was_approved(lite_books: World) -> None:
    engine = lite_books.runtime.engine
    with lite_books.runtime.database.writing() as session:
        before = set(session.scalars(participating(lite_books.actor("operator"))))
        add_declarations(engine, session, lite_books.clock())
        approved = select(DeclarationLine).join(DeclarationLine.declaration).where(Declaration.status == "审核通过")
        assert {line.certificate_id for line in session.scalars(approved)} == set(
            session.scalars(participating(lite_books.actor("operator")))
        )
        assert before <= set(session.scalars(participating(lite_books.actor("operator"))))
        found = {(row.status, row.plan.status) for row in session.scalars(declarations_query(lite_books.actor("operator")))}
        under_way = {(status, "申报中") for status in ("未提交", "待初审", "待复审", "审核退回", "审核通过")}
        assert found == {("审核通过", "已截止"), *under_way}
        assert all(offer_of(session, one.id) for one in session.scalars(select(DeclarationPlan)))
        assert verify(engine, session) == []
