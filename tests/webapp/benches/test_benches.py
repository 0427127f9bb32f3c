"""The measurements run: one round each of what a step costs. No figure is asserted here – that is what `pilot bench` is for."""

from __future__ import annotations

import pytest

from webapp.benches import step


def test_the_bench_of_a_step_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "ROUNDS", 1)
    monkeypatch.setattr(step, "WARM_UP", 0)
    ours, floor = step.measure()
    assert ours > 0
    assert floor > 0
