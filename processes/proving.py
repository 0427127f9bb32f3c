"""Which columns of the engine's rows have a proof (`domain.ground.proofs`), so that `pilot verify` sees what was changed by hand.

A proof is a column of the row itself. Whatever writes the proved columns writes the proof with them, in the same statement. Columns that
change between two steps – attempts of a job, when a message is tried next, when somebody urged a task – are not proved, nor are those that
`pilot verify` can derive from what is proved: the state of a task row follows from the instance's state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, case, update
from sqlalchemy.orm import Session

from domain.ground.proofs import digest_of, proofs_of
from domain.ground.subjects import Subject
from processes import tables

# What a proof covers: the order counts, the names do not, so that a column may be renamed.
INSTANCE = (
    *("id", "definition_id", "key", "subject_id", "title", "party_id", "started_by", "started_at", "ended_at", "version", "state"),
    *("status", "tone", "position", "position_since", "waits", "path", "due_at", "suspended_at", "seq", "chain", "incident"),
)
TASK = (
    *("id", "instance_id", "element", "name", "role", "party_id", "due_at"),
    *("kind", "parent_id", "asked_by", "vote_id", "number", "item"),
)
VOTE = ("id", "instance_id", "element", "name", "people", "sequential", "rule", "needed", "total", "created_at")
MIGRATION = ("instance_id", "version", "definition_id", "state", "path", "position", "position_since", "incident", "tasks", "jobs")


@dataclass(frozen=True)
class Rule:
    """One proof of a table's rows: the column that holds it, and the columns that it covers."""

    column: str
    names: Sequence[str]
    present: str | None = None
    """The rows in which this column is null have no such proof."""
    once: bool = False
    """What was there once, stays: where `present` is null, there is no proof either."""
    what: str = ""
    """What was changed where the proof does not hold, as people read it."""


RULES: Mapping[Table, Sequence[Rule]] = {
    tables.definition: (
        Rule("proof", ("id", "key", "version", "name", "digest", "called", "deployed_at", "deployed_by", "starts_by"), what="版本信息"),
        Rule("words_proof", ("id", "note", "scenarios"), what="说明或场景"),
    ),
    tables.instance: (Rule("proof", INSTANCE, what="状态或其他内容"),),
    tables.task: (
        Rule("proof", TASK, what="名称、角色、机构、期限或所属"),
        Rule("assignee_proof", ("id", "assignee_id"), what="办理人"),
        Rule("closing_proof", ("id", "outcome", "closed_by", "closed_for", "closed_at", "agrees"), "outcome", what="办理结果、人员或时间"),
    ),
    tables.vote: (Rule("proof", VOTE, what="规则或应办数"),),
    tables.job: (
        Rule("proof", ("id", "instance_id", "element", "handler", "params", "retry_max", "retry_delay"), what="处理程序或参数"),
        Rule("payload_proof", ("id", "payload"), "payload", once=True, what="发出的内容"),
        Rule("answer_proof", ("id", "answer"), "answer", once=True, what="收到的回答"),
    ),
    tables.message: (Rule("proof", ("sender_id", "element", "name", "payload", "party_id", "sent_at"), what="内容或发出者"),),
    tables.copy: (Rule("proof", ("instance_id", "person_id", "party_id", "sent_by", "sent_at", "note"), what="收件人或内容"),),
    tables.migration: (Rule("proof", MIGRATION, what="撤销迁移所需的内容"),),
    tables.substitute: (
        Rule("proof", ("party_id", "person_id", "substitute_id", "key", "existing", "starts_at", "ends_at", "created_at"), what="内容"),
    ),
}


def proofs(session: Session, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The proofs that these values of a row make, by column: those of the table's rules whose columns are all among the values."""
    made = proofs_of(session)
    return {
        rule.column: made.make(_name(table, rule), [row[name] for name in rule.names])
        for rule in RULES[table]
        if all(name in row for name in rule.names) and (rule.present is None or row[rule.present] is not None)
    }


def proved(session: Session, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row that is about to be inserted, with its proofs. A proved column that it does not name is null.

    Rows that are inserted together have the same columns: a proof that a row does not have is null in it.
    """
    whole = {**{name: None for rule in RULES[table] for name in rule.names if name != "id"}, **row}
    return {**row, **{rule.column: None for rule in RULES[table]}, **proofs(session, table, whole)}


def closing_proof(session: Session, task_id: str, closed: Mapping[str, Any]) -> dict[str, Any]:
    """The proof of how a task row is closed, from its columns `outcome`, `closed_by`, `closed_for`, `closed_at` and `agrees`."""
    return proofs(session, tables.task, {"closed_for": None, "agrees": None, **closed, "id": task_id})


def assigned(session: Session, task_ids: Sequence[str], person_id: int | None) -> dict[str, Any]:
    """What an update of these task rows writes that assigns them to a person, or to nobody."""
    table = tables.task
    made = {id: proofs(session, table, {"id": id, "assignee_id": person_id})["assignee_proof"] for id in task_ids}
    return {"assignee_id": person_id, "assignee_proof": case(made, value=table.c.id)}


def assign(session: Session, task_ids: Sequence[str], person_id: int | None) -> None:
    """Assigns task rows, at least one, to a person, or to nobody."""
    table = tables.task
    session.execute(update(table).where(table.c.id.in_(task_ids)).values(assigned(session, task_ids, person_id)))


def record_digest(subject: Subject) -> str:
    """The hash of what a record says, as the history keeps it."""
    return digest_of(subject.content())


def unproved(session: Session, table: Table, row: Mapping[Any, Any]) -> list[Rule]:
    """The rules whose proof a row lacks, or whose proof does not go with the row. `row` has all columns of its table."""
    made = proofs_of(session)
    found = []
    for rule in RULES[table]:
        if rule.present is not None and row[rule.present] is None:
            holds = not (rule.once and row[rule.column] is not None)
        else:
            holds = made.holds(_name(table, rule), [row[name] for name in rule.names], row[rule.column])
        if not holds:
            found.append(rule)
    return found


def _name(table: Table, rule: Rule) -> str:
    return f"{table.name}.{rule.column}"
