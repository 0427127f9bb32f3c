"""Takes one step on each of many instances. Where they are alike, the engine takes the first, and the others are written from it.

A step decides its way by the state that it starts from, what is done in it, and expressions. It writes the state, lines of history, jobs
and the record's status. So where two states differ in nothing but ids, moments and variables, and each expression that the first step
evaluated comes to the same for the second record and its variables, the second step goes the same way. Whatever else a step reads or
writes – a handler inside it, tasks of people, timers, 会签, messages between instances, a row of another table – the engine takes each by
itself (docs/decisions/bulk-start.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, UpdateBase, event, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from processes import tables
from processes.definitions.correlation import receptions
from processes.diagrams.expressions import ExpressionError, Value, evaluate
from processes.errors import EngineFault, ProcessError
from processes.history import Line, chained
from processes.proving import INSTANCE, proofs, proved, record_digest
from processes.rows import Wait
from processes.spiff import tokens
from processes.spiff.scripts import Evaluation
from processes.spiff.templates import Apart, Scalar, StateTemplate, take_apart
from processes.states import EventKind
from processes.steps import books, execution, position, running, written_again
from processes.steps.step import Step, title_of

MAX_TEMPLATES = 5  # ways of going on from one kind of state that are kept in mind
FAILURES = (ProcessError, DomainError, ExpressionError, *FAULTS)
"""Why a step may fail by itself, without stopping others."""
_log = logging.getLogger(__name__)

Taken: TypeAlias = list[str] | Exception
"""What came of a step: the ids of its jobs, or why it was not taken."""


@dataclass(frozen=True)
class Opened:
    """A step that is about to be taken: its instance is locked, what it starts from was looked at, and the actor may take it."""

    step: Step
    act: Callable[[Step], bool]
    """What is done in it, once its workflow is loaded. False: there is nothing left to do, and no books are written."""
    what: Hashable
    """Steps for which this is equal do the same."""
    given: Mapping[str, Any]
    """Variables that it gives to the token."""
    task_id: str | None = None
    """The task that it is about, where it is about one."""


@dataclass(frozen=True)
class _Template:
    """A step that the engine has taken, from which others are written."""

    step: Step
    evaluations: Sequence[Evaluation]
    parameters: Sequence[Mapping[str, str]]
    carried: Mapping[str, Sequence[str]]
    """Expression of a parameter → names of the variables that the token carried."""
    instance: Mapping[str, Any]
    state: StateTemplate


@dataclass(frozen=True)
class _Copy:
    """A step that is written from a template: what is its own."""

    at: int
    template: _Template
    opened: Opened
    apart: Apart
    variables: Mapping[str, Scalar]
    parameters: Sequence[dict[str, Value]]


def take(session: Session, opened: Sequence[Opened], done_too: Callable[[Sequence[Opened]], None] = lambda _: None) -> list[Taken]:
    """Takes these steps, at most one on an instance, each in a savepoint or all alike in one; one that fails stops no other.

    `done_too` writes what `act` writes into other tables than those of the books, for all steps that the engine did not take.

    Returns: what came of each, in this order.
    """
    found: dict[int, Taken] = {}
    copies: list[_Copy] = []
    templates: dict[Hashable, list[_Template]] = {}
    for at, one in enumerate(opened):
        apart = take_apart(one.step.row.state or b"") if _is_plain(one.step) else None
        kind = None if apart is None else _kind(one, apart)
        copy = None if apart is None else next(_fitting(templates.get(kind, ()), at, one, apart), None)
        if copy is not None:
            copies.append(copy)
        else:
            found[at], template = _run(session, one, apart)
            if template is not None:
                templates[kind] = [template, *templates.get(kind, ())][:MAX_TEMPLATES]
    found |= _written(session, copies, done_too)
    return [found[at] for at in range(len(opened))]


def _is_plain(step: Step) -> bool:
    """Whether a step starts from nothing but what is looked at here."""
    row, definition = step.row, step.definition
    quiet = row.state is not None and row.suspended_at is None and row.due_at is None and row.incident is None and not step.altered
    return quiet and not definition.votes and not receptions(definition)


def _kind(one: Opened, apart: Apart) -> Hashable:
    """What is equal for steps that start alike and do the same."""
    row, actor = one.step.row, one.step.actor
    task = apart.ids.index(one.task_id) if one.task_id in apart.ids else None
    who = (actor.person_id, actor.name, actor.party_name)
    return one.what, row.definition_id, row.status, row.tone, row.position, tuple(row.path), who, tuple(one.given), task, apart.shape


def _run(session: Session, one: Opened, apart: Apart | None) -> tuple[Taken, _Template | None]:
    """Lets the engine take a step, in a savepoint. Returns what came of it, and what others can be written from, if anything."""
    step = one.step
    try:
        with session.begin_nested(), _tables_written(session) as written:
            running.load(step)
            step.workflow.script_engine.evaluations = []
            if not one.act(step):
                return [], None
            running.run(step)
            jobs = books.write(step)
    except FAILURES as error:
        return error, None
    return jobs, None if apart is None else _template(one, apart, written)


@contextmanager
def _tables_written(session: Session) -> Iterator[set[object]]:
    """Gathers the tables into which the block writes."""
    written: set[object] = set()

    def note(connection: Connection, statement: object, *_: object) -> None:
        if isinstance(statement, UpdateBase):
            written.add(statement.table)

    connection = session.connection()
    event.listen(connection, "before_execute", note)
    try:
        yield written
    finally:
        event.remove(connection, "before_execute", note)


def _template(one: Opened, apart: Apart, written: set[object]) -> _Template | None:
    """What a step gives others to be written from; None where something of it cannot be written again."""
    step, table = one.step, tables.instance
    of: Table = inspect(type(step.subject)).local_table
    plain = not any(line["data"] or (line["comment"] and line["kind"] != EventKind.MESSAGE) for line in step.events)
    if not plain or step.ran_inline or step.over or step.incident or not written <= {table, tables.event, tables.job, of}:
        return None
    instance = dict(step.session.execute(select(table).where(table.c.id == step.row.id)).one()._mapping)
    after = take_apart(instance["state"])
    engine = step.workflow.script_engine
    ended = step.called - position.started(step, tokens.waiting(step.workflow))  # jobs whose tasks are gone
    if after is None or engine.posted or any(noted.apart for noted in engine.evaluations) or not ended <= {one.task_id}:
        return None
    parameters = written_again.parameters_of(step)
    carried = {noted.expression: noted.data for noted in engine.evaluations if noted.assigned is None}
    template = _Template(
        step, written_again.deciding(engine.evaluations, parameters), parameters, carried, instance, StateTemplate(apart, after)
    )
    again = next(_fitting([template], 0, one, apart), None)  # its own variables must come out as the engine has left them
    if again is None or any(name not in again.variables or again.variables[name] != value for name, value in after.variables.items()):
        return None
    return template


def _fitting(templates: Sequence[_Template], at: int, one: Opened, apart: Apart) -> Iterator[_Copy]:
    """The step by each template by which it would go."""
    step = one.step
    facts = execution.names(step.definition, step.row.title, step.subject) if templates else {}
    for template in templates:
        names = {**facts, "now": template.step.now}
        try:
            variables = _variables(template, names, {**apart.variables}, one.given)
            if variables is None:
                continue
            parameters = [
                {name: evaluate(text, {**names, **_named(variables, template.carried[text])}) for name, text in texts.items()}
                for texts in template.parameters
            ]
        except ExpressionError:
            continue
        yield _Copy(at, template, one, apart, variables, parameters)


def _variables(
    template: _Template, names: Mapping[str, Value], variables: dict[str, Scalar], given: Mapping[str, Any]
) -> Mapping[str, Scalar] | None:
    """What the variables are after a step that goes as the template's did; None where it goes another way."""
    if not all(_given(variables, name, value) for name, value in given.items()):
        return None
    for noted in template.evaluations:
        value = evaluate(noted.expression, {**names, **_named(variables, noted.data)})
        if noted.assigned is None and not written_again.same(value, noted.value):
            return None
        if noted.assigned is not None and not _given(variables, noted.assigned, value):
            return None
    return variables


