"""The surgery on the task tree: put on the same diagram anew before each step, every scenario of the product goes as it does without."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.scenarios.playing import run_file
from processes import history
from processes.definitions import store
from processes.errors import Refused
from processes.monitor import migrating, moving
from processes.spiff import regrafting
from processes.spiff.state import load_state, save_state
from processes.steps import acting, running
from tests.conftest import World
from tests.processes.bpmn import play as bpmn
from tests.processes.bpmn.test_event_subprocesses import event_subprocess
from tests.processes.bpmn.votes import many, voting
from tests.processes.monitor.versions import END, LANES, Versions, versions
from tests.processes.tiny import Play, boundary, diagram, flows, node, user

BPMN = Path(__file__).parents[3] / "bpmn"


@pytest.mark.row("8.3", "8.4")
@pytest.mark.parametrize("path", sorted(BPMN.glob("*.scenarios.yaml")), ids=lambda path: path.name)
def test_nothing_changes_where_nothing_has_changed(path: Path, lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    load, grafted = load_state, []

    def load_regrafted(state: bytes, spec: Any, inner: Any) -> Any:
        workflow = load(state, spec, inner)
        regrafting.regraft(workflow, (spec, dict(inner)), {})
        grafted.append(workflow)
        return load(save_state(workflow), spec, inner)

    monkeypatch.setattr(running, "load_state", load_regrafted)
    report = run_file(path, lite.runtime.database)
    assert report.failures == ()
    assert report.flows_not_taken == ()
    assert grafted


def reminded(*tasks: str, reminder: bool = True) -> bytes:
    """fill, with a reminder beside it that leads to `other`."""
    length = "<bpmn:timerEventDefinition><bpmn:timeDuration>days(1)</bpmn:timeDuration></bpmn:timerEventDefinition>"
    side = boundary("late", "fill", length, interrupting=False) + user("other") if reminder else ""
    side_ways = ["late other", "other end"] if reminder else []
    names = ["start", *tasks, "end"]
    ways = [f"{a} {b}" for a, b in itertools.pairwise(names)]
    body = node("startEvent", "start") + "".join(user(t) for t in tasks) + side + END + flows(*ways, *side_ways)
    return diagram(body, LANES)


def with_reminder_sent(world: World, second: bytes) -> Versions:
    play = Play(world, reminded("fill"))
    world.clock.now = play.row.due_at
    play.call(acting.tick, play.instance)
    assert play.open() == ["fill", "other"]
    return versions(play, second)


@pytest.mark.row("8.4")
def test_what_a_reminder_began_goes_on_beside_its_task(world: World) -> None:
    both = with_reminder_sent(world, reminded("fill", "review"))
    both.migrate()
    assert both.play.open() == ["fill", "other"]
    both.play.act("school1", "other")
    both.play.act("school1", "fill")
    assert both.play.open() == ["review"]
    both.play.act("province1", "review")
    assert (both.play.status, both.play.faults()) == ("完成", [])


@pytest.mark.row("8.4")
def test_a_task_is_not_taken_from_what_its_reminder_began(lite: World) -> None:
    both = with_reminder_sent(lite, reminded("fill", reminder=False))
    problems = both.plan().problems
    assert len(problems) == 2
    assert "“fill”" in "".join(problems)
    assert "“other”" in "".join(problems)


def plain(*more: str) -> bytes:
    return bpmn.diagram(bpmn.start() + bpmn.user("a") + bpmn.end() + "".join(more) + bpmn.flows("start>a a>end"))


def put_on(play: bpmn.Play, xml: bytes) -> None:
    """The running instance goes on by this diagram."""
    play.deploy(xml)
    with play.step() as session:
        newest = store.latest(session, "tiny")
        migrating.migrate(play.world.runtime.engine, session, play.world.actor("supervisor"), play.instance, newest.id, "新规定")


@pytest.mark.row("8.4")
def test_an_event_subprocess_comes_and_goes(world: World) -> None:
    play = bpmn.Play(world)
    play.deploy(plain())
    play.begin()
    put_on(play, plain(event_subprocess(bpmn.message("m_stop"))))
    assert play.waits == ["evs"]
    put_on(play, plain())
    assert play.waits == []
    put_on(play, plain(event_subprocess(bpmn.message("m_stop"))))
    play.send("evs")
    assert play.tasks() == ["evt"]
    with pytest.raises(Refused, match="子流程"):
        put_on(play, plain())
    play.complete("evt")
    assert play.ended


@pytest.mark.row("8.4")
def test_an_event_subprocess_with_a_timer_begins_to_count(world: World) -> None:
    play = bpmn.Play(world)
    play.deploy(plain())
    play.begin()
    put_on(play, plain(event_subprocess(bpmn.timer(timeDuration="days(2)"))))
    due = play.row.due_at
    assert due == world.clock.now + timedelta(days=2)
    play.later(days=1)
    put_on(play, plain(event_subprocess(bpmn.timer(timeDuration="days(2)")), event_subprocess(bpmn.message("m_stop"), id="more")))
    assert (play.row.due_at, play.waits) == (due, ["mores"])
    play.later(days=1)
    assert play.tasks() == ["evt"]
    play.complete("evt")
    assert play.ended


@pytest.mark.row("8.4")
def test_a_timer_that_nobody_waits_for_any_more_is_dropped(lite: World) -> None:
    play = bpmn.Play(lite)
    play.deploy(plain(event_subprocess(bpmn.timer(timeDuration="days(2)"))))
    play.begin()
    put_on(play, plain())
    assert (play.row.due_at, play.tasks()) == (None, ["a"])
    play.complete("a")
    assert play.ended


def voted(play: bpmn.Play, **more: Any) -> bpmn.Play:
    """A 会签 of two people of whom one has agreed."""
    play.deploy(voting(**more))
    play.begin()
    play.complete("a", account="school1")
    play.complete("b", "同意", account="province1")
    return play


@pytest.mark.row("8.4")
def test_a_vote_that_stands_goes_on_with_its_answers(world: World) -> None:
    play = voted(bpmn.Play(world))
    put_on(play, voting(commentRequired="不同意"))
    assert play.tasks() == ["b"]
    play.complete("b", "同意", account="province1b")
    assert play.tasks() == ["yes"]


@pytest.mark.row("8.4")
def test_a_vote_keeps_its_answers_and_gets_a_deadline(lite: World) -> None:
    play = voted(bpmn.Play(lite))
    put_on(play, voting(extra=bpmn.boundary("late", "b", bpmn.timer(timeDuration="days(2)")), more="late>end"))
    assert (play.tasks(), play.row.due_at) == (["b"], lite.clock.now + timedelta(days=2))
    play.complete("b", "同意", account="province1b")
    assert (play.tasks(), play.row.due_at) == (["yes"], None)


@pytest.mark.row("8.4")
@pytest.mark.parametrize("sequential", [False, True])
def test_a_vote_that_is_left_is_closed_and_comes_back_when_that_is_undone(world: World, sequential: bool) -> None:
    play = bpmn.Play(world)
    play.deploy(voting(many(sequential=sequential)))
    play.begin()
    play.complete("a", account="school1")
    before = sorted((t.id, t.assignee_id) for t in play.open())
    play.deploy(plain())
    engine, actor = play.world.runtime.engine, play.world.actor("supervisor")
    with play.step() as session:
        newest = store.latest(session, "tiny").id
        migrating.migrate(engine, session, actor, play.instance, newest, "新规定", {"b": "a"})
    assert play.tasks() == ["a"]
    assert "迁移到第 2 版" in play.closed_as("b")
    with play.step() as session:
        migrating.undo(engine, session, actor, play.instance, "弄错了")
    assert sorted((t.id, t.assignee_id) for t in play.open()) == before
    for account in ("province1", "province1b"):
        play.complete("b", "同意", account=account)
    assert play.tasks() == ["yes"]


@pytest.mark.row("8.4")
def test_a_token_is_moved_out_of_a_vote(world: World) -> None:
    play = voted(bpmn.Play(world))
    engine, actor = play.world.runtime.engine, play.world.actor("supervisor")
    with play.step() as session:
        row = history.instance_by_id(session, play.instance)
        (token,) = [id for id, element, _ in moving.moves(session, row) if element.id == "b"]
        moving.move(engine, session, actor, play.instance, token, "yes", "已口头同意")
    assert play.tasks() == ["yes"]
    assert "跳转" in play.closed_as("b")
