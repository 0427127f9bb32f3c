"""A designer's diagram as the designer's page asks about it: its problems, and how its scenarios go. Both run confined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.subjects import SUBJECTS
from forms import read_forms
from handlers import HANDLERS
from jobs import confinement
from jobs.confinement import Json
from jobs.runtime import BPMN_FOLDER
from jobs.scenarios import playing
from jobs.scenarios.files import ScenarioFailed
from processes import checks
from processes.diagrams.decisions import read_folder
from processes.errors import DiagramInvalid


@dataclass(frozen=True)
class Trial:
    """How the scenarios of a diagram went."""

    shown: list[dict[str, str | list[str] | None]]
    """`name`, `lines` and `failure` of each."""
    taken: list[str]
    missed: list[str]
    """Ids of the sequence flows that were taken, and that were not."""


def problems_of(xml: str, key: str) -> list[str]:
    """The problems of a diagram under its key, in Chinese.

    Raises:
        Unfinished: looking for them takes too much.
    """
    found = confinement.run("check of a diagram", {"xml": xml, "key": key})
    return [str(one) for one in found] if isinstance(found, list) else []


def trial_of(xml: str, scenarios: str) -> Trial:
    """How the scenarios (YAML) go on a diagram: on a database of its own that is thrown away, with nothing called outside.

    Raises:
        ScenarioFailed: the text is not made of scenarios, or the diagram cannot be deployed.
        Unfinished: they take too much.
    """
    found = confinement.run("trial of a diagram", {"xml": xml, "scenarios": scenarios})
    if not isinstance(found, dict) or "problem" in found:
        raise ScenarioFailed(str(found["problem"]) if isinstance(found, dict) else "")
    return Trial(**found)  # type: ignore[arg-type]  # as `try_diagram` makes it


def check_diagram(asked: Mapping[str, Json]) -> Json:
    """`problems_of`, inside."""
    xml, key = str(asked["xml"]).encode(), str(asked["key"])
    return list(checks.problems(xml, key, HANDLERS, SUBJECTS, read_forms(), tables=read_folder(BPMN_FOLDER), drawn=True))


def try_diagram(asked: Mapping[str, Json]) -> Json:
    """`trial_of`, inside."""
    try:
        report = playing.run_text(str(asked["xml"]).encode(), str(asked["scenarios"]))
    except (ScenarioFailed, DiagramInvalid) as error:
        return {"problem": str(error)}
    shown: list[Json] = [{"name": one.name, "lines": [*one.lines], "failure": one.failure} for one in report.shown]
    return {"shown": shown, "taken": [*sorted(report.taken)], "missed": [*report.flows_not_taken]}
