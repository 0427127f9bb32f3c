"""Event subprocesses: each triggers once it may, stops all else or nothing, and leaves other instances as they were."""

from __future__ import annotations

import pytest

from tests.processes.bpmn.play import Play, diagram, end, flows, gateway, message, start, subprocess, throw, timer, user

SIGNAL = '<signalEventDefinition signalRef="s_all"/>'
ESCALATION = '<escalationEventDefinition escalationRef="x_up"/>'
ERROR = '<errorEventDefinition errorRef="e_one"/>'


def event_subprocess(event: str, interrupting: bool = True, id: str = "ev") -> str:
    begin = f'<startEvent id="{id}s" name="触发{id}" lane="试点院校" isInterrupting="{str(interrupting).lower()}">{event}</startEvent>'
    inside = begin + user(f"{id}t", status="善后") + end(f"{id}e") + flows(f"{id}s>{id}t {id}t>{id}e")
    return subprocess(id, inside, ' triggeredByEvent="true"')


def test_an_interrupting_message_stops_all_else(play: Play) -> None:
    inside = start() + gateway("parallel", "fork") + user("a") + user("b") + end() + end("e2") + event_subprocess(message("m_stop"))
    play.deploy(diagram(inside + flows("start>fork fork>a fork>b a>end b>e2")))
    play.begin()
    assert (play.tasks(), play.waits) == (["a", "b"], ["evs"])
    play.complete("a")
    play.send("evs")
    assert (play.tasks(), play.status) == (["evt"], "善后")
    assert "触发ev" in play.closed_as("b")
    play.complete("evt")
    assert (play.ended, play.status, play.waits) == (True, "到eve", [])
    other = Play(play.world)  # the shared specification was not changed: another instance starts as the first did
    other.begin(account="school2")
    assert other.tasks() == ["a", "b"]
    other.complete("a", account="province1")
    other.complete("b", account="province1")
    assert other.ended


def test_a_message_beside_the_process_may_come_more_than_once(play: Play) -> None:
    play.deploy(diagram(start() + user("a") + end() + event_subprocess(message("m_stop"), interrupting=False) + flows("start>a a>end")))
    play.begin()
    play.send("evs")
    assert play.tasks() == ["a", "evt"]
    play.send("evs")
    assert play.tasks() == ["a", "evt", "evt"]
    play.complete("a")
    play.complete("evt")
    assert not play.ended
    play.complete("evt")
    assert play.ended


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_timer(play: Play, interrupting: bool) -> None:
    ev = event_subprocess(timer(timeDuration="days(1)"), interrupting)
    play.deploy(diagram(start() + user("a") + end() + ev + flows("start>a a>end")))
    play.begin()
    assert play.row.due_at is not None
    play.later(days=1)
    assert play.tasks() == (["evt"] if interrupting else ["a", "evt"])
    play.complete("evt")
    if not interrupting:
        play.complete("a")
    assert play.ended
    other = Play(play.world)
    other.begin(account="school2")
    other.complete("a")
    assert (other.ended, other.row.due_at) == (True, None)  # a timer that never came does not keep the process


@pytest.mark.parametrize("event", [SIGNAL, ESCALATION])
def test_what_the_process_itself_throws(play: Play, event: str) -> None:
    inside = start() + user("a") + throw("up", event) + user("b") + end() + event_subprocess(event, interrupting=False)
    play.deploy(diagram(inside + flows("start>a a>up up>b b>end")))
    play.begin()
    play.complete("a")
    assert play.tasks() == ["b", "evt"]
    play.complete("b")
    play.complete("evt")
    assert play.ended


def test_an_error_inside_a_subprocess_that_does_not_catch_it(play: Play) -> None:
    sub = subprocess("p", start("ps") + user("pt") + end("pe", ERROR) + flows("ps>pt pt>pe"))
    play.deploy(diagram(start() + sub + end() + event_subprocess(ERROR) + flows("start>p p>end")))
    play.begin()
    assert play.tasks() == ["pt"]
    play.complete("pt")
    assert play.tasks() == ["evt"]
    play.complete("evt")
    assert play.ended


def test_it_sees_what_has_been_decided(play: Play) -> None:
    inside = start() + user("a", outcomes="同意,不同意") + user("b") + end()
    begin = f'<startEvent id="evs" name="触发" lane="试点院校">{message("m_stop")}</startEvent>'
    ev = begin + gateway("exclusive", "g", "g_y") + user("x") + user("y") + end("e1") + end("e2")
    ev += flows("evs>g g>x:a_outcome=='同意' g>y x>e1 y>e2")
    play.deploy(diagram(inside + subprocess("ev", ev, ' triggeredByEvent="true"') + flows("start>a a>b b>end")))
    play.begin()
    play.complete("a", "同意")
    play.send("evs")
    assert play.tasks() == ["x"]
