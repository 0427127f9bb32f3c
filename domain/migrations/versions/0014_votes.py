"""会签: a user task for many, whose answers are rows of their own."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
ONLY_VOTES = sa.text("vote_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "process_vote",
        sa.Column("id", sa.String(length=36), nullable=False, comment="id of the multi-instance task in the state"),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("element", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("people", sa.Boolean(), nullable=False, comment="over people: each answers once; else over a list"),
        sa.Column("sequential", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(length=1000), nullable=False, comment="the property `quorum`, or the completion condition"),
        sa.Column("needed", sa.Integer(), nullable=True, comment="how many must agree; null: the completion condition decides"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="open, agreed, refused, cancelled or undone"),
        sa.Column("outcome", sa.String(length=40), nullable=True, comment="the result once it is clear"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_process_vote_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_vote")),
    )
    with op.batch_alter_table("process_vote") as batch_op:
        batch_op.create_index(batch_op.f("ix_process_vote_instance_id"), ["instance_id"], unique=False)
    with op.batch_alter_table("process_task") as batch_op:
        batch_op.add_column(sa.Column("vote_id", sa.String(length=36), nullable=True, comment="the 会签 it is one of; null: of none"))
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True, comment="its place in the 会签, from 0"))
        batch_op.add_column(sa.Column("item", sa.JSON(), nullable=True, comment="what it is about, where the 会签 goes over a list"))
        batch_op.add_column(
            sa.Column("agrees", sa.Boolean(), nullable=True, comment="whether the answer counts as agreement; null: not answered")
        )
        batch_op.drop_index(batch_op.f("ix_process_task_instance_id"))
        batch_op.create_index("ix_process_task_standing", ["instance_id", "vote_id", "state"], unique=False)
        batch_op.create_index(
            "ix_process_task_vote", ["vote_id", "state", "number"], unique=False, sqlite_where=ONLY_VOTES, postgresql_where=ONLY_VOTES
        )


def downgrade() -> None:
    with op.batch_alter_table("process_task") as batch_op:
        batch_op.drop_index("ix_process_task_vote")
        batch_op.drop_index("ix_process_task_standing")
        batch_op.create_index(batch_op.f("ix_process_task_instance_id"), ["instance_id"], unique=False)
        for name in ("agrees", "item", "number", "vote_id"):
            batch_op.drop_column(name)
    op.drop_table("process_vote")
