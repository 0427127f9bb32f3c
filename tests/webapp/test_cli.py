"""What the `pilot` command refuses."""

from __future__ import annotations

from click.testing import CliRunner

from webapp import cli


def test_scenarios_of_a_process_that_is_not_there_are_not_passed_over() -> None:
    result = CliRunner().invoke(cli.main, ["scenario", "bpmn/weekly_report.bpmn"])
    assert (result.exit_code, "没有这些流程的场景：bpmn/weekly_report.bpmn" in result.output) == (2, True)
