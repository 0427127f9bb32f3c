"""Events that are true at one look: the earliest moment first, and of those that interrupt one activity only one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.processes.bpmn.play import (
    Play,
    boundary,
    catch,
    diagram,
    end,
    flows,
    gateway,
    message,
    properties,
    start,
    subprocess,
    throw,
    timer,
    user,
)
from tests.processes.bpmn.test_event_subprocesses import event_subprocess
from tests.processes.bpmn.votes import many

SIGNAL = '<signalEventDefinition signalRef="s_all"/>'
WAITING = f'<eventBasedGateway id="g" name="网关g">{properties(status="等")}</eventBasedGateway>'
ORDERS = pytest.mark.parametrize("drawn", [(0, 1), (1, 0)], ids=["drawn in order", "drawn the other way round"])


def condition(text: str) -> str:
    return f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"


def on(activity: str, id: str, event: str, interrupting: bool = True) -> tuple[str, str]:
    """A boundary event that leads to a task of its own, and its flows."""
    drawn = boundary(id, activity, event, interrupting) + user(f"{id}t") + end(f"{id}e")
    return drawn, f" {id}>{id}t {id}t>{id}e"


def around(activity: str, drawn: tuple[int, int], *events: tuple[str, str], name: str = "a") -> bytes:
    """One activity with two boundary events, drawn in this order."""
    chosen = [events[number] for number in drawn]
    lines = f"start>{name} {name}>end" + "".join(line for _, line in chosen)
    return diagram(start() + activity + end() + "".join(event for event, _ in chosen) + flows(lines))


def days(number: int) -> str:
    return timer(timeDuration=f"days({number})")


@ORDERS
@pytest.mark.parametrize(
    "activity", [user("a"), user("a", inside=many("2")), subprocess("a", start("s") + user("x") + end("e") + flows("s>x x>e"))]
)
def test_of_two_timers_that_interrupt_the_earlier_one_acts(play: Play, activity: str, drawn: tuple[int, int]) -> None:
    play.deploy(around(activity, drawn, on("a", "one", days(1)), on("a", "two", days(3))))
    play.begin()
    play.later(days=9)
    assert (play.tasks(), play.row.due_at) == (["onet"], None)
    play.complete("onet")
    assert play.ended


@ORDERS
def test_a_reminder_comes_before_the_end_that_it_reminds_of(play: Play, drawn: tuple[int, int]) -> None:
    play.deploy(around(user("a"), drawn, on("a", "remind", days(1), False), on("a", "stop", days(3))))
    play.begin()
    play.later(days=9)
    assert [name for kind, name in play.history() if kind == "timer"] == ["边remind", "边stop"]
    assert play.tasks() == ["remindt", "stopt"]


@ORDERS
def test_a_reminder_that_would_come_after_the_end_does_not_come(play: Play, drawn: tuple[int, int]) -> None:
    play.deploy(around(user("a"), drawn, on("a", "remind", days(5), False), on("a", "stop", days(3))))
    play.begin()
    play.later(days=9)
    assert play.tasks() == ["stopt"]


@ORDERS
def test_moments_that_had_passed_when_the_task_was_reached(play: Play, drawn: tuple[int, int]) -> None:
    past = [timer(timeDate=f"now - days({number})") for number in (2, 1)]
    play.deploy(around(user("a"), drawn, on("a", "one", past[0]), on("a", "two", past[1])))
    play.begin()
    assert play.tasks() == ["onet"]


@ORDERS
def test_of_two_conditions_that_are_true_the_first_drawn_acts(play: Play, drawn: tuple[int, int]) -> None:
    task = user("a", lane="试点院校", editForm="weekly_report.json")
    play.deploy(around(task, drawn, on("a", "one", condition("now &gt;= reminder_at")), on("a", "two", condition("now &gt;= reminder_at"))))
    play.begin()
    assert play.tasks() == ["a"]
    play.world.clock.now += timedelta(days=30)
    play.edit({"contact": "李四"})
    assert play.tasks() == [("onet", "twot")[drawn[0]]]


@ORDERS
def test_a_timer_that_came_due_goes_before_a_condition_that_is_true_now(play: Play, drawn: tuple[int, int]) -> None:
    play.deploy(around(user("a"), drawn, on("a", "one", condition("now &gt; period_end")), on("a", "two", days(1))))
    play.begin()
    play.later(days=30)
    assert play.tasks() == ["twot"]


@pytest.mark.parametrize("kinds", [(True, True), (True, False), (False, True)])
def test_a_signal_that_two_events_of_one_activity_catch(play: Play, kinds: tuple[bool, bool]) -> None:
    """Both act where one of them does not interrupt; of two that interrupt, one."""
    (one, first), (two, second) = on("a", "one", SIGNAL, kinds[0]), on("a", "two", SIGNAL, kinds[1])
    body = start() + gateway("parallel", "f") + user("a") + one + two + user("b") + throw("up", SIGNAL) + end() + end("e9")
    play.deploy(diagram(body + flows(f"start>f f>a a>end f>b b>up up>e9{first}{second}")))
    play.begin()
    play.complete("b")
    assert play.tasks() == (["onet"] if all(kinds) else ["onet", "twot"])


def test_a_signal_at_the_end_of_a_subprocess_that_interrupts_it(play: Play) -> None:
    """The signal came before the end: the subprocess is interrupted, and what follows it is not reached."""
    inner = subprocess("a", start("s") + user("x") + end("e", SIGNAL) + flows("s>x x>e"))
    event, lines = on("a", "one", SIGNAL)
    play.deploy(diagram(start() + inner + user("next") + end() + event + flows(f"start>a a>next next>end{lines}")))
    play.begin()
    play.complete("x")
    assert play.tasks() == ["onet"]


@ORDERS
def test_behind_an_event_gateway_the_earlier_timer_is_taken(play: Play, drawn: tuple[int, int]) -> None:
    ways = ("g>w1", "g>w2")
    body = start() + WAITING + catch("w1", days(1), "系统") + catch("w2", days(2), "系统") + catch("w3", message())
    body += user("x") + user("y") + user("z") + end() + end("e2") + end("e3")
    lines = f"start>g {ways[drawn[0]]} {ways[drawn[1]]} g>w3 w1>x w2>y w3>z x>end y>e2 z>e3"
    play.deploy(diagram(body + flows(lines)))
    play.begin()
    play.later(days=9)
    assert (play.tasks(), play.waits, play.row.due_at) == (["x"], [], None)
    play.complete("x")
    assert play.ended


def test_a_signal_that_two_ways_behind_an_event_gateway_wait_for_takes_one(play: Play) -> None:
    body = start() + gateway("parallel", "f") + WAITING + catch("w1", SIGNAL, "系统") + catch("w2", SIGNAL, "系统") + user("b")
    body += throw("up", SIGNAL) + user("x") + user("y") + end() + end("e2") + end("e3")
    play.deploy(diagram(body + flows("start>f f>g f>b b>up up>e3 g>w1 g>w2 w1>x w2>y x>end y>e2")))
    play.begin()
    play.complete("b")
    assert play.tasks() == ["x"]


def test_each_round_of_an_event_gateway_waits_anew(play: Play) -> None:
    body = start() + gateway("exclusive", "m") + WAITING + catch("w1", days(1), "系统") + catch("w2", days(3), "系统")
    body += user("x") + user("y") + end()
    play.deploy(diagram(body + flows("start>m m>g g>w1 g>w2 w1>x x>m w2>y y>end")))
    play.begin()
    for _ in range(3):
        play.later(days=1)
        assert play.tasks() == ["x"]
        play.complete("x")
        assert play.tasks() == []


@ORDERS
def test_what_ended_first_ends_the_other_branch_too(play: Play, drawn: tuple[int, int]) -> None:
    ways = ("f>one", "f>two")
    body = start() + gateway("parallel", "f") + catch("one", days(1), "系统") + end("over", "<terminateEventDefinition/>")
    body += catch("two", days(2), "系统") + user("s") + end()
    play.deploy(diagram(body + flows(f"start>f {ways[drawn[0]]} {ways[drawn[1]]} one>over two>s s>end")))
    play.begin()
    play.later(days=9)
    assert (play.ended, play.status, play.closed_as("s")) == (True, "到over", "None")


def test_each_firing_of_a_cycle_that_nobody_looked_at_acts(play: Play) -> None:
    event, lines = on("a", "c", timer(timeCycle="[3, days(1)]"), False)
    play.deploy(diagram(start() + user("a") + end() + event + flows(f"start>a a>end{lines}")))
    play.begin()
    play.later(days=9)
    assert play.tasks() == ["a", "ct", "ct", "ct"]


@ORDERS
def test_of_two_event_subprocesses_that_came_due_the_earlier_one_acts(play: Play, drawn: tuple[int, int]) -> None:
    events = event_subprocess(days(1), True, "one"), event_subprocess(days(3), True, "two")
    play.deploy(diagram(start() + user("a") + end() + events[drawn[0]] + events[drawn[1]] + flows("start>a a>end")))
    play.begin()
    play.later(days=9)
    assert play.tasks() == ["onet"]
    play.complete("onet")
    assert play.ended