def _named(variables: Mapping[str, Scalar], names: Sequence[str]) -> dict[str, Scalar]:
    """The variables of these names.

    Raises:
        ExpressionError: one has its value from something that is not written again, such as a decision table.
    """
    if missing := set(names) - variables.keys():
        raise ExpressionError(f"no value of {min(missing)} to write again")
    return {name: variables[name] for name in names}


def _given(variables: dict[str, Scalar], name: str, value: Value) -> bool:
    """Gives a variable its value. False where it has another one already, or where the value is more than a scalar."""
    if not isinstance(value, str | int | float | bool | None):
        return False
    return written_again.same(variables.setdefault(name, value), value)


def _written(session: Session, copies: Sequence[_Copy], done_too: Callable[[Sequence[Opened]], None]) -> dict[int, Taken]:
    """Writes steps from their templates, all in one savepoint; where the database refuses one of them, the engine takes each."""
    if not copies:
        return {}
    try:
        with session.begin_nested():
            done_too([one.opened for one in copies])
            return _write(session, copies)
    except (*FAULTS, SQLAlchemyError):
        _log.exception("steps that are alike could not be written")
        for one in copies:  # their objects say what was undone
            session.expire(one.opened.step.subject, ["status", "tone"])
        return {one.at: _run(session, one.opened, None)[0] for one in copies}


