"""The scenarios beside the diagrams hold, and together take every sequence flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.scenarios.playing import run_file
from tests.conftest import World

BPMN = Path(__file__).parents[3] / "bpmn"
FILES = sorted(BPMN.glob("*.scenarios.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_scenarios(path: Path, world: World) -> None:
    report = run_file(path, world.runtime.database)
    assert report.failures == ()
    assert report.flows_not_taken == ()


def test_every_diagram_has_scenarios() -> None:
    assert {p.name.replace(".scenarios.yaml", ".bpmn") for p in FILES} == {p.name for p in BPMN.glob("*.bpmn")}


def test_a_wrong_expectation_and_untaken_flows_are_reported(tmp_path: Path) -> None:
    (tmp_path / "weekly_report.bpmn").write_bytes((BPMN / "weekly_report.bpmn").read_bytes())
    path = tmp_path / "weekly_report.scenarios.yaml"
    path.write_text(
        "- {name: 甲, at: '2026-09-08 09:00', steps: [{as: school1, do: new, expect: {status: 待审核}}]}\n"
        "- {name: 乙, at: '2026-09-08 09:00', steps: [{as: school1, do: new, expect: {status: 未提交}}]}\n",
        encoding="utf-8",
    )
    report = run_file(path)
    assert report.passed == ("乙",)
    assert report.failures == ("甲：第 1 步之后，状态应为“待审核”，实为“未提交”",)
    assert "f_submit" in report.flows_not_taken
    assert "f_start" not in report.flows_not_taken
