"""流程监控: suspended instances, since when each stands where, and the indexes by which all of them are counted."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

DUE = ("when the earliest timer is due", "when the earliest timer is due; null while suspended: no clock runs")
STATES = ("pending, running, done, failed, or cancelled: the process went another way", "one of JOB_STATES")
ANSWER = "what the outside said while the instance was suspended: {result} or {refused: [code, message]}"
SINCE = """
    UPDATE process_instance SET place_since = coalesce(
        (SELECT max(at) FROM process_event WHERE process_event.instance_id = process_instance.id), started_at)
"""
OVER = "the instance's after the migration: while it is still that, it can be undone"
INDEXES = (
    ("ix_process_instance_running", "process_instance", ["definition_id", "place", "place_since"], "ended_at IS NULL"),
    ("ix_process_instance_since", "process_instance", ["place_since"], "ended_at IS NULL"),
    ("ix_process_instance_party", "process_instance", ["party_id"], "ended_at IS NULL"),
    ("ix_process_instance_incident", "process_instance", ["definition_id"], "incident IS NOT NULL"),
    ("ix_process_instance_suspended", "process_instance", ["definition_id"], "suspended_at IS NOT NULL"),
    ("ix_process_task_due", "process_task", ["due_at"], "state = 'open'"),
)


def upgrade() -> None:
    with op.batch_alter_table("process_instance") as batch:
        batch.add_column(sa.Column("place_since", UtcDateTime(), comment="when it came to stand there"))
        batch.add_column(sa.Column("suspended_at", UtcDateTime(), comment="since when nothing acts; null: not suspended"))
        batch.alter_column("due_at", existing_type=UtcDateTime(), existing_comment=DUE[0], comment=DUE[1])
    op.execute(SINCE)
    with op.batch_alter_table("process_job") as batch:
        batch.add_column(sa.Column("answer", sa.JSON(), comment=ANSWER))
        batch.alter_column("state", existing_type=sa.String(10), existing_nullable=False, existing_comment=STATES[0], comment=STATES[1])
    op.create_table(
        "process_migration",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment=OVER),
        sa.Column("definition_id", sa.Integer(), nullable=False, comment="what it ran on before; so are all below"),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("place", sa.String(100)),
        sa.Column("place_since", UtcDateTime()),
        sa.Column("incident", sa.Text()),
        sa.Column("tasks", sa.JSON(), nullable=False, comment="the live task rows: id → columns"),
        sa.Column("jobs", sa.JSON(), nullable=False, comment="the jobs that were not over: id → state"),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_process_migration_instance_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["process_definition.id"], name="fk_process_migration_definition_id"),
        sa.PrimaryKeyConstraint("instance_id", name="pk_process_migration"),
    )
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_table("process_migration")
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table("process_job") as batch:
        batch.alter_column("state", existing_type=sa.String(10), existing_nullable=False, existing_comment=STATES[1], comment=STATES[0])
        batch.drop_column("answer")
    with op.batch_alter_table("process_instance") as batch:
        batch.alter_column("due_at", existing_type=UtcDateTime(), existing_comment=DUE[1], comment=DUE[0])
        batch.drop_column("suspended_at")
        batch.drop_column("place_since")
