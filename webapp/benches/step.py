"""`step`: completing a user task through the WSGI application, over bare SpiffWorkflow with one commit of the same bytes."""

from __future__ import annotations

import re
import sys
from functools import partial
from io import BytesIO
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select, text
from werkzeug.test import Client, create_environ, run_wsgi_app

from domain.demo import PASSWORD
from domain.ground.base import utc_now
from domain.ground.database import Database, open_database
from domain.ground.parties import Actor
from domain.ground.rows import read_one
from domain.weekly.reports import new_report
from forms.fields import parse
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import latest
from processes.rows import InstanceRow
from processes.spiff import tokens
from processes.spiff.state import load_state, save_state
from processes.states import TaskRowState
from processes.steps import acting, execution, starting
from processes.steps.step import Step
from webapp.app import create_app
from webapp.benches.measuring import actor, product, timed

ROUNDS = 60
WARM_UP = 5
REPORT: dict[str, list[str]] = {
    "contact": ["张文"],
    "mobile": ["13900000000"],
    "summary": ["本周完成培训"],
    "lines.0.certificate": ["Web前端开发"],
    "lines.0.trained": ["30"],
}


def measure() -> tuple[float, float]:
    """Medians in seconds: ours, the floor's."""
    with product() as runtime:
        bare = open_database(f"sqlite:///{runtime.settings.home}/bare.sqlite3")
        with bare.writing() as session:
            session.execute(text("CREATE TABLE state (id INTEGER PRIMARY KEY, bytes BLOB)"))
        times = _rounds(runtime, bare)
        bare.engine.dispose()
    return median(ours for ours, _ in times), median(floor for _, floor in times)


def _rounds(runtime: Runtime, bare: Database) -> list[tuple[float, float]]:
    app = create_app(runtime)
    cookie, token = log_in(app)
    school = actor(runtime, "school1")
    times = []
    for number in range(ROUNDS + WARM_UP):
        instance_id, task_id, step, state = _fresh(runtime, school)
        body = urlencode({"csrf_token": token, "outcome": "提交"}).encode()
        sides = [
            (0, partial(_post, app, cookie, f"/inbox/tasks/{task_id}", body)),
            (1, partial(_bare, step, state, task_id, bare)),
        ]
        took = [0.0, 0.0]
        for side, work in sides if number % 2 else reversed(sides):  # in turns: neither always runs warm
            took[side] = timed(work)
        if number >= WARM_UP:
            times.append((took[0], took[1]))
        with runtime.database.writing() as session:
            acting.send(runtime.engine, session, school, instance_id, "withdraw")
            acting.send(runtime.engine, session, school, instance_id, "delete_draft")
    return times


def _fresh(runtime: Runtime, school: Actor) -> tuple[int, str, Step, bytes]:
    """A report that waits for being handed in, and what the floor needs of it."""
    with runtime.database.writing() as session:
        report = new_report(session, school, utc_now())
        report.take(parse(latest(session, "weekly_report").forms["weekly_report.json"], REPORT))
        instance_id, _ = starting.start(runtime.engine, session, school, "weekly_report", report)
    with runtime.database.reading() as session:
        row = read_one(session, select(tables.instance).where(tables.instance.c.id == instance_id), InstanceRow)
        table = tables.task
        task_id = session.scalars(select(table.c.id).where(table.c.instance_id == instance_id, table.c.state == TaskRowState.OPEN)).one()
        subject = type(report).load(session, report.id)  # with what its facts read: the session is closed by then
        if subject is None:
            raise ValueError(report.id)
        step = Step(runtime.engine, session, school, latest(session, "weekly_report"), row, subject)
    return instance_id, task_id, step, row.state or b""


def _bare(step: Step, state: bytes, task_id: str, bare: Database) -> None:
    workflow = load_state(state, *step.definition.specs)
    workflow.script_engine = execution.script_engine(step)
    live = tokens.find(workflow, task_id)
    if live is None:
        raise ValueError(task_id)
    live.data["fill_outcome"] = "提交"
    live.run()
    workflow.do_engine_steps()
    after = save_state(workflow)
    with bare.writing() as session:
        session.execute(text("INSERT INTO state (bytes) VALUES (:bytes)"), {"bytes": after})


def log_in(app: Any, account: str = "school1") -> tuple[str, str]:
    """A session cookie and its CSRF token, got as a browser gets them."""
    client = Client(app)
    token = _token(client.get("/login").get_data(as_text=True))
    client.post("/login", data={"account": account, "password": PASSWORD, "csrf_token": token})
    token = _token(client.get("/").get_data(as_text=True))
    found = client.get_cookie("pilot")
    if found is None:
        raise ValueError("login")
    return f"pilot={found.value}", token


def _token(page: str) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', page)
    if found is None:
        raise ValueError("csrf")
    return found.group(1)


def _post(app: Any, cookie: str, path: str, body: bytes) -> None:
    environ = create_environ(
        path, method="POST", input_stream=BytesIO(body), content_length=len(body), content_type="application/x-www-form-urlencoded"
    )
    environ["HTTP_COOKIE"] = cookie
    _, status, _ = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    if not status.startswith("302"):
        print(f"POST {path}: {status}", file=sys.stderr)
        raise ValueError(status)
