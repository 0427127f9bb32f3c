"""More than 200 returns in one instance: the state, the statements and the tree stay as small as at the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import event, select, update

from processes import tables
from processes.definitions.store import latest
from processes.monitor.verify import verify
from processes.outside import answers
from processes.spiff.state import depth, load_state
from tests.conftest import World
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin, open_task, send, status


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """The SQL that is sent inside the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = world.runtime.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def state_of(world: World, instance: int) -> bytes:
    with world.runtime.database.reading() as session:
        return bytes(session.execute(select(tables.instance.c.state).where(tables.instance.c.id == instance)).scalar_one())


def workflow_of(world: World, instance: int) -> Any:
    with world.runtime.database.reading() as session:
        definition = latest(session, "weekly_report")
    return load_state(state_of(world, instance), *definition.specs)


def answer(world: World, jobs: list[str]) -> None:
    with world.runtime.database.writing() as session:
        for job in jobs:
            session.execute(update(tables.job).where(tables.job.c.id == job).values(state="running", attempt=1))
            answers.answer(world.runtime.engine, session, job, 1, {})


def once_round(world: World, instance: int) -> None:
    """Returned by the reviewer, mended and sent again; the outside answers."""
    answer(world, act(world, "province1", instance, "审核退回", None, "请补充"))
    answer(world, act(world, "school1", instance, "提交"))


def faults(world: World) -> list[str]:
    with world.runtime.database.reading() as session:
        return verify(world.runtime.engine, session)


@pytest.mark.row("6.5")
def test_250_returns_cost_no_more_than_twice_the_first(lite: World) -> None:
    report, instance = begin(lite)
    answer(lite, act(lite, "school1", instance, "提交", ANSWERS))
    with statements(lite) as first:
        once_round(lite, instance)
    size = len(state_of(lite, instance))
    for _ in range(248):
        once_round(lite, instance)
    with statements(lite) as last:
        once_round(lite, instance)
    assert len(last) <= len(first)
    assert len(state_of(lite, instance)) <= 2 * size
    assert faults(lite) == []
    act(lite, "province1", instance, "审核通过")
    assert status(lite, report) == "审核通过"
    assert faults(lite) == []


def test_an_outside_that_never_answers_keeps_the_tree_shallow(lite: World) -> None:
    _, instance = begin(lite)
    act(lite, "school1", instance, "提交", ANSWERS)
    for _ in range(30):
        act(lite, "province1", instance, "审核退回", None, "请补充")
        act(lite, "school1", instance, "提交")
    assert depth(workflow_of(lite, instance)) < 40
    assert faults(lite) == []
    with lite.runtime.database.reading() as session:
        jobs = list(session.scalars(select(tables.job.c.id)))
    assert len(jobs) == 61
    answer(lite, jobs)
    assert faults(lite) == []
    once_round(lite, instance)
    assert len(state_of(lite, instance)) < 3000


def test_the_latest_round_of_every_user_task_stays(lite: World) -> None:
    _, instance = begin(lite)
    answer(lite, act(lite, "school1", instance, "提交", ANSWERS))
    for _ in range(5):
        once_round(lite, instance)
    done = [t for t in workflow_of(lite, instance).tasks.values() if t.task_spec.manual and t.state == TaskState.COMPLETED]
    assert {t.task_spec.bpmn_id for t in done} == {"fill", "review", "revise"}
    assert len(done) <= 4
    assert {t.data["review_outcome"] for t in done if t.task_spec.bpmn_id == "revise"} == {"审核退回"}


def test_withdrawals_are_rounds_too(world: World) -> None:
    report, instance = begin(world)
    sizes = []
    for _ in range(12):
        answer(world, act(world, "school1", instance, "提交", ANSWERS))
        send(world, "school1", instance, "withdraw")
        sizes.append(len(state_of(world, instance)))
    assert sizes[-1] <= 1.3 * sizes[1]
    assert open_task(world, instance).element == "fill"
    assert faults(world) == []
    with world.runtime.database.reading() as session:
        path = session.scalars(select(tables.instance.c.path)).one()
    assert {"f_submit", "f_withdraw", "f_notified"} <= set(path)
    assert status(world, report) == "未提交"
