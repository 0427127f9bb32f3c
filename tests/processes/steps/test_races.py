"""Two people at the same thing at the same moment: one wins, and the books tell one story (SQLite and PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.weekly.reports import WeeklyReport, report_of
from forms import read_forms
from processes import tables
from processes.definitions import store
from processes.deployment import deploying
from processes.errors import NotFound, ProcessError
from processes.history import events_of
from processes.notices import preferences
from processes.rights import substitutes
from processes.steps import acting, completing
from processes.tasks import assigning, claiming, drafts, filters, withdrawing
from tests.conftest import World
from tests.processes.bpmn.play import Play, diagram, end, flows, start, user
from tests.processes.bpmn.test_votes import begun, many, voting
from tests.processes.steps.test_weekly_report import ANSWERS, begin, open_task, status
from tests.processes.tasks.test_handing_over import do, sound
from tests.racing import race


def transaction(world: World, act: Callable[[Any], Any]) -> Callable[[], Any]:
    """The act in a transaction of its own: what it gives, or what a person reads."""

    def run() -> Any:
        try:
            with world.runtime.database.writing() as session:
                return act(session)
        except ProcessError as error:
            return str(error)

    return run


def kept_drafts(world: World, account: str, place: str) -> list[Any]:
    with world.runtime.database.reading() as session:
        table = tables.draft
        mine = (table.c.person_id == world.actor(account).person_id, table.c.place == place)
        return list(session.scalars(select(table.c.data).where(*mine)))


@pytest.mark.row("8.1")
def test_two_windows_save_the_same_draft(world: World) -> None:
    actor, now = world.actor("school1"), world.clock()
    place = "weekly_report/new/1"
    race(
        world,
        lambda session: drafts.save_draft(session, actor, place, {"summary": "甲"}, now),
        transaction(world, lambda session: drafts.save_draft(session, actor, place, {"summary": "乙"}, now)),
    )
    assert kept_drafts(world, "school1", place) == [{"summary": "乙"}]


@pytest.mark.row("8.1")
def test_two_windows_save_the_same_filter(world: World) -> None:
    actor = world.actor("school1")
    race(
        world,
        lambda session: filters.keep(session, actor, "逾期", "due=late"),
        transaction(world, lambda session: filters.keep(session, actor, "逾期", "due=today")),
    )
    with world.runtime.database.reading() as session:
        assert [(row.name, row.query) for row in filters.filters_of(session, actor)] == [("逾期", "due=today")]


@pytest.mark.row("8.1")
def test_two_windows_save_the_message_settings(world: World) -> None:
    actor, now = world.actor("school1"), world.clock()
    race(
        world,
        lambda session: preferences.choose(session, actor, ["task"], [], now),
        transaction(world, lambda session: preferences.choose(session, actor, ["task"], ["task"], now)),
    )
    with world.runtime.database.reading() as session:
        assert preferences.choices_of(session, actor)["task"] == preferences.Choice(True, True)


@pytest.mark.row("8.1")
def test_a_claim_while_the_task_goes_to_another_role(world: World) -> None:
    """What was the actor's to take when they looked must still be when they take it."""
    play = Play(world)
    play.deploy(diagram(start() + user("a", outcomes="同意", transferRoles="试点院校") + end() + flows("start>a a>end")))
    play.begin()
    (task,) = play.open()
    reviewer = world.actor("province1")
    taken = race(
        world,
        lambda session: assigning.transfer_to_role(world.runtime.engine, session, reviewer, task.id, "试点院校", ""),
        transaction(world, lambda session: claiming.claim(session, world.actor("province1b"), [task.id], world.clock())),
    )
    assert taken == 0
    (task,) = play.open()
    assert (task.role, task.assignee_id) == ("试点院校", None)
    play.sound()


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


@pytest.mark.row("8.1")
@pytest.mark.parametrize("first", ["end", "act"])
def test_a_substitute_acts_while_their_time_is_ended(world: World, first: str) -> None:
    """Either they still could, and the books say in whose place, or they read why not; nothing in between."""
    play = Play(world)
    play.deploy(diagram(start() + user("a", lane="省级初审") + end() + flows("start>a a>end")))
    play.begin()
    absent, other, now = world.actor("province1"), world.actor("province1b"), world.clock()
    with world.runtime.database.writing() as session:
        substitutes.appoint(session, absent, other.person_id, now - timedelta(days=1), now + timedelta(days=1), [], True, now)
        given = session.scalars(select(tables.substitute.c.id)).one()
    world.clock.now += timedelta(hours=1)
    (task,) = play.open()

    def act(session: Any) -> str:
        completing.complete(world.runtime.engine, session, other, task.id, "提交", None, "好")
        return "done"

    def stop(session: Any) -> str:
        substitutes.end(session, absent, given, world.clock())
        return "ended"

    before, after = (stop, act) if first == "end" else (act, stop)
    told = race(world, before, transaction(world, after))
    assert told in ("done", "ended", str(NotFound()))
    acted = told != str(NotFound())
    assert play.ended == acted
    assert [name for kind, name in play.history() if kind == "task"] == (["提交"] if acted else [])
    with world.runtime.database.reading() as session:
        closed = session.execute(select(tables.task.c.closed_by, tables.task.c.closed_for)).one()
    assert closed == ((other.person_id, absent.person_id) if acted else (None, None))
    play.sound()


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


@pytest.mark.row("8.1")
def test_an_answer_is_taken_back_once(world: World) -> None:
    """A double click on 撤回: the same is asked again once, and counted once."""
    play = begun(Play(world), voting(many(), quorum="all", withdrawable="true"))
    mine = next(t for t in play.open() if t.assignee_id == world.actor("province1").person_id)
    with play.step() as session:
        completing.complete(world.runtime.engine, session, world.actor("province1"), mine.id, "同意")

    def withdraw(session: Any) -> list[str]:
        return withdrawing.withdraw(world.runtime.engine, session, world.actor("province1"), mine.id)

    assert race(world, withdraw, transaction(world, withdraw)).endswith(("撤回，不能撤回", str(NotFound())))
    assert len(play.open()) == 2
    play.sound()
