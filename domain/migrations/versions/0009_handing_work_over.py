"""Handing work over: opinions asked for a task, 催办, who stands in for whom; saved filters of the inbox."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False, comment="the inbox's address after the question mark"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_saved_filter")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_process_saved_filter_person_id_name")),
    )
    op.create_table(
        "process_substitute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="both people's party"),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="who is away"),
        sa.Column("substitute_id", sa.Integer(), nullable=False, comment="who stands in"),
        sa.Column("key", sa.String(length=60), nullable=True, comment="the process it is for; null: all"),
        sa.Column("existing", sa.Boolean(), nullable=False, comment="also tasks that were there before it began"),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False, comment="first moment at which it no longer holds"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_process_substitute_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_substitute_person_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["person.id"], name=op.f("fk_process_substitute_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_substitute")),
    )
    with op.batch_alter_table("process_substitute") as batch_op:
        batch_op.create_index("ix_process_substitute_party", ["party_id", "ends_at"], unique=False)
        batch_op.create_index("ix_process_substitute_substitute", ["substitute_id", "ends_at"], unique=False)

    with op.batch_alter_table("process_task") as batch_op:
        batch_op.add_column(
            sa.Column("closed_for", sa.Integer(), nullable=True, comment="the absent person in whose place it was closed; null: nobody's")
        )
        batch_op.add_column(
            sa.Column(
                "kind", sa.String(length=10), server_default="step", nullable=False, comment="step: the diagram's own; else one of OPINIONS"
            )
        )
        batch_op.add_column(
            sa.Column(
                "parent_id",
                sa.String(length=36),
                nullable=True,
                comment="the diagram's task that an opinion is asked for; null: the diagram's own",
            )
        )
        batch_op.add_column(sa.Column("asked_by", sa.Integer(), nullable=True, comment="who asked for the opinion"))
        batch_op.add_column(sa.Column("urged_at", UtcDateTime(), nullable=True, comment="when somebody last urged it"))
        batch_op.drop_index(op.f("ix_process_task_inbox"))
        batch_op.create_index("ix_process_task_inbox", ["party_id", "state", "due_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("process_task") as batch_op:
        batch_op.drop_index("ix_process_task_inbox")
        batch_op.create_index(op.f("ix_process_task_inbox"), ["party_id", "role", "state", "due_at"], unique=False)
        batch_op.drop_column("urged_at")
        batch_op.drop_column("asked_by")
        batch_op.drop_column("parent_id")
        batch_op.drop_column("kind")
        batch_op.drop_column("closed_for")

    with op.batch_alter_table("process_substitute") as batch_op:
        batch_op.drop_index("ix_process_substitute_substitute")
        batch_op.drop_index("ix_process_substitute_party")

    op.drop_table("process_substitute")
    op.drop_table("process_saved_filter")
