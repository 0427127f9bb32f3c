"""Timer events: a moment, a length, a cycle."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processes.errors import TaskClosed
from tests.conftest import NOON
from tests.processes.bpmn.play import Play, boundary, catch, diagram, end, flows, start, timer, user


def test_a_duration_starts_when_its_task_does(play: Play) -> None:
    late = boundary("late", "a", timer(timeDuration="days(3)"))
    play.deploy(diagram(start() + user("a") + late + end() + end("over") + flows("start>a a>end late>over")))
    play.begin()
    assert play.row.due_at == NOON + timedelta(days=3)
    play.later(days=2, hours=23)
    assert play.tasks() == ["a"]
    play.world.clock.now += timedelta(hours=1)  # to the second, whatever the scheduler does
    with pytest.raises(TaskClosed, match="“边late”时间已到"):
        play.complete("a")
    play.later(seconds=0)
    assert (play.status, play.ended, play.closed_as("a")) == ("到over", True, "“边late”时间已到，此事项已关闭")
    assert play.history() == [("start", "开始"), ("timer", "边late")]


def test_an_event_without_a_name_is_called_after_its_kind(play: Play) -> None:
    late = boundary("late", "a", timer(timeDuration="days(3)")).replace(' name="边late"', "", 1)
    play.deploy(diagram(start() + user("a") + late + end() + end("over") + flows("start>a a>end late>over")))
    play.begin()
    play.later(days=3)
    assert play.closed_as("a") == "“边界事件”时间已到，此事项已关闭"


def test_an_intermediate_duration_and_a_date(play: Play) -> None:
    waits = catch("w", timer(timeDuration="hours(1)")) + catch("d", timer(timeDate="period_end"))
    play.deploy(diagram(start() + waits + end() + flows("start>w w>d d>end")))
    play.begin()
    assert play.status == "在w"
    play.later(hours=1)
    assert play.status == "在d"
    play.later(days=7)
    assert play.ended


def test_a_cycle_fires_its_number_of_times_beside_its_task(play: Play) -> None:
    again = boundary("again", "a", timer(timeCycle="[3, days(1)]"), interrupting=False)
    inside = start() + user("a") + again + user("urge", status="在办") + end() + end("urged") + flows("start>a a>end again>urge urge>urged")
    play.deploy(diagram(inside))
    play.begin()
    assert play.row.due_at == NOON + timedelta(days=1)
    play.later(days=1)
    assert play.tasks() == ["a", "urge"]
    play.complete("urge")
    play.later(days=5)  # the scheduler was down: what it missed comes at once
    assert play.tasks() == ["a", "urge", "urge"]
    assert play.row.due_at is None
    play.later(days=30)
    assert play.history() == [("start", "开始"), ("timer", "边again"), ("task", "提交"), ("timer", "边again"), ("timer", "边again")]
    play.complete("a")
    play.complete("urge")
    assert not play.ended
    play.complete("urge")
    assert play.ended


def test_a_cycle_ends_with_its_task(play: Play) -> None:
    again = boundary("again", "a", timer(timeCycle="[3, days(1)]"), interrupting=False)
    inside = start() + user("a") + again + end() + end("urged") + flows("start>a a>end again>urged")
    play.deploy(diagram(inside))
    play.begin()
    play.later(days=1)
    play.complete("a")
    assert (play.ended, play.row.due_at) == (True, None)
