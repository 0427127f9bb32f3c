"""What a step of the engine gives others to be written from, without running the engine again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Table, inspect, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from domain.ground.subjects import Subject
from processes.definitions.definition import Definition
from processes.diagrams.expressions import Value
from processes.rows import Wait
from processes.spiff import tokens
from processes.spiff.scripts import Evaluation
from processes.steps.step import Step


def parameters_of(step: Step) -> list[dict[str, str]]:
    """Name → expression of the parameters of each job that a step began."""
    services = [tokens.find(step.workflow, job["id"]) for job in step.jobs]
    return [dict(service.task_spec.operation_params) for service in services if service is not None]


def deciding(evaluations: Sequence[Evaluation], parameters: Sequence[Mapping[str, str]]) -> list[Evaluation]:
    """The evaluations that may decide which way a step goes: not those of expressions that are nothing but parameters of its jobs."""
    own = Counter(text for texts in parameters for text in texts.values())
    count = Counter(one.expression for one in evaluations if one.assigned is None)
    return [one for one in evaluations if one.assigned is not None or count[one.expression] != own[one.expression]]


def same(one: Value, other: Value) -> bool:
    """Whether two values decide alike: True is not 1."""
    return type(one) is type(other) and one == other


def wait(definition: Definition, one: Wait, ids: Mapping[str, str], subject: Subject) -> Wait:
    """A button that a process waits for, as it is on another record. `ids`: what a task's id is there."""
    party = subject.party_for(definition.elements[one["element"]].press_lane)
    return {**one, "task_id": None if one["task_id"] is None else ids[one["task_id"]], "party_id": party}


def write_statuses(session: Session, at: Sequence[tuple[Subject, str, str]]) -> None:
    """Writes status and tone of records, for all that have the same in one statement."""
    alike: dict[tuple[type, str, str], list[Subject]] = {}
    for subject, status, tone in at:
        if (subject.status, subject.tone) != (status, tone):
            alike.setdefault((type(subject), status, tone), []).append(subject)
    for (kind, status, tone), subjects in alike.items():
        of: Table = inspect(kind).local_table
        session.execute(update(of).where(of.c.id.in_([one.id for one in subjects])).values(status=status, tone=tone))
        for one in subjects:  # the session's objects say what the rows do, and have nothing to be written
            set_committed_value(one, "status", status)
            set_committed_value(one, "tone", tone)
