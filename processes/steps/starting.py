"""The first step of a process: it starts about a record, and may complete its first task at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_one
from domain.ground.subjects import Subject
from domain.ground.tones import Tone
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import latest
from processes.engine import Engine
from processes.errors import NotAllowed, Refused
from processes.history import GENESIS
from processes.rows import InstanceRow
from processes.spiff import tokens
from processes.spiff.instances import VoteTask
from processes.spiff.library import BpmnWorkflow
from processes.states import EventKind
from processes.steps import books, execution, running
from processes.steps.completing import closing_with, complete_in_workflow
from processes.steps.filling import check_and_store
from processes.steps.step import Step, title_of


def start(
    engine: Engine, session: Session, actor: Actor, key: str, subject: Subject, outcome: str | None = None, newest: Definition | None = None
) -> tuple[int, list[str]]:
    """Starts the newest version of a process about a record that is already flushed.

    `newest` is that version, where the caller has looked it up already. With an `outcome` the same step completes the first task,
    which must be the actor's, with what the record holds (保存并提交).

    Returns: instance id, job ids.
    Raises:
        NotFound: no such process is deployed.
        NotAllowed: the actor does not hold the lane in which the diagram starts, or the first task is another's.
        FormInvalid: with an outcome, the record does not pass the form's checks.
        NotProved: the outcome is a signature, and the actor has not given their password shortly before.
    """
    definition = newest or latest(session, key)
    must_begin(actor, definition, subject)
    step = open_step(engine, session, actor, definition, subject)
    running.run(step)
    if outcome is not None:
        _complete_first(step, outcome)
    return step.row.id, books.write(step)


def must_begin(actor: Actor, definition: Definition, subject: Subject) -> None:
    """Raises NotAllowed unless the actor holds the lane in which the diagram starts, in the party that fills it for this record."""
    begin = definition.start
    _must_hold(actor, begin.lane, subject.party_for(begin.lane))


def open_step(engine: Engine, session: Session, actor: Actor, definition: Definition, subject: Subject) -> Step:
    """The first step of a new instance, about to run; the caller has checked that the actor may begin one."""
    begin = definition.start
    row: dict[str, Any] = {
        "definition_id": definition.id,
        "key": definition.key,
        "subject_id": subject.id,
        "title": title_of(subject),
        "party_id": subject.party_id,
        "started_by": actor.person_id,
        "started_at": engine.clock(),
        "version": 0,
        "status": "",
        "tone": Tone.DRAFT,
        "waits": [],
        "path": [],
        "seq": 0,
        "chain": GENESIS,
    }
    stored = read_one(session, insert(tables.instance).values(row).returning(tables.instance), InstanceRow)
    step = Step(engine, session, actor, definition, stored, subject)
    spec, subprocess_specs = definition.specs
    step.workflow = BpmnWorkflow(spec, dict(subprocess_specs), script_engine=execution.script_engine(step))
    step.record(EventKind.START, begin.name, begin.id)
    return step


def _complete_first(step: Step, outcome: str) -> None:
    ready = [t for t in tokens.waiting(step.workflow) if step.for_person(t)]
    if len(ready) != 1 or isinstance(ready[0].task_spec, VoteTask):
        raise Refused(f"“{step.definition.name}”不能在新建时直接办理，请先保存")
    element = step.definition.elements[tokens.element_id(ready[0])]
    _must_hold(step.actor, element.lane, step.subject.party_for(element.lane))
    kept = check_and_store(step, element, outcome, None, None)
    step.record(EventKind.TASK, outcome, element.id, None, kept)
    complete_in_workflow(step, ready[0], closing_with(step, outcome))


def _must_hold(actor: Actor, role: str, party_id: int | None) -> None:
    """Raises NotAllowed unless the actor holds a lane's role, in the party that fills the lane."""
    if role not in actor.roles or (role != "系统" and party_id != actor.party_id):
        raise NotAllowed
