"""Two designers who deploy at the same moment (row 8.3): one version, and a plain answer to the other."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from flask import Flask

from forms import read_forms
from processes.deployment import deploying
from tests.conftest import World
from tests.processes.bpmn.play import diagram, end, flows, start, user
from tests.processes.checks.diagrams import drawn
from webapp.app import create_app


def post(app: Flask, xml: bytes, note: str) -> Any:
    client = app.test_client()
    client.post("/login", data={"account": "designer", "password": "Pilot-2026"})
    form = {"xml": (io.BytesIO(xml), "d.bpmn"), "scenarios": "", "base": "1", "note": note}
    answer = client.post("/designer/same/deploy", data=form, headers={"X-Requested-With": "fetch"})
    answer.request.environ["wsgi.input"].close()
    return answer


@pytest.mark.row("8.3")
def test_of_two_designers_the_second_is_told(world: World) -> None:
    app = create_app(world.runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    plain = [diagram(start() + user("a", status=status) + end() + flows("start>a a>end"), key="same") for status in ("甲", "乙", "丙")]
    versions = [drawn(xml) for xml in plain]
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, versions[0], read_forms(), "郑工")
    barrier, answers = threading.Barrier(2), []

    def deploy(number: int) -> None:
        barrier.wait()
        answers.append(post(app, versions[number], f"改{number}"))

    workers = [threading.Thread(target=deploy, args=(number,)) for number in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (told,) = [answer.json["message"] for answer in answers if answer.status_code == 409]
    assert "已部署了第 2 版，您的草稿基于第 1 版；请先比较，再决定是否部署" in told
