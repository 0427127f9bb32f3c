"""items of background tasks that failed alone"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "background_failure",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … in the order in which they failed"),
        sa.Column("label", sa.String(length=200), nullable=False, comment="the item as people know it"),
        sa.Column("record_id", sa.Integer(), nullable=True, comment="the record it is about; null where there is none to open"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["background_task.id"], name=op.f("fk_background_failure_task_id")),
        sa.PrimaryKeyConstraint("task_id", "number", name=op.f("pk_background_failure")),
    )


def downgrade() -> None:
    op.drop_table("background_failure")
