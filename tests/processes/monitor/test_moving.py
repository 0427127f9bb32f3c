"""跳转: somebody in charge puts a token elsewhere (row 8.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.ground.handling import BusinessError, External
from jobs import outbox
from processes.errors import NotAllowed, Refused
from processes.monitor import moving
from tests.conftest import World
from tests.processes.monitor.versions import LENGTH, asking, line, parallel
from tests.processes.tiny import Play, boundary

pytestmark = pytest.mark.row("8.4")


def move(play: Play, element: str, to: str) -> list[str]:
    with play.runtime.database.reading() as session:
        token = next(id for id, at, _ in moving.moves(session, play.row) if at.id == element)
    jobs = list(play.call(moving.move, play.instance, token, to, "走错了", account="supervisor"))
    assert play.faults() == []
    return jobs


def test_a_token_is_moved_forward_and_back(world: World) -> None:
    timed = line("fill", "review", "second", extra=boundary("late", "review", LENGTH.format(3)), ways=("late end",))
    play = Play(world, timed)
    move(play, "fill", "review")
    assert (play.open(), play.status) == (["review"], "review")
    assert play.row.due_at == world.clock.now + timedelta(days=3)
    assert play.history()[-1] == ("move", "从“fill”跳转到“review”", "走错了")
    move(play, "review", "fill")
    assert (play.open(), play.row.due_at) == (["fill"], None)
    move(play, "fill", "second")
    play.act("province1", "second")
    assert (play.status, play.faults()) == ("完成", [])


def test_a_token_leaves_a_step_that_failed(world: World) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise BusinessError("gone", "考点已撤销")

    play = Play(world, asking("second"), {"test.ask": External(lambda *_: {}, refuse)})
    (job,) = play.act("school1", "fill")
    outbox.run_job(play.runtime, job)
    move(play, "ask", "second")
    assert (play.open(), play.row.incident, play.job(job).state) == (["second"], None, "cancelled")


def test_a_moved_branch_still_meets_the_other(world: World) -> None:
    play = Play(world, parallel("left", "second"))
    play.act("school1", "fill")
    move(play, "left", "second")
    assert play.open() == ["right", "second"]
    play.act("province1", "second")
    play.act("province1", "right")
    assert (play.status, play.faults()) == ("完成", [])


def test_a_token_is_moved_only_where_it_may(lite: World) -> None:
    play = Play(lite, line("fill", "review"))
    (task,) = play.tasks()
    for token, to, said in (
        (task.id, "fill", "不能跳转"),
        (task.id, "end", "不能跳转"),
        ("00000000-0000-0000-0000-000000000000", "review", "已不在"),
    ):
        with pytest.raises(Refused, match=said):
            play.call(moving.move, play.instance, token, to, "走错了", account="supervisor")
    with pytest.raises(NotAllowed):
        play.call(moving.move, play.instance, task.id, "review", "走错了", account="school1")
