"""What deployment refuses: everything in a diagram that could not run, each named so that a process designer finds it (architecture §5).

A module a kind of check: `documents` (is it a diagram at all), `structure` (ids, references, lanes, flows), `supported_elements` (what the
engine does not run), `messages`, `signals`, `thrown` (errors that nothing catches), `conventions` (the properties of ours), `schemas` (the
forms it uses), `instances` (multi-instance), `expressions`, `operands` (types that do not fit), `outcomes` (what is compared with a task's
outcome), `variables` (names that nothing has written yet), `paths` (ends, loops, joins that never complete), `drawing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.ground.handling import Handler
from domain.ground.parties import ROLES
from domain.ground.subjects import Subject
from processes.checks import (
    conventions,
    documents,
    drawing,
    expressions,
    fields,
    instances,
    messages,
    outcomes,
    paths,
    schemas,
    signals,
    structure,
    supported_elements,
    thrown,
    variables,
)
from processes.checks.texts import texts_of
from processes.checks.values import choices_of
from processes.definitions.definition import read
from processes.diagrams import decisions
from processes.diagrams.decisions import SUFFIX
from processes.diagrams.diagram import parse_diagram, read_diagram
from processes.diagrams.xmlsafe import read_limited
from processes.errors import DiagramInvalid

MAX_PROBLEMS = 200  # of one file that are listed
MAX_EXPRESSIONS = 5000  # of one diagram: each is looked at several times
MAX_CELLS = 60_000  # of the decision tables that it asks, counted at each task that asks one; four of the largest have as many
SUFFIXES = (".bpmn", ".bpmn2", ".bpmn20.xml")


def diagrams_in(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """The file itself, or all diagrams of a folder and the folders in it; links to folders are not followed."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.name.lower().endswith(suffixes) and not file.is_dir())


def check_file(
    path: Path,
    handlers: Mapping[str, Handler],
    subjects: Mapping[str, type[Subject]],
    forms: Mapping[str, dict[str, Any]],
    roles: Sequence[str] = ROLES,
) -> list[str]:
    """The problems of the diagram, or of the decision table, in a file.

    A process id must be the file's name up to the first dot; the decision tables of its business rule tasks lie beside it.
    """
    try:
        xml = read_limited(path)
    except DiagramInvalid as error:
        return list(error.problems)
    if path.name.lower().endswith(SUFFIX):
        return decisions.problems(xml)
    found = problems(xml, path.name.partition(".")[0], handlers, subjects, forms, roles, decisions.read_folder(path.parent), True)
    return found or list(messages.unheard(path, read_diagram(parse_diagram(xml))))


def problems(
    xml: bytes,
    key: str | None,
    handlers: Mapping[str, Handler],
    subjects: Mapping[str, type[Subject]],
    forms: Mapping[str, dict[str, Any]],
    roles: Sequence[str] = ROLES,
    tables: Mapping[str, str] | None = None,
    drawn: bool = False,
) -> list[str]:
    """What keeps a diagram from being deployed, in Chinese, a line each; empty when nothing does.

    `key` is what the process id must be; None takes any. `tables` holds DMN files by decision id. `drawn`: a diagram without any drawing
    is refused; else only one that is drawn in part.
    """
    try:
        root = parse_diagram(xml)
    except DiagramInvalid as error:
        return list(error.problems)
    if found := list(documents.check(root)):
        return found  # no diagram: nothing more to say about it
    diagram = read_diagram(root)
    texts = texts_of(diagram, tables or {})
    for what, count, most in (("表达式", len(texts.expressions), MAX_EXPRESSIONS), ("决策表的格", len(texts.cells), MAX_CELLS)):
        if count > most:
            return [f"流程中有 {count} 个{what}，超过 {most} 个，请删除多余的，或拆成几个流程，用调用活动连接"]
    sound = {name: form for name, form in forms.items() if not schemas.problems(form)}
    facts = getattr(subjects.get(diagram.properties.get("subject", "")), "FACTS", {})
    choices = choices_of(diagram, texts, handlers, facts, sound)
    found = [
        *structure.check(diagram, key, roles),
        *supported_elements.check(diagram),
        *messages.check(diagram),
        *signals.check(diagram),
        *thrown.check(diagram),
        *conventions.check(diagram, handlers, subjects, forms, roles),
        *schemas.check(diagram, forms),
        *fields.check(diagram, sound),
        *instances.check(diagram, sound),
        *expressions.check(diagram, texts, handlers, subjects, tables or {}, choices),
        *outcomes.check(diagram, texts, choices),
        *variables.check(diagram, texts, handlers),
        *paths.check(diagram, handlers),
        *drawing.check(diagram),
        *(drawing.undrawn(diagram) if drawn else ()),
    ]
    found = list(dict.fromkeys(found)) or _library(xml, forms, tables)
    if len(found) > MAX_PROBLEMS:
        found[MAX_PROBLEMS:] = [f"另有 {len(found) - MAX_PROBLEMS} 处问题，请先改正以上各处再检查"]
    return found


def _library(xml: bytes, forms: Mapping[str, dict[str, Any]], tables: Mapping[str, str] | None) -> list[str]:
    """What SpiffWorkflow itself does not take; asked last, as it tells little more than where."""
    try:
        read(xml, forms, decisions=tables)
    except DiagramInvalid as error:
        return [" ".join(line.split()) for line in error.problems]
    return []
