"""`retryMax` and `retryDelay` of a service task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.ground.handling import External, Transient
from jobs import outbox
from processes.diagrams import retries
from processes.diagrams.elements import Element
from processes.errors import DiagramInvalid, EngineFault
from tests.conftest import World
from tests.processes.tiny import Play, diagram, flows, node, service


@pytest.mark.parametrize("text", ["", "().__class__", "minutes('x')", "nobody + 1"])
def test_what_is_no_expression_is_not_deployed(lite: World, text: str) -> None:
    body = node("startEvent", "start") + service("ask", "test.ask", retryDelay=text) + node("endEvent", "end", status="完成")
    with pytest.raises(DiagramInvalid, match="retryDelay"):
        Play(lite, diagram(body + flows("start ask", "ask end"), {"试点院校": "start", "系统": "ask"}), {"test.ask": External(dict, dict)})


def test_waits_double_with_jitter_and_end_at_a_day() -> None:
    for tries in range(1, 10):
        found = [retries.wait(tries, 3).total_seconds() for _ in range(50)]
        assert all(3 * 2 ** (tries - 1) * 0.5 <= one <= 3 * 2 ** (tries - 1) * 1.5 for one in found)
        assert len(set(found)) > 10
    assert retries.wait(50, 3600) <= retries.LONGEST * 1.5


def test_a_value_out_of_bounds_when_run_is_told() -> None:
    with pytest.raises(EngineFault, match=r"询问.*retryMax"):
        retries.limits(Element("ask", "serviceTask", "询问", "系统", {"retryMax": "n"}), lambda _: 99)


@pytest.mark.row("8.4")
@pytest.mark.parametrize("delay", ["minutes(1)", "60"])
def test_the_diagram_says_how_often_and_how_far_apart(world: World, delay: str) -> None:
    def busy(*_: Any) -> dict[str, Any]:
        raise Transient("忙")

    body = node("startEvent", "start") + service("ask", "test.ask", retryMax="2 if title else 9", retryDelay=delay)
    body += node("endEvent", "end", status="完成") + flows("start ask", "ask end")
    play = Play(world, diagram(body, {"试点院校": "start", "系统": "ask"}), {"test.ask": External(lambda *_: {}, busy)})
    (job,) = play.jobs
    for tries in (1, 2, 3):
        assert outbox.run_job(play.runtime, job)
        found = play.job(job)
        if tries < 3:
            assert found.state == "pending"
            assert found.error == "忙"
            assert timedelta(seconds=30) * 2 ** (tries - 1) <= found.next_at - world.clock() <= timedelta(seconds=90) * 2 ** (tries - 1)
    assert (found.state, play.row.incident) == ("failed", "忙")
    assert play.faults() == []
