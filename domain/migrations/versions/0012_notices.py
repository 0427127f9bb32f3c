"""消息: what people should hear of."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="whom it is for"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="assigned, opinion, urge or mention"),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True, comment="the task it leads to; null: to the record"),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_process_notice_instance_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_notice")),
    )
    with op.batch_alter_table("process_notice") as batch_op:
        batch_op.create_index("ix_process_notice_newest", ["person_id", "at"], unique=False)
        batch_op.create_index("ix_process_notice_unread", ["person_id", "read_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("process_notice") as batch_op:
        batch_op.drop_index("ix_process_notice_unread")
        batch_op.drop_index("ix_process_notice_newest")

    op.drop_table("process_notice")
