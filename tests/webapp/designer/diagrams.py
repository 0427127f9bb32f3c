"""Diagrams as a designer's browser sends them."""

from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from jobs.runtime import BPMN_FOLDER

XML = (BPMN_FOLDER / "weekly_report.bpmn").read_text(encoding="utf-8")
SCENARIOS = (BPMN_FOLDER / "weekly_report.scenarios.yaml").read_text(encoding="utf-8")
CHANGED = XML.replace('value="待审核"', 'value="待省级审核"')


def send(client: FlaskClient, what: str, xml: str | bytes = XML, key: str = "weekly_report", **fields: Any) -> TestResponse:
    data = xml.encode() if isinstance(xml, str) else xml
    form = {"xml": (io.BytesIO(data), "diagram.bpmn"), "scenarios": SCENARIOS, "base": "1", **fields}
    return done(client.post(f"/designer/{key}/{what}", data=form, headers={"X-Requested-With": "fetch"}))


def upload(client: FlaskClient, data: bytes) -> str:
    form = {"file": (io.BytesIO(data), "x.bpmn"), "back": "/designer/"}
    return page(client, done(client.post("/designer/import", data=form)).headers["Location"])


def done(answer: TestResponse) -> TestResponse:
    """The test client leaves the file open in which it builds a large body."""
    answer.request.environ["wsgi.input"].close()
    return answer


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)
