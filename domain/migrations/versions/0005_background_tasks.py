"""background tasks"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "background_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False, comment="which function does it: a key of jobs.background.KINDS"),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False, comment="what to do; `back` is the address of the page that began it"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="waiting, running, done, failed or cancelled"),
        sa.Column("total", sa.Integer(), nullable=True, comment="items to do; null until it is counted"),
        sa.Column("done", sa.Integer(), nullable=False, comment="items that succeeded"),
        sa.Column("failed", sa.Integer(), nullable=False, comment="items that failed alone"),
        sa.Column(
            "result", sa.JSON(), nullable=False, comment="the kind's bookkeeping and outcome; `file` and `name` are a file to download"
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="why the whole task failed, for people"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False, comment="fence: only the current attempt may write"),
        sa.Column(
            "lease_until",
            UtcDateTime(),
            nullable=True,
            comment="when it is handed out again (waiting) or its worker counts as lost (running); null when over",
        ),
        sa.Column("expires_at", UtcDateTime(), nullable=True, comment="when its files are deleted; null: it has none"),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_background_task_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_background_task_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background_task")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("background_task", schema=None) as batch_op:
        batch_op.create_index("ix_background_task_person", ["person_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_background_task_lease_until"), ["lease_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_background_task_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("background_task")
