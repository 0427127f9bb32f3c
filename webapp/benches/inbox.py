"""`inbox`: the first page of somebody's inbox with 1,000,000 open tasks of other parties, over the same page with 1,000."""

from __future__ import annotations

from statistics import median
from typing import Any

from sqlalchemy import String, Table, cast, func, insert, literal, select, true
from sqlalchemy.orm import Session
from werkzeug.test import create_environ, run_wsgi_app

from domain.ground.base import utc_now
from domain.weekly.reports import new_report
from forms.fields import parse
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import latest
from processes.steps import starting
from webapp.app import create_app
from webapp.benches.measuring import actor, product, timed
from webapp.benches.step import REPORT, log_in

MANY, FEW = 1_000_000, 1_000
OWN = 50  # tasks in the inbox itself: more than a page
PARTIES = 3_000
ROUNDS = 60
WARM_UP = 5


def measure() -> tuple[float, float]:
    """Medians in seconds: the page among many tasks, the page among few."""
    with product() as many, product() as few:
        sides = [_Side(many, MANY), _Side(few, FEW)]
        times: list[list[float]] = [[], []]
        for number in range(ROUNDS + WARM_UP):
            for side in (0, 1) if number % 2 else (1, 0):  # in turns: neither always runs warm
                took = timed(sides[side].page)
                if number >= WARM_UP:
                    times[side].append(took)
    return median(times[0]), median(times[1])


class _Side:
    """A database with `OWN` open tasks of one party and a number of other parties', and the first's browser."""

    def __init__(self, runtime: Runtime, number: int) -> None:
        school = actor(runtime, "school1")
        with runtime.database.writing() as session:
            report = new_report(session, school, utc_now())
            report.take(parse(latest(session, "weekly_report").forms["weekly_report.json"], REPORT))
            instance_id, _ = starting.start(runtime.engine, session, school, "weekly_report", report)
            multiply(session, instance_id, 0, OWN - 1, literal(school.party_id))
        with runtime.database.writing() as session:
            multiply(session, instance_id, OWN, number)
        self.app = create_app(runtime)
        self.cookie, _ = log_in(self.app)

    def page(self) -> None:
        environ = create_environ("/inbox/")
        environ["HTTP_COOKIE"] = self.cookie
        body, status, _ = run_wsgi_app(self.app.wsgi_app, environ, buffered=True)
        if not status.startswith("200") or f"共 {OWN} 条".encode() not in b"".join(body):
            raise ValueError(status)


def multiply(session: Session, instance_id: int, after: int, copies: int, party: Any = None) -> None:
    """Copies an instance and its open task; without a party each copy is one of `PARTIES` others'. Their state is not kept."""
    first = select(literal(after + 1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < after + copies))
    number = numbers.c.n
    owner = 1_000 + number % PARTIES if party is None else party
    fresh = instance_id + number
    changed: dict[Table, dict[str, Any]] = {
        tables.instance: {"id": fresh, "subject_id": fresh, "party_id": owner, "state": literal(b"")},
        tables.task: {
            "id": func.substr(tables.task.c.id, 1, 20) + cast(number, String),
            "instance_id": fresh,
            "party_id": owner,
        },
    }
    for table, values in changed.items():
        mine = table.c.id == instance_id if table is tables.instance else table.c.instance_id == instance_id
        columns = [values.get(column.name, column) for column in table.c]
        source = select(*columns).select_from(table.join(numbers, true())).where(mine)
        session.execute(insert(table).from_select([column.name for column in table.c], source))
