"""Columns and states by the words of the code: position, form_key, confirming"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

POSITIONS = ("process_instance", "process_migration")
COMMENTS = (  # table, column (as it is called from here on), its comment before and from here on
    ("process_instance", "position", "the element that gives the status", "the element that the status comes from"),
    ("process_instance", "position_since", "when it came to stand there", "since when the status comes from that element"),
    (
        "process_draft",
        "form_key",
        "task id, or the address of a form without a task",
        "names a form: task/<id>, <key>/<record id>, <key>/new/…, designer/<key>",
    ),
    ("process_task", "state", "open, done or cancelled", "one of states.TaskRowState"),
    (
        "process_task",
        "kind",
        "step: the diagram's own; else one of OPINIONS",
        "one of states.TaskKind: the diagram's own step, or an opinion asked for one",
    ),
    ("process_job", "state", "one of JOB_STATES", "one of states.JobState"),
)


def upgrade() -> None:
    for table in POSITIONS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN place TO position")
        op.execute(f"ALTER TABLE {table} RENAME COLUMN place_since TO position_since")
    op.execute("ALTER TABLE process_draft RENAME COLUMN place TO form_key")
    _rename_state("held", "confirming")
    for table, column, before, after in COMMENTS:
        _comment(table, column, before, after)


def downgrade() -> None:
    for table, column, before, after in COMMENTS:
        _comment(table, column, after, before)
    _rename_state("confirming", "held")
    op.execute("ALTER TABLE process_draft RENAME COLUMN form_key TO place")
    for table in POSITIONS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN position TO place")
        op.execute(f"ALTER TABLE {table} RENAME COLUMN position_since TO place_since")


def _rename_state(before: str, after: str) -> None:
    """The state of tasks, also of those that undoing a migration brings back."""
    task = sa.table("process_task", sa.column("state"))
    op.execute(task.update().where(task.c.state == before).values(state=after))
    kept = sa.table("process_migration", sa.column("instance_id"), sa.column("tasks", sa.JSON))
    connection = op.get_bind()
    for instance_id, tasks in connection.execute(sa.select(kept.c.instance_id, kept.c.tasks)).all():
        renamed = {id: _renamed(columns, before, after) for id, columns in tasks.items()}
        if renamed != tasks:
            connection.execute(kept.update().where(kept.c.instance_id == instance_id).values(tasks=renamed))


def _comment(table: str, column: str, before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(table, column, existing_comment=before, comment=after)


def _renamed(columns: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    return {**columns, "state": after} if columns.get("state") == before else columns
