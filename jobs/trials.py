"""A designer's diagram as the designer's pages ask about it: what it says, its problems, how its scenarios go. All of it runs confined.

No parser of the web process sees the text of a diagram before one in a process of its own has read all of it within its bounds
(`description_of`, `imported`, `problems_of`): what ends there, on the same text, ends anywhere. The one text that the web process then
reads itself is the one that it deploys, which has passed every check by then; so it is bounded by their limits too: elements, flows,
expressions and their lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

from domain.subjects import SUBJECTS
from forms import read_forms
from handlers import HANDLERS
from jobs import confinement
from jobs.confinement import Json
from jobs.outline import Line, outline
from jobs.runtime import BPMN_FOLDER
from jobs.scenarios import playing
from jobs.scenarios.files import ScenarioFailed
from processes import checks
from processes.checks import documents
from processes.checks.structure import is_key
from processes.diagrams.decisions import read_folder
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.elements import properties_of
from processes.diagrams.nodes import BPMN
from processes.diagrams.quoting import quoted
from processes.errors import DiagramInvalid


@dataclass(frozen=True)
class Description:
    """What a diagram says, whatever state it is in."""

    name: str
    """The process's name, else its id; empty where there is no process."""
    subject: str
    """Which kind of record it is about; empty where it does not say so."""
    steps: list[Line]
    """Its elements; none where it is not one process."""


@dataclass(frozen=True)
class Trial:
    """How the scenarios of a diagram went."""

    shown: list[dict[str, str | list[str] | None]]
    """`name`, `lines` and `failure` of each."""
    taken: list[str]
    """Ids of the sequence flows that were taken."""
    missed: list[dict[str, str]]
    """`id` and `text` of those that were not: the text names its two ends."""


def description_of(xml: str) -> Description:
    """What a diagram says.

    Raises:
        DiagramInvalid: not XML within the limits.
        Unfinished: reading it takes too much.
    """
    found = _answer("description of a diagram", {"xml": xml})
    steps = [Line(**line) for line in cast(list[dict[str, str]], found["steps"])]
    return Description(str(found["name"]), str(found["subject"]), steps)


def imported(content: bytes) -> tuple[str, str]:
    """Key and XML of an uploaded diagram.

    Raises:
        DiagramInvalid: not one process with an id, or without a drawing that the editor could show.
        Unfinished: reading it takes too much.
    """
    found = _answer("import of a diagram", {"content": content.hex()})
    return str(found["key"]), str(found["xml"])


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


def _answer(work: str, asked: Mapping[str, Json]) -> Mapping[str, Json]:
    """What a work answers that may also find that the text is no diagram."""
    found = confinement.run(work, asked)
    if not isinstance(found, dict):
        raise confinement.Unfinished
    if "problems" in found:
        raise DiagramInvalid(cast(list[str], found["problems"]))
    return found


def describe(asked: Mapping[str, Json]) -> Json:
    """`description_of`, inside."""
    xml = str(asked["xml"])
    try:
        root = parse_diagram(xml.encode())
    except DiagramInvalid as error:
        return {"problems": [*error.problems]}
    process = root.find(f"{BPMN}process")
    name = "" if process is None else str(process.get("name") or process.get("id") or "")
    subject = "" if process is None else properties_of(process).get("subject", "")
    return {"name": name, "subject": subject, "steps": [asdict(line) for line in outline(xml)]}


def take_in(asked: Mapping[str, Json]) -> Json:
    """`imported`, inside."""
    content = bytes.fromhex(str(asked["content"]))
    try:
        root = parse_diagram(content)
        if found := list(documents.check(root)):
            return {"problems": [*found]}
        key = read_diagram(root).process.get("id", "")
    except DiagramInvalid as error:
        return {"problems": [*error.problems]}
    if not is_key(key):
        return {"problems": [f"流程的 id{quoted(key)}应由字母、数字、下划线组成，以字母开头，请在原来的工具中修改"]}
    if not any(isinstance(node.tag, str) and node.tag.endswith("}BPMNShape") for node in root.iter()):
        return {"problems": ["文件中只有流程，没有图形，无法显示；请在原来的工具中导出带图形的 BPMN 2.0 文件"]}
    return {"key": key, "xml": content.decode("utf-8").removeprefix("\ufeff")}


def check_diagram(asked: Mapping[str, Json]) -> Json:
    """`problems_of`, inside."""
    xml, key = str(asked["xml"]).encode(), str(asked["key"])
    return list(checks.problems(xml, key, HANDLERS, SUBJECTS, read_forms(), tables=read_folder(BPMN_FOLDER), drawn=True))


def try_diagram(asked: Mapping[str, Json]) -> Json:
    """`trial_of`, inside."""
    xml = str(asked["xml"]).encode()
    try:
        report = playing.run_text(xml, str(asked["scenarios"]))
    except (ScenarioFailed, DiagramInvalid) as error:
        return {"problem": str(error)}
    shown: list[Json] = [{"name": one.name, "lines": [*one.lines], "failure": one.failure} for one in report.shown]
    texts = _texts_of_flows(xml)
    missed: list[Json] = [{"id": id, "text": texts[id]} for id in report.flows_not_taken if id in texts]
    return {"shown": shown, "taken": [*sorted(report.taken)], "missed": missed}


def _texts_of_flows(xml: bytes) -> dict[str, str]:
    """Id of a flow → its two ends by name."""
    found = read_diagram(parse_diagram(xml))
    names = {element.id: element.label for element in found.elements.values()}
    return {flow.get("id", ""): f"{names[source]} → {names[target]}" for source, target, flow in found.sound_flows}
