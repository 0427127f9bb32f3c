"""The measurements run: one round each of what a step costs. No figure is asserted here – that is what `pilot bench` is for."""

from __future__ import annotations

import pytest

from webapp.benches import certificates, step


def test_the_bench_of_a_step_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "ROUNDS", 1)
    monkeypatch.setattr(step, "WARM_UP", 0)
    ours, floor = step.measure()
    assert ours > 0
    assert floor > 0


def test_the_bench_of_certificates_runs_and_checks_what_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROUNDS", 1), ("FEW", 1), ("MANY", 2)):
        monkeypatch.setattr(certificates, name, value)
    ours, floor, more = certificates.measure()
    assert ours > 0
    assert floor > 0
    assert more["batch"] == 2
