"""Texts of diagrams, forms and people that would be markup, an address, a template or a formula, were they not shown as they are."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html
from openpyxl import load_workbook
from sqlalchemy import select, update
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from domain.ground.parties import Party, Person
from forms import read_forms
from jobs import texting
from jobs.runtime import BPMN_FOLDER
from processes import tables
from processes.deployment.deploying import deploy
from processes.steps import telling
from tests.conftest import World
from tests.domain.ground.contents import PDF
from tests.jobs.choosing import choose, notices_shown
from tests.webapp.clients import site, user
from tests.webapp.designer.diagrams import send as design
from tests.webapp.files.uploads import send as upload
from tests.webapp.weekly.reports import FORM

TEXTS = {
    "markup": "'\"><xq7 onerror=xq7()>{{7*7}}</script>",
    "formula": "=cmd|'/C xq7'!A0",
    "address": "javascript:xq7(){%xq7%}${7*7}",
}
TOLD = ("button", "status", "confirm", "lateMessage", "bulk")  # properties that people read
SHOWN_ON = {
    "designer": {"designer.edit", "designer.version", "designer.show", "designer.compare"},
    "school1": {"home.index", "weekly_report.index", "weekly_report.show", "inbox.index"},
    "province1": {"home.index", "weekly_report.index", "weekly_report.show", "inbox.index", "inbox.task"},
    "supervisor": {"monitor.show"},
}


def hostile(text: str) -> tuple[bytes, dict[str, Any]]:
    """周报 as drawn, but for what people read of it; and its forms."""
    root = etree.parse(BPMN_FOLDER / "weekly_report.bpmn").getroot()
    for node in root.iter(
        "{*}participant", "{*}process", "{*}userTask", "{*}startEvent", "{*}boundaryEvent", "{*}sequenceFlow", "{*}message"
    ):
        if node.tag.endswith(("sequenceFlow", "participant", "process", "userTask", "startEvent")) or "message" in node.get(
            "messageRef", ""
        ):
            node.set("name", text)
    for node in root.iter("{*}property"):
        if node.get("name") in TOLD:
            node.set("value", text)
        elif node.get("name") == "outcomes":
            node.set("value", f"{node.get('value')},{text}")
    for node in root.iter("{*}userTask"):
        told = etree.Element("{http://www.omg.org/spec/BPMN/20100524/MODEL}documentation")
        told.text = text
        node.insert(0, told)
    forms = deepcopy(read_forms())
    forms["weekly_review.json"]["title"] = text
    forms["weekly_review.json"]["properties"]["quality"] |= {"title": text, "enum": [text, "好"]}
    forms["weekly_report.json"]["properties"]["contact"]["title"] = text
    return etree.tostring(root), forms


def begun(world: World, text: str) -> Flask:
    """A report of a school and a person of this name, handed in with a file of this name; and a draft of the same diagram."""
    xml, forms = hostile(text)
    with world.runtime.database.writing() as session:
        deploy(session, world.runtime.engine, xml, forms, text, note=text)
        session.execute(update(Party).where(Party.id == world.actor("school1").party_id).values(name=text))
        session.execute(update(Person).where(Person.id == world.actor("school1").person_id).values(name=text))
    choose(world, "province1", shown=("task",), sms=("task",))
    app = site(world)
    school = user(app, "school1")
    file = upload(school, f"{text.replace('/', '').replace(chr(34), '')}.pdf", PDF).get_json()
    data = {**FORM, "contact": text[:20], "summary": text, "attachments": str(file["id"]), "act": "提交"}
    assert school.post("/weekly/new", data=data).status_code == 302
    assert school.post("/records/1/comments", data={"comment": text}).status_code == 302
    assert design(user(app, "designer"), "draft", xml, scenarios=text).status_code == 200
    return app


def walked(app: Flask, client: FlaskClient) -> dict[str, TestResponse]:
    """What links lead to from the first page, one address for each endpoint."""
    addresses, todo, found = app.url_map.bind("localhost"), ["/", "/designer/weekly_report/", "/designer/weekly_report/edit"], {}
    while todo:
        address = urlsplit(todo.pop(0))
        try:
            endpoint, _ = addresses.match(address.path, method="GET")
        except HTTPException:
            continue
        if endpoint in found or endpoint == "static":
            continue
        answer = client.get(address.path, query_string=address.query, follow_redirects=True)
        found[endpoint] = answer
        if answer.mimetype != "text/html":
            answer.close()  # a download holds its file open
        else:
            todo += [link for link in html.fromstring(answer.text).xpath("//a/@href") if link.startswith("/")]
    return found


def dangers(page: str) -> list[str]:
    """What in a page would run, or was run."""
    root = html.document_fromstring(page)
    found = [f"<{node.tag}>" for node in root.iter("xq7")]
    found += ["inline script" for node in root.iter("script") if not node.get("src") and node.get("type") != "application/json"]
    for node in root.iter(etree.Element):
        values = {name: value.strip().lower() for name, value in node.attrib.items()}
        found += [name for name in values if name.startswith(("on", "hx-on", "xq7"))]
        found += [
            f"{name}={value}"
            for name, value in values.items()
            if name in ("href", "src", "action", "formaction") and "script:" in value.partition("?")[0]  # a query's text is no scheme
        ]
    return found + [line for line in ("xq7()>49", "%}49", "{%xq7%}$49") if line in page]


@pytest.mark.row("8.2", "8.3")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_are_shown_as_they_are(lite: World, text: str) -> None:
    app = begun(lite, text)
    for account, expected in SHOWN_ON.items():
        pages = walked(app, user(app, account))
        assert {name: answer.status_code for name, answer in pages.items() if answer.status_code >= 500} == {}
        htmls = {name: answer.text for name, answer in pages.items() if answer.mimetype == "text/html"}
        assert {name: found for name, page in htmls.items() if (found := dangers(page))} == {}
        shown = {name for name, page in htmls.items() if text in html.document_fromstring(page).text_content()}
        assert expected <= shown, (account, sorted(htmls), sorted(shown))


@pytest.mark.row("8.2")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_leave_the_product_as_they_are(lite: World, text: str) -> None:
    """Diagrams for the viewer, Excel files, downloads and messages."""
    app = begun(lite, text)
    province = user(app, "province1")
    drawn = province.get("/records/weekly_report/1/diagram.json")
    assert drawn.mimetype == "application/json"
    assert text in str(etree.fromstring(drawn.json["xml"].encode()).xpath("//@name"))
    with province.post("/lists/weekly_report/export", data={}) as answer:
        cells = [cell for row in load_workbook(BytesIO(answer.get_data())).active for cell in row]
    assert text in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith("="))
    (file, *_) = html.fromstring(province.get("/weekly/1").text).xpath("//a[starts-with(@href, '/files/')]/@href")
    with province.get(file) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert text in next(line for _, line in notices_shown(lite, "province1"))
    lite.clock.now += telling.SMS_AFTER
    with lite.runtime.database.writing() as session:
        texting.bundle(session, lite.clock())
        (sent,) = session.scalars(select(tables.text.c.payload)).all()
    assert text in sent["messages"][0]["text"]
