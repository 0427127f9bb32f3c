"""`growth`: a step with 200,000 instances in the database, over the same step with 1,000."""

from __future__ import annotations

from statistics import median
from typing import Any

from sqlalchemy import String, Table, case, cast, func, insert, literal, select, true
from sqlalchemy.orm import Session

from domain.ground.base import utc_now
from domain.ground.parties import Actor
from domain.weekly.reports import new_report
from forms.fields import parse
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import latest
from processes.states import TaskRowState
from processes.steps import acting, completing, starting
from webapp.benches.measuring import actor, product, timed
from webapp.benches.step import REPORT

MANY, FEW = 200_000, 1_000
ROUNDS = 60
WARM_UP = 5


def measure() -> tuple[float, float]:
    """Medians in seconds: a step among many instances, a step among few."""
    with product() as many, product() as few:
        sides = [_Side(many, MANY), _Side(few, FEW)]
        times: list[list[float]] = [[], []]
        for number in range(ROUNDS + WARM_UP):
            for side in (0, 1) if number % 2 else (1, 0):  # in turns: neither always runs warm
                took = timed(sides[side].step)
                sides[side].back()
                if number >= WARM_UP:
                    times[side].append(took)
    return median(times[0]), median(times[1])


class _Side:
    """A database with a number of running instances, and one more that goes there and back."""

    def __init__(self, runtime: Runtime, number: int) -> None:
        self.runtime = runtime
        self.school: Actor = actor(runtime, "school1")
        with runtime.database.writing() as session:
            report = new_report(session, self.school, utc_now())
            report.take(parse(latest(session, "weekly_report").forms["weekly_report.json"], REPORT))
            self.instance_id, _ = starting.start(runtime.engine, session, self.school, "weekly_report", report)
        with runtime.database.writing() as session:
            _multiply(session, self.instance_id, number - 1)

    def step(self) -> None:
        table = tables.task
        with self.runtime.database.writing() as session:
            task_id = session.scalars(
                select(table.c.id).where(table.c.instance_id == self.instance_id, table.c.state == TaskRowState.OPEN)
            ).one()
            completing.complete(self.runtime.engine, session, self.school, task_id, "提交")

    def back(self) -> None:
        with self.runtime.database.writing() as session:
            acting.send(self.runtime.engine, session, self.school, self.instance_id, "withdraw")


def _multiply(session: Session, instance_id: int, copies: int) -> None:
    """Copies an instance with its tasks and history; a third of the copies has ended."""
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < copies))
    number = numbers.c.n
    one, task = tables.instance.c, tables.task.c
    fresh, ended = instance_id + number, number % 3 == 0
    changed: dict[Table, dict[str, Any]] = {
        tables.instance: {
            "id": fresh,
            "subject_id": one.subject_id + number,
            "ended_at": case((ended, one.started_at)),
            "due_at": case((ended, None), else_=one.due_at),
        },
        tables.task: {
            "id": func.substr(task.id, 1, 20) + cast(number, String),
            "instance_id": fresh,
            "state": case((ended, TaskRowState.DONE), else_=task.state),
        },
        tables.event: {"instance_id": fresh},
    }
    for table, values in changed.items():
        mine = table.c.id == instance_id if table is tables.instance else table.c.instance_id == instance_id
        columns = [values.get(column.name, column) for column in table.c]
        source = select(*columns).select_from(table.join(numbers, true())).where(mine)
        session.execute(insert(table).from_select([column.name for column in table.c], source))
