"""Errors that an end event throws: caught by something around it, or refused; what catches one may read which it was."""

from __future__ import annotations

import pytest

from processes.errors import DiagramInvalid
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, subprocess, user
from tests.processes.bpmn.test_event_subprocesses import event_subprocess
from tests.processes.bpmn.test_events import ERROR, failing

ONE, TWO, ANY = ERROR.format("one"), ERROR.format("two"), "<errorEventDefinition/>"
CALL = '<callActivity id="c" name="核对" calledElement="inner"/>'
TOLD = "结束事件“结束”(pbad)：抛出的错误“one”没有任何事件捕获，流程会像正常结束那样走下去；请在外面的子流程上加一个捕获它的错误边界事件"


def faults(play: Play, xml: bytes) -> tuple[str, ...]:
    try:
        play.deploy(xml)
    except DiagramInvalid as error:
        return error.problems
    return ()


def caught_by(*events: str) -> bytes:
    """A subprocess that may end in the error `one`, with these boundary events on it."""
    caught = "".join(boundary(f"b{at}", "p", event) + end(f"x{at}") for at, event in enumerate(events))
    ways = "".join(f" b{at}>x{at}" for at in range(len(events)))
    return diagram(start() + failing("p", "one") + user("a") + end() + caught + flows(f"start>p p>a a>end{ways}"))


@pytest.mark.parametrize(("events", "sound"), [((), False), ((TWO,), False), ((ONE,), True), ((ANY,), True), ((TWO, ANY), True)])
def test_an_error_that_nothing_catches(play: Play, events: tuple[str, ...], sound: bool) -> None:
    assert any(TOLD in line for line in faults(play, caught_by(*events))) is not sound


def test_events_elsewhere_do_not_catch_it(play: Play) -> None:
    other = boundary("b", "q", ONE) + end("x") + subprocess("q", start("qs") + user("qt") + end("qe") + flows("qs>qt qt>qe"))
    (line,) = faults(play, diagram(start() + failing("p", "one") + other + end() + flows("start>p p>q q>end b>x")))
    assert line.startswith(TOLD)


def test_what_is_further_outside_catches_it(play: Play) -> None:
    outer = subprocess("o", start("os") + failing("p", "one") + end("oe") + flows("os>p p>oe")) + boundary("b", "o", ONE) + end("x")
    assert faults(play, diagram(start() + outer + end() + flows("start>o o>end b>x"))) == ()
    alone = diagram(start() + failing("p", "one") + end() + event_subprocess(ONE) + flows("start>p p>end"))
    assert faults(play, alone) == ()


def test_an_error_out_of_an_event_subprocess_leaves_the_process(play: Play) -> None:
    stopped = event_subprocess(message()).replace(end("eve"), end("eve", ONE))
    assert ONE in stopped
    assert faults(play, diagram(start() + user("a") + end() + stopped + flows("start>a a>end"))) == ()


def test_an_error_at_the_end_of_the_process_is_a_failed_end(play: Play) -> None:
    play.deploy(diagram(start() + user("a") + end(inside=ONE) + flows("start>a a>end")))
    play.begin()
    play.complete("a")
    assert (play.ended, play.status, play.row.tone) == (True, "到end", "failed")


def inner(last: str) -> bytes:
    return diagram(start("is") + user("it") + end("ie", last) + flows("is>it it>ie"), key="inner")


def test_an_error_of_a_called_diagram(play: Play) -> None:
    play.deploy(inner(ONE))
    bare = diagram(start() + CALL + end() + flows("start>c c>end"))
    (line,) = faults(play, bare)
    assert line.startswith("调用活动“核对”(c)：流程“inner”会以错误“one”结束，这里没有任何事件捕获它")
    caught = diagram(start() + CALL + boundary("b", "c", ONE) + end() + end("x") + flows("start>c c>end b>x"))
    assert faults(play, caught) == ()


def test_an_error_that_a_new_version_of_a_called_diagram_brings(play: Play) -> None:
    play.deploy(inner(""), diagram(start() + CALL + end() + flows("start>c c>end")))
    (line,) = faults(play, inner(ONE))
    assert line.startswith("调用本流程的流程“小流程”中，调用活动“核对”(c)：流程“inner”会以错误“one”结束")


@pytest.mark.parametrize("event", [ONE, ANY])
def test_what_catches_it_reads_which_it_was(play: Play, event: str) -> None:
    choice = gateway("exclusive", "g", "g_end") + user("a") + user("b") + end() + end("x")
    caught = failing("p", "one") + boundary("c", "p", event) + choice
    ways = "start>p p>b b>x c>g g>a:error_code=='one' g>end a>end"
    play.deploy(diagram(start() + caught + flows(ways.replace("a>end", "a>end"))))
    play.begin()
    play.complete("pt", "失败")
    assert play.tasks() == ["a"]
