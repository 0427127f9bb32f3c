"""The list screen and the form macros."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask, g, get_template_attribute
from sqlalchemy import event, select

from domain.ground.base import utc_now
from domain.ground.parties import Person, actor_of
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport, reports_query
from forms import read_forms
from forms.fields import describe
from forms.listing import Column, Filter, Listing
from forms.lists.weekly import REPORTS
from tests.conftest import World
from tests.counting import counted
from tests.webapp.clients import site, user
from webapp.listing import ListScreen, Page, render_list

LISTING = Listing(
    "weekly_report",
    "周报管理",
    WeeklyReport,
    reports_query,
    (
        Column("周期", lambda row: row.period.label, sort=ReportingPeriod.starts_at),
        Column("状态", lambda row: row.status, "badge"),
    ),
    (Filter("label", "周期", lambda query, text: query.where(ReportingPeriod.label.contains(text, autoescape=True))),),
    "weekly_report",
)
SCREEN = ListScreen(LISTING, "按周报送", show=lambda row: f"/r/{row.id}")


def test_list_counts_pages_and_queries(app: Flask) -> None:
    database = app.extensions["pilot"].database
    with database.writing() as session:
        person = session.scalars(select(Person).where(Person.account == "school1")).one()
        actor = actor_of(session, person.id)
        assert actor is not None
        periods = session.scalars(select(ReportingPeriod).where(ReportingPeriod.province_id == actor.province_id)).all()
        for number, period in enumerate(periods):
            status = "待审核" if number else "未提交"
            report = WeeklyReport(period_id=period.id, party_id=actor.party_id, author_id=person.id, status=status, created_at=utc_now())
            session.add(report)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for query in ("/", "/", "/?status=未提交", "/?label=%25", "/?page=999&size=x"):  # the first reads the diagram
        statements.clear()
        with app.test_request_context(query), database.reading() as session:
            g.began = utc_now()  # as before every request
            text = render_list(SCREEN, session, actor)
        counts.append(len(statements))
        assert "周报管理" in text
        if query == "/":
            assert f"待审核 <small>{len(periods) - 1}</small>" in text
            assert f"共 {len(periods)} 条" in text
        if "label" in query:
            assert "没有符合条件的记录" in text
    assert counts[1] == counts[2] <= 8


def test_form_shows_problems_and_lines(app: Flask) -> None:
    tabs = describe(read_forms()["weekly_report.json"], {})
    with app.test_request_context("/"):
        first = tabs[0].fields[0].path
        text = get_template_attribute("forms.html", "fields")(tabs, [(first, "请填写此项")])
        shown = get_template_attribute("forms.html", "view")(tabs)
    assert f'href="#f-{first}"' in text
    assert 'aria-invalid="true"' in text
    assert "—" in shown


@pytest.mark.parametrize(
    ("number", "last", "offered"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, None, 3, 4, 5, 6, 7, None, 9]),
        (9, 9, [1, None, 7, 8, 9]),
    ],
)
def test_page_numbers_leave_out_what_is_far(number: int, last: int, offered: list[int | None]) -> None:
    assert Page(REPORTS, (), total=last * 20, number=number, size=20, tabs=()).numbers == offered


def test_a_filter_beyond_the_third_is_folded_unless_it_is_in_force(app: Flask) -> None:
    more = tuple(Filter(f"f{n}", f"条件{n}", lambda query, text: query) for n in range(5))
    screen = replace(SCREEN, listing=replace(SCREEN.listing, filters=more))
    with app.extensions["pilot"].database.reading() as session:
        person = session.scalars(select(Person).where(Person.account == "school1")).one()
        actor = actor_of(session, person.id)
        assert actor is not None
        pages = {}
        for address in ("/", "/?f4=x", "/?f3=x&f4=x&failed=x"):
            with app.test_request_context(address):
                g.began = utc_now()
                pages[address] = render_list(screen, session, actor)
    assert pages["/"].count("folded") == 3  # the status and five more
    assert "展开" in pages["/"]
    assert pages["/?f4=x"].count("folded") == 2  # a link with one filter does not push the rows off a phone's screen
    assert "data-more-filters" in pages["/?f4=x"]
    assert "data-more-filters" not in pages["/?f3=x&f4=x&failed=x"]


@pytest.mark.row("2.1.1", "2.2.1", "3.1", "3.2", "4.1")
def test_queries_do_not_grow_with_the_rows(lite_books: World) -> None:
    app = site(lite_books)
    few, many = user(app, "school1"), user(app, "operator")
    for address in ("/institutions/organizations/", "/institutions/schools/", "/certificates/", "/standards/skills/", "/standards/sites/"):
        found = []
        for client in (few, few, many):  # the first reads the diagram too
            with counted(lite_books) as (statements, commits):
                assert client.get(address + "?size=100").status_code == 200
            found.append(len(statements))
            assert not commits
        assert found[2] <= found[1] <= 9, (address, found)
