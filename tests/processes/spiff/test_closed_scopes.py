"""An interrupting event subprocess closes its scope: neither it nor another begins there again (BPMN 2.0, 13.5.4)."""

from __future__ import annotations

import pytest

from processes.errors import TaskClosed
from tests.processes.bpmn.play import Play, diagram, end, flows, message, start, subprocess, throw, timer, user
from tests.processes.bpmn.test_event_subprocesses import ERROR, ESCALATION, SIGNAL, event_subprocess

BODY = start() + user("x") + end() + flows("start>x x>end")


def test_it_does_not_begin_a_second_time_by_its_button(play: Play) -> None:
    play.deploy(diagram(BODY + event_subprocess(message("m_stop"))))
    play.begin()
    play.send("evs")
    (task,) = play.open()
    assert (task.element, play.waits) == ("evt", [])
    with pytest.raises(TaskClosed):
        play.send("evs")
    assert [one.id for one in play.open()] == [task.id]
    play.complete("evt")
    assert play.ended


@pytest.mark.parametrize("interrupting", [True, False])
def test_another_beside_it_does_not_begin_by_its_button(play: Play, interrupting: bool) -> None:
    play.deploy(diagram(BODY + event_subprocess(message("m_stop"), True, "one") + event_subprocess(message("m_go"), interrupting, "two")))
    play.begin()
    play.send("ones")
    assert (play.tasks(), play.waits) == (["onet"], [])
    with pytest.raises(TaskClosed):
        play.send("twos")
    assert play.tasks() == ["onet"]


@pytest.mark.parametrize("event", [SIGNAL, ESCALATION, ERROR], ids=["signal", "escalation", "error"])
def test_neither_begins_by_what_the_first_one_throws(play: Play, event: str) -> None:
    thrown = end("ev_end", event) if event == ERROR else throw("up", event) + end("ev_end")
    lines = "evs>evt evt>ev_end" if event == ERROR else "evs>evt evt>up up>ev_end"
    begin = f'<startEvent id="evs" name="触发" lane="试点院校">{message("m_stop")}</startEvent>'
    first = subprocess("ev", begin + user("evt") + thrown + flows(lines), ' triggeredByEvent="true"')
    play.deploy(diagram(BODY + first + event_subprocess(event, True, "two") + event_subprocess(event, event == ERROR, "three")))
    play.begin()
    play.send("evs")
    play.complete("evt")
    assert (play.tasks(), play.ended) == ([], True)


def test_nor_by_its_time(play: Play) -> None:
    play.deploy(
        diagram(BODY + event_subprocess(message("m_stop"), True, "one") + event_subprocess(timer(timeDuration="days(1)"), False, "two"))
    )
    play.begin()
    play.send("ones")
    play.later(days=2)
    assert (play.tasks(), play.row.due_at) == (["onet"], None)


def test_one_that_does_not_interrupt_leaves_the_scope_open(play: Play) -> None:
    play.deploy(diagram(BODY + event_subprocess(message("m_go"), False, "one") + event_subprocess(message("m_stop"), True, "two")))
    play.begin()
    play.send("ones")
    play.send("ones")
    assert (play.tasks(), play.waits) == (["onet", "onet", "x"], ["ones", "twos"])
    play.send("twos")
    assert (play.tasks(), play.waits) == (["twot"], [])
