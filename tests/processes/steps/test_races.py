"""Two people at the same thing at the same moment: one wins, and the books tell one story (SQLite and PostgreSQL)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.weekly.reports import WeeklyReport, report_of
from forms import read_forms
from processes.definitions import store
from processes.deployment import deploying
from processes.history import events_of
from processes.steps import acting, completing
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.reviews import do, sound
from tests.processes.steps.test_weekly_report import ANSWERS, begin, open_task, status
from tests.racing import race, transaction


@pytest.mark.row("6.3")
def test_a_process_begins_while_a_new_version_is_deployed(world: World) -> None:
    """It runs on one version or the other, whole: on the one that is there when it begins."""
    play = Play(world)
    play.deploy(diagram(start() + user("a") + end() + flows("start>a a>end")))
    newer = diagram(start() + user("a") + user("b") + end() + flows("start>a a>b b>end"))

    def deploy(session: Any) -> None:
        deploying.deploy(session, world.runtime.engine, newer, read_forms(), "郑工", {})

    race(world, deploy, play.begin)
    play.complete("a")
    with world.runtime.database.reading() as session:
        version = store.load(session, play.row.definition_id).version
    assert (version, play.tasks(), play.ended) in ((1, [], True), (2, ["b"], False))
    other = Play(world)
    other.begin()
    other.complete("a")
    assert other.tasks() == ["b"]


@pytest.mark.row("6.4")
def test_a_record_that_was_read_before_the_lock_is_read_again(world: World) -> None:
    """A batch reads the records, then waits for the lock: what it does is done to the record as it is by then."""
    engine, (report, instance) = world.runtime.engine, begin(world)
    task = open_task(world, instance).id
    school = world.actor("school1")

    def withdraw(session: Any) -> list[str]:
        seen = report_of(session, school, report)
        jobs = acting.send(engine, session, school, instance, "withdraw")
        assert seen is not None
        return jobs

    # the second person read it at 未提交, and takes it back to 未提交: in between it was handed in
    race(world, lambda session: completing.complete(engine, session, school, task, "提交", ANSWERS), transaction(world, withdraw))
    assert status(world, report) == "未提交"
    sound(world)


@pytest.mark.row("6.4")
def test_an_edit_is_noted_against_what_was_there_when_it_was_stored(world: World) -> None:
    engine, (report, instance) = world.runtime.engine, begin(world)
    school = world.actor("school1")
    do(world, acting.save, "school1", instance, {**ANSWERS, "summary": "一"})

    def edit(session: Any) -> list[str]:
        seen = report_of(session, school, report)
        jobs = acting.save(engine, session, school, instance, {**ANSWERS, "summary": "一"})
        assert seen is not None
        return jobs

    # the second person wants back what they saw: no change to them, and one to the books
    race(world, lambda session: acting.save(engine, session, school, instance, {**ANSWERS, "summary": "二"}), transaction(world, edit))
    with world.runtime.database.reading() as session:
        assert session.get_one(WeeklyReport, report).data["summary"] == "一"
        assert events_of(session, instance)[-1].data == {"summary": ["二", "一"]}
    sound(world)
