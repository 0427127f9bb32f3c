"""Diagrams made at random do what BPMN says, with a save and a load between any two steps."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.conftest import World
from tests.processes.bpmn.play import Play
from tests.processes.bpmn.runs import Guarded
from tests.processes.bpmn.structured import Maker, whole

SEEDS = 20
MOST = 400  # steps of one play
PATIENCE = 25  # steps after which no loop turns again


@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_does_what_bpmn_says(lite: World, seed: int) -> None:
    random = Random(seed)  # plays, no secrets
    maker = Maker(random, lite.clock)
    block = maker.block(3)
    play = Play(lite)
    play.deploy(*(whole(body, key) for key, body in maker.called), whole(block, "tiny"))
    begun = block.begin()
    oracle: Guarded | None = Guarded([*([begun.rest] if begun.rest else []), *begun.beside], None, None)
    play.begin()
    for number in range(MOST):
        compare(play, oracle)
        if oracle is None:
            return
        oracle = one_step(play, oracle, maker.answers, random, number > PATIENCE)
    pytest.fail("it does not end")


def compare(play: Play, oracle: Guarded | None) -> None:
    """The tasks, messages and timers that the engine waits for are those of the oracle, each as often."""
    row = play.row
    waits = [wait["element"] for wait in row.waits]
    found = sorted(name.rpartition(":")[2] for name in [*play.tasks(), *waits])
    assert found == (sorted(oracle.awaits()) if oracle else [])
    assert row.due_at == (min((due for due, _ in oracle.dues()), default=None) if oracle else None)
    assert (row.ended_at is not None, row.incident) == (oracle is None, None)


def one_step(play: Play, oracle: Guarded, asked: dict[str, list[str]], random: Random, hurry: bool) -> Guarded | None:
    """Does one thing that can be done, and says what the oracle says is left."""
    tasks = play.open()
    waits = [wait["element"] for wait in play.row.waits]
    due = sorted(oracle.dues())
    chosen: Any = random.choice([*tasks, *waits, *([due[0]] if due else [])])
    answer = ""
    if isinstance(chosen, tuple):
        moment, name = chosen
        play.later(seconds=(moment - play.world.clock.now).total_seconds())
    elif isinstance(chosen, str):
        name = chosen
        play.send(name, "province1")
    else:
        name = chosen.element
        answers = asked.get(name.rpartition(":")[2], ["提交"])
        answer = answers[0] if hurry else random.choice(answers)
        play.complete(name, answer)
    found = oracle.after(name.rpartition(":")[2], answer)
    assert not found.beside
    return found.rest  # type: ignore[return-value]  # the process itself is a scope
