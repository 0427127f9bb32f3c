"""Diagrams that are made to cost: whatever is sent to the designer's pages is read in a process of its own, and answered with a sentence.

What is counted is how often a parser of the web process sees the text: never, but where a diagram that passed every check is deployed.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from jobs import confinement
from jobs.confinement import Work
from processes.diagrams.xmlsafe import MAX_BYTES
from tests.processes.bpmn.test_decisions import table
from tests.processes.checks.diagrams import END, LINE, NAMESPACES, START, STATUS, diagram, document, drawn, flows, gateway, process, task
from tests.webapp.designer.diagrams import CHANGED, XML, done, page, send, upload

pytestmark = pytest.mark.row("8.3")
BODY = START + task(STATUS) + gateway("exclusive", default="f3") + END
SCRIPT = '<scriptTask id="x" name="计算"><script>{}</script></scriptTask>'


def choosing(condition: str) -> bytes:
    return drawn(diagram(BODY + flows("a>t", "t>g", f"g>z:{condition}", "g>t")))


def many_parameters(count: int) -> bytes:
    lines = "".join(f'<s:parameter id="p{at}" value="{at} + 1"/>' for at in range(count))
    call = f'<s:serviceTaskOperator id="in"><s:parameters>{lines}</s:parameters></s:serviceTaskOperator>'
    service = f'<serviceTask id="v" name="调用"><extensionElements>{call}</extensionElements></serviceTask>'
    return drawn(diagram(START + service + END + flows("a>v", "v>z")))


def dense(count: int) -> bytes:
    """Gateways of which each leads to all that follow, as far as the limit of flows allows."""
    gates = "".join(gateway("parallel", f"g{at}") for at in range(count))
    pairs = [f"g{first}>g{second}" for first in range(count) for second in range(first + 1, count)][:990]
    return drawn(diagram(START + gates + task(STATUS) + END + flows("a>t", "t>g0", f"g{count - 1}>z", *pairs)))


ATTRIBUTES = " ".join(f'a{at}=""' for at in range(200_000))
HOSTILE = {
    "100,000 elements": document(process("".join(f'<task id="t{at}"/>' for at in range(99_000)))),
    "100,000 notes": document(process(START + task() + END + LINE + "<documentation/>" * 99_000)),
    "5,000 levels": f"<definitions {NAMESPACES}>".encode() + b"<a>" * 5000 + b"</a>" * 5000 + b"</definitions>",
    "190 levels": document(process(START + "<subProcess>" * 190 + "</subProcess>" * 190 + END)),
    "10 MB of attributes": f'<definitions {NAMESPACES} a="{"x" * 2 * MAX_BYTES}"/>'.encode(),
    "200,000 attributes": f"<definitions {NAMESPACES} {ATTRIBUTES}/>".encode(),
    "50,000 expressions": many_parameters(50_000),
    "5,001 expressions": many_parameters(5001),
    "2,000 parentheses": choosing("(" * 2000 + "1" + ")" * 2000),
    "2,000 signs": choosing("-" * 900 + "1"),
    "a power of powers": choosing("9**9**9 == 1"),
    "a text times a number": choosing("'x' * 999999999 == 'x'"),
    "a list times a number": choosing("[1] * 999999999 == [1]"),
    "a text that doubles": drawn(
        diagram(START + SCRIPT.format("a = 'x';" + "a = a + a;" * 49) + task(STATUS) + END + flows("a>x", "x>t", "t>z"))
    ),
    "entities": b'<!DOCTYPE d [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "&a;&a;&a;">]><d>&b;</d>',
    "a file of the server": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>',
    "gateways that all join": dense(60),
    "names of 50,000 characters": drawn(diagram(START + task(STATUS, name="名" * 50_000) + END + LINE)),
    "20,000 rules": table(*[("'高'", "1")] * 20_000).encode(),
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many bytes the parsers of this process have read, a number each time."""
    found: list[int] = []
    real = etree.fromstring

    def counted(data: bytes, *args: Any) -> Any:
        found.append(len(data))
        return real(data, *args)

    monkeypatch.setattr(etree, "fromstring", counted)
    return found


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_no_parser_of_the_web_process_reads_a_hostile_diagram(designer: FlaskClient, parsed: list[int], data: bytes) -> None:
    text = data.decode()
    taken = done(designer.post("/designer/import", data={"file": (BytesIO(data), "x.bpmn"), "back": "/designer/"}))
    given = {"key": "p", "base": "0", "note": "改", "scenarios": "- name: a"}
    answers = [send(designer, what, text, **given) for what in ("draft", "check", "try", "deploy")]
    assert taken.status_code in (302, 303)
    assert [answer.status_code for answer in answers if answer.status_code not in (200, 409)] == []
    assert parsed == []
    checked = answers[1].json["problems"]
    assert checked
    assert all(len(one["text"]) < 1000 for one in checked)
    if answers[0].status_code == 200:  # it is kept, in whatever state it is
        assert page(designer, "/designer/p/edit")
        assert designer.get("/designer/p/model.json").json["xml"] == text
        assert parsed == []


def test_a_diagram_that_passes_every_check_is_read_where_it_is_deployed(designer: FlaskClient, parsed: list[int]) -> None:
    send(designer, "draft", CHANGED)
    page(designer, "/designer/weekly_report/edit")
    assert designer.get("/designer/weekly_report/model.json").json["choices"]["facts"]
    assert send(designer, "check", CHANGED).json == {"problems": []}
    assert send(designer, "try", CHANGED, scenarios=" ").status_code == 409
    assert parsed == []
    assert send(designer, "deploy", CHANGED, note="状态写明是省级审核").status_code == 200
    assert 0 < len(parsed) < 20
    assert set(parsed) <= {len(CHANGED.encode()), len(XML.encode())}


@pytest.mark.parametrize("work", ["description of a diagram", "import of a diagram", "check of a diagram"])
def test_what_does_not_end_within_its_bounds_is_answered(designer: FlaskClient, monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    bounds = {**confinement.WORK, work: Work("tests.jobs.test_confinement", "die")}
    monkeypatch.setattr(confinement, "WORK", bounds)
    told = "内容过于复杂，未能在限定的时间和内存内处理完，请简化后重试"
    if work == "import of a diagram":
        assert told in upload(designer, CHANGED.encode())
    elif work == "check of a diagram":
        for what in ("check", "try", "deploy"):
            (problem,) = send(designer, what, CHANGED, note="改").json["problems"]
            assert told in problem["text"]
    else:
        refused = send(designer, "draft", CHANGED)
        assert (refused.status_code, told in refused.json["message"]) == (409, True)
    assert "草稿" not in page(designer, "/designer/weekly_report/").split("<table", 1)[1]