def _write(session: Session, copies: Sequence[_Copy]) -> dict[int, Taken]:
    instances, lines, jobs = [], [], []
    found: dict[int, Taken] = {}
    for copy in copies:
        ids = copy.template.state.ids_of(copy.apart)
        new = dict(zip(copy.template.state.ids, ids, strict=True))
        its_jobs = list(_jobs(session, copy, new))
        its_lines = _lines(copy)
        instances.append(_instance(session, copy, ids, new, its_lines[-1]["hash"] if its_lines else copy.opened.step.row.chain))
        lines += its_lines
        jobs += its_jobs
        found[copy.at] = [job["id"] for job in its_jobs]
    changed = session.execute(books.GROW, instances)
    if session.get_bind().dialect.supports_sane_multi_rowcount and changed.rowcount != len(copies):  # type: ignore[attr-defined]
        raise EngineFault  # the locks make this impossible; the versions are the second wall
    statuses = [(one.opened.step.subject, one.template.instance["status"], one.template.instance["tone"]) for one in copies]
    written_again.write_statuses(session, statuses)
    for table, rows in ((tables.event, lines), (tables.job, jobs)):
        if rows:
            session.execute(insert(table), rows)
    return found


def _instance(session: Session, copy: _Copy, ids: Sequence[str], new: Mapping[str, str], chain: str) -> dict[str, Any]:
    """The values of an instance's row, and which row is meant."""
    step, template = copy.opened.step, copy.template
    row, after, subject = step.row, template.instance, step.subject
    waits: list[Wait] = [written_again.wait(step.definition, one, new, subject) for one in after["waits"]]
    values = {
        **{name: after[name] for name in ("definition_id", "ended_at", "status", "tone", "position", "path", "due_at", "suspended_at")},
        "title": title_of(subject),
        "version": row.version + 1,
        "state": template.state.written(copy.apart, ids, copy.variables),
        "position_since": row.position_since if after["position"] == row.position else template.step.now,
        "waits": waits,
        "seq": row.seq + len(template.step.events),
        "chain": chain,
        "incident": None,
    }
    values |= proofs(session, tables.instance, {**{name: getattr(row, name) for name in INSTANCE}, **values})
    return {**values, "same_id": row.id, "same_version": row.version}


def _lines(copy: _Copy) -> list[dict[str, Any]]:
    step, template = copy.opened.step, copy.template
    chain, found = step.row.chain, []
    events: Sequence[Line] = template.step.events
    for number, line in enumerate(events, 1):
        last = {"record": record_digest(step.subject)} if number == len(events) else {}
        found.append(chained(chain, step.row.id, step.row.seq + number, template.step.now, step.actor, {**line, **last}))
        chain = found[-1]["hash"]
    return found


def _jobs(session: Session, copy: _Copy, new: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for job, parameters in zip(copy.template.step.jobs, copy.parameters, strict=True):
        row = {**job, "id": new[job["id"]], "instance_id": copy.opened.step.row.id, "params": parameters}
        yield proved(session, tables.job, row)
