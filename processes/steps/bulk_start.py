"""Starts one process about each of many records. Where they start alike, the engine runs the first, and the others are written from it.

A start reads nothing of its record but through expressions, the record's title and the parties that fill the lanes. So each expression that
the first one evaluated is evaluated again for the next record; where all come to the same, that start would have run the same way, and
differs in its ids, its title and parties, and the parameters of its jobs. Everything else – where a handler runs inside the step, 会签,
messages, data in the state – the engine starts one by one (docs/decisions/bulk-start.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from domain.ground.database import reserve_ids
from domain.ground.parties import Actor
from domain.ground.rows import columns_of, read_all, read_one
from domain.ground.subjects import Subject
from processes import tables
from processes.definitions.correlation import receptions
from processes.definitions.definition import Definition
from processes.definitions.store import latest
from processes.diagrams.expressions import ExpressionError, Value, evaluate
from processes.engine import Engine
from processes.history import GENESIS, Line, chained
from processes.proving import proved, record_digest
from processes.rows import InstanceRow, TaskRow
from processes.spiff import tree
from processes.spiff.templates import NOTHING, StateTemplate, take_apart
from processes.steps import books, execution, running, starting, written_again
from processes.steps.step import Step, title_of

MAX_TEMPLATES = 5  # ways of starting that are kept in mind while many start


@dataclass(frozen=True)
class _Template:
    """A start from which others are written."""

    definition: Definition
    step: Step
    values: Mapping[str, Value]
    """Expressions that it evaluated, and what each came to."""
    instance: Mapping[str, Any]
    tasks: Sequence[Mapping[str, Any]]
    lines: Sequence[Line]
    jobs: Sequence[Mapping[str, Any]]
    parameters: Sequence[Mapping[str, str]]
    """Of each job, name → expression."""
    state: StateTemplate


@dataclass(frozen=True)
class _Start:
    """A start that is written from a template: what is its own."""

    template: _Template
    subject: Subject
    title: str
    parameters: Sequence[dict[str, Value]]
    """Of each job."""


def start_many(engine: Engine, session: Session, actor: Actor, key: str, subjects: Sequence[Subject]) -> list[str]:
    """Starts the newest version of a process about each of these records, which are flushed. All of them start, or it raises.

    Returns: ids of the jobs to hand out once the transaction is committed.
    Raises: as `starting.start`.
    """
    definition = latest(session, key)
    templates: list[_Template] = []
    written: list[_Start] = []
    jobs: list[str] = []
    for subject in subjects:
        found = next(_fitting(templates, subject), None)
        if found is not None:
            starting.must_begin(actor, definition, subject)
            written.append(found)
            continue
        template, its_jobs = _run(engine, session, actor, definition, subject)
        jobs += its_jobs
        if template is not None:
            templates = [template, *templates][:MAX_TEMPLATES]
    return jobs + _write(session, actor, written)


def _run(engine: Engine, session: Session, actor: Actor, definition: Definition, subject: Subject) -> tuple[_Template | None, list[str]]:
    """Starts one process as `starting.start` does. Returns what others can be written from, if anything, and the ids of its jobs."""
    starting.must_begin(actor, definition, subject)
    step = starting.open_step(engine, session, actor, definition, subject)
    step.workflow.script_engine.evaluations = []
    running.run(step)
    jobs = books.write(step)
    return _template(step), jobs


def _template(step: Step) -> _Template | None:
    """What a start gives others to be written from; None where something of it cannot be written again."""
    evaluations = step.workflow.script_engine.evaluations
    alone = not any(one.data or one.apart for one in evaluations) and not any(task.data for task in tree.tasks(step.workflow))
    plain = not any(line["comment"] or line["data"] for line in step.events)
    if not alone or not plain or step.ran_inline or step.over or step.incident or step.fired or _speaks_to_others(step):
        return None
    table, task = tables.instance, tables.task
    instance = read_one(step.session, select(table).where(table.c.id == step.row.id), InstanceRow)
    rows = read_all(step.session, select(task).where(task.c.instance_id == step.row.id), TaskRow)
    after = take_apart(instance.state or b"")
    if after is None:
        return None
    parameters = written_again.parameters_of(step)
    values = {one.expression: one.value for one in written_again.deciding(evaluations, parameters)}
    return _Template(
        step.definition,
        step,
        values,
        columns_of(instance),
        [columns_of(row) for row in rows],
        step.events,
        step.jobs,
        parameters,
        StateTemplate(NOTHING, after),
    )


def _speaks_to_others(step: Step) -> bool:
    """Whether a start has to do with other instances, or asks many people."""
    vote = exists().where(tables.vote.c.instance_id == step.row.id)
    sent = bool(step.workflow.script_engine.posted)
    return sent or bool(receptions(step.definition)) or (bool(step.definition.votes) and bool(step.session.scalar(select(vote))))


def _fitting(templates: Sequence[_Template], subject: Subject) -> Iterator[_Start]:
    """The start of a record's process by each template by which it would run."""
    title = title_of(subject) if templates else ""
    for template in templates:
        names = {**execution.names(template.definition, title, subject), "now": template.step.now}
        lanes = {template.definition.elements[row["element"]].lane for row in template.tasks}
        if None in map(subject.party_for, lanes):
            continue  # the engine says what is wrong
        try:
            alike = all(written_again.same(evaluate(text, names), value) for text, value in template.values.items())
            parameters = [{name: evaluate(text, names) for name, text in texts.items()} for texts in template.parameters] if alike else []
        except ExpressionError:
            continue
        if alike:
            yield _Start(template, subject, title, parameters)


def _write(session: Session, actor: Actor, starts: Sequence[_Start]) -> list[str]:
    """Writes the rows of starts. Returns the ids of their jobs."""
    if not starts:
        return []
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (tables.instance, tables.task, tables.event, tables.job)}
    for instance_id, start in zip(reserve_ids(session, tables.instance, len(starts)), starts, strict=True):
        for table, row in _rows(actor, instance_id, start):
            rows[table].append(row if table is tables.event else proved(session, table, row))
    at = [(start.subject, start.template.instance["status"], start.template.instance["tone"]) for start in starts]
    written_again.write_statuses(session, at)
    for table, its_rows in rows.items():
        if its_rows:
            session.execute(insert(table), its_rows)
    return [job["id"] for job in rows[tables.job]]


def _rows(actor: Actor, instance_id: int, start: _Start) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(table, row) of all that a start writes; the instance first."""
    template, subject = start.template, start.subject
    ids = template.state.ids_of(NOTHING)
    new = dict(zip(template.state.ids, ids, strict=True))
    chain, lines = GENESIS, []
    for number, line in enumerate(template.lines, 1):
        last = {"record": record_digest(subject)} if number == len(template.lines) else {}
        lines.append(chained(chain, instance_id, number, template.step.now, actor, {**line, **last}))
        chain = lines[-1]["hash"]
    own = {"id": instance_id, "subject_id": subject.id, "title": start.title, "party_id": subject.party_id, "chain": chain}
    waits = [written_again.wait(template.definition, one, new, subject) for one in template.instance["waits"]]
    yield tables.instance, {**template.instance, **own, "state": template.state.written(NOTHING, ids, {}), "waits": waits}
    for row in template.tasks:
        party = subject.party_for(template.definition.elements[row["element"]].lane)
        yield tables.task, {**row, "id": new[row["id"]], "instance_id": instance_id, "party_id": party}
    for line in lines:
        yield tables.event, line
    for job, parameters in zip(template.jobs, start.parameters, strict=True):
        yield tables.job, {**job, "id": new[job["id"]], "instance_id": instance_id, "params": parameters}
